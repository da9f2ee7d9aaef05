/**
 * Numbers, durations, times and bytes as people read them, by Intl where it knows how. Pure: no words of the app beyond
 * units, and no clock of its own (`nowMs` is always given).
 */
const LOCALE: string | undefined = typeof navigator === 'undefined' ? 'en' : navigator.language;

const integers = new Intl.NumberFormat(LOCALE, { maximumFractionDigits: 0 });
const tenths = new Intl.NumberFormat(LOCALE, { minimumFractionDigits: 1, maximumFractionDigits: 1 });
const percents = new Intl.NumberFormat(LOCALE, { style: 'percent', maximumFractionDigits: 0 });
const timeOfDay = new Intl.DateTimeFormat(LOCALE, { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' });
const timeOfDayExact = new Intl.DateTimeFormat(LOCALE, {
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  hourCycle: 'h23',
});
const dayOfYear = new Intl.DateTimeFormat(LOCALE, { weekday: 'long', day: 'numeric', month: 'long' });
const dayWithYear = new Intl.DateTimeFormat(LOCALE, { day: 'numeric', month: 'long', year: 'numeric' });
const dayShort = new Intl.DateTimeFormat(LOCALE, { day: 'numeric', month: 'short' });
const relativeDay = new Intl.RelativeTimeFormat(LOCALE, { numeric: 'auto' });

export const number = (value: number): string => integers.format(value);
export const percent = (fraction: number): string => percents.format(fraction);

/** Running time as a clock of fixed width: `0:41`, `12:05`, `1:02:09`. */
export function clock(ms: number): string {
  const all = Math.max(0, Math.floor(ms / 1_000));
  const seconds = String(all % 60).padStart(2, '0');
  const minutes = Math.floor(all / 60);
  if (minutes < 60) return `${minutes}:${seconds}`;
  return `${Math.floor(minutes / 60)}:${String(minutes % 60).padStart(2, '0')}:${seconds}`;
}

/** A length of time in words: `3 ms`, `0.4 s`, `41 s`, `1 min 52 s`, `2 h 5 min`, `3 days`. */
export function duration(ms: number): string {
  if (ms < 100) return `${number(Math.max(0, ms))} ms`;
  if (ms < 9_950) return `${tenths.format(ms / 1_000)} s`;
  const seconds = Math.round(ms / 1_000);
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return seconds % 60 === 0 ? `${minutes} min` : `${minutes} min ${seconds % 60} s`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return minutes % 60 === 0 ? `${hours} h` : `${hours} h ${minutes % 60} min`;
  return `${number(hours / 24)} days`;
}

/** Seconds with one decimal, for what is counted in place: `0.6 s`, `12 s`. */
export function seconds(ms: number): string {
  return ms < 9_950 ? `${tenths.format(ms / 1_000)} s` : `${Math.round(ms / 1_000)} s`;
}

/** A length nobody knows exactly: `3 s`, `40 s`, `2 min`, `16 min`, `2 h`. Rounded so that it does not flicker. */
export function roughly(ms: number): string {
  const s = ms / 1_000;
  if (s < 10) return `${Math.max(1, Math.round(s))} s`;
  if (s < 60) return `${Math.round(s / 5) * 5} s`.replace('60 s', '1 min');
  if (s < 3_570) return `${Math.max(1, Math.round(s / 60))} min`;
  const hours = Math.round(s / 1_800) / 2;
  return `${hours % 1 === 0 ? number(hours) : tenths.format(hours)} h`;
}

/** An honest range: `35–50 s`, `1–2 min`, `about 2 min`. Without the word "left". */
export function range(lowMs: number, highMs: number): { text: string; exact: boolean } {
  const low = roughly(lowMs);
  const high = roughly(highMs);
  if (low === high) return { text: high, exact: false };
  const [lowNumber = '', lowUnit = ''] = low.split(' ');
  const highUnit = high.split(' ')[1] ?? '';
  return { text: lowUnit === highUnit ? `${lowNumber}–${high}` : `${low}–${high}`, exact: true };
}

/** Time until something, as the narrow column has room for: `≈ 1:30`, `≈ 16 min`, `≈ 2 h`. */
export function approach(ms: number): string {
  if (ms < 570_000) return `≈ ${clock(Math.max(5_000, Math.round(ms / 5_000) * 5_000))}`;
  return `≈ ${roughly(ms)}`;
}

/** `09:12`; with seconds where order within a minute matters. */
export function time(atMs: number, exact = false): string {
  return (exact ? timeOfDayExact : timeOfDay).format(atMs);
}

const dayStart = (atMs: number): number => new Date(atMs).setHours(0, 0, 0, 0);

/** Name of a day: today, yesterday, weekday and date within the year, else date and year. */
export function day(atMs: number, nowMs: number): string {
  const days = Math.round((dayStart(nowMs) - dayStart(atMs)) / 86_400_000);
  if (days === 0 || days === 1) return capital(relativeDay.format(-days, 'day'));
  if (new Date(atMs).getFullYear() === new Date(nowMs).getFullYear()) return capital(dayOfYear.format(atMs));
  return dayWithYear.format(atMs);
}

/** Since when, short: a time today, `yesterday`, or a date. */
export function since(atMs: number, nowMs: number): string {
  const days = Math.round((dayStart(nowMs) - dayStart(atMs)) / 86_400_000);
  if (days <= 0) return time(atMs);
  if (days === 1) return relativeDay.format(-1, 'day');
  return dayShort.format(atMs);
}

/** `2 min ago`, for things seen; under a minute `just now`. */
export function ago(atMs: number, nowMs: number): string {
  const ms = nowMs - atMs;
  return ms < 60_000 ? 'just now' : `${roughly(ms)} ago`;
}

const UNITS = ['bytes', 'kB', 'MB', 'GB', 'TB'] as const;

function scaled(bytes: number): { value: number; unit: (typeof UNITS)[number] } {
  let value = bytes;
  let unit = 0;
  while (value >= 1_000 && unit < UNITS.length - 1) {
    value /= 1_024;
    unit += 1;
  }
  return { value, unit: UNITS[unit] ?? 'bytes' };
}

const brief = (value: number): string => (value >= 10 || value % 1 === 0 ? number(value) : tenths.format(value));

/** `19 GB`, `6.2 GB`, `512 kB`. Binary multiples under the names everybody uses for memory. */
export function bytes(count: number): string {
  const { value, unit } = scaled(count);
  return `${brief(value)} ${unit}`;
}

/** `19.4 of 24 GB`: both in the unit of the whole. */
export function bytesOf(usedBytes: number, totalBytes: number): string {
  const whole = scaled(totalBytes);
  const used = totalBytes === 0 ? 0 : (usedBytes / totalBytes) * whole.value;
  return `${used % 1 === 0 ? number(used) : tenths.format(used)} of ${number(whole.value)} ${whole.unit}`;
}

function capital(text: string): string {
  return text.charAt(0).toLocaleUpperCase(LOCALE) + text.slice(1);
}
