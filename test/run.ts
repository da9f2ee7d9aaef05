/**
 * `npm test`: everything a newcomer needs to trust the project, in one command. Finds or installs a browser, builds
 * once, runs every suite whatever the earlier ones said, and closes with a table and the line `N passed, N failed, N skipped`.
 * `npm test -- unit crash` runs only those suites. Does not test real servers: that is `npm run test:live`.
 */
import '../electron/node-gate.ts';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build, buildTargets, hasSources, isFresh } from '../electron/build.ts';
import { findElectronRuntime } from '../electron/start/runtime.ts';
import { countsFileVariable, readCounts } from './counts.ts';
import type { Counts } from './counts.ts';
import { ensureBrowser } from './setup-browser.ts';
import { hasTests, root, vitestSuites } from './suites.ts';

interface Row {
  suite: string;
  counts: Counts;
  seconds: number;
  note: string;
}

process.exitCode = await main(process.argv.slice(2));

async function main(chosen: readonly string[]): Promise<number> {
  const known = [...vitestSuites.map((suite) => suite.name), 'e2e'];
  const unknown = chosen.filter((name) => !known.some((suite) => suite === name));
  if (unknown.length > 0) {
    console.error(`No suite is called ${unknown.join(', ')}; there are ${known.join(', ')}.`);
    return 2;
  }
  const isChosen = (name: string): boolean => chosen.length === 0 || chosen.includes(name);

  const rows = [await attempt('build', buildAll)].filter((row) => row !== undefined);
  const workDirectory = mkdtempSync(join(tmpdir(), 'switchyard-test-'));
  try {
    for (const suite of vitestSuites) {
      if (isChosen(suite.name)) rows.push(runVitest(suite.name, workDirectory));
    }
    if (isChosen('e2e')) rows.push(...(await runPlaywright(workDirectory)));
  } finally {
    rmSync(workDirectory, { recursive: true, force: true });
  }
  return close(rows);
}

/** What has to work before tests can: its failure is a row of its own, and everything that can still run does. */
async function attempt(step: string, action: () => void | Promise<void>): Promise<Row | undefined> {
  const startedMs = performance.now();
  try {
    await action();
    return undefined;
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    console.error(`${step}: ${message}`);
    return failedRow(step, message.split('\n')[0] ?? '', startedMs);
  }
}

async function buildAll(): Promise<void> {
  for (const target of buildTargets) {
    if (!hasSources(target)) console.log(`build: ${target} has no sources yet`);
    else if (!isFresh(target)) {
      await build(target);
      console.log(`build: dist/${target}`);
    }
  }
}

function failedRow(suite: string, note: string, startedMs: number): Row {
  return { suite, counts: { passed: 0, failed: 1, skipped: [] }, seconds: secondsSince(startedMs), note };
}

function secondsSince(startedMs: number): number {
  return (performance.now() - startedMs) / 1000;
}

function runVitest(suite: string, workDirectory: string): Row {
  if (!hasTests(suite, /\.test\.tsx?$/)) return emptyRow(suite);
  const script = 'node_modules/vitest/vitest.mjs';
  return runSuite(suite, workDirectory, [script, 'run', '--config', 'test/vitest.config.ts', '--project', suite]);
}

function emptyRow(suite: string): Row {
  return { suite, counts: { passed: 0, failed: 0, skipped: [] }, seconds: 0, note: 'no tests yet' };
}

/** The window in Chromium always; in Electron where its runtime is, and else as one skip that says why. */
async function runPlaywright(workDirectory: string): Promise<Row[]> {
  if (!hasTests('e2e', /\.spec\.ts$/)) return [emptyRow('e2e')];
  const noBrowser = await attempt('e2e', () => console.log(`\nbrowser: ${ensureBrowser()}`));
  if (noBrowser !== undefined) return [noBrowser];

  const script = 'node_modules/@playwright/test/cli.js';
  const args = [script, 'test', '--config', 'test/playwright.config.ts', '--project'];
  const rows = [runSuite('e2e', workDirectory, [...args, 'chromium'])];
  if (findElectronRuntime() !== undefined) rows.push(runSuite('electron', workDirectory, [...args, 'electron']));
  else {
    const reason = "Electron's runtime is not on this machine (npx install-electron fetches it)";
    const skipped = [{ name: 'the same specs in Electron', reason }];
    rows.push({ suite: 'electron', counts: { passed: 0, failed: 0, skipped }, seconds: 0, note: '' });
  }
  return rows;
}

/** Runs one suite to its end; a runner that fails without a failed test (it crashed, say) is one failure. */
function runSuite(suite: string, workDirectory: string, args: readonly string[]): Row {
  console.log(`\n── ${suite} ${'─'.repeat(Math.max(0, 70 - suite.length))}`);
  const startedMs = performance.now();
  const file = join(workDirectory, `${suite}.json`);
  const env = { ...process.env, [countsFileVariable]: file };
  const result = spawnSync(process.execPath, args, { cwd: root, env, stdio: ['ignore', 'inherit', 'inherit'] });
  const counts = readCounts(file);
  const ended = result.signal ?? result.status ?? result.error?.message ?? 'not started';
  if (counts === undefined) return failedRow(suite, `the runner ended early (${ended})`, startedMs);
  if (result.status !== 0 && counts.failed === 0) {
    return {
      suite,
      counts: { ...counts, failed: 1 },
      seconds: secondsSince(startedMs),
      note: `the runner failed (${ended})`,
    };
  }
  return { suite, counts, seconds: secondsSince(startedMs), note: '' };
}

/** Prints the table, why anything was skipped, and the closing line; returns the exit code. */
function close(rows: readonly Row[]): number {
  const line = (cells: readonly string[], note: string): string =>
    `${(cells[0] ?? '').padEnd(12)}${cells
      .slice(1)
      .map((cell) => cell.padStart(9))
      .join('')}  ${note}`.trimEnd();

  console.log(`\n${line(['suite', 'passed', 'failed', 'skipped', 'seconds'], '')}`);
  for (const { suite, counts, seconds, note } of rows) {
    const numbers = [counts.passed, counts.failed, counts.skipped.length].map(String);
    console.log(line([suite, ...numbers, seconds.toFixed(1)], note));
  }

  for (const { suite, counts } of rows) {
    for (const reason of new Set(counts.skipped.map((skip) => skip.reason))) {
      const names = counts.skipped.filter((skip) => skip.reason === reason).map((skip) => skip.name);
      const more = names.length > 1 ? ` and ${names.length - 1} more` : '';
      console.log(`skipped in ${suite}: ${names[0] ?? ''}${more}: ${reason}`);
    }
  }

  const total = (count: (counts: Counts) => number): number => rows.reduce((sum, row) => sum + count(row.counts), 0);
  const passed = total((counts) => counts.passed);
  const failed = total((counts) => counts.failed);
  const skipped = total((counts) => counts.skipped.length);
  console.log(`\n${passed} passed, ${failed} failed, ${skipped} skipped`);
  // No test at all proves nothing.
  return failed === 0 && passed > 0 ? 0 : 1;
}
