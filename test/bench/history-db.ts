/**
 * A million ended jobs: the newest page, a page at any depth, search as one types. Calls of the core's handlers with
 * arguments validated, as a transport makes them, in a process that does nothing else.
 */
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { createCore } from '../../electron/core/core.ts';
import type { Core } from '../../electron/core/core.ts';
import { contract } from '../../shared/contract.ts';
import type { HistoryPage } from '../../shared/history.ts';
import { memorySecrets } from '../support/core-harness.ts';
import { atMost, median, monotonic, quantile, short } from './measure.ts';
import type { BenchOptions, Row } from './measure.ts';
import { atEnd } from './support/ends.ts';
import { COMMON, fillHistory, randomOf, rankOf, wordAt } from './support/fill.ts';
import { tempDirectory } from './support/host.ts';

const YEAR_MS = 365 * 86_400_000;
type Ask = () => Promise<HistoryPage> | HistoryPage;
interface Question {
  what: string;
  ask: Ask;
}
interface Taken {
  p99: number[];
  all: number[];
  slowest: { ms: number; what: string };
}

export async function take({ runs, quick, rows }: BenchOptions): Promise<Row[]> {
  const dataDir = tempDirectory();
  const filledAt = monotonic();
  fillHistory(dataDir, rows);
  const filledInS = (monotonic() - filledAt) / 1_000;
  const megabytes = statSync(join(dataDir, 'switchyard.db')).size / 1_048_576;
  const openedAt = monotonic();
  const core = await createCore({
    dataDir,
    version: '0.0.0-bench',
    host: 'node',
    secrets: memorySecrets(),
    shell: { reveal: () => Promise.resolve() },
    logDir: null,
  });
  const openedInMs = monotonic() - openedAt;
  atEnd(() => core.close());
  const random = randomOf(7);
  const times = quick ? 60 : 400;

  const newest = await taken(runs, times, () => ({ what: 'newest', ask: () => page(core, {}) }));
  const depth = await taken(runs, times, () => deep(core, random));
  const typed = await taken(runs, times, () => typing(core, random));
  const filtered = await taken(runs, times, () => rare(core, random));
  const about = (one: Taken): string =>
    `p50 ${short(median(one.all))} ms, p95 ${short(quantile(one.all, 0.95))}; p99 of each run ${one.p99.map(short).join(', ')}; slowest ${short(one.slowest.ms)} ms: ${one.slowest.what}`;
  const row = (measure: string, limit: number, one: Taken, note: string): Row =>
    atMost({
      measure,
      of: 'p99',
      atMost: limit,
      unit: 'ms',
      value: median(one.p99),
      note: `${about(one)}${note}`,
      numbers: { p50Ms: median(one.all), p95Ms: quantile(one.all, 0.95), worstMs: one.slowest.ms },
    });
  return [
    row(
      `newest page of 100 of ${rows.toLocaleString('en')}`,
      5,
      newest,
      `; ${megabytes.toFixed(0)} MB on disk, filled in ${filledInS.toFixed(0)} s, core opened in ${openedInMs.toFixed(0)} ms`,
    ),
    row('page of 100 at any depth', 5, depth, ''),
    row('page of 100 at any depth, one state', 5, filtered, ''),
    row('search as you type, 50 rows', 20, typed, ''),
  ];
}

async function taken(runs: number, times: number, next: () => Question | Promise<Question>): Promise<Taken> {
  const result: Taken = { p99: [], all: [], slowest: { ms: 0, what: '' } };
  // Once round without counting: the page cache of a file just made.
  for (let time = 0; time < times / 4; time += 1) await (await next()).ask();
  for (let run = 0; run < runs; run += 1) {
    const took: number[] = [];
    for (let time = 0; time < times; time += 1) {
      const { what, ask } = await next();
      const began = monotonic();
      await ask();
      const ms = monotonic() - began;
      took.push(ms);
      if (ms > result.slowest.ms) result.slowest = { ms, what };
      if (time % 20 === 0) await turn();
    }
    result.p99.push(quantile(took, 0.99));
    result.all.push(...took);
  }
  return result;
}

const context = { signal: new AbortController().signal, face: 'window' as const };

function page(core: Core, args: Record<string, unknown>): Promise<HistoryPage> | HistoryPage {
  return core.handlers['history.page'](contract.calls['history.page'].input.parse({ limit: 100, ...args }), context);
}

/** By date, as a jump does it; or the page after one, as scrolling does it. */
async function deep(core: Core, random: () => number): Promise<Question> {
  const to = Date.now() - Math.floor(random() * 2 * YEAR_MS);
  if (random() < 0.5) return { what: 'by date', ask: () => page(core, { filter: { foreign: 'with', to } }) };
  const { cursor } = await page(core, { filter: { foreign: 'with', to }, limit: 1 });
  return {
    what: 'by cursor',
    ask: () => page(core, { filter: { foreign: 'with', to }, ...(cursor === null ? {} : { cursor }) }),
  };
}

function rare(core: Core, random: () => number): Question {
  const state = random() < 0.5 ? 'failed' : 'cancelled';
  const to = Date.now() - Math.floor(random() * 2 * YEAR_MS);
  return { what: state, ask: () => page(core, { filter: { foreign: 'with', states: [state], to } }) };
}

/** Prefixes of one to eight letters of common and rare words, several words, words there are not. */
function typing(core: Core, random: () => number): Question {
  const kind = random();
  const letters = 1 + Math.floor(random() * 8);
  const anyWord = (): string => wordAt(rankOf(random()));
  const common = (): string => COMMON[Math.floor(random() * COMMON.length)] ?? 'a';
  const evenly = (): string => wordAt(Math.floor(random() * 24_000));
  const text =
    kind < 0.25
      ? common().slice(0, letters)
      : kind < 0.45
        ? evenly().slice(0, letters)
        : kind < 0.65
          ? `${common()} ${anyWord().slice(0, letters)}`
          : kind < 0.8
            ? `${anyWord()} ${common()} ${anyWord().slice(0, letters)}`
            : kind < 0.9
              ? `${evenly()} ${evenly().slice(0, letters)}`
              : kind < 0.95
                ? `${common()} zzyzx${'q'.repeat(letters)}`
                : anyWord();
  return {
    what: `“${text}”`,
    ask: () =>
      core.handlers['history.search'](contract.calls['history.search'].input.parse({ text, limit: 50 }), context),
  };
}
