/** Results as the page `docs/benchmarks.md`: what was measured, on which machine, how to do it again. */
import type { BenchOptions, Row } from './measure.ts';
import { short } from './measure.ts';
import type { Machine, Result } from './report.ts';

export function markdownOf(about: Machine, options: BenchOptions, results: readonly Result[]): string {
  const rows = results.flatMap((result) => result.rows);
  const over = rows.filter((row) => row.ok === false);
  const busy = results.filter((result) => result.load > about.cores);
  return [
    '# Benchmarks',
    '',
    'Written by `npm run bench -- --markdown docs/benchmarks.md`; see [test/bench](../test/bench/) for how each number is taken.',
    '',
    `- Machine: ${about.cpu}, ${String(about.cores)} cores, ${String(about.memoryGiB)} GiB, ${about.system}, Node ${about.node}.`,
    `- ${new Date().toISOString().slice(0, 10)}; medians of ${String(options.runs)} runs${options.quick ? ' (quick: not to be believed)' : ''}; ${String(options.random)} randomised cancels; ${options.rows.toLocaleString('en')} ended jobs in the large database.`,
    '- The servers are the demo servers on loopback, in a process of their own; each measure has its own, too. “Bare” is the same done by hand on the same server, in turns with ours.',
    `- ${loadSentence(about, busy)}`,
    `- ${String(rows.filter((row) => row.ok === true).length)} within their limit, ${String(over.length)} over${over.length === 0 ? '' : `: ${over.map((row) => row.measure).join('; ')}`}.`,
    ...results.flatMap((result) => [
      '',
      `## ${result.title}`,
      '',
      ...(result.error === null ? tableOf(result.rows) : [`Could not be taken: ${result.error.split('\n')[0] ?? ''}`]),
    ]),
    '',
  ].join('\n');
}

function loadSentence(about: Machine, busy: readonly Result[]): string {
  if (busy.length === 0) return 'The machine was otherwise idle.';
  return `The machine was not idle: its load (processes that wanted one of the ${String(about.cores)} cores) was above ${String(about.cores)} after ${busy.map((result) => `${result.title} (${short(result.load)})`).join(', ')}. Ours take part in that; times with others in the way are longer than they would be.`;
}

function tableOf(rows: readonly Row[]): string[] {
  const cell = (text: string): string => text.replaceAll('|', '\\|');
  return [
    '| | Measure | Required | Reached | |',
    '|---|---|---|---|---|',
    ...rows.map(
      (row) =>
        `| ${row.ok === null ? '' : row.ok ? 'ok' : '**over**'} | ${cell(row.measure)} | ${cell(row.required)} | ${cell(row.reached)} | ${cell(row.note)} |`,
    ),
  ];
}
