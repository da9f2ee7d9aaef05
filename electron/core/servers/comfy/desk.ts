/**
 * Sends what stops prompts: the deletes asked for in one turn go as one call, and before any interrupt, because a short
 * queue makes interrupts cheap (C6). Remembers interrupts, to tell when one may have hit a neighbour (architecture §7.5).
 */
import { raceAbort } from '../../../../shared/util/async.ts';
import type { StopPower } from './cancel.ts';
import type { ComfyHttp } from './http.ts';
import { unanswered } from './session.ts';

interface SentInterrupt {
  readonly key: string;
  readonly sentAt: number;
  /** Null while the server has not answered: it may act on it at any moment. */
  answeredAt: number | null;
}

const REMEMBERED = 100;
/** An interrupt answered up to this long before a start may still have set the flag (architecture §7.5). */
const BEFORE_START_MS = 2_000;

export class StopDesk {
  readonly #http: ComfyHttp;
  #batch: { key: string; done: PromiseWithResolvers<void> }[] = [];
  readonly #underway = new Set<Promise<unknown>>();
  readonly #sent: SentInterrupt[] = [];

  constructor(http: ComfyHttp) {
    this.#http = http;
  }

  /** `connection` ends the shared call; `signal` only this wait. */
  delete(key: string, signal: AbortSignal, connection: AbortSignal): Promise<void> {
    const done: PromiseWithResolvers<void> = Promise.withResolvers();
    this.#batch.push({ key, done });
    if (this.#batch.length === 1) setImmediate(() => void this.#flush(connection));
    return raceAbort(done.promise, signal);
  }

  /** Answers the route used and how long the server took, ms. */
  async interrupt(key: string, power: StopPower, signal: AbortSignal): Promise<{ route: string; tookMs: number }> {
    if (power !== 'untargeted') {
      // Deletes of the same cancel go first. An untargeted one must follow the look that saw ours run, at once.
      await new Promise<void>((resolve) => setImmediate(resolve));
      await Promise.allSettled([...this.#underway, ...this.#batch.map(({ done }) => done.promise)]);
    }
    const entry: SentInterrupt = { key, sentAt: performance.now(), answeredAt: null };
    this.#sent.push(entry);
    if (this.#sent.length > REMEMBERED) this.#sent.shift();
    if (power === 'job-cancel') await this.#http.cancelJob(key, signal);
    else await this.#http.interrupt(key, signal);
    entry.answeredAt = performance.now();
    return {
      route: power === 'job-cancel' ? 'POST /api/jobs/{id}/cancel' : 'POST /interrupt',
      tookMs: entry.answeredAt - entry.sentAt,
    };
  }

  interrupted(key: string): boolean {
    return this.#sent.some((entry) => entry.key === key);
  }

  /** Whether an interrupt of ours for another prompt fell into this run (monotonic ms), or just before it. */
  mayHaveHit(key: string, startedAt: number, endedAt: number): boolean {
    return this.#sent.some(
      (entry) =>
        entry.key !== key && entry.sentAt <= endedAt && (entry.answeredAt ?? endedAt) >= startedAt - BEFORE_START_MS,
    );
  }

  async #flush(signal: AbortSignal): Promise<void> {
    const batch = this.#batch;
    this.#batch = [];
    const call = this.#http.deleteWaiting(
      batch.map(({ key }) => key),
      signal,
    );
    this.#underway.add(call);
    try {
      await call;
      for (const { done } of batch) done.resolve();
    } catch (error) {
      for (const { done } of batch) done.reject(unanswered(error));
    } finally {
      this.#underway.delete(call);
    }
  }
}
