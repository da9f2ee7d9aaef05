/**
 * Waiting in the SwarmUI engine: a turn of the loop, waits that an abort ends, and a bell.
 * Nothing here knows what is being waited for.
 */

/** One turn of the event loop, so that input that has arrived is handled first. */
export function turn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

/** What `orAborted` returns when the signal came first. */
export const ABORTED = Symbol('aborted');

/** Waits for `promise` or for `signal`, whichever is first; the loser goes on unobserved (its rejection is not an error of ours). */
export function orAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T | typeof ABORTED> {
  if (signal.aborted) {
    promise.catch(() => undefined);
    return Promise.resolve(ABORTED);
  }
  return new Promise((resolve, reject) => {
    const onAbort = (): void => {
      resolve(ABORTED);
    };
    signal.addEventListener('abort', onAbort, { once: true });
    promise.then(
      (value) => {
        signal.removeEventListener('abort', onAbort);
        resolve(value);
      },
      (reason: unknown) => {
        signal.removeEventListener('abort', onAbort);
        reject(reason instanceof Error ? reason : new Error(String(reason)));
      },
    );
  });
}

/** A wake-up bell: `wait` resolves at the next `ring`, at once if it rang since the last wait, or after `ms` (never, if infinite). */
export class Bell {
  #rung = false;
  readonly #waiters = new Set<() => void>();

  ring(): void {
    this.#rung = true;
    for (const wake of [...this.#waiters]) wake();
  }

  async wait(ms: number): Promise<void> {
    if (!this.#rung) {
      await new Promise<void>((resolve) => {
        let timer: NodeJS.Timeout | null = null;
        const wake = (): void => {
          if (timer !== null) clearTimeout(timer);
          this.#waiters.delete(wake);
          resolve();
        };
        this.#waiters.add(wake);
        if (Number.isFinite(ms)) timer = setTimeout(wake, ms);
      });
    }
    this.#rung = false;
  }
}
