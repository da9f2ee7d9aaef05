/** Numbers as people read them: times, lengths of time, sizes, counts. Pure; the locale is the system's unless given. */

const clock = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' });
const clockExact = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' });
const dayThisYear = new Intl.DateTimeFormat(undefined, { weekday: 'long', day: 'numeric', month: 'long' });
const dayOtherYear = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'long', year: 'numeric' });
const dayShort = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'short' });
const whole = new Intl.NumberFormat();

/** `14:01` */
export const timeOfDay = (ms: number): string => clock.format(ms);
/** `14:02:11` */
export const exactTime = (ms: number): string => clockExact.format(ms);
/** `18,204` */
export const count = (value: number): string => whole.format(value);
/** `1 job`, `12 jobs` */
export const counted = (value: number, one: string, many: string): string => `${count(value)} ${value === 1 ? one : many}`;

/** Midnight before `ms`, local. */
export function startOfDay(ms: number): number {
  const day = new Date(ms);
  day.setHours(0, 0, 0, 0);
  return day.getTime();
}

/** `Today`, `Yesterday`, `Wednesday, 18 November`, `3 March 2025` */
export function dayName(dayMs: number, nowMs: number): string {
  const today = startOfDay(nowMs);
  if (dayMs === today) return 'Today';
  if (dayMs === startOfDay(today - 1)) return 'Yesterday';
  return new Date(dayMs).getFullYear() === new Date(nowMs).getFullYear() ? dayThisYear.format(dayMs) : dayOtherYear.format(dayMs);
}

/** `09:12`, `yesterday 22:10`, `18 Nov 22:10` */
export function moment(ms: number, nowMs: number): string {
  const day = startOfDay(ms);
  const today = startOfDay(nowMs);
  if (day === today) return timeOfDay(ms);
  return `${day === startOfDay(today - 1) ? 'yesterday' : dayShort.format(ms)} ${timeOfDay(ms)}`;
}

/** How long something took, exact enough to compare: `6 ms`, `0.4 s`, `41 s`, `1 min 52 s`, `2 h 3 min`. */
export function took(ms: number): string {
  if (ms < 100) return `${Math.max(0, Math.round(ms))} ms`;
  if (ms < 9_950) return `${(ms / 1_000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1_000);
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return seconds % 60 === 0 ? `${minutes} min` : `${minutes} min ${seconds % 60} s`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return minutes % 60 === 0 ? `${hours} h` : `${hours} h ${minutes % 60} min`;
  return `${Math.floor(hours / 24)} days`;
}

/** A guess about the future or a length that still grows, no more exact than it is: `40 s`, `3 min`, `2 h`. */
export function roughly(ms: number): string {
  const seconds = ms / 1_000;
  if (seconds < 55) return `${Math.max(5, Math.round(seconds / 5) * 5)} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  const hours = minutes / 60;
  return hours < 10 ? `${(Math.round(hours * 2) / 2).toString()} h` : hours < 36 ? `${Math.round(hours)} h` : `${Math.round(hours / 24)} days`;
}

/** `812 B`, `4.1 MB`, `19.4 GB`; powers of 1024, as graphics cards are sold. */
export function bytes(value: number): string {
  const units = ['B', 'KB', 'MB', 'GB', 'TB'];
  let size = value;
  let unit = 0;
  while (size >= 1_024 && unit < units.length - 1) {
    size /= 1_024;
    unit += 1;
  }
  return `${unit === 0 || size >= 100 ? Math.round(size) : Number(size.toFixed(1))} ${units[unit] ?? ''}`;
}

/** `19.4 of 24 GB` */
export function usedOf(used: number, total: number): string {
  const gigabyte = 1_024 ** 3;
  if (total < gigabyte) return `${bytes(used)} of ${bytes(total)}`;
  return `${Number((used / gigabyte).toFixed(1))} of ${Number((total / gigabyte).toFixed(1))} GB`;
}
