/** How results are shown: the machine, one table per measure. */
import { arch, availableParallelism, cpus, loadavg, platform, release, totalmem } from 'node:os';
import type { BenchOptions, Row } from './measure.ts';
import { short } from './measure.ts';

export interface Result {
  name: string;
  title: string;
  seconds: number;
  /** Load average of the minute when it ended: above the number of cores, others were in its way. */
  load: number;
  rows: Row[];
  /** Why it could not be taken. */
  error: string | null;
}

export interface Machine {
  cpu: string;
  cores: number;
  memoryGiB: number;
  system: string;
  node: string;
  /** Processes that wanted a core before the first measure, averaged over a minute: above `cores` every time is too long. */
  loadBefore: number;
}

export function machine(): Machine {
  return {
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: availableParallelism(),
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    system: `${platform()} ${release().split('-')[0] ?? ''} ${arch()}`,
    node: process.versions.node,
    loadBefore: Number((loadavg()[0] ?? 0).toFixed(1)),
  };
}

export function headOf(about: Machine, options: BenchOptions): string {
  return [
    `${about.cpu}, ${String(about.cores)} cores, ${String(about.memoryGiB)} GiB, ${about.system}, Node ${about.node}, load ${short(about.loadBefore)}`,
    `medians of ${String(options.runs)} runs${options.quick ? ', quick: only to try it out' : ''}`,
  ].join('\n');
}

export function tableOf({ name, title, seconds, load, rows, error }: Result): string {
  const lines = [`\n${title} (${name}, ${seconds.toFixed(0)} s, load ${load.toFixed(1)})`];
  if (error !== null) lines.push(`  could not be taken: ${error}`);
  const width = (pick: (row: Row) => string): number => Math.max(0, ...rows.map((row) => pick(row).length));
  const widths = [width((row) => row.measure), width((row) => row.required), width((row) => row.reached)] as const;
  for (const row of rows) {
    const verdict = row.ok === null ? '    ' : row.ok ? 'ok  ' : 'OVER';
    lines.push(
      `  ${verdict}  ${row.measure.padEnd(widths[0])}  ${row.required.padEnd(widths[1])}  ${row.reached.padEnd(widths[2])}`.trimEnd(),
    );
    if (row.note !== '') lines.push(`          ${row.note}`);
  }
  return lines.join('\n');
}
