/**
 * Start at login, off unless asked for, and then hidden in the tray. By the system's own list on macOS and Windows, by an
 * autostart file on Linux, where Electron's call does nothing. Reads back what really holds: macOS refuses in silence.
 */
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import type { App } from 'electron';

const HIDDEN = '--hidden';
const FILE = 'switchyard.desktop';

export interface LoginItemOptions {
  app: Pick<App, 'getLoginItemSettings' | 'setLoginItemSettings' | 'isPackaged'>;
  /** What to start: the AppImage's own path where it is one, else the executable. */
  executable: string;
  platform: NodeJS.Platform;
  env: Readonly<Record<string, string | undefined>>;
  home?: string;
}

/** Sets it and answers what holds now; from a checkout it stays off, or a developer's Electron would start every day. */
export function setStartAtLogin(options: LoginItemOptions, wanted: boolean): boolean {
  const { app, platform } = options;
  if (!app.isPackaged) return false;
  if (platform === 'linux') {
    const file = autostartFile(options);
    if (wanted) write(file, autostartEntry(options.executable));
    else rmSync(file, { force: true });
  } else {
    app.setLoginItemSettings({ openAtLogin: wanted, ...(platform === 'win32' ? { args: [HIDDEN] } : {}) });
  }
  return startsAtLogin(options);
}

export function startsAtLogin(options: LoginItemOptions): boolean {
  const { app, platform } = options;
  if (!app.isPackaged) return false;
  if (platform === 'linux') {
    const file = autostartFile(options);
    // Desktops switch an entry off by these lines instead of removing it.
    return existsSync(file) && !/^(Hidden=true|X-GNOME-Autostart-enabled=false)$/m.test(readFileSync(file, 'utf8'));
  }
  return app.getLoginItemSettings(platform === 'win32' ? { args: [HIDDEN] } : {}).openAtLogin;
}

/** True when this start is the one at login: hidden, if there is a tray to be found in. */
export function startedAtLogin(options: Pick<LoginItemOptions, 'app' | 'platform'>, words: readonly string[]): boolean {
  if (words.includes(HIDDEN)) return true;
  return options.platform === 'darwin' && options.app.getLoginItemSettings().wasOpenedAtLogin;
}

function autostartFile({ env, home = homedir() }: LoginItemOptions): string {
  const config = env['XDG_CONFIG_HOME'];
  return join(config?.startsWith('/') === true ? config : join(home, '.config'), 'autostart', FILE);
}

/** The Desktop Entry specification quotes arguments with these rules, and `%` is a field code. */
export function autostartEntry(executable: string): string {
  const quoted = `"${executable
    .replaceAll(/(["`$\\])/g, '\\$1')
    .replaceAll('\\', '\\\\')
    .replaceAll('%', '%%')}"`;
  return [
    '[Desktop Entry]',
    'Type=Application',
    'Name=Switchyard',
    `Exec=${quoted} ${HIDDEN}`,
    'Icon=switchyard',
    'Terminal=false',
    'X-GNOME-Autostart-enabled=true',
    '',
  ].join('\n');
}

function write(file: string, text: string): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(`${file}.new`, text);
  renameSync(`${file}.new`, file);
}
