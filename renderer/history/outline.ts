/**
 * The whole history as it is known without reading it: how many rows each hour has, the rows that were read, and where the
 * next page begins that brings a missing one. Asks nobody itself.
 *
 * Rows are kept by their place counted from the *oldest*: what ends meanwhile is added at the other end and moves none.
 */
import type { Api } from '../../shared/contract.ts';
import type { HistoryFilter, HistoryRow } from '../../shared/history.ts';
import { lastAtMost, rowKey, sectionsOfOutline } from './layout.ts';
import type { OutlineHour, Section } from './layout.ts';

interface Anchor {
  /** Rows from here to the oldest, this one included. */
  left: number;
  filter: HistoryFilter;
  cursor: string | undefined;
}

/** Indices from the newest. */
interface Range {
  from: number;
  to: number;
}

export interface Gap {
  anchor: Anchor;
  /** The page that brings its first row. */
  ask: Parameters<Api['history']['page']>[0];
}

const HOUR_MS = 3_600_000;
export const PAGE = 100;
const MAX_PAGE = 500;
const MAX_KEPT = 20_000;

export class Outline {
  /** Days; made once with the hours, since a long history has tens of thousands of them. */
  sections: readonly Section[] = [];
  total = 0;
  /** Raised with every outline: a page asked for before may belong one place further on. */
  revision = 0;
  rows = new Map<number, HistoryRow>();
  /** Row key → place. */
  places = new Map<string, number>();
  #hours: readonly OutlineHour[] = [];
  /** For each hour how many rows are newer than it. */
  #before: readonly number[] = [];
  /** The places whose row is up to date, and where pages may begin. */
  #fresh = new Set<number>();
  #anchors = new Map<number, Anchor>();

  take(hours: readonly OutlineHour[]): void {
    this.#keepOnly(commonTail(this.#hours, hours));
    this.#hours = hours;
    this.sections = sectionsOfOutline(hours);
    this.revision += 1;
    let sum = 0;
    this.#before = hours.map(({ jobs, foreign }) => {
      const before = sum;
      sum += jobs + foreign;
      return before;
    });
    this.total = sum;
    for (const place of this.rows.keys()) if (place >= sum) this.rows.delete(place);
  }

  /** The page that brings the first missing row of a range; null where none is missing. */
  gapIn({ from, to }: Range): Gap | null {
    let index = Math.max(0, from);
    const end = Math.min(to, this.total);
    while (index < end && this.#fresh.has(this.total - 1 - index)) index += 1;
    const anchor = index >= end ? null : this.#anchorBefore(index);
    if (anchor === null) return null;
    const { left, filter, cursor } = anchor;
    const limit = Math.min(MAX_PAGE, Math.max(PAGE, index - (this.total - left) + PAGE));
    return { anchor, ask: { filter, limit, ...(cursor === undefined ? {} : { cursor }) } };
  }

  put({ anchor }: Gap, page: { rows: readonly HistoryRow[]; cursor: string | null }, looked: Range): void {
    page.rows.forEach((row, offset) => {
      const place = anchor.left - 1 - offset;
      if (place < 0) return;
      this.rows.set(place, row);
      this.#fresh.add(place);
      this.places.set(rowKey(row), place);
    });
    const left = anchor.left - page.rows.length;
    if (page.cursor !== null && page.rows.length > 0)
      this.#anchors.set(left, { left, filter: anchor.filter, cursor: page.cursor });
    this.#forget(looked);
  }

  /** A row that is gone: those newer than it move down one place. */
  remove(key: string): void {
    const place = this.places.get(key);
    if (place === undefined) return;
    this.rows = new Map(
      [...this.rows].filter(([at]) => at !== place).map(([at, row]) => [at > place ? at - 1 : at, row]),
    );
    this.#keepOnly(place);
    this.places = new Map([...this.rows].map(([at, row]) => [rowKey(row), at]));
  }

  /** Only the oldest `count` places are known to be as they were. */
  #keepOnly(count: number): void {
    this.#fresh = new Set([...this.#fresh].filter((place) => place < count));
    this.#anchors = new Map([...this.#anchors].filter(([left]) => left <= count));
  }

  /** The nearest place at or before `index` from which a page can be read: the beginning of an hour, or where one ended. */
  #anchorBefore(index: number): Anchor | null {
    const at = lastAtMost(this.#before, index, (before) => before);
    const hour = this.#hours[at];
    const before = this.#before[at];
    if (hour === undefined || before === undefined) return null;
    let best: Anchor = {
      left: this.total - before,
      filter: { foreign: 'with', to: hour.hour + HOUR_MS },
      cursor: undefined,
    };
    const wanted = this.total - index;
    for (const anchor of this.#anchors.values()) if (anchor.left >= wanted && anchor.left < best.left) best = anchor;
    return best;
  }

  /** Rows far from what is looked at go once there are too many. */
  #forget({ from, to }: Range): void {
    if (this.rows.size <= MAX_KEPT) return;
    const middle = this.total - (from + to) / 2;
    for (const [place, row] of this.rows) {
      if (Math.abs(place - middle) < MAX_KEPT / 4) continue;
      this.rows.delete(place);
      this.#fresh.delete(place);
      this.places.delete(rowKey(row));
    }
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
