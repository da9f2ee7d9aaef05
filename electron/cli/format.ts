/** Tables, times and lengths as a terminal shows them. Pure, without Intl: loading its data would cost more than the rest. */

/** Without control characters: titles and notes come from strangers' files, and a terminal obeys what it is sent. */
export function clean(text: string): string {
  // eslint-disable-next-line no-control-regex -- they are what is looked for
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]+/g, ' ').trim();
}

/** How many cells a terminal gives a text: wide scripts and emoji take two, combining marks none. */
export function widthOf(text: string): number {
  let width = 0;
  for (const char of text) {
    const code = char.codePointAt(0) ?? 0;
    if (/\p{M}|\u200b|\u200c|\u200d/u.test(char)) continue;
    width +=
      code >= 0x1100 &&
      (code <= 0x115f ||
        (code >= 0x2e80 && code <= 0xa4cf) ||
        (code >= 0xac00 && code <= 0xd7a3) ||
        (code >= 0xf900 && code <= 0xfaff) ||
        (code >= 0xfe30 && code <= 0xfe6f) ||
        (code >= 0xff00 && code <= 0xff60) ||
        (code >= 0xffe0 && code <= 0xffe6) ||
        (code >= 0x1f300 && code <= 0x1faff) ||
        (code >= 0x20000 && code <= 0x3fffd))
        ? 2
        : 1;
  }
  return width;
}

export function cut(text: string, most: number): string {
  if (widthOf(text) <= most) return text;
  let kept = '';
  for (const char of text) {
    if (widthOf(kept + char) > most - 1) break;
    kept += char;
  }
  return `${kept.trimEnd()}…`;
}

/** Rows under aligned columns, two spaces apart; the last column takes what is left of `columns` cells. */
export function table(rows: readonly (readonly string[])[], columns = Number.POSITIVE_INFINITY, indent = ''): string[] {
  const cells = rows.map((row) => row.map(clean));
  const count = Math.max(0, ...cells.map((row) => row.length));
  const widths = Array.from({ length: count }, (_, column) =>
    Math.max(0, ...cells.map((row) => widthOf(row[column] ?? ''))),
  );
  const before = widths.slice(0, -1).reduce((sum, width) => sum + (width === 0 ? 0 : width + 2), indent.length);
  const last = Math.max(12, columns - before);
  return cells.map((row) => {
    const line = widths.map((width, column) => {
      const cell = row[column] ?? '';
      if (width === 0) return '';
      return column === count - 1 ? cut(cell, last) : `${cell}${' '.repeat(width - widthOf(cell) + 2)}`;
    });
    return `${indent}${line.join('')}`.trimEnd();
  });
}

/** A table below a heading, as wide as it is. */
export const indented = (rows: readonly (readonly string[])[]): string[] => table(rows, undefined, '  ');

/** What there is to say, one after the other; what is empty is left out. */
export const joined = (parts: readonly string[], by = ', '): string => parts.filter((part) => part !== '').join(by);

const two = (value: number): string => String(value).padStart(2, '0');

/** `3 ms`, `0.4 s`, `41 s`, `1 min 52 s`, `2 h 5 min`, `3 days`. */
export function duration(ms: number): string {
  if (ms < 100) return `${String(Math.max(0, Math.round(ms)))} ms`;
  if (ms < 9_950) return `${(ms / 1_000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1_000);
  if (seconds < 60) return `${String(seconds)} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60)
    return seconds % 60 === 0 ? `${String(minutes)} min` : `${String(minutes)} min ${String(seconds % 60)} s`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return minutes % 60 === 0 ? `${String(hours)} h` : `${String(hours)} h ${String(minutes % 60)} min`;
  return `${String(Math.round(hours / 24))} days`;
}

/** `0:41`, `12:05`, `1:02:09`. */
export function clock(ms: number): string {
  const all = Math.max(0, Math.floor(ms / 1_000));
  const minutes = Math.floor(all / 60);
  if (minutes < 60) return `${String(minutes)}:${two(all % 60)}`;
  return `${String(Math.floor(minutes / 60))}:${two(minutes % 60)}:${two(all % 60)}`;
}

/** `09:12:03` */
export function timeOfDay(atMs: number): string {
  const at = new Date(atMs);
  return `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
}

/** `09:12` today, `2026-11-20 09:12` before. */
export function when(atMs: number, nowMs: number): string {
  const at = new Date(atMs);
  const time = `${two(at.getHours())}:${two(at.getMinutes())}`;
  if (new Date(nowMs).toDateString() === at.toDateString()) return time;
  return `${String(at.getFullYear())}-${two(at.getMonth() + 1)}-${two(at.getDate())} ${time}`;
}

export function bytes(count: number): string {
  const units = ['bytes', 'kB', 'MB', 'GB', 'TB'];
  let value = count;
  let unit = 0;
  while (value >= 1_000 && unit < units.length - 1) {
    value /= 1_024;
    unit += 1;
  }
  return `${value >= 10 || value % 1 === 0 ? String(Math.round(value)) : value.toFixed(1)} ${units[unit] ?? ''}`;
}

/**
 * What tables show of an id: the time it was made, to the millisecond, and its place within it. Enough to name one job of
 * a data directory for ever; a shorter prefix could come to mean another.
 */
export const shortId = (id: string): string => (/^[0-9a-f]{8}-[0-9a-f]{4}-7/.test(id) ? id.slice(0, 18) : id);
