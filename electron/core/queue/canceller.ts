/**
 * One loop per open cancel request, until its job has ended or runs on (architecture §7.1). The unit of work is
 * `adapter.stop`; nothing here times a cancel out, and nothing here writes a state but through Facts.
 */
import { isAbort } from '../../../shared/errors.ts';
import type { JobId } from '../../../shared/ids.ts';
import { isTerminal } from '../../../shared/job-machine.ts';
import { Aborted, sleep } from '../../../shared/util/async.ts';
import type { AttemptRow } from '../db/rows.ts';
import { attemptRef } from './board.ts';
import type { Board, LinkPort } from './board.ts';
import type { Facts } from './facts.ts';
import type { Recovery } from './recovery.ts';

const LONG_MS = 60_000;
const AGAIN_MS = 500;

export class Canceller {
  readonly #board: Board;
  readonly #facts: Facts;
  readonly #recovery: Recovery;
  readonly #loops = new Map<JobId, { done: Promise<void>; abort: AbortController }>();
  readonly #strays = new Map<string, Promise<void>>();

  constructor(board: Board, facts: Facts, recovery: Recovery) {
    this.#board = board;
    this.#facts = facts;
    this.#recovery = recovery;
  }

  /** Starts or wakes the loop of a job's open request. */
  wake(jobId: JobId): void {
    if (this.#board.signal.aborted) return;
    if (this.#loops.has(jobId)) {
      // It may be waiting for a link that did not exist a moment ago.
      this.#board.feed.poke(jobId);
      return;
    }
    const abort = new AbortController();
    const signal = AbortSignal.any([this.#board.signal, abort.signal]);
    const done = this.#run(jobId, signal)
      .catch(async (error: unknown) => {
        if (isAbort(error)) return;
        this.#board.failed('a cancel loop failed; it is taken up again', error, { job: jobId });
        // A full disk must not make this a tight circle.
        await sleep(AGAIN_MS, signal).catch(() => undefined);
      })
      .finally(() => {
        this.#loops.delete(jobId);
        // A request asked again in the very moment the loop ended must not be left alone.
        if (!this.#board.signal.aborted && this.#needsWork(jobId))
          setImmediate(() => {
            this.wake(jobId);
          });
      });
    this.#loops.set(jobId, { done, abort });
  }

  /** The job ended: whatever its loop still waits for is pointless. */
  ended(jobId: JobId): void {
    this.#loops.get(jobId)?.abort.abort(new Aborted('Superseded'));
  }

  async close(): Promise<void> {
    await Promise.allSettled([...[...this.#loops.values()].map((loop) => loop.done), ...this.#strays.values()]);
  }

  #needsWork(jobId: JobId): boolean {
    const job = this.#board.jobs.get(jobId);
    return job !== undefined && !isTerminal(job.state) && this.#board.cancels.openOf(jobId) !== undefined;
  }

  async #run(jobId: JobId, signal: AbortSignal): Promise<void> {
    const { jobs, cancels, feed, links } = this.#board;
    let resumed = false;
    for (;;) {
      signal.throwIfAborted();
      const job = jobs.get(jobId);
      const request = cancels.openOf(jobId);
      if (job === undefined || request === undefined || isTerminal(job.state)) return;
      if (job.state === 'queued') {
        this.#facts.apply(jobId, { type: 'cancelLocal' }, null);
        return;
      }
      const attempt = this.#board.attempts.openOf(jobId);
      const link = attempt === undefined ? undefined : links.get(attempt.server_id);
      // A submit is never aborted: bytes sent can't be unsent. It settles first.
      if (attempt === undefined || link === undefined || job.state === 'submitting' || job.state === 'collecting') {
        await feed.wait(jobId, LONG_MS, signal);
        continue;
      }
      if (!link.online) {
        cancels.step(request.id, 'unreachable', null, null);
        feed.changed(jobId);
        resumed = true;
        await link.whenOnline(signal);
        continue;
      }
      if (resumed) {
        cancels.step(request.id, 'resumed', null, null);
        resumed = false;
      }
      try {
        // "Absent" may only mean something for what was sighted on this very connection (architecture §7.2).
        if (!this.#recovery.sightedNow(attempt.id, link.epoch)) {
          await this.#recovery.lookNow(attempt, link, signal);
          if (!this.#recovery.sightedNow(attempt.id, link.epoch)) await feed.wait(jobId, 500, signal);
          continue;
        }
        await this.#stop(jobId, attempt, link, signal);
      } catch (error) {
        if (isAbort(error)) throw error;
        this.#board.log.warn('a stop was broken off and is taken up again', { job: jobId, error });
        await sleep(500, signal);
      }
    }
  }

  async #stop(jobId: JobId, attempt: AttemptRow, link: LinkPort, signal: AbortSignal): Promise<void> {
    const { cancels, feed } = this.#board;
    const report = await link.adapter.stop(attemptRef(attempt, this.#board.cancels), {
      mode: () => cancels.openOf(jobId)?.mode ?? 'if-waiting',
      signal,
      onStep: (step, route, detail) => {
        const open = cancels.openOf(jobId);
        if (open === undefined) return;
        // What goes out is on disk before the next byte; what was merely seen goes with it, or a little later.
        if (step === 'sent' || step === 'waiting') cancels.step(open.id, step, route, detail ?? null);
        else cancels.note(open.id, step, route, detail ?? null);
        feed.changed(jobId);
      },
    });
    switch (report.report) {
      case 'ended':
        this.#facts.apply(jobId, report.fact, attempt);
        return;
      case 'started':
        this.#facts.apply(jobId, { type: 'started' }, attempt);
        this.#settleRunning(jobId);
        return;
      case 'interrupted':
        await sleep(50, signal);
        return;
      case 'runs-on': {
        const open = cancels.openOf(jobId);
        if (open !== undefined) cancels.step(open.id, 'runs-on', null, null);
        feed.changed(jobId);
        await feed.wait(jobId, LONG_MS, signal);
      }
    }
  }

  /** The job was known to run already, so the fact changed nothing: the if-waiting request is answered here. */
  #settleRunning(jobId: JobId): void {
    const { db, cancels, jobs, feed } = this.#board;
    db.tx(() => {
      const open = cancels.openOf(jobId);
      if (open?.mode !== 'if-waiting' || jobs.get(jobId)?.state !== 'running') return;
      cancels.settle(open.id, { outcome: 'too-late', state: 'running' }, Date.now());
      jobs.touch(jobId);
    });
    feed.changed(jobId);
  }

  /**
   * A key that was given up turned up after all: it is stopped by its key, and the trail says so. It can cost time of
   * the server, never a second result.
   */
  stopStray(attempt: AttemptRow): void {
    if (this.#strays.has(attempt.remote_key) || this.#board.signal.aborted) return;
    const run = this.#stopStray(attempt)
      .catch((error: unknown) => {
        if (!isAbort(error)) this.#board.log.error('stopping a late arrival failed', { job: attempt.job_id, error });
      })
      .finally(() => this.#strays.delete(attempt.remote_key));
    this.#strays.set(attempt.remote_key, run);
  }

  async #stopStray(attempt: AttemptRow): Promise<void> {
    const { links, cancels, feed, jobs, log, signal, db } = this.#board;
    const began = performance.now();
    log.warn('a job that was given up arrived after all; stopping it by its key', {
      job: attempt.job_id,
      key: attempt.remote_key,
    });
    for (;;) {
      const link = links.get(attempt.server_id);
      if (link === undefined) return;
      await link.whenOnline(signal);
      const report = await link.adapter.stop(attemptRef(attempt, this.#board.cancels), {
        mode: () => 'stop',
        signal,
        onStep: () => undefined,
      });
      if (report.report === 'interrupted') continue;
      if (report.report !== 'ended') return;
      this.#board.attempts.endWatch(attempt.id);
      const seconds = ((performance.now() - began) / 1_000).toFixed(1);
      db.tx(() => {
        const request = cancels.newestOf(attempt.job_id);
        if (request !== undefined) cancels.step(request.id, 'arrived-late', null, `${seconds} s`);
        jobs.log(attempt.job_id, 'arrivedLate', `stopped after ${seconds} s`, attempt.id);
        jobs.touch(attempt.job_id);
      });
      feed.changed(attempt.job_id);
      return;
    }
  }
}
