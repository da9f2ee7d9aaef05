/**
 * One path for start-up, reconnect and unsure submits: look at an open attempt and let the facts follow (architecture
 * §8). Also the watchdog over silent attempts, and the watch for keys that turn up after they were given up.
 */
import { isAbort } from '../../../shared/errors.ts';
import type { AttemptId, ServerId } from '../../../shared/ids.ts';
import { sleep } from '../../../shared/util/async.ts';
import type { AttemptRow } from '../db/rows.ts';
import type { LookupResult } from '../servers/adapter.ts';
import type { OpenAttempt } from '../db/attempt-store.ts';
import { attemptRef } from './board.ts';
import type { Board, LinkPort } from './board.ts';
import type { Facts } from './facts.ts';

const AGAIN_MS = 1_000;
/** Longer than any key is watched (10 min). */
const FORGET_LOOK_MS = 20 * 60_000;

export interface RecoveryPorts {
  /** Stops a late arrival by its key. */
  stopStray: (attempt: AttemptRow) => void;
  place: (attempt: AttemptRow, place: number | null) => void;
}

export class Recovery {
  readonly #board: Board;
  readonly #facts: Facts;
  readonly #ports: RecoveryPorts;
  readonly #settling = new Map<AttemptId, Promise<void>>();
  /** Where each attempt was last seen, on which epoch: decides what "absent" means. */
  readonly #sighted = new Map<AttemptId, { epoch: number; found: 'waiting' | 'running' }>();
  readonly #behind = new Map<ServerId, number>();
  #timer: NodeJS.Timeout | null = null;

  constructor(board: Board, facts: Facts, ports: RecoveryPorts) {
    this.#board = board;
    this.#facts = facts;
    this.#ports = ports;
  }

  start(): void {
    const every = Math.max(50, Math.min(2_000, this.#board.timing.watchdogMs / 4));
    this.#timer = setInterval(() => {
      try {
        this.#watch();
      } catch (error) {
        this.#board.log.error('open attempts could not be read; it is tried again', { error });
      }
    }, every);
    this.#timer.unref();
  }

  async close(): Promise<void> {
    if (this.#timer !== null) clearInterval(this.#timer);
    await Promise.allSettled(this.#settling.values());
  }

  /**
   * Looks at every open attempt of a server once; the link is online when this returns. What is still unsettled then
   * goes on settling without holding up claims. Throws what `lookup` throws: the connection is no good.
   */
  async reconcile(link: LinkPort, signal: AbortSignal): Promise<void> {
    for (const attempt of this.#board.attempts.unendedOn(link.id)) {
      link.adapter.resume(attemptRef(attempt, this.#board.cancels));
      const found = await link.adapter.lookup(attemptRef(attempt, this.#board.cancels), signal);
      this.#sight(attempt, link, found);
    }
    for (const attempt of this.#board.attempts.watched(link.id)) {
      const found = await link.adapter.lookup(attemptRef(attempt, this.#board.cancels), signal);
      if (found.found === 'waiting' || found.found === 'running') this.#ports.stopStray(attempt);
    }
  }

  /** A submit whose answer never came: settle it, now or when the server is back. */
  settle(attempt: AttemptRow): void {
    if (this.#settling.has(attempt.id)) return;
    const run = this.#settleSurely(attempt).finally(() => this.#settling.delete(attempt.id));
    this.#settling.set(attempt.id, run);
  }

  /** What could not be written down is looked up again: nobody else would. An abort leaves it to the next reconcile. */
  async #settleSurely(attempt: AttemptRow): Promise<void> {
    while (!this.#board.signal.aborted) {
      try {
        await this.#settle(attempt);
        return;
      } catch (error) {
        if (isAbort(error)) return;
        this.#board.failed('settling an attempt failed; it is tried again', error, { job: attempt.job_id });
        await sleep(AGAIN_MS, this.#board.signal).catch(() => undefined);
      }
    }
  }

  #open(attempt: AttemptRow): OpenAttempt | undefined {
    const now = this.#board.attempts.byKey(attempt.server_id, attempt.remote_key);
    return now?.id === attempt.id && now.job_state !== 'collecting' ? now : undefined;
  }

  /** What one look says, as facts; `absent` starts or feeds a settling. */
  #sight(attempt: AttemptRow, link: LinkPort, found: LookupResult): void {
    switch (found.found) {
      case 'waiting':
        this.#sighted.set(attempt.id, { epoch: link.epoch, found: 'waiting' });
        this.#facts.fromServer(link.id, attempt.remote_key, { type: 'accepted', number: null, nodeErrors: null });
        this.#ports.place(attempt, found.place);
        return;
      case 'running':
        this.#sighted.set(attempt.id, { epoch: link.epoch, found: 'running' });
        this.#facts.fromServer(link.id, attempt.remote_key, { type: 'started' });
        return;
      case 'ended':
        this.#sighted.delete(attempt.id);
        this.#facts.fromServer(link.id, attempt.remote_key, found.fact);
        return;
      case 'absent':
        this.settle(attempt);
    }
  }

  async #settle(attempt: AttemptRow): Promise<void> {
    const { timing, signal } = this.#board;
    let absent = 0;
    let firstAbsentAt = 0;
    let epoch = -1;
    for (;;) {
      signal.throwIfAborted();
      const now = this.#open(attempt);
      if (now === undefined) return;
      const link = this.#board.links.get(attempt.server_id);
      if (link === undefined) {
        await this.#board.feed.wait(attempt.job_id, 1_000, signal);
        continue;
      }
      if (!link.online) await link.whenOnline(signal);
      let found: LookupResult;
      try {
        found = await link.adapter.lookup(attemptRef(now, this.#board.cancels), signal);
      } catch (error) {
        if (isAbort(error)) throw error;
        await this.#board.feed.wait(attempt.job_id, 1_000, signal);
        continue;
      }
      const still = this.#open(attempt);
      if (still === undefined) return;
      if (found.found !== 'absent') {
        this.#sight(still, link, found);
        return;
      }
      if (epoch !== link.epoch) {
        // Looks on different connections say nothing together.
        epoch = link.epoch;
        absent = 0;
      }
      absent += 1;
      if (absent === 1) firstAbsentAt = performance.now();
      const over = performance.now() - firstAbsentAt;
      if (still.job_state === 'submitting') {
        if (absent >= timing.settleLooks && over >= timing.settleWindowMs) {
          this.#facts.apply(still.job_id, { type: 'notSent', evidence: 'presumed' }, still);
          return;
        }
        await sleep(timing.settleWindowMs / (timing.settleLooks + 1), signal);
      } else {
        if (absent >= 2 && over >= timing.absentAgainMs && this.#gone(still, link, found.sameBoot)) return;
        await sleep(timing.absentAgainMs, signal);
      }
    }
  }

  /** Accepted once, absent twice (architecture §8.4). True when a fact was made of it. */
  #gone(attempt: OpenAttempt, link: LinkPort, sameBoot: boolean | null): boolean {
    const seen = this.#sighted.get(attempt.id);
    const sameEpoch = seen?.epoch === link.epoch;
    const cancelOpen = this.#board.cancels.openOf(attempt.job_id) !== undefined;
    // With a cancel open and the attempt sighted on this connection, the stop procedure has the better evidence.
    if (cancelOpen && sameEpoch) return false;
    const neverStarted = attempt.started_at === null && seen?.found !== 'running';
    if (neverStarted && (sameBoot === true || (sameEpoch && seen.found === 'waiting'))) {
      this.#facts.apply(
        attempt.job_id,
        { type: 'stopped', reach: 'waiting', outputs: [], by: 'removed-from-queue', evidence: 'proven' },
        attempt,
      );
    } else {
      this.#facts.apply(
        attempt.job_id,
        { type: 'vanished', cause: sameEpoch || sameBoot === true ? 'no-trace' : 'server-restarted' },
        attempt,
      );
    }
    return true;
  }

  /** An open attempt of which nothing was heard for a while is looked up; a stream that knows less than the looks is replaced. */
  #watch(): void {
    for (const [id, at] of this.#givenUpLookedAt)
      if (performance.now() - at > FORGET_LOOK_MS) this.#givenUpLookedAt.delete(id);
    for (const link of this.#board.links.all()) {
      if (!link.online) continue;
      for (const attempt of this.#board.attempts.unendedOn(link.id)) {
        if (attempt.job_state === 'submitting' || this.#settling.has(attempt.id)) continue;
        const silent = this.#facts.silentMs(attempt.remote_key) ?? Infinity;
        if (silent < this.#board.timing.watchdogMs) continue;
        this.#facts.heard(attempt.remote_key);
        void this.#look(attempt, link);
      }
      for (const attempt of this.#board.attempts.watched(link.id)) {
        // A clock that was set back must not keep us from looking.
        const age = Date.now() - (attempt.closed_at ?? 0);
        if (age >= 0 && age < this.#board.timing.watchdogMs) continue;
        void this.#lookAtGivenUp(attempt, link);
      }
    }
  }

  async #look(attempt: OpenAttempt, link: LinkPort): Promise<void> {
    try {
      const found = await link.adapter.lookup(attemptRef(attempt, this.#board.cancels), this.#board.signal);
      const knewMore = found.found === 'ended' || (found.found === 'running' && attempt.job_state === 'accepted');
      this.#sight(attempt, link, found);
      const behind = knewMore ? (this.#behind.get(link.id) ?? 0) + 1 : 0;
      this.#behind.set(link.id, behind);
      if (behind >= 2) {
        this.#behind.set(link.id, 0);
        link.recycle('two lookups knew more than the stream');
      }
    } catch (error) {
      if (!isAbort(error)) this.#board.log.debug('a watchdog look got no answer', { job: attempt.job_id, error });
    }
  }

  readonly #givenUpLookedAt = new Map<AttemptId, number>();

  async #lookAtGivenUp(attempt: AttemptRow, link: LinkPort): Promise<void> {
    const last = this.#givenUpLookedAt.get(attempt.id) ?? 0;
    if (performance.now() - last < this.#board.timing.watchdogMs) return;
    this.#givenUpLookedAt.set(attempt.id, performance.now());
    try {
      const found = await link.adapter.lookup(attemptRef(attempt, this.#board.cancels), this.#board.signal);
      if (found.found === 'waiting' || found.found === 'running') this.#ports.stopStray(attempt);
    } catch (error) {
      if (!isAbort(error))
        this.#board.log.debug('a look at a given-up key got no answer', { job: attempt.job_id, error });
    }
  }

  /** The stream, or the answer to a submit, showed the attempt on the current connection. */
  seen(attempt: AttemptRow, found: 'waiting' | 'running'): void {
    const link = this.#board.links.get(attempt.server_id);
    if (link !== undefined) this.#sighted.set(attempt.id, { epoch: link.epoch, found });
  }

  forget(attemptId: AttemptId): void {
    this.#sighted.delete(attemptId);
    this.#givenUpLookedAt.delete(attemptId);
  }

  /** One look now, its facts applied. Throws what `lookup` throws. */
  async lookNow(attempt: AttemptRow, link: LinkPort, signal: AbortSignal): Promise<void> {
    this.#sight(attempt, link, await link.adapter.lookup(attemptRef(attempt, this.#board.cancels), signal));
  }

  /** Sighted on the current connection: what a stop procedure needs before "absent" may mean anything. */
  sightedNow(attemptId: AttemptId, epoch: number): boolean {
    return this.#sighted.get(attemptId)?.epoch === epoch;
  }
}
