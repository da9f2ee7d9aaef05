/**
 * Whether a tray icon would be seen. Linux only: GNOME has no tray without an extension, and `new Tray` does not fail there,
 * so the session bus is asked. What can't be found out counts as no: then closing the window never hides the app.
 */
import { execFile } from 'node:child_process';

/** Runs a program and resolves to what it printed; rejects when it fails or is not there. */
export type Run = (file: string, args: readonly string[]) => Promise<string>;

const WATCHER = 'org.kde.StatusNotifierWatcher';
const PROPERTY = 'IsStatusNotifierHostRegistered';
const WAIT_MS = 1_500;

/** One of these is on every desktop; the first that answers counts. */
const QUESTIONS: readonly { file: string; args: readonly string[] }[] = [
  {
    file: 'gdbus',
    args: [
      'call',
      '--session',
      '--timeout',
      '1',
      '--dest',
      WATCHER,
      '--object-path',
      '/StatusNotifierWatcher',
      '--method',
      'org.freedesktop.DBus.Properties.Get',
      WATCHER,
      PROPERTY,
    ],
  },
  {
    file: 'busctl',
    args: ['--user', '--timeout=1', 'get-property', WATCHER, '/StatusNotifierWatcher', WATCHER, PROPERTY],
  },
  {
    file: 'dbus-send',
    args: [
      '--session',
      '--print-reply',
      '--reply-timeout=1000',
      `--dest=${WATCHER}`,
      '/StatusNotifierWatcher',
      'org.freedesktop.DBus.Properties.Get',
      `string:${WATCHER}`,
      `string:${PROPERTY}`,
    ],
  },
];

const runForReal: Run = (file, args) =>
  new Promise((resolve, reject) => {
    execFile(file, [...args], { timeout: WAIT_MS, windowsHide: true }, (error, stdout) => {
      if (error === null) resolve(stdout);
      else reject(new Error(error.message, { cause: error }));
    });
  });

/** True where a tray icon is shown: always on macOS and Windows. */
export async function hasTrayHost(
  platform: NodeJS.Platform = process.platform,
  run: Run = runForReal,
): Promise<boolean> {
  if (platform !== 'linux') return true;
  for (const { file, args } of QUESTIONS) {
    try {
      return /\btrue\b/.test(await run(file, args));
    } catch (_) {
      // Not there, or no such service on the bus: the next one may know better.
    }
  }
  return false;
}
