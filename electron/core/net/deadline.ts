/**
 * How long one request may take: until its caller leaves or its own time is up. Tells afterwards which of them it was.
 */
import { AppError, isAbort } from '../../../shared/errors.ts';
import { Aborted, abortReason } from '../../../shared/util/async.ts';
import { networkError } from './error.ts';
import type { Delivery } from './error.ts';

/** The caller's signal and our own clock in one; tells afterwards which of them ended the wait. */
export class Deadline implements Disposable {
  readonly signal: AbortSignal;
  readonly #caller: AbortSignal | undefined;
  readonly #own = new AbortController();
  readonly #timer: NodeJS.Timeout;

  constructor(caller: AbortSignal | undefined, ms: number) {
    this.#caller = caller;
    this.#timer = setTimeout(() => {
      this.#own.abort(new Aborted('Deadline'));
    }, ms);
    this.signal = caller === undefined ? this.#own.signal : AbortSignal.any([caller, this.#own.signal]);
  }

  stopTimer(): void {
    clearTimeout(this.#timer);
  }

  /** It no longer keeps the process alive. */
  letGo(): void {
    this.#timer.unref();
  }

  /** What a failed request's error means: the caller's own reason, no answer in time, or what the network says. */
  explain(error: unknown, named: string, delivery: Delivery): unknown {
    if (error instanceof AppError) return error;
    if (this.#caller?.aborted === true) return abortReason(this.#caller);
    if (this.#own.signal.aborted || isAbort(error)) {
      return new AppError('server_timeout', `${named}: no answer in time`, { details: { delivery } });
    }
    return networkError(error, named, delivery);
  }

  [Symbol.dispose](): void {
    this.stopTimer();
  }
}
