/**
 * A neighbour's failure put one of ours back (S17): nothing is sent for a while after that, nor while a model loads.
 * Monotonic ms.
 */
const COOL_MS = 3_000;
const COOL_MOST_MS = 300_000;

export class Cooling {
  /** Null while nothing cools. */
  #since: number | null = null;

  begin(now: number): void {
    this.#since = now;
  }

  /** Whether sending waits now. `loading`: some backend loads a model. */
  lasts(now: number, loading: boolean): boolean {
    if (this.#since === null) return false;
    const ms = now - this.#since;
    if (ms < COOL_MS || (loading && ms < COOL_MOST_MS)) return true;
    this.#since = null;
    return false;
  }
}
