/**
 * Plays the Electron program for a built entry: `node run.ts MAIN.js [words]`. Read against lib/browser/init.ts,
 * electron_browser_main_parts.cc and node_bindings.cc of 22 August 2026: the entry is imported and waited for, then Electron
 * takes the signals, then the app is ready. While the entry's module has not been evaluated to its end there is no `ready`, and
 * the process lives on. `STAND_IN` (JSON) says what is different, `STAND_IN_REPORT` names a file for what happened, a line each.
 */
import { appendFileSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { fakeElectron } from './electron.ts';
import type { FakeBehaviour } from './electron.ts';
import { ipcMain } from './ipc-main.ts';
import { playSignals } from './signals.ts';

export interface StandIn extends FakeBehaviour {
  /** Somebody else has the lock. */
  locked?: boolean;
  /** It never comes to run the entry, or its loader never says that the entry is loaded (node_bindings.cc `JoinAppCode`). */
  hangs?: 'before-entry' | 'after-entry';
  /** What throws, as an API would that is not what it was read to be. */
  breaks?: 'protocol.handle';
}

const [, , main = '', ...words] = process.argv;
const { locked = false, hangs, breaks, ...behaviour } = JSON.parse(process.env['STAND_IN'] ?? '{}') as StandIn;
const report = (line: string): void => {
  const file = process.env['STAND_IN_REPORT'];
  if (file !== undefined) appendFileSync(file, `${line}\n`);
};

// Chromium's own loop keeps the process alive.
setInterval(() => undefined, 60_000);

const fake = fakeElectron({ ...behaviour, ready: false });
fake.app.lock = !locked;
fake.app.onExit = (code) => {
  report(`exit ${String(code)}`);
  process.exit(code);
};
fake.app.on('web-contents-created', () => {
  report('window made');
  const window = fake.windows.at(-1);
  window?.on('show', () => {
    report('window shown');
  });
});
const { dialog } = fake.parts;
const ask = dialog.showMessageBox.bind(dialog);
dialog.showMessageBox = ((...args: Parameters<typeof ask>) => {
  report(`box ${args.at(-1)?.message ?? ''}`);
  return ask(...args);
}) as typeof ask;

if (breaks === 'protocol.handle')
  fake.parts.protocol.handle = () => {
    throw new TypeError('it is not what it was read to be');
  };

const electron = {
  ...fake.parts,
  crashReporter: {
    start: () => {
      fake.app.needsNotReady('crashReporter.start');
      report(`dumps in ${fake.app.paths.get('crashDumps') ?? 'the system’s folder'}`);
    },
  },
  ipcMain,
};
Object.assign(globalThis, { standIn: electron });
const source = Object.keys(electron)
  .map((name) => `export const ${name} = globalThis.standIn.${name};`)
  .join('');
registerHooks({
  resolve: (specifier, context, next) =>
    specifier === 'electron'
      ? { url: `data:text/javascript,${encodeURIComponent(source)}`, shortCircuit: true }
      : next(specifier, context),
});

process.argv.splice(1, process.argv.length, main, ...words);
Object.assign(process, { resourcesPath: resolve(main, '..') });
const takeSignals = playSignals(() => {
  fake.app.quit();
});
if (hangs !== 'before-entry') {
  await import(pathToFileURL(resolve(main)).href);
  report('entry evaluated');
}
if (hangs === undefined) {
  // No turn of Node's loop lies between: what is signalled meanwhile is delivered after `ready`.
  takeSignals();
  report('ready');
  fake.app.becomeReady();
}
