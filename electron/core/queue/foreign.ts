/**
 * Other people's work: what is seen is recorded, and on request stopped, one by one, by id. A request is written down
 * before the network is touched and taken up again after a restart. Never mixed into our own queue.
 */
import { noneAsked } from '../../../shared/cancel.ts';
import type { Asker, CancelMode, CancelOutcome, CancelSummary } from '../../../shared/cancel.ts';
import { AppError, isAbort, toAppError, toWire } from '../../../shared/errors.ts';
import type { WireError } from '../../../shared/errors.ts';
import type { ServerId } from '../../../shared/ids.ts';
import { sleep } from '../../../shared/util/async.ts';
import type { ForeignView } from '../../../shared/server.ts';
import type { ForeignRow } from '../db/foreign-store.ts';
import type { ForeignEnded } from '../servers/adapter.ts';
import type { Board, LinkPort } from './board.ts';

const RETRY_MS = 500;

export interface ForeignReceipt {
  remoteKey: string;
  outcome: CancelOutcome | null;
  error: WireError | null;
}

export class Foreign {
  readonly #board: Board;
  readonly #views = new Map<ServerId, ForeignView>();
  readonly #beyond = new Map<ServerId, readonly string[]>();
  readonly #stopping = new Map<string, Promise<void>>();
  readonly #telling = new Set<ServerId>();

  constructor(board: Board) {
    this.#board = board;
  }

  /**
   * All of it, as an adapter sees it now. Of a stranger's thousand the first are recorded, what is `beyond` only when it
   * is asked to stop: a long queue must not be written again at each look.
   */
  seen(
    serverId: ServerId,
    view: Omit<ForeignView, 'serverId'>,
    ended: readonly ForeignEnded[],
    beyond: readonly string[],
  ): void {
    const { foreign, servers } = this.#board;
    // Its link may still be closing when a server is gone.
    if (servers.get(serverId) === undefined) return;
    const how = new Map(ended.map((one) => [one.remoteKey, one.how]));
    const asked = new Set(foreign.asked(serverId));
    for (const [key, value] of how) if (value === 'interrupted' && asked.has(key)) how.set(key, 'cancelled-by-us');
    const here = view.jobs.flatMap((job) =>
      job.state === 'ended' ? [] : [{ remoteKey: job.remoteKey, state: job.state, place: job.place }],
    );
    foreign.record(serverId, here, how, beyond);
    this.#beyond.set(serverId, beyond);
    this.#views.set(serverId, { ...view, serverId });
    this.#emit(serverId);
  }

  /** The link was lost: what was there is no longer known to be. The rows stay open until looked at again. */
  view(serverId: ServerId): ForeignView {
    const base = this.#views.get(serverId) ?? { serverId, jobs: [], total: 0, counts: [], order: [] };
    const rows = new Map(this.#board.foreign.open(serverId).map((row) => [row.remoteKey, row]));
    const jobs = base.jobs.flatMap((job) => {
      const row = rows.get(job.remoteKey);
      return row === undefined
        ? []
        : [{ ...row, place: job.place, cancelling: this.#stopping.has(keyOf(serverId, job.remoteKey)) }];
    });
    return { ...base, jobs, total: Math.max(jobs.length, base.total - (base.jobs.length - jobs.length)) };
  }

  /** Of one server, or of all. */
  views(serverId?: ServerId): ForeignView[] {
    return serverId === undefined ? this.#board.servers.all().map(({ id }) => this.view(id)) : [this.view(serverId)];
  }

  /** Every one of them that can be asked to stop, shown or not. */
  openKeys(serverId: ServerId): string[] {
    const recorded = this.#board.foreign.open(serverId).map((row) => row.remoteKey);
    return [...new Set([...recorded, ...(this.#beyond.get(serverId) ?? [])])];
  }

  count(): number {
    let count = 0;
    for (const view of this.#views.values())
      count += view.total + view.counts.reduce((sum, one) => sum + one.waiting + one.running, 0);
    return count;
  }

  cancel(
    serverId: ServerId,
    remoteKeys: readonly string[],
    mode: CancelMode,
    by: Asker,
    note: string | null,
  ): { receipts: ForeignReceipt[]; summary: CancelSummary } {
    const { receipts, summary, go } = this.#board.db.tx(() => this.ask(serverId, remoteKeys, mode, by, note));
    go();
    return { receipts, summary };
  }

  /** Writes the requests down; call inside `tx`, and `go`, which begins, after the commit. */
  ask(
    serverId: ServerId,
    remoteKeys: readonly string[],
    mode: CancelMode,
    by: Asker,
    note: string | null,
  ): { receipts: ForeignReceipt[]; summary: CancelSummary; go: () => void } {
    const { foreign, log } = this.#board;
    this.#board.servers.existing(serverId);
    // Of a server that is switched off the request is kept until it is back.
    const link = this.#board.links.get(serverId);
    const summary = noneAsked();
    const receipts: ForeignReceipt[] = [];
    const asked: string[] = [];
    foreign.add(serverId, this.#unrecorded(serverId, remoteKeys));
    for (const remoteKey of new Set(remoteKeys)) {
      const row = foreign.get(serverId, remoteKey);
      if (row === undefined) {
        const error = toWire(new AppError('not_found', 'nothing with that id is known there'));
        receipts.push({ remoteKey, outcome: null, error });
        continue;
      }
      if (row.state === 'ended') {
        summary.alreadyEnded += 1;
        receipts.push({ remoteKey, outcome: outcomeOf(row), error: null });
        continue;
      }
      foreign.ask(serverId, remoteKey, { mode, by, note });
      receipts.push({ remoteKey, outcome: null, error: null });
      asked.push(remoteKey);
      if (link?.online !== true) summary.unreachable += 1;
      else if (row.state === 'running') summary.running += 1;
      else summary.cancelledWaiting += 1;
      if (row.state === 'running') summary.timing = 'deferred';
    }
    const go = (): void => {
      log.info("cancel of other people's work asked", { server: serverId, by, mode, count: asked.length });
      if (link !== undefined) for (const key of asked) this.#stop(link, key);
      this.#emit(serverId);
    };
    return { receipts, summary, go };
  }

  /** The link is online again: requests that were written down are taken up. */
  resume(link: LinkPort): void {
    for (const remoteKey of this.#board.foreign.asked(link.id)) this.#stop(link, remoteKey);
  }

  /** The server was removed: what was there is no longer seen, and ended as far as we will ever know. */
  forget(serverId: ServerId): void {
    this.#views.delete(serverId);
    this.#beyond.delete(serverId);
    this.#board.foreign.record(serverId, [], new Map(), []);
  }

  async close(): Promise<void> {
    await Promise.allSettled(this.#stopping.values());
  }

  #unrecorded(serverId: ServerId, remoteKeys: readonly string[]): string[] {
    const beyond = new Set(this.#beyond.get(serverId));
    return remoteKeys.filter((key) => beyond.has(key));
  }

  #stop(link: LinkPort, remoteKey: string): void {
    const key = keyOf(link.id, remoteKey);
    if (this.#stopping.has(key) || !link.online) return;
    const run = this.#run(link, remoteKey)
      .catch((error: unknown) => {
        if (!isAbort(error))
          this.#board.log.error("stopping somebody's job ended in an unforeseen way", { server: link.id, error });
      })
      .finally(() => {
        this.#stopping.delete(key);
        this.#emitSoon(link.id);
      });
    this.#stopping.set(key, run);
  }

  /** Tried again for as long as the request stands and its server is there; `resume` takes it up when the server is back. */
  async #run(link: LinkPort, remoteKey: string): Promise<void> {
    const { foreign, links, signal, log } = this.#board;
    for (;;) {
      try {
        if ((await this.#once(link, remoteKey)) === 'settled') return;
      } catch (error) {
        if (isAbort(error)) throw error;
        log.warn("stopping somebody's job was broken off; it is taken up again", {
          server: link.id,
          error: toAppError(error).code,
        });
      }
      await sleep(RETRY_MS, signal);
      if (links.get(link.id) !== link) return;
      await link.whenOnline(signal);
      if (foreign.get(link.id, remoteKey)?.state === 'ended') return;
    }
  }

  async #once(link: LinkPort, remoteKey: string): Promise<'settled' | 'again'> {
    const { foreign, signal, log } = this.#board;
    const mode = (): CancelMode => foreign.askedMode(link.id, remoteKey) ?? 'if-waiting';
    const report = await link.adapter.stopForeign(remoteKey, {
      mode,
      signal,
      onStep: (step, route) => {
        log.debug('foreign cancel', { server: link.id, step, route });
      },
    });
    if (report.report === 'ended') {
      const how =
        report.fact.type === 'stopped'
          ? 'cancelled-by-us'
          : report.fact.type === 'finished'
            ? 'done'
            : report.fact.type === 'executionFailed'
              ? 'failed'
              : 'gone';
      foreign.end(link.id, remoteKey, how);
      return 'settled';
    }
    // Asked to stop after all, in the moment in which it was found to run.
    if (report.report === 'interrupted' || (report.report === 'started' && mode() === 'stop')) return 'again';
    foreign.unask(link.id, remoteKey);
    return 'settled';
  }

  /** Many stops end together: that is told once. */
  #emitSoon(serverId: ServerId): void {
    if (this.#telling.has(serverId)) return;
    this.#telling.add(serverId);
    setImmediate(() => {
      this.#telling.delete(serverId);
      this.#emit(serverId);
    });
  }

  #emit(serverId: ServerId): void {
    if (this.#board.signal.aborted) return;
    this.#board.events.emit('foreign.changed', this.view(serverId));
  }
}

/** What asking again answers: how it ended, as far as that is known. */
function outcomeOf(row: ForeignRow): CancelOutcome {
  switch (row.how) {
    case 'cancelled-by-us':
      return {
        outcome: 'cancelled',
        reach: row.startedAt === null ? 'waiting' : 'running',
        evidence: 'proven',
        partialOutputs: 0,
      };
    case 'failed':
    case 'interrupted':
      return { outcome: 'too-late', state: 'failed' };
    case 'gone':
      return { outcome: 'unknown', cause: 'no-trace' };
    case 'done':
    case null:
      return { outcome: 'too-late', state: 'done' };
  }
}

const keyOf = (serverId: ServerId, remoteKey: string): string => `${serverId}/${remoteKey}`;
