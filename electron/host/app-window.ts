/**
 * Switchyard as a window of its own in an installed Chromium, Chrome or Edge: finds one and opens it. The code in the
 * address works once, so that a process list that shows it is harmless a moment later. Never weakens the browser.
 */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { accessSync, constants, existsSync, mkdirSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { sleep } from '../../shared/util/async.ts';

const FAILS_WITHIN_MS = 2_000;
const LOOK_EVERY_MS = 50;

type Env = Readonly<Record<string, string | undefined>>;

const ON_PATH = [
  'chromium',
  'chromium-browser',
  'google-chrome',
  'google-chrome-stable',
  'microsoft-edge',
  'microsoft-edge-stable',
  'brave-browser',
];
const MAC_APPS = ['Google Chrome', 'Chromium', 'Microsoft Edge', 'Brave Browser'];
const WINDOWS_PLACES = [
  'Google\\Chrome\\Application\\chrome.exe',
  'Microsoft\\Edge\\Application\\msedge.exe',
  'Chromium\\Application\\chrome.exe',
  'BraveSoftware\\Brave-Browser\\Application\\brave.exe',
];

/** Where a browser of the Chromium family may be, best first. */
export function browserPlaces(platform: NodeJS.Platform, env: Env, home: string): string[] {
  const chosen = env['SWITCHYARD_CHROMIUM'];
  if (chosen !== undefined && chosen !== '') return [chosen];
  if (platform === 'darwin') {
    return ['/Applications', join(home, 'Applications')].flatMap((folder) =>
      MAC_APPS.map((name) => join(folder, `${name}.app`, 'Contents', 'MacOS', name)),
    );
  }
  if (platform === 'win32') {
    const roots = ['PROGRAMFILES', 'PROGRAMFILES(X86)', 'LOCALAPPDATA'].flatMap((name) => env[name] ?? []);
    return WINDOWS_PLACES.flatMap((place) => roots.map((root) => `${root}\\${place}`));
  }
  const folders = (env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '');
  return ON_PATH.flatMap((name) => folders.map((folder) => join(folder, name)));
}

export function findBrowser(env: Env = process.env): string | null {
  return browserPlaces(process.platform, env, homedir()).find(isExecutable) ?? null;
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch (_) {
    return false;
  }
}

/** Why no window can be opened here, as the end of a sentence; null when one can. */
export function whyNoWindow(
  platform: NodeJS.Platform = process.platform,
  env: Env = process.env,
  uid: number | undefined = process.getuid?.(),
): string | null {
  if (platform === 'linux' && !env['DISPLAY'] && !env['WAYLAND_DISPLAY']) return 'there is no display here';
  if (platform === 'darwin' && env['SSH_CONNECTION'] !== undefined) return 'this is a remote shell';
  if (platform === 'linux' && uid === 0) return 'a browser will not run as root';
  return null;
}

/** A browser packed as a snap can't write to hidden folders: it gets a profile where it may. */
export function profileDirectory(browser: string, dataDir: string, home: string = homedir()): string {
  return isSnap(browser) ? join(home, 'snap', 'chromium', 'common', 'switchyard') : join(dataDir, 'chromium');
}

function isSnap(browser: string): boolean {
  try {
    const real = realpathSync(browser);
    if (browser.startsWith('/snap/') || real.startsWith('/snap/') || real === '/usr/bin/snap') return true;
    return statSync(real).size < 16_384 && readFileSync(real, 'utf8').includes('/snap/bin/chromium');
  } catch (_) {
    return false;
  }
}

export function windowArguments(url: string, profile: string): string[] {
  return [
    `--app=${url}`,
    `--user-data-dir=${profile}`,
    '--no-first-run',
    '--no-default-browser-check',
    '--disable-sync',
    '--disable-extensions',
    '--class=switchyard',
  ];
}

/**
 * Opens a window and waits until `isOpen` says that it has come, or 2 s at most for the browser to fail. A string says why
 * it failed. A browser that hands over to one already running on this profile ends at once with 0: that is fine.
 */
export async function openAppWindow(
  browser: string,
  url: string,
  dataDir: string,
  isOpen: () => boolean,
): Promise<ChildProcess | string> {
  const profile = profileDirectory(browser, dataDir);
  if (!existsSync(profile)) mkdirSync(profile, { recursive: true, mode: 0o700 });
  // Detached, so that Ctrl+C reaches the host first; it closes the window when it ends.
  const child = spawn(browser, windowArguments(url, profile), { stdio: 'ignore', detached: true });
  const failure: { why: string | null } = { why: null };
  child.once('error', (error) => {
    failure.why = error.message;
  });
  child.once('exit', (code) => {
    if (code !== 0) failure.why = `${browser} ended with ${String(code)}`;
  });
  child.unref();
  for (let waitedMs = 0; waitedMs < FAILS_WITHIN_MS && !isOpen(); waitedMs += LOOK_EVERY_MS) {
    await sleep(LOOK_EVERY_MS);
    if (failure.why !== null) return failure.why;
  }
  return child;
}
