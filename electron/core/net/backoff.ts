/** Waits between tries of one thing: a table with jitter. Knows no clock and no network; its caller sleeps. */

/** Seconds before the next try (architecture §9); the last one repeats. */
const TABLE_MS = [500, 1_000, 2_000, 3_000, 5_000, 8_000, 13_000, 21_000, 30_000] as const;
/** A connection that stood this long was good: the table starts again. */
export const GOOD_AFTER_MS = 10_000;

export class Backoff {
  readonly #random: () => number;
  #tries = 0;

  /** `random` answers 0 ≤ n < 1. */
  constructor(random: () => number = Math.random) {
    this.#random = random;
  }

  /** The next wait, ms: the table's value and up to a fifth more, so that many clients do not come back at once. */
  next(): number {
    const base = TABLE_MS[Math.min(this.#tries, TABLE_MS.length - 1)] ?? 30_000;
    this.#tries += 1;
    return Math.round(base * (1 + this.#random() * 0.2));
  }

  reset(): void {
    this.#tries = 0;
  }
}
