/**
 * Marks of the start, in the order they are made, printed by `--perf` as one line of JSON once the window can be used.
 * Measures; judges nothing.
 */
export type MarkName = 'loaded' | 'ready' | 'core' | 'window-made' | 'first-paint' | 'interactive';
/** What of the start is synchronous: none of it should block for more than 16 ms, but for opening the database. */
export type BlockName = 'before ready' | 'database' | 'guards' | 'files' | 'parts' | 'menu' | 'tray' | 'window';

export class Marks {
  readonly #at = new Map<MarkName, number>();
  readonly #blocks = new Map<BlockName, number>();
  #awaited: { names: readonly MarkName[]; run: () => void } | null = null;

  /** The first time counts: a window that is opened again is not the start. */
  mark(name: MarkName): void {
    if (this.#at.has(name)) return;
    this.#at.set(name, performance.now());
    performance.mark(`switchyard:${name}`);
    this.#look();
  }

  /** Runs what is synchronous and keeps how long it took; of an async function the part before its first wait. */
  sync<T>(name: BlockName, run: () => T): T {
    const from = performance.now();
    try {
      return run();
    } finally {
      this.#blocks.set(name, Math.max(this.#blocks.get(name) ?? 0, performance.now() - from));
    }
  }

  /** Calls back once, when all of them were reached. */
  once(names: readonly MarkName[], run: () => void): void {
    this.#awaited = { names, run };
    this.#look();
  }

  /** Times in ms since the process began, rounded; what was not reached is missing. */
  line(rssBytes: number): string {
    const times = Object.fromEntries([...this.#at].map(([name, at]) => [name, Math.round(at)]));
    const blocks = Object.fromEntries([...this.#blocks].map(([name, ms]) => [name, Math.round(ms * 10) / 10]));
    return JSON.stringify({ ...times, syncMs: blocks, rssMiB: Math.round(rssBytes / 1024 / 1024) });
  }

  #look(): void {
    const awaited = this.#awaited;
    if (awaited?.names.every((name) => this.#at.has(name)) !== true) return;
    this.#awaited = null;
    awaited.run();
  }
}
