/**
 * The user's own defaults for `switchyard`: one small JSON file, read and never written. It names the server that is asked
 * directly while no Switchyard runs, and where its key is; the command line goes before it.
 */
import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { usage } from './exit-codes.ts';
import { says } from './text.ts';

export interface Config {
  url?: string;
  /** Absolute. Of the file's own directory where it is not given so. */
  keyFile?: string;
}

type Env = Readonly<Record<string, string | undefined>>;

const KNOWN = ['url', 'keyFile'] as const;

/** Linux: `$XDG_CONFIG_HOME/switchyard/cli.json`; Windows: `%APPDATA%\\switchyard\\cli.json`; macOS: `~/Library/Application Support/switchyard/cli.json`. */
export function configFile(env: Env = process.env, platform = process.platform, home = homedir()): string {
  const xdg = env['XDG_CONFIG_HOME'];
  const directory =
    platform === 'win32'
      ? (env['APPDATA'] ?? join(home, 'AppData', 'Roaming'))
      : platform === 'darwin'
        ? join(home, 'Library', 'Application Support')
        : xdg?.startsWith('/') === true
          ? xdg
          : join(home, '.config');
  return join(directory, 'switchyard', 'cli.json');
}

/** `given` (`--config`, else `SWITCHYARD_CONFIG`) must be there; the usual one need not. Throws a usage Failure for one that can't be used. */
export function readConfig(given: string | undefined, env: Env = process.env): Config {
  const named = given ?? env['SWITCHYARD_CONFIG'];
  const wanted = named === undefined || named === '' ? null : resolve(named);
  const file = wanted ?? configFile(env);
  if (wanted === null && !existsSync(file)) return {};
  const value = parse(file);
  const config: Config = {};
  for (const [name, text] of Object.entries(value)) {
    const key = KNOWN.find((known) => known === name);
    if (key === undefined) throw usage(says.badConfig(file, `it may hold ${KNOWN.join(' and ')}, not "${name}"`));
    if (typeof text !== 'string' || text === '') throw usage(says.badConfig(file, `"${name}" isn’t text`));
    config[key] = key === 'keyFile' ? resolve(dirname(file), text) : text;
  }
  return config;
}

function parse(file: string): object {
  try {
    const value = JSON.parse(readFileSync(file, 'utf8')) as unknown;
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value;
  } catch (error) {
    throw usage(says.badConfig(file, error instanceof Error ? error.message : String(error)));
  }
  throw usage(says.badConfig(file, 'not a JSON object'));
}
