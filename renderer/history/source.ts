/**
 * The rows of History as the list asks for them. Unfiltered, the outline tells how long the list is, and pages are
 * fetched where they are looked at; filtered, pages follow each other. What is live is applied in place. Draws nothing.
 *
 * Rows of the outline are kept by their place counted from the *oldest*: what ends meanwhile is added at the other end
 * and moves none of them.
 */
import type { Api, HistoryFilter, HistoryRow } from '../../shared/contract.ts';
import type { AppError } from '../../shared/errors.ts';
import { isAbort, toAppError } from '../../shared/errors.ts';
import type { JobView } from '../../shared/job.ts';
import { lastAtMost, rowKey, sectionsOfOutline, sectionsOfRows } from './layout.ts';
import type { OutlineHour, Section } from './layout.ts';

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
interface Anchor {
  /** Rows from here to the oldest, this one included. */
  left: number;
  filter: HistoryFilter;
  cursor: string | undefined;
}

const HOUR_MS = 3_600_000;
const PAGE = 100;
const MAX_PAGE = 500;
const MAX_KEPT = 20_000;

export class HistorySource {
  readonly #api: Pages;
  readonly #listeners = new Set<() => void>();
  #query: HistoryQuery = EVERYTHING;
  #snapshot: HistorySnapshot = { ready: false, sections: [], total: null, rowAt: () => null, error: null };
  #abort = new AbortController();
  /** Outline mode: hours, and for each how many rows are newer than it. */
  #hours: readonly OutlineHour[] = [];
  #before: readonly number[] = [];
  /** Days of the outline; made once with it, since a long history has tens of thousands of hours. */
  #sections: readonly Section[] = [];
  #total = 0;
  /** Raised with every outline: a page asked for before may belong one place further on. */
  #revision = 0;
  /** Place from the oldest → row, the places whose row is up to date, and where pages may begin. */
  #rows = new Map<number, HistoryRow>();
  #fresh = new Set<number>();
  #anchors = new Map<number, Anchor>();
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

  /** Reads the length anew, or the newest page of a filtered list. Rows on the screen stay until theirs have come. */
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
    const place = this.#places.get(job.id);
    const row = place === undefined ? undefined : this.#byOutline() ? this.#rows.get(place) : this.#list[place];
    if (place === undefined || row?.type !== 'job') return false;
    if (job.rev <= row.job.rev) return true;
    const next: HistoryRow = { type: 'job', job };
    if (this.#byOutline()) this.#rows.set(place, next);
    else this.#list = this.#list.with(place, next);
    this.#publish(null);
    return true;
  }

  /** A job that is gone: the rows newer than it move down one place at once, the length is then read anew. */
  async remove(id: string): Promise<void> {
    const place = this.#places.get(id);
    if (place !== undefined && !this.#byOutline()) {
      this.#list = this.#list.toSpliced(place, 1);
      this.#index();
      this.#publish(null);
    }
    if (place !== undefined && this.#byOutline()) {
      this.#rows = new Map(
        [...this.#rows].filter(([at]) => at !== place).map(([at, row]) => [at > place ? at - 1 : at, row]),
      );
      this.#fresh = new Set([...this.#fresh].filter((at) => at < place));
      this.#anchors = new Map([...this.#anchors].filter(([left]) => left <= place));
      this.#index();
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
    this.#hours = [];
    this.#sections = [];
    this.#before = [];
    this.#total = 0;
    this.#rows = new Map();
    this.#fresh = new Set();
    this.#anchors = new Map();
    this.#list = [];
    this.#cursor = null;
    this.#places = new Map();
  }

  async #readOutline(signal: AbortSignal): Promise<void> {
    const { hours } = await this.#api.history.outline({}, { signal });
    if (signal.aborted) return;
    const unchanged = commonTail(this.#hours, hours);
    this.#fresh = new Set([...this.#fresh].filter((place) => place < unchanged));
    this.#anchors = new Map([...this.#anchors].filter(([left]) => left <= unchanged));
    this.#hours = hours;
    this.#sections = sectionsOfOutline(hours);
    this.#revision += 1;
    let sum = 0;
    this.#before = hours.map(({ jobs, foreign }) => {
      const before = sum;
      sum += jobs + foreign;
      return before;
    });
    this.#total = sum;
    for (const place of this.#rows.keys()) if (place >= sum) this.#rows.delete(place);
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
    const { from, to } = this.#wanted;
    let index = Math.max(0, from);
    const end = Math.min(to, this.#total);
    while (index < end && this.#fresh.has(this.#total - 1 - index)) index += 1;
    if (index >= end) return false;
    const revision = this.#revision;
    const anchor = this.#anchorBefore(index);
    if (anchor === null) return false;
    const first = this.#total - anchor.left;
    const limit = Math.min(MAX_PAGE, Math.max(PAGE, index - first + PAGE));
    const page = await this.#api.history.page(
      { filter: anchor.filter, limit, ...(anchor.cursor === undefined ? {} : { cursor: anchor.cursor }) },
      { signal },
    );
    if (signal.aborted) return false;
    if (revision !== this.#revision) return true;
    page.rows.forEach((row, offset) => {
      const place = anchor.left - 1 - offset;
      if (place < 0) return;
      this.#rows.set(place, row);
      this.#fresh.add(place);
      this.#places.set(rowKey(row), place);
    });
    const left = anchor.left - page.rows.length;
    if (page.cursor !== null && page.rows.length > 0)
      this.#anchors.set(left, { left, filter: anchor.filter, cursor: page.cursor });
    this.#forget();
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

  /** The nearest place at or before `index` from which a page can be read: the beginning of an hour, or where one ended. */
  #anchorBefore(index: number): Anchor | null {
    const at = lastAtMost(this.#before, index, (before) => before);
    const hour = this.#hours[at];
    const before = this.#before[at];
    if (hour === undefined || before === undefined) return null;
    let best: Anchor = {
      left: this.#total - before,
      filter: { foreign: 'with', to: hour.hour + HOUR_MS },
      cursor: undefined,
    };
    const wanted = this.#total - index;
    for (const anchor of this.#anchors.values()) if (anchor.left >= wanted && anchor.left < best.left) best = anchor;
    return best;
  }

  /** Rows far from what is looked at go once there are too many. */
  #forget(): void {
    if (this.#rows.size <= MAX_KEPT) return;
    const middle = this.#total - (this.#wanted.from + this.#wanted.to) / 2;
    for (const [place, row] of this.#rows) {
      if (Math.abs(place - middle) < MAX_KEPT / 4) continue;
      this.#rows.delete(place);
      this.#fresh.delete(place);
      this.#places.delete(rowKey(row));
    }
  }

  #index(): void {
    const entries: Iterable<[number, HistoryRow]> = this.#byOutline() ? this.#rows : this.#list.entries();
    this.#places = new Map([...entries].map(([place, row]) => [rowKey(row), place]));
  }

  #publish(error: AppError | null): void {
    if (this.#byOutline()) {
      const rows = this.#rows;
      const total = this.#total;
      this.#snapshot = {
        ready: true,
        sections: this.#sections,
        total,
        rowAt: (index) => rows.get(total - 1 - index) ?? null,
        error,
      };
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

/** How many of the oldest rows two outlines have in common. */
function commonTail(a: readonly OutlineHour[], b: readonly OutlineHour[]): number {
  let rows = 0;
  for (let back = 1; back <= a.length && back <= b.length; back += 1) {
    const left = a[a.length - back];
    const right = b[b.length - back];
    if (left === undefined || left.hour !== right?.hour || left.jobs !== right.jobs || left.foreign !== right.foreign)
      break;
    rows += left.jobs + left.foreign;
  }
  return rows;
}
