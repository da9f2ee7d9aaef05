/**
 * The desktop app's entry: what must be said before Electron is ready, one instance per data folder, then desktop.ts. The
 * window, the tray and everything else are made there. Nothing is awaited at the top level: Electron becomes ready only
 * when this module has been evaluated to its end (node_bindings.cc `JoinAppCode`), and would wait for it for ever.
 */
import '../node-gate.ts';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  BrowserWindow,
  Menu,
  Notification,
  Tray,
  app,
  crashReporter,
  dialog,
  globalShortcut,
  nativeImage,
  nativeTheme,
  powerMonitor,
  powerSaveBlocker,
  protocol,
  safeStorage,
  screen,
  session,
  shell,
} from 'electron';
import packageJson from '../../package.json' with { type: 'json' };
import { toAppError } from '../../shared/errors.ts';
import type { AppError } from '../../shared/errors.ts';
import { CANT_START, readDesktopArguments } from '../desktop-arguments.ts';
import { startDesktop } from './desktop.ts';
import type { Desktop } from './options.ts';
import { Marks } from './marks.ts';
import { SCHEMES } from './window/protocol.ts';
import { hearSignals } from './life/signals.ts';
import { startText } from './text.ts';

const APP_ID = 'io.github.switchyard.Switchyard';
/** Windows starts the app by it when a notification is clicked later: never to be changed. */
const TOAST_CLSID = '{3035A97A-3334-48AB-A3EE-F7C20E198B1F}';

const marks = new Marks();
marks.mark('loaded');

/** On the terminal, where there is one; a box is the caller's. */
function sayFailed(error: unknown): AppError {
  const failure = toAppError(error);
  console.error(`${startText.failedTitle}: ${failure.message}`);
  return failure;
}

const words = process.argv.slice(1);
const args = readDesktopArguments(words, process.env, process.cwd());
const profile = join(args.dataDir, 'desktop');
const crashes = join(profile, 'crashes');
try {
  mkdirSync(args.dataDir, { recursive: true, mode: 0o700 });
  mkdirSync(crashes, { recursive: true, mode: 0o700 });
} catch (error) {
  const { message } = sayFailed(error);
  // The only box there is before `ready`; on Linux it prints (dialog.md).
  if (app.isPackaged) dialog.showErrorBox(startText.failedTitle, message);
  app.exit(CANT_START);
}

marks.sync('before ready', () => {
  app.enableSandbox();
  protocol.registerSchemesAsPrivileged(SCHEMES);
  // Before the lock is asked for: it is one per data folder, so that the demo runs beside the real one.
  app.setPath('userData', profile);
  // Before the reporter starts: it asks only once.
  app.setPath('crashDumps', crashes);
  crashReporter.start({ uploadToServer: false });
  // The usual menu costs time and has entries we have not.
  Menu.setApplicationMenu(null);
  app.setAppUserModelId(APP_ID);
  if (process.platform === 'win32') app.setToastActivatorCLSID(TOAST_CLSID);
  if (process.platform === 'linux') app.setDesktopName(`${APP_ID}.desktop`);
});

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/** Written into the package by a signed build (electron-builder.yml); a checkout is not signed. */
function isSigned(): boolean {
  if (!app.isPackaged) return false;
  const made: unknown = JSON.parse(readFileSync(join(app.getAppPath(), 'package.json'), 'utf8'));
  return typeof made === 'object' && made !== null && 'signed' in made && made.signed === true;
}

async function start(): Promise<void> {
  let desktop: Desktop | null = null;
  let wanted = false as boolean;
  let ended = false as boolean;
  app.on('second-instance', (_event, argv) => {
    // A start at login beside one that is there already has nothing to show.
    if (readDesktopArguments(argv, process.env, process.cwd()).hidden) return;
    wanted = true;
    desktop?.showWindow();
  });
  const hearAgain = hearSignals(() => {
    ended = true;
    // What runs on servers runs on, and nothing listens yet where there is no desktop.
    if (desktop === null) app.exit(0);
    else desktop.systemEnds();
  });
  await app.whenReady();
  // One turn later: what was signalled in between is still heard, by the old listener or by Electron, while nobody holds it back.
  await new Promise(setImmediate);
  hearAgain();
  try {
    await startDesktop({
      electron: {
        BrowserWindow,
        Menu,
        Notification,
        Tray,
        app,
        dialog,
        globalShortcut,
        nativeImage,
        nativeTheme,
        powerMonitor,
        powerSaveBlocker,
        protocol,
        safeStorage,
        screen,
        session,
        shell,
      },
      args,
      version: packageJson.version,
      platform: process.platform,
      env: process.env,
      words,
      places: {
        rendererDir: here('../renderer'),
        preload: here('preload.cjs'),
        icons: here('../../resources/icons'),
        resources: process.resourcesPath,
      },
      signed: isSigned(),
      marks,
      loadUpdater: async () => (await import('electron-updater')).autoUpdater,
      perf: (line) => {
        console.error(line);
      },
      onUp: (up) => {
        desktop = up;
        // `exit` takes effect some turns later: until then this goes on, and must not make what nobody would close.
        if (ended) up.systemEnds();
        // Someone asked while it was starting, hidden perhaps.
        else if (wanted) up.showWindow();
      },
    });
  } catch (error) {
    const { code, message } = sayFailed(error);
    // From a checkout there is a terminal to read it in, and `npm start` waits to hear.
    if (app.isPackaged) await dialog.showMessageBox({ type: 'error', message: startText.failedTitle, detail: message });
    // A data folder that can't be used can't be used in a browser's window either; of everything else that is not known.
    app.exit(code === 'storage' ? CANT_START : 1);
  }
}

if (app.requestSingleInstanceLock()) {
  void start();
} else {
  console.log(startText.second);
  app.exit(0);
}
