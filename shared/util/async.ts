/**
 * Waiting, with abort. Every wait takes a signal; abort means the waiter left and nothing else (architecture §15).
 */
export type AbortWhy = 'Shutdown' | 'Superseded' | 'Deadline' | 'CallerLeft';

/** The only reason an AbortController here is ever aborted with. */
export class Aborted extends Error {
  override readonly name = 'AbortError';
  readonly why: AbortWhy;
  constructor(why: AbortWhy) {
    super(why);
    this.why = why;
  }
}

export function abortReason(signal: AbortSignal): Error {
  const reason: unknown = signal.reason;
  return reason instanceof Error ? reason : new Aborted('CallerLeft');
}

/** Resolves after `ms`; rejects with the signal's reason when it aborts first. */
export function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted === true) {
      reject(abortReason(signal));
      return;
    }
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', onAbort);
      resolve();
    }, ms);
    const onAbort = (): void => {
      clearTimeout(timer);
      if (signal !== undefined) reject(abortReason(signal));
    };
    signal?.addEventListener('abort', onAbort, { once: true });
  });
}

/** `promise`, unless the signal aborts first. The promise itself goes on. */
export function raceAbort<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  if (signal.aborted) {
    promise.catch(() => undefined);
    return Promise.reject(abortReason(signal));
  }
  return new Promise<T>((resolve, reject) => {
    const onAbort = (): void => {
      reject(abortReason(signal));
    };
    signal.addEventListener('abort', onAbort, { once: true });
    promise.then(resolve, reject).finally(() => {
      signal.removeEventListener('abort', onAbort);
    });
  });
}

/** A latch that many can wait on: `wake()` resolves every waiter; `wait` ends after `ms` at the latest (true = woken). */
export class Wake {
  /** Nothing of a wait that is over is kept, however long nobody wakes. */
  readonly #waiters = new Set<(woken: boolean) => void>();

  /** How many wait now. */
  get waiting(): number {
    return this.#waiters.size;
  }

  wake(): void {
    for (const waiter of [...this.#waiters]) waiter(true);
  }

  wait(ms: number, signal?: AbortSignal): Promise<boolean> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted === true) {
        reject(abortReason(signal));
        return;
      }
      const end = (): void => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', onAbort);
        this.#waiters.delete(waiter);
      };
      const waiter = (woken: boolean): void => {
        end();
        resolve(woken);
      };
      const onAbort = (): void => {
        end();
        if (signal !== undefined) reject(abortReason(signal));
      };
      const timer = setTimeout(() => {
        waiter(false);
      }, ms);
      this.#waiters.add(waiter);
      signal?.addEventListener('abort', onAbort, { once: true });
    });
  }
}
