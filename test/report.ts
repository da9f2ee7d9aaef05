/** What `npm test` says before and after it ran: which suites and for how long, the table, the slowest files, the closing line. Pure. */
import type { FileCounts, RunCounts } from './counts.ts';

export interface Row {
  suite: string;
  passed: number;
  failed: number;
  skipped: FileCounts['skipped'];
  /** Of its files, added up: several run at once. */
  seconds: number;
  note: string;
}

/** The row of a step or suite that could not run: one failure. */
export function failedRow(suite: string, note: string, seconds = 0): Row {
  return { suite, passed: 0, failed: 1, skipped: [], seconds, note };
}

/** One row for each suite, in the order asked for. What failed outside the files of the suites is a row named `runner`. */
export function rowsOf(suites: readonly string[], counts: RunCounts, runner: string): Row[] {
  const rows = suites.map((suite): Row => {
    const files = counts.files.filter((file) => file.suite === suite);
    const sum = (number: (file: FileCounts) => number): number => files.reduce((all, file) => all + number(file), 0);
    return {
      suite,
      passed: sum((file) => file.passed),
      failed: sum((file) => file.failed),
      skipped: files.flatMap((file) => file.skipped),
      seconds: sum((file) => file.seconds),
      note: files.length === 0 ? 'no tests yet' : '',
    };
  });
  if (counts.errors === 0) return rows;
  return [...rows, { ...failedRow(runner, 'outside any test, see above'), failed: counts.errors }];
}

/** The first lines; `lastSeconds` is how long the same suites took the last time here. */
export function announcement(
  suites: readonly string[],
  usualMinutes: number | null,
  lastSeconds: number | null,
): string {
  const times = [
    ...(usualMinutes === null ? [] : [`usually ${usualMinutes} minutes on 2 cores`]),
    ...(lastSeconds === null ? [] : [`${duration(lastSeconds)} the last time here`]),
  ];
  return `Runs ${suites.join(', ')}${times.length === 0 ? '' : `: ${times.join(', ')}`}.`;
}

/** The table, why anything was skipped, the slowest files, and last the line `N passed, N failed, N skipped`. */
export function closing(rows: readonly Row[], files: readonly FileCounts[], tookSeconds: number): string[] {
  const total = (count: (row: Row) => number): number => rows.reduce((sum, row) => sum + count(row), 0);
  return [
    tableLine(['suite', 'passed', 'failed', 'skipped', 'seconds'], ''),
    ...rows.map(({ suite, passed, failed, skipped, seconds, note }) =>
      tableLine([suite, ...[passed, failed, skipped.length].map(String), seconds.toFixed(1)], note),
    ),
    ...rows.flatMap(skips),
    '',
    `Took ${duration(tookSeconds)}; the seconds above are those of the files, several of which run at once. The slowest:`,
    ...[...files]
      .sort((a, b) => b.seconds - a.seconds)
      .slice(0, 10)
      .map(
        ({ seconds, suite, file }) =>
          `${seconds.toFixed(1).padStart(7)}  ${file}${suite === 'electron' ? ' (Electron)' : ''}`,
      ),
    '',
    `${total((row) => row.passed)} passed, ${total((row) => row.failed)} failed, ${total((row) => row.skipped.length)} skipped`,
  ];
}

function tableLine(cells: readonly string[], note: string): string {
  const [first = '', ...numbers] = cells;
  return `${first.padEnd(12)}${numbers.map((cell) => cell.padStart(9)).join('')}  ${note}`.trimEnd();
}

function skips({ suite, skipped }: Row): string[] {
  return [...new Set(skipped.map((skip) => skip.reason))].map((reason) => {
    const names = skipped.filter((skip) => skip.reason === reason).map((skip) => skip.name);
    const more = names.length > 1 ? ` and ${names.length - 1} more` : '';
    return `skipped in ${suite}: ${names[0] ?? ''}${more}: ${reason}`;
  });
}

function duration(seconds: number): string {
  const whole = Math.round(seconds);
  return whole < 60 ? `${whole} s` : `${Math.floor(whole / 60)} min ${whole % 60} s`;
}
