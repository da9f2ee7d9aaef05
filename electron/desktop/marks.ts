/** Marks of the start, in the order they are made, printed by `--perf` as one line of JSON. Measures; judges nothing. */
export type MarkName = 'loaded' | 'ready' | 'core' | 'window-made' | 'first-paint' | 'interactive';

export class Marks {
  readonly #at = new Map<MarkName, number>();
  readonly #longest = { name: '', ms: 0 };

  /** The first time counts: a window that is opened again is not the start. */
  mark(name: MarkName): void {
    if (this.#at.has(name)) return;
    this.#at.set(name, performance.now());
    performance.mark(`switchyard:${name}`);
  }

  /** Runs what is synchronous and remembers the longest: nothing of the start should block for more than 16 ms. */
  sync<T>(name: string, run: () => T): T {
    const from = performance.now();
    try {
      return run();
    } finally {
      const ms = performance.now() - from;
      if (ms > this.#longest.ms) Object.assign(this.#longest, { name, ms });
    }
  }

  /** Times in ms since the process began, rounded; what was not reached is missing. */
  line(rssBytes: number): string {
    const times = Object.fromEntries([...this.#at].map(([name, at]) => [name, Math.round(at)]));
    return JSON.stringify({
      ...times,
      longestSync: { name: this.#longest.name, ms: Math.round(this.#longest.ms * 10) / 10 },
      rssMiB: Math.round(rssBytes / 1024 / 1024),
    });
  }
}
