/**
 * Where everything in History stands: day headings and rows of known heights, found by binary search, so that a list of
 * a million rows costs as much as one of ten. Pure; loads nothing and draws nothing.
 */
import type { HistoryRow } from '../../shared/history.ts';

/** Local midnight before `ms`. */
export const startOfDay = (ms: number): number => new Date(ms).setHours(0, 0, 0, 0);

/** How many ended in the hour that begins at `hour` (ms), newest first; ours and foreign. */
export interface OutlineHour {
  hour: number;
  jobs: number;
  foreign: number;
}

/** One day's rows. `day` is local midnight, ms. */
export interface Section {
  day: number;
  rows: number;
}

interface PlacedSection extends Section {
  /** Top of its heading, px. */
  top: number;
  /** Index of its first row over the whole list. */
  first: number;
}

export interface Heights {
  day: number;
  row: number;
}

export interface Layout {
  sections: readonly PlacedSection[];
  rows: number;
  height: number;
  heights: Heights;
}

export type LayoutItem = { type: 'day'; day: number; top: number } | { type: 'row'; index: number; top: number };

export function makeLayout(sections: readonly Section[], heights: Heights): Layout {
  const placed: PlacedSection[] = [];
  let top = 0;
  let first = 0;
  for (const section of sections) {
    placed.push({ ...section, top, first });
    top += heights.day + section.rows * heights.row;
    first += section.rows;
  }
  return { sections: placed, rows: first, height: top, heights };
}

/** What stands between two heights, in order. */
export function itemsBetween(layout: Layout, top: number, bottom: number): LayoutItem[] {
  const { heights, sections } = layout;
  const items: LayoutItem[] = [];
  for (
    let at = Math.max(
      0,
      lastAtMost(sections, top, (section) => section.top),
    );
    at < sections.length;
    at += 1
  ) {
    const section = sections[at];
    if (section === undefined || section.top >= bottom) break;
    if (section.top + heights.day > top) items.push({ type: 'day', day: section.day, top: section.top });
    const rowsTop = section.top + heights.day;
    const from = Math.max(0, Math.floor((top - rowsTop) / heights.row));
    const to = Math.min(section.rows, Math.ceil((bottom - rowsTop) / heights.row));
    for (let row = from; row < to; row += 1)
      items.push({ type: 'row', index: section.first + row, top: rowsTop + row * heights.row });
  }
  return items;
}

/** The top of a row, px; 0 for an empty list. */
export function topOfRow(layout: Layout, index: number): number {
  const section = layout.sections[lastAtMost(layout.sections, index, (candidate) => candidate.first)];
  if (section === undefined) return 0;
  return section.top + layout.heights.day + (index - section.first) * layout.heights.row;
}

/** Top of the newest day that is not after `day`; the end of the list when all are. */
export function topOfDay(layout: Layout, day: number): number {
  return layout.sections.find((section) => section.day <= day)?.top ?? layout.height;
}

/** The day that a height falls into: what a heading at the top of the window would say. */
export function dayAt(layout: Layout, top: number): number | null {
  return (
    layout.sections[
      Math.max(
        0,
        lastAtMost(layout.sections, top, (section) => section.top),
      )
    ]?.day ?? null
  );
}

/** Days from an outline. An hour that holds local midnight (time zones of half hours) counts as the day it begins in. */
export function sectionsOfOutline(hours: readonly OutlineHour[]): Section[] {
  const sections: Section[] = [];
  for (const { hour, jobs, foreign } of hours) {
    const day = startOfDay(hour);
    const last = sections.at(-1);
    if (last?.day === day) last.rows += jobs + foreign;
    else if (jobs + foreign > 0) sections.push({ day, rows: jobs + foreign });
  }
  return sections;
}

export function sectionsOfRows(rows: readonly HistoryRow[]): Section[] {
  const sections: Section[] = [];
  for (const row of rows) {
    const day = startOfDay(endedAt(row));
    const last = sections.at(-1);
    if (last?.day === day) last.rows += 1;
    else sections.push({ day, rows: 1 });
  }
  return sections;
}

export const endedAt = (row: HistoryRow): number => (row.type === 'job' ? row.job.endedAt : row.foreign.endedAt) ?? 0;

/** One key for a row of either kind. */
export const rowKey = (row: HistoryRow): string =>
  row.type === 'job' ? row.job.id : `${row.foreign.serverId} ${row.foreign.remoteKey}`;

/** Index of the last entry whose value is at most `limit`; -1 when none is. */
export function lastAtMost<T>(entries: readonly T[], limit: number, valueOf: (entry: T) => number): number {
  let low = 0;
  let high = entries.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    const entry = entries[middle];
    if (entry !== undefined && valueOf(entry) <= limit) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}
