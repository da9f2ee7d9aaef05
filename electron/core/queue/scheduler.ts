/**
 * Who runs next where (architecture §9): per online, unpaused server, the first claimable job. Claims it, sends it once
 * and reports how the sending went. Woken by direct calls only.
 */
import { AppError, isAbort, toWire } from '../../../shared/errors.ts';
import { newAttemptId } from '../../../shared/ids.ts';
import type { JobId, ServerId } from '../../../shared/ids.ts';
import type { JobPayload } from '../../../shared/job.ts';
import type { AttemptRow, JobRow } from '../db/rows.ts';
import { attemptRef } from './board.ts';
import type { Board, LinkPort } from './board.ts';
import type { Facts } from './facts.ts';

/** Settles attempts whose sending was unsure (recovery.ts). */
export type Settle = (attempt: AttemptRow) => void;

export class Scheduler {
  readonly #board: Board;
  readonly #facts: Facts;
  readonly #settle: Settle;
  readonly #busy = new Map<ServerId, Promise<void>>();
  readonly #again = new Set<ServerId>();
  readonly #pausedUntil = new Map<ServerId, NodeJS.Timeout>();
  readonly #inFlight = new Set<Promise<void>>();
  #stopped = false;

  constructor(board: Board, facts: Facts, settle: Settle) {
    this.#board = board;
    this.#facts = facts;
    this.#settle = settle;
  }

  /** Something changed that may let a job go: on one server, or (null) anywhere. */
  kick(serverId: ServerId | null): void {
    if (this.#stopped) return;
    if (serverId === null) {
      for (const link of this.#board.links.all()) this.kick(link.id);
      return;
    }
    if (this.#busy.has(serverId)) {
      this.#again.add(serverId);
      return;
    }
    const run = this.#dispatch(serverId)
      .catch((error: unknown) => {
        if (isAbort(error)) return;
        this.#board.failed('sending stopped for a server; it is tried again', error, { server: serverId });
        this.#pause(serverId);
        this.#kickOthers(serverId);
      })
      .finally(() => {
        this.#busy.delete(serverId);
        if (this.#again.delete(serverId)) this.kick(serverId);
      });
    this.#busy.set(serverId, run);
  }

  #kickOthers(serverId: ServerId): void {
    for (const link of this.#board.links.all()) if (link.id !== serverId) this.kick(link.id);
  }

  /** A server was removed or switched off: jobs for "any" that all the others had refused must not wait for it for ever. */
  reconsider(): void {
    this.#board.order.forgive();
    this.kick(null);
  }

  /** No more claims; waits up to `ms` for submits in flight to be settled (architecture §14). */
  async stop(ms: number): Promise<void> {
    this.#stopped = true;
    for (const timer of this.#pausedUntil.values()) clearTimeout(timer);
    let timer: NodeJS.Timeout | undefined;
    const deadline = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, ms);
    });
    await Promise.race([Promise.allSettled([...this.#busy.values(), ...this.#inFlight]), deadline]);
    clearTimeout(timer);
  }

  async #dispatch(serverId: ServerId): Promise<void> {
    for (;;) {
      const link = this.#board.links.get(serverId);
      if (link === undefined || !this.#maySend(link)) return;
      if (this.#board.attempts.inFlight(serverId) >= link.adapter.slots()) return;
      const job = this.#choose(link);
      if (job === undefined) return;
      const remoteKey = await link.adapter.leaseKey(this.#board.signal);
      // Paused, removed, replaced or filled while the key was leased: nothing may be claimed for it any more.
      const may =
        this.#board.links.get(serverId) === link &&
        this.#maySend(link) &&
        this.#board.attempts.inFlight(serverId) < link.adapter.slots();
      let attempt: AttemptRow | null = null;
      try {
        if (may) attempt = this.#claim(job.id, link, remoteKey);
      } catch (error) {
        link.adapter.releaseKey(remoteKey);
        throw error;
      }
      if (attempt === null) {
        link.adapter.releaseKey(remoteKey);
        if (!may && job.server_id === null) this.#kickOthers(serverId);
        continue;
      }
      const sending = this.#send(attempt, link).catch((error: unknown) => {
        this.#board.log.error('a submit ended in an unforeseen way; it will be looked up', { job: job.id, error });
        this.#settle(attempt);
      });
      this.#inFlight.add(sending);
      void sending.finally(() => this.#inFlight.delete(sending));
      // Another server may have stood back for this one, which may be full now: it looks again at what is left for "any".
      if (job.server_id === null) this.#kickOthers(serverId);
    }
  }

  #maySend(link: LinkPort): boolean {
    if (this.#stopped || !link.online || this.#pausedUntil.has(link.id)) return false;
    if (this.#board.settings.flag('queue.paused')) return false;
    const server = this.#board.servers.get(link.id);
    return server !== undefined && server.enabled && !server.paused && !this.#board.settings.flag(`leaving.${link.id}`);
  }

  /**
   * The first claimable job for this server. One for "any" goes first to a server with nothing of ours, then to the one
   * with the shortest queue, and is staged behind a running job only if no server of its kind is free.
   */
  #choose(link: LinkPort): JobRow | undefined {
    for (const job of this.#board.order.claimable(link.adapter.kind, link.id, 50)) {
      if (job.server_id !== null || this.#isBest(link, job)) return job;
    }
    return undefined;
  }

  #isBest(link: LinkPort, job: JobRow): boolean {
    const load = (other: LinkPort): number => this.#board.attempts.inFlight(other.id);
    const length = (other: LinkPort): number => Math.max(other.status().queueLength ?? 0, load(other));
    const mine = load(link);
    for (const other of this.#board.links.all()) {
      if (other.id === link.id || other.adapter.kind !== link.adapter.kind || !this.#maySend(other)) continue;
      const theirs = load(other);
      if (theirs >= other.adapter.slots() || !this.#takes(other, job.id)) continue;
      if ((mine > 0 && theirs === 0) || (mine > 0 === theirs > 0 && length(other) < length(link))) {
        this.kick(other.id);
        return false;
      }
    }
    return true;
  }

  #takes(link: LinkPort, jobId: JobId): boolean {
    return !this.#board.order.refusals(jobId).some((row) => row.server_id === link.id);
  }

  /** Intent on disk before the first byte. Null when the job is no longer claimable: someone cancelled, held or moved it. */
  #claim(jobId: JobId, link: LinkPort, remoteKey: string): AttemptRow | null {
    const attemptId = newAttemptId();
    const answer = this.#board.jobs.advance(
      jobId,
      { type: 'claim' },
      { claim: { attemptId, serverId: link.id, remoteKey, serverBoot: link.serverBoot } },
    );
    if (!answer.changed) return null;
    this.#board.trouble('database', null);
    this.#board.point('after-claim');
    this.#board.feed.changed(jobId);
    return this.#board.attempts.openOf(jobId) ?? null;
  }

  async #send(attempt: AttemptRow, link: LinkPort): Promise<void> {
    const job = this.#board.jobs.get(attempt.job_id);
    if (job === undefined) return;
    const payload = this.#payloadOf(job, attempt);
    if (payload === null) return;
    const sent = await link.adapter.submit({
      ...attemptRef(attempt, this.#board.cancels),
      payload,
    });
    switch (sent.result) {
      case 'accepted':
        this.#facts.fromServer(link.id, attempt.remote_key, {
          type: 'accepted',
          number: sent.number,
          nodeErrors: sent.nodeErrors,
        });
        return;
      case 'rejected':
        this.#rejected(job, attempt, link, sent.error, sent.elsewhere);
        return;
      case 'not-sent':
        this.#board.log.info('nothing was sent; the job waits on', {
          job: job.id,
          server: link.id,
          error: sent.error.code,
        });
        this.#pause(link.id);
        this.#facts.apply(job.id, { type: 'notSent', evidence: 'proven' }, attempt);
        link.adapter.releaseKey(attempt.remote_key);
        return;
      case 'unsure':
        this.#board.log.warn('it is not known whether the server took the job; looking it up', {
          job: job.id,
          server: link.id,
          error: sent.error.code,
        });
        this.#settle(attempt);
    }
  }

  /** What can't be read can never be sent: the job fails with that, instead of being claimed for ever. */
  #payloadOf(job: JobRow, attempt: AttemptRow): JobPayload | null {
    try {
      return this.#board.views.payload(job.id);
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      this.#board.log.error('a payload can not be read', { job: job.id, error });
      this.#facts.apply(job.id, { type: 'rejected', error: toWire(error) }, attempt);
      return null;
    }
  }

  /** A refusal for a missing node or model puts an "any" job back for the others, until none is left. */
  #rejected(job: JobRow, attempt: AttemptRow, link: LinkPort, error: AppError, elsewhere: boolean): void {
    if (job.server_id === null && elsewhere) {
      this.#board.order.refuse(job.id, link.id, toWire(error));
      const refused = this.#board.order.refusals(job.id);
      const kin = this.#board.servers.all().filter((server) => server.kind === job.kind && server.enabled);
      if (kin.some((server) => !refused.some((row) => row.server_id === server.id))) {
        this.#facts.apply(job.id, { type: 'notSent', evidence: 'proven' }, attempt);
        link.adapter.releaseKey(attempt.remote_key);
        this.kick(null);
        return;
      }
      if (refused.length > 1) {
        const servers = refused.map((row) => ({
          server: this.#board.servers.nameOf(row.server_id),
          error: JSON.parse(row.error) as unknown,
        }));
        this.#facts.apply(
          job.id,
          {
            type: 'rejected',
            error: toWire(
              new AppError('server_rejected', 'every server refused it', { details: { ...error.details, servers } }),
            ),
          },
          attempt,
        );
        return;
      }
    }
    this.#facts.apply(job.id, { type: 'rejected', error: toWire(error) }, attempt);
  }

  /** A server that refuses connections while its link has not noticed yet must not be asked in a tight circle. */
  #pause(serverId: ServerId): void {
    if (this.#stopped || this.#pausedUntil.has(serverId)) return;
    this.#pausedUntil.set(
      serverId,
      setTimeout(() => {
        this.#pausedUntil.delete(serverId);
        this.kick(serverId);
      }, this.#board.timing.notSentPauseMs),
    );
  }
}
