/**
 * `npm test`: everything a newcomer needs to trust the project, in one command. Finds or installs a browser, builds once,
 * runs the suites of Vitest and beside them those of the window, whatever the others said, and closes with a table and
 * the line `N passed, N failed, N skipped`. `npm test -- unit crash` runs only those suites, `--long` more random runs.
 * Does not test real servers: that is `npm run test:live`.
 */
import '../electron/node-gate.ts';
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { build, buildTargets, hasSources, isFresh } from '../electron/build.ts';
import { findElectronRuntime } from '../electron/start/runtime.ts';
import { countsFileVariable, readCounts } from './counts.ts';
import type { FileCounts } from './counts.ts';
import { announcement, closing, failedRow, rowsOf } from './report.ts';
import type { Row } from './report.ts';
import { longFactor, runsFactorVariable } from './runs.ts';
import { ensureBrowser } from './setup-browser.ts';
import { root, usualMinutes, vitestSuites } from './suites.ts';

const lastTimesFile = join(root, 'node_modules', '.cache', 'switchyard', 'test-times.json');
const files: FileCounts[] = [];

async function main(words: readonly string[]): Promise<number> {
  const long = words.includes('--long');
  const chosen = words.filter((word) => word !== '--long');
  const known = [...vitestSuites.map((suite) => suite.name), 'e2e'];
  const unknown = chosen.filter((name) => !known.some((suite) => suite === name));
  if (unknown.length > 0) {
    console.error(`No suite is called ${unknown.join(', ')}; there are ${known.join(', ')}.`);
    return 2;
  }
  if (long) process.env[runsFactorVariable] = String(longFactor);
  const startedMs = performance.now();
  const suites = known.filter((name) => chosen.length === 0 || chosen.includes(name));
  const times = lastTimes();
  const choice = [...suites, ...(long ? ['--long'] : [])].join(' ');
  const all = suites.length === known.length && !long;
  console.log(announcement(suites, all ? usualMinutes : null, times[choice] ?? null));

  const rows = await runAll(suites);
  const seconds = secondsSince(startedMs);
  for (const line of ['', ...closing(rows, files, seconds)]) console.log(line);
  // No test at all proves nothing.
  if (rows.some((row) => row.failed > 0) || !rows.some((row) => row.passed > 0)) return 1;
  mkdirSync(dirname(lastTimesFile), { recursive: true });
  writeFileSync(lastTimesFile, JSON.stringify({ ...times, [choice]: seconds }));
  return 0;
}

/** How long each choice of suites took when it last passed here. */
function lastTimes(): Record<string, number> {
  try {
    return JSON.parse(readFileSync(lastTimesFile, 'utf8')) as Record<string, number>;
  } catch {
    return {};
  }
}

async function runAll(suites: readonly string[]): Promise<Row[]> {
  const window = suites.includes('e2e');
  const trouble = [
    await attempt('build', buildAll),
    window ? await attempt('e2e', () => console.log(`browser: ${ensureBrowser()}`)) : undefined,
  ].filter((row) => row !== undefined);
  const inVitest = suites.filter((suite) => suite !== 'e2e');
  const workDirectory = mkdtempSync(join(tmpdir(), 'switchyard-test-'));
  const held = new HeldOutput();
  try {
    const vitest = runVitest(inVitest, workDirectory).finally(() => {
      held.release();
    });
    const canShow = window && trouble.every((row) => row.suite !== 'e2e');
    const playwright = canShow ? runPlaywright(workDirectory, inVitest.length > 0 ? held : null) : [];
    return [...trouble, ...(await vitest), ...(await playwright)];
  } finally {
    rmSync(workDirectory, { recursive: true, force: true });
  }
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
    return failedRow(step, message.split('\n')[0] ?? '', secondsSince(startedMs));
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

function secondsSince(startedMs: number): number {
  return (performance.now() - startedMs) / 1000;
}

async function runVitest(suites: readonly string[], workDirectory: string): Promise<Row[]> {
  if (suites.length === 0) return [];
  const projects = suites.flatMap((suite) => ['--project', suite]);
  const args = ['node_modules/vitest/vitest.mjs', 'run', '--config', 'test/vitest.config.ts', ...projects];
  return runSuites('vitest', suites, workDirectory, args, null);
}

/** The window in Chromium always; in Electron where its runtime is, and else as one skip that says why. */
async function runPlaywright(workDirectory: string, output: HeldOutput | null): Promise<Row[]> {
  const script = 'node_modules/@playwright/test/cli.js';
  const args = [script, 'test', '--config', 'test/playwright.config.ts', '--project'];
  const rows = await runSuites('e2e', ['e2e'], workDirectory, [...args, 'e2e'], output);
  if (findElectronRuntime() !== undefined) {
    return [...rows, ...(await runSuites('electron', ['electron'], workDirectory, [...args, 'electron'], output))];
  }
  const reason = "Electron's runtime is not on this machine (npx install-electron fetches it)";
  const skipped = [{ name: 'the same specs in Electron', reason }];
  return [...rows, { suite: 'electron', passed: 0, failed: 0, skipped, seconds: 0, note: '' }];
}

/** Keeps what one runner says while another one speaks, so that the lines of two are not mixed. */
class HeldOutput {
  #held: Uint8Array[] | null = [];

  write(part: Uint8Array): void {
    if (this.#held === null) process.stdout.write(part);
    else this.#held.push(part);
  }

  release(): void {
    for (const part of this.#held ?? []) process.stdout.write(part);
    this.#held = null;
  }
}

/** Runs suites to their end; a runner that fails without a failed test (it crashed, say) is one failure. */
async function runSuites(
  runner: string,
  suites: readonly string[],
  workDirectory: string,
  args: readonly string[],
  output: HeldOutput | null,
): Promise<Row[]> {
  const heading = Buffer.from(`\n── ${suites.join(', ')} ${'─'.repeat(Math.max(0, 70 - suites.join(', ').length))}\n`);
  if (output === null) process.stdout.write(heading);
  else output.write(heading);
  const startedMs = performance.now();
  const file = join(workDirectory, `${runner}.json`);
  const ended = await runToItsEnd(args, { ...process.env, [countsFileVariable]: file }, output);
  const counts = readCounts(file);
  if (counts === undefined) return [failedRow(runner, `the runner ended early (${ended})`, secondsSince(startedMs))];
  files.push(...counts.files);
  const rows = rowsOf(suites, counts, runner);
  if (ended === '0' || rows.some((row) => row.failed > 0)) return rows;
  return [...rows, failedRow(runner, `the runner failed (${ended})`)];
}

/** Resolves with the exit code, the signal, or why it could not be started. */
function runToItsEnd(args: readonly string[], env: NodeJS.ProcessEnv, output: HeldOutput | null): Promise<string> {
  return new Promise((resolve) => {
    const how = output === null ? 'inherit' : 'pipe';
    const child = spawn(process.execPath, args, { cwd: root, env, stdio: ['ignore', how, how] });
    child.stdout?.on('data', (part: Uint8Array) => output?.write(part));
    child.stderr?.on('data', (part: Uint8Array) => output?.write(part));
    child.on('error', (error) => {
      resolve(error.message);
    });
    child.on('close', (code, signal) => {
      resolve(signal ?? String(code));
    });
  });
}

process.exitCode = await main(process.argv.slice(2));
