/**
 * `npm run bench`: takes the measures one after the other, each in a process of its own, and prints what was required and
 * what was reached. A number over its limit is told, not punished: only a measure that could not be taken makes the exit
 * code 1 (with `--strict`, one over its limit too).
 */
import '../../electron/node-gate.ts';
import { fork } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { loadavg } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { markdownOf } from './markdown.ts';
import type { BenchOptions, Row } from './measure.ts';
import { measureNames, measures } from './measures.ts';
import type { MeasureName } from './measures.ts';
import { headOf, machine, tableOf } from './report.ts';
import type { Result } from './report.ts';

const USAGE = `npm run bench -- [options]
  --only NAME[,NAME]   these measures: ${measureNames.join(', ')}
  --runs N             median of so many runs (5)
  --random N           randomised cancels (1,000)
  --rows N             ended jobs in the large database (1,000,000)
  --json FILE|-        numbers as JSON
  --markdown FILE      as docs/benchmarks.md
  --strict             over a limit is a failure
  --quick              try it out`;

process.exitCode = await main(process.argv.slice(2));

async function main(words: string[]): Promise<number> {
  if (words.includes('--help')) {
    console.log(USAGE);
    return 0;
  }
  const asked = read(words);
  if (typeof asked === 'string') {
    console.error(asked);
    return 2;
  }
  const { names, options, json, markdown, strict } = asked;
  // With JSON on standard output the table goes to the other one.
  const say = json === '-' ? console.error : console.log;
  const about = machine();
  say(headOf(about, options));
  const results: Result[] = [];
  for (const name of names) {
    const startedMs = performance.now();
    const taken = await takeApart(name, options);
    const result: Result = {
      name,
      title: measures[name].title,
      seconds: (performance.now() - startedMs) / 1_000,
      load: loadavg()[0] ?? 0,
      ...taken,
    };
    results.push(result);
    say(tableOf(result));
  }
  if (json !== undefined) {
    const text = `${JSON.stringify({ at: new Date().toISOString(), machine: about, options, results }, null, 2)}\n`;
    if (json === '-') process.stdout.write(text);
    else writeFileSync(json, text);
  }
  if (markdown !== undefined) writeFileSync(markdown, markdownOf(about, options, results));
  const rows = results.flatMap((result) => result.rows);
  const over = rows.filter((row) => row.ok === false).length;
  const failed = results.filter((result) => result.error !== null);
  say(
    `\n${String(rows.filter((row) => row.ok === true).length)} within their limit, ${String(over)} over, ${String(failed.length)} could not be taken${failed.length === 0 ? '' : `: ${failed.map((result) => result.name).join(', ')}`}`,
  );
  return failed.length > 0 || (strict && over > 0) ? 1 : 0;
}

function read(words: string[]):
  | {
      names: readonly MeasureName[];
      options: BenchOptions;
      json: string | undefined;
      markdown: string | undefined;
      strict: boolean;
    }
  | string {
  let values;
  try {
    values = parseArgs({
      args: words,
      strict: true,
      options: {
        only: { type: 'string', multiple: true, default: [] },
        json: { type: 'string' },
        markdown: { type: 'string' },
        strict: { type: 'boolean', default: false },
        quick: { type: 'boolean', default: false },
        runs: { type: 'string', default: '5' },
        random: { type: 'string' },
        rows: { type: 'string' },
      },
    }).values;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
  const { quick } = values;
  const runs = Number(values.runs);
  const random = Number(values.random ?? (quick ? 20 : 1_000));
  const rows = Number(values.rows ?? (quick ? 50_000 : 1_000_000));
  if (![runs, random, rows].every((value) => Number.isInteger(value) && value > 0))
    return '--runs, --random and --rows need whole numbers above 0.';
  const only = values.only.flatMap((list) => list.split(','));
  const isName = (name: string): name is MeasureName => measureNames.some((known) => known === name);
  const unknown = only.filter((name) => !isName(name));
  if (unknown.length > 0) return `No measure is called ${unknown.join(', ')}; there are ${measureNames.join(', ')}.`;
  return {
    names: only.length === 0 ? measureNames : only.filter(isName),
    options: { runs, quick, random, rows },
    json: values.json,
    markdown: values.markdown,
    strict: values.strict,
  };
}

/** In a process of its own: no measure inherits the heap, the listeners or the warm code of the one before it. */
async function takeApart(name: MeasureName, options: BenchOptions): Promise<{ rows: Row[]; error: string | null }> {
  const child = fork(fileURLToPath(new URL('./measure-process.ts', import.meta.url)), [name, JSON.stringify(options)], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  const answers: { rows: Row[]; error: string | null }[] = [];
  child.on('message', (message) => {
    answers.push(message as { rows: Row[]; error: string | null });
  });
  const deadline = setTimeout(() => child.kill('SIGTERM'), measures[name].deadlineMs);
  const how = await new Promise<string>((resolve) => {
    child.once('close', (code, signal) => {
      resolve(signal ?? `exit ${String(code)}`);
    });
  });
  clearTimeout(deadline);
  return answers[0] ?? { rows: [], error: `its process ended early (${how})` };
}
