/**
 * The browser that tests drive: finds an installed Chromium, Chrome or Edge; as root on a Debian-like system installs
 * Debian's Chromium when there is none (`node test/setup-browser.ts`). The product has its own search and never the
 * flags below: they are for tests that run as root on a machine without a network.
 */
import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { pathToFileURL } from 'node:url';

const namesOnPath = [
  'chromium',
  'chromium-browser',
  'google-chrome',
  'google-chrome-stable',
  'microsoft-edge',
  'msedge',
];

const macPlaces = [
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge',
];

const windowsPlaces = ['Google\\Chrome\\Application\\chrome.exe', 'Microsoft\\Edge\\Application\\msedge.exe'];

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** The browser's absolute path, or undefined. `SWITCHYARD_CHROMIUM` wins, and must exist when it is set. */
export function findBrowser(): string | undefined {
  const chosen = process.env['SWITCHYARD_CHROMIUM'];
  if (chosen !== undefined && chosen !== '') {
    if (!existsSync(chosen)) throw new Error(`SWITCHYARD_CHROMIUM names ${chosen}, which does not exist.`);
    return chosen;
  }
  return candidates().find(isExecutable);
}

function candidates(): string[] {
  if (process.platform === 'darwin') return macPlaces;
  if (process.platform === 'win32') {
    const roots = ['PROGRAMFILES', 'PROGRAMFILES(X86)', 'LOCALAPPDATA'].map((name) => process.env[name] ?? '');
    return roots.filter((place) => place !== '').flatMap((place) => windowsPlaces.map((rest) => join(place, rest)));
  }
  const directories = (process.env['PATH'] ?? '').split(delimiter).filter((directory) => directory !== '');
  return namesOnPath.flatMap((name) => directories.map((directory) => join(directory, name)));
}

/** Finds the browser, or installs it where that needs no question, or throws one sentence that says what to install. */
export function ensureBrowser(): string {
  const found = findBrowser();
  if (found !== undefined) return found;
  if (process.getuid?.() === 0 && existsSync('/usr/bin/apt-get')) {
    installDebianChromium();
    const installed = findBrowser();
    if (installed !== undefined) return installed;
  }
  throw new Error(
    'The window tests need an installed Chromium, Chrome or Edge: install one (on Debian or Ubuntu: ' +
      'apt-get install chromium), or set SWITCHYARD_CHROMIUM to its path.',
  );
}

function installDebianChromium(): void {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const steps = [
    ['update', '-q'],
    ['install', '-y', '-q', '--no-install-recommends', 'chromium', 'fonts-dejavu-core'],
  ];
  for (const args of steps) {
    // On stderr, so that what this script prints on stdout stays one path.
    const result = spawnSync('/usr/bin/apt-get', args, { env, stdio: ['ignore', 2, 2] });
    if (result.status !== 0) throw new Error(`apt-get ${args.join(' ')} failed (${result.status ?? 'not started'}).`);
  }
}

/** Flags for a browser under test. Without the networking ones it looks up its maker's hosts at every start. */
export function browserArguments(): string[] {
  const quiet = [
    '--disable-quic',
    '--no-first-run',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
    '--disable-gpu',
  ];
  return process.getuid?.() === 0 ? [...quiet, '--no-sandbox', '--test-type'] : quiet;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  try {
    console.log(ensureBrowser());
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  }
}
