/** Where Switchyard keeps everything on this system, unless told otherwise. Makes nothing. Shared by the host and the CLI. */
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';

export interface DataDirOptions {
  /** `--data`; wins over `SWITCHYARD_DATA`. */
  given?: string | undefined;
  env?: Readonly<Record<string, string | undefined>>;
  platform?: NodeJS.Platform;
  home?: string;
}

/** Absolute. Linux: `$XDG_DATA_HOME/switchyard`; Windows: `%APPDATA%\switchyard`; macOS: `~/Library/Application Support/switchyard`. */
export function dataDirectory(options: DataDirOptions = {}): string {
  const { env = process.env, platform = process.platform, home = homedir() } = options;
  const given = options.given ?? env['SWITCHYARD_DATA'];
  if (given !== undefined && given !== '') return resolve(given);
  if (platform === 'win32') return join(env['APPDATA'] ?? join(home, 'AppData', 'Roaming'), 'switchyard');
  if (platform === 'darwin') return join(home, 'Library', 'Application Support', 'switchyard');
  const xdg = env['XDG_DATA_HOME'];
  // The specification says to ignore a relative one.
  return join(xdg?.startsWith('/') === true ? xdg : join(home, '.local', 'share'), 'switchyard');
}

/** The demo never touches real work: it has a directory of its own. */
export function demoDirectory(dataDir: string): string {
  return join(dataDir, 'demo');
}
