/**
 * The rows of History as the list asks for them. Unfiltered, the outline tells how long the list is, and pages are
 * fetched where they are looked at; filtered, pages follow each other. What is live is applied in place. Draws nothing.
 */
import type { Api } from '../../shared/contract.ts';
import type { HistoryFilter, HistoryRow } from '../../shared/history.ts';
import type { AppError } from '../../shared/errors.ts';
import { isAbort, toAppError } from '../../shared/errors.ts';
import type { JobView } from '../../shared/job.ts';
import { rowKey, sectionsOfRows } from './layout.ts';
import type { Section } from './layout.ts';
import { Outline, PAGE } from './outline.ts';

export interface HistoryQuery {
  text: string;
  filter: HistoryFilter;
}
export const EVERYTHING: HistoryQuery = { text: '', filter: { foreign: 'with' } };

export interface HistorySnapshot {
  /** False until the first answer of this query. */
  ready: boolean;
  sections: readonly Section[];
  /** Null while a filtered list has more pages than were read. */
  total: number | null;
  rowAt: (index: number) => HistoryRow | null;
  error: AppError | null;
}

type Pages = Pick<Api, 'history'>;

export class HistorySource {
  readonly #api: Pages;
  readonly #listeners = new Set<() => void>();
  #query: HistoryQuery = EVERYTHING;
  #snapshot: HistorySnapshot = { ready: false, sections: [], total: null, rowAt: () => null, error: null };
  #abort = new AbortController();
  #outline = new Outline();
  /** Filtered mode: everything read so far. */
  #list: HistoryRow[] = [];
  #cursor: string | null = null;
  #places = new Map<string, number>();
  #wanted = { from: 0, to: 0 };
  #loading = false;

  constructor(api: Pages) {
    this.#api = api;
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };
  readonly snapshot = (): HistorySnapshot => this.#snapshot;

  /** Shows another selection. Answers of the one before are dropped. */
  async show(query: HistoryQuery): Promise<void> {
    this.#restart();
    this.#query = query;
    this.#wanted = { from: 0, to: 0 };
    await this.refresh();
  }

  /** Ends all waits; the source is not used again. */
  close(): void {
    this.#abort.abort();
    this.#listeners.clear();
  }

  /** Reads the length again, or the newest page of a filtered list. Rows on the screen stay until theirs have come. */
  async refresh(): Promise<void> {
    const { signal } = this.#abort;
    try {
      if (this.#byOutline()) await this.#readOutline(signal);
      else await this.#readNewest(signal);
    } catch (error) {
      if (!signal.aborted && !isAbort(error)) this.#publish(toAppError(error));
    }
    if (!signal.aborted) await this.#load();
  }

  /** Says which rows are looked at (indices from the newest); loads what is missing there and nothing else. */
  async want(from: number, to: number): Promise<void> {
    this.#wanted = { from, to };
    await this.#load();
  }

  /** A changed job. True when it was in hand; false means that the list itself may have grown: `refresh`. */
  apply(job: JobView): boolean {
    const byOutline = this.#byOutline();
    const place = (byOutline ? this.#outline.places : this.#places).get(job.id);
    const row = place === undefined ? undefined : byOutline ? this.#outline.rows.get(place) : this.#list[place];
    if (place === undefined || row?.type !== 'job') return false;
    if (job.rev <= row.job.rev) return true;
    const next: HistoryRow = { type: 'job', job };
    if (byOutline) this.#outline.rows.set(place, next);
    else this.#list = this.#list.with(place, next);
    this.#publish(null);
    return true;
  }

  /** A job that is gone: the rows newer than it move down one place at once, the length is then read again. */
  async remove(id: string): Promise<void> {
    if (this.#byOutline()) this.#outline.remove(id);
    else {
      const place = this.#places.get(id);
      if (place !== undefined) {
        this.#list = this.#list.toSpliced(place, 1);
        this.#index();
        this.#publish(null);
      }
    }
    await this.refresh();
  }

  #byOutline(): boolean {
    const { text, filter } = this.#query;
    return (
      text.trim() === '' &&
      filter.foreign === 'with' &&
      filter.states === undefined &&
      filter.serverId === undefined &&
      filter.from === undefined &&
      filter.to === undefined
    );
  }

  #restart(): void {
    this.#abort.abort();
    this.#abort = new AbortController();
    this.#loading = false;
    this.#outline = new Outline();
    this.#list = [];
    this.#cursor = null;
    this.#places = new Map();
  }

  async #readOutline(signal: AbortSignal): Promise<void> {
    const { hours } = await this.#api.history.outline({}, { signal });
    if (signal.aborted) return;
    this.#outline.take(hours);
    this.#publish(null);
  }

  async #readNewest(signal: AbortSignal): Promise<void> {
    const page = await this.#page(undefined, PAGE, signal);
    if (signal.aborted) return;
    const keys = new Set(page.rows.map(rowKey));
    const overlap = this.#list.findIndex((row) => keys.has(rowKey(row)));
    if (this.#list.length === 0 || overlap < 0) {
      this.#list = [...page.rows];
      this.#cursor = page.cursor;
    } else this.#list = [...page.rows, ...this.#list.filter((row) => !keys.has(rowKey(row)))];
    this.#index();
    this.#publish(null);
  }

  async #load(): Promise<void> {
    if (this.#loading) return;
    this.#loading = true;
    const { signal } = this.#abort;
    try {
      while (!signal.aborted && (this.#byOutline() ? await this.#loadOutline(signal) : await this.#loadNext(signal)));
    } catch (error) {
      if (!signal.aborted && !isAbort(error)) this.#publish(toAppError(error));
    } finally {
      if (!signal.aborted) this.#loading = false;
    }
  }

  /** Loads one page for the first place on the screen that is missing. False when there is none. */
  async #loadOutline(signal: AbortSignal): Promise<boolean> {
    const outline = this.#outline;
    const gap = outline.gapIn(this.#wanted);
    if (gap === null) return false;
    const { revision } = outline;
    const page = await this.#api.history.page(gap.ask, { signal });
    if (signal.aborted) return false;
    if (revision !== outline.revision) return true;
    outline.put(gap, page, this.#wanted);
    this.#publish(null);
    // Fewer than the outline promised: it has changed, and the change is on its way as an event.
    return page.rows.length > 0;
  }

  async #loadNext(signal: AbortSignal): Promise<boolean> {
    if (this.#cursor === null || this.#wanted.to < this.#list.length - PAGE / 2) return false;
    const page = await this.#page(this.#cursor, PAGE, signal);
    if (signal.aborted) return false;
    const known = new Set(this.#list.map(rowKey));
    this.#list = [...this.#list, ...page.rows.filter((row) => !known.has(rowKey(row)))];
    this.#cursor = page.cursor;
    this.#index();
    this.#publish(null);
    return true;
  }

  #page(cursor: string | undefined, limit: number, signal: AbortSignal): ReturnType<Pages['history']['page']> {
    const { text, filter } = this.#query;
    const at = cursor === undefined ? {} : { cursor };
    if (text.trim() === '') return this.#api.history.page({ filter, limit, ...at }, { signal });
    return this.#api.history.search({ text, filter, limit, ...at }, { signal });
  }

  #index(): void {
    this.#places = new Map(this.#list.map((row, place) => [rowKey(row), place]));
  }

  #publish(error: AppError | null): void {
    if (this.#byOutline()) {
      const { rows, total, sections } = this.#outline;
      this.#snapshot = { ready: true, sections, total, rowAt: (index) => rows.get(total - 1 - index) ?? null, error };
    } else {
      const list = this.#list;
      this.#snapshot = {
        ready: true,
        sections: sectionsOfRows(list),
        total: this.#cursor === null ? list.length : null,
        rowAt: (index) => list[index] ?? null,
        error,
      };
    }
    for (const listener of this.#listeners) listener();
  }
}
