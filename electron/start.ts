/**
 * What `npm start` runs from a checkout: builds what is stale, chooses how Switchyard is shown, says so in one line, and
 * becomes it. Electron first, where its runtime is there or can be fetched; else the host with a window of an installed
 * Chromium, Chrome or Edge; else an address to open (the host says which of the two it could do).
 */
import './node-gate.ts';
import { spawn, spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { hasSources, isFresh } from './build.ts';
import type { BuildTarget } from './build.ts';
import { fetchElectron } from './electron-fetch.ts';
import { findElectronRuntime } from './electron-runtime.ts';
import { whyNoWindow } from './host/app-window.ts';
import { choose, wantsHost } from './start-choice.ts';

const root = fileURLToPath(new URL('..', import.meta.url));

/** In a process of its own: the builder's memory goes with it. */
function buildStale(targets: readonly BuildTarget[]): boolean {
  const stale = targets.filter((target) => hasSources(target) && !isFresh(target));
  if (stale.length === 0) return true;
  console.log(`Building ${stale.join(' and ')}…`);
  return (
    spawnSync(process.execPath, [fileURLToPath(new URL('build.ts', import.meta.url)), '--if-stale', ...stale], {
      cwd: root,
      stdio: 'inherit',
    }).status === 0
  );
}

/** How soon an Electron that can't run here has ended: no sandbox allowed, a library missing. */
const STILLBORN_MS = 5_000;

/** Resolves to why it could not run, when that shows at once; else this process ends with it. */
function runElectron(executable: string, words: readonly string[]): Promise<string> {
  console.log('Switchyard opens in Electron.');
  const { ELECTRON_RUN_AS_NODE: _, ...env } = process.env;
  const startedMs = performance.now();
  const child = spawn(executable, [root, ...words], { stdio: 'inherit', env });
  let ended = false;
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      ended = true;
      child.kill(signal);
    });
  }
  return new Promise((resolve) => {
    child.once('error', (error) => {
      resolve(error.message);
    });
    child.once('exit', (code, signal) => {
      const stillborn = !ended && code !== 0 && performance.now() - startedMs < STILLBORN_MS;
      if (stillborn) resolve(`it ended at once with ${String(signal ?? code)}`);
      else process.exit(code ?? 1);
    });
  });
}

/** The runtime's path: there already, or fetched now. Not looked for where the host was asked for or no window can open. */
async function electronFor(words: readonly string[]): Promise<{ path: string | undefined; missing: string | null }> {
  const path = findElectronRuntime();
  const insist = words.includes('--electron');
  if (path !== undefined || wantsHost(words) || !hasSources('desktop')) return { path, missing: null };
  if (!insist && whyNoWindow() !== null) return { path, missing: null };
  const missing = await fetchElectron({ say: (text) => process.stderr.write(text), insist });
  return { path: findElectronRuntime(), missing };
}

async function runHost(words: readonly string[]): Promise<void> {
  // The same process goes on as the host: Ctrl+C, exit code and memory are its own.
  const host = new URL('../dist/host/host.js', import.meta.url);
  process.argv.splice(1, process.argv.length, fileURLToPath(host), ...words);
  await import(host.href);
}

const words = process.argv.slice(2);
// A window of Electron needs no browser: as root neither of them runs, unless it is insisted on.
const { path: electron, missing } = await electronFor(words);
const usable = words.includes('--electron') || whyNoWindow() === null ? electron : undefined;
const choice = choose(words, usable, hasSources('desktop'));
if (typeof choice === 'string') {
  console.error(missing === null ? choice : `${choice} (${missing})`);
  process.exit(2);
}
if (!buildStale(choice.show === 'electron' ? ['renderer', 'desktop'] : ['renderer', 'host'])) {
  console.error('The build failed; what it said is above.');
  process.exit(1);
}
if (choice.show === 'electron' && usable !== undefined) {
  const failed = await runElectron(usable, choice.words);
  console.error(`Electron can't run here (${failed}).`);
  if (words.includes('--electron')) process.exit(1);
  console.log('Switchyard opens in a window of an installed browser instead.');
  if (!buildStale(['host'])) process.exit(1);
  await runHost(['--window', ...choice.words]);
} else {
  if (missing !== null)
    console.log(`Electron is not here (${missing}): Switchyard opens in a window of an installed browser.`);
  await runHost(choice.words);
}
