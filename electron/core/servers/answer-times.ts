/** How long a server takes to answer: its newest answers, and their median. */
export class AnswerTimes {
  readonly #kept: number;
  readonly #newest: number[] = [];

  /** `kept`: of so many answers, the newest. */
  constructor(kept: number) {
    this.#kept = kept;
  }

  add(tookMs: number): void {
    this.#newest.push(tookMs);
    if (this.#newest.length > this.#kept) this.#newest.shift();
  }

  /** Null before the first. */
  median(): number | null {
    const sorted = this.#newest.toSorted((a, b) => a - b);
    const middle = Math.floor(sorted.length / 2);
    const upper = sorted[middle];
    if (upper === undefined) return null;
    return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? upper) + upper) / 2;
  }
}
