/**
 * Remembers for an hour why something of `npm start` failed, so that a machine where it can't work is not kept waiting at every
 * start. A file each, below node_modules: `npm ci` forgets all of it.
 */
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const REMEMBER_MS = 60 * 60_000;

/** Tests have a folder of their own: what they try is not to be remembered of the checkout. */
const folder =
  process.env['SWITCHYARD_START_CACHE'] ?? fileURLToPath(new URL('../../node_modules/.cache', import.meta.url));
const cache = (name: string): string => join(folder, name);

/** Electron's runtime could not be fetched. */
export const fetchFailedFile = cache('electron-fetch-failed');
/** Electron was there and did not open. */
export const startFailedFile = cache('electron-start-failed');

/** Null forgets it. Where nothing may be written the next start tries again: slower, not wrong. */
export function remember(file: string, why: string | null): void {
  try {
    mkdirSync(dirname(file), { recursive: true });
    if (why === null) rmSync(file, { force: true });
    else writeFileSync(file, why);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error)) throw error;
  }
}

/** Why it failed within the last hour, or null. */
export function failedLately(file: string): string | null {
  if (!existsSync(file) || Date.now() - statSync(file).mtimeMs >= REMEMBER_MS) return null;
  return readFileSync(file, 'utf8');
}
