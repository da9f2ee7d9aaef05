/**
 * What `npm start` runs from a checkout: builds what is stale, chooses how Switchyard is shown, says so in one line, and
 * becomes it. Electron first, where its runtime is there or can be fetched; else the host with a window of an installed
 * Chromium, Chrome or Edge; else an address to open (the host says which of the two it could do).
 */
import '../node-gate.ts';
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { hasSources, isFresh } from '../build.ts';
import type { BuildTarget } from '../build.ts';
import { readDesktopArguments } from '../desktop-arguments.ts';
import { fetchElectron } from './fetch.ts';
import { runElectron } from './run.ts';
import { findElectronRuntime } from './runtime.ts';
import { failedLately, remember, startFailedFile } from './failed-lately.ts';
import { whyNoWindow } from '../host/app-window.ts';
import { findRunningHost } from '../host/endpoint.ts';
import { choose, wantsHost, windowWords } from './choice.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** In a process of its own: the builder's memory goes with it. */
function buildStale(targets: readonly BuildTarget[]): boolean {
  const stale = targets.filter((target) => hasSources(target) && !isFresh(target));
  if (stale.length === 0) return true;
  console.log(`Building ${stale.join(' and ')}…`);
  return (
    spawnSync(process.execPath, [fileURLToPath(new URL('../build.ts', import.meta.url)), '--if-stale', ...stale], {
      cwd: root,
      stdio: 'inherit',
    }).status === 0
  );
}

interface Found {
  path: string | undefined;
  /** Why it is not used, as a sentence. */
  missing: string | null;
}

/** The runtime's path: there already, or fetched now. Not looked for where the host was asked for or no window can open. */
async function electronFor(words: readonly string[], insist: boolean): Promise<Found> {
  const path = findElectronRuntime();
  if (wantsHost(words) || !hasSources('desktop') || (!insist && whyNoWindow() !== null)) return { path, missing: null };
  const failed = insist ? null : failedLately(startFailedFile);
  if (failed !== null) return { path: undefined, missing: failed };
  if (path !== undefined) return { path, missing: null };
  const why = await fetchElectron({ say: (text) => process.stderr.write(text), insist });
  return { path: findElectronRuntime(), missing: why === null ? null : `Electron is not here: ${why}.` };
}

/** Ends with Electron; returns where it did not open and a browser is to show Switchyard instead. */
async function becomeElectron(executable: string, words: readonly string[], dataDir: string): Promise<void> {
  console.log('Switchyard opens in Electron.');
  const ran = await runElectron({
    executable,
    words: [root, ...words],
    dataDir,
    say: (text) => process.stderr.write(text),
    opened: () => {
      remember(startFailedFile, null);
    },
  });
  if ('ended' in ran) process.exit(ran.ended);
  remember(startFailedFile, ran.failed);
  console.error(ran.failed);
}

async function runHost(words: readonly string[]): Promise<void> {
  // The same process goes on as the host: Ctrl+C, exit code and memory are its own.
  const host = new URL('../../dist/host/host.js', import.meta.url);
  process.argv.splice(1, process.argv.length, fileURLToPath(host), ...words);
  await import(host.href);
}

const words = process.argv.slice(2);
const insist = words.includes('--electron');
const { dataDir, hidden } = readDesktopArguments(words, process.env, process.cwd());
// One that runs already is shown, whatever it runs in.
const isRunning = !wantsHost(words) && !hidden && (await findRunningHost(dataDir)) !== null;
const { path, missing } = isRunning ? { path: undefined, missing: null } : await electronFor(words, insist);
// A window of Electron needs no browser: as root neither of them runs, unless it is insisted on.
const electron = insist || whyNoWindow() === null ? path : undefined;
const choice = isRunning
  ? { show: 'host' as const, words: windowWords(words) }
  : choose(words, electron, hasSources('desktop'));
if (typeof choice === 'string') {
  console.error([choice, missing].filter((sentence) => sentence !== null).join('\n'));
  process.exit(2);
}
if (!buildStale(['renderer', choice.show === 'electron' ? 'desktop' : 'host'])) {
  console.error('The build failed; what it said is above.');
  process.exit(1);
}
if (choice.show === 'electron' && electron !== undefined) {
  await becomeElectron(electron, choice.words, dataDir);
  if (insist) process.exit(1);
  console.log('Switchyard opens in a window of an installed browser instead.');
  if (!buildStale(['host'])) process.exit(1);
  await runHost(windowWords(words));
} else {
  if (missing !== null) console.log(`${missing}\nSwitchyard opens in a window of an installed browser.`);
  await runHost(choice.words);
}
