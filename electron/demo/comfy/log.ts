/** What really happened in the engine, in order, and waiting for it: what tests assert on. Records only; decides nothing. */
import type { LogEntry, LogEvent } from './types.ts';

/** A demo may run for days: older entries are dropped beyond this. */
const keep = 100_000;

export class EngineLog {
  readonly entries: LogEntry[] = [];
  readonly #watchers = new Set<() => void>();
  readonly #listeners = new Set<(entry: LogEntry) => void>();

  write(event: LogEvent, promptId: string, node?: string): void {
    const bare = { event, promptId, at: Date.now() };
    const entry: LogEntry = node === undefined ? bare : { ...bare, node };
    this.entries.push(entry);
    if (this.entries.length > keep) this.entries.splice(0, keep / 10);
    for (const hear of [...this.#listeners]) hear(entry);
    this.changed();
  }

  /** Something a waiter may look at has changed without a log entry. */
  changed(): void {
    for (const look of [...this.#watchers]) look();
  }

  /** Resolves with what `find` returns as soon as that is not undefined. */
  async until<T>(find: () => T | undefined): Promise<T> {
    const known = find();
    if (known !== undefined) return known;
    return new Promise((resolve) => {
      const look = (): void => {
        const value = find();
        if (value === undefined) return;
        this.#watchers.delete(look);
        resolve(value);
      };
      this.#watchers.add(look);
    });
  }

  /** Resolves with the `count`-th entry of that event (of that prompt), now or later. */
  async seen(event: LogEvent, promptId?: string, count = 1): Promise<LogEntry> {
    const matches = (e: LogEntry): boolean => e.event === event && (promptId === undefined || e.promptId === promptId);
    const before = this.entries.filter(matches);
    const known = before[count - 1];
    if (known) return known;
    let missing = count - before.length;
    return new Promise((resolve) => {
      const hear = (entry: LogEntry): void => {
        if (!matches(entry) || --missing > 0) return;
        this.#listeners.delete(hear);
        resolve(entry);
      };
      this.#listeners.add(hear);
    });
  }

  of(event: LogEvent, promptId?: string): LogEntry[] {
    return this.entries.filter((e) => e.event === event && (promptId === undefined || e.promptId === promptId));
  }
}
