/**
 * What `npm start` runs from a checkout: builds what is stale, chooses how Switchyard is shown, says so in one line, and
 * becomes it. Electron first where its runtime and our shell are there; else the host with a window of an installed
 * Chromium, Chrome or Edge; else an address to open (the host says which of the two it could do).
 */
import './node-gate.ts';
import { spawn, spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { hasSources, isFresh } from './build.ts';
import type { BuildTarget } from './build.ts';
import { findElectronRuntime } from './electron-runtime.ts';
import { choose } from './start-choice.ts';

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

function runElectron(executable: string, words: readonly string[]): void {
  console.log('Switchyard opens in Electron.');
  const { ELECTRON_RUN_AS_NODE: _, ...env } = process.env;
  const child = spawn(executable, [root, ...words], { stdio: 'inherit', env });
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => child.kill(signal));
  child.once('error', (error) => {
    console.error(`Electron could not be started: ${error.message}`);
    process.exit(1);
  });
  child.once('exit', (code) => process.exit(code ?? 1));
}

const electron = findElectronRuntime();
const choice = choose(process.argv.slice(2), electron, hasSources('desktop'));
if (typeof choice === 'string') {
  console.error(choice);
  process.exit(2);
}
if (!buildStale(choice.show === 'electron' ? ['renderer', 'desktop'] : ['renderer', 'host'])) {
  console.error('The build failed; what it said is above.');
  process.exit(1);
}
if (choice.show === 'electron' && electron !== undefined) {
  runElectron(electron, choice.words);
} else {
  // The same process goes on as the host: Ctrl+C, exit code and memory are its own.
  const host = new URL('../dist/host/host.js', import.meta.url);
  process.argv.splice(1, process.argv.length, fileURLToPath(host), ...choice.words);
  await import(host.href);
}
