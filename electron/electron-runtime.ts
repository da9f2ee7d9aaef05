/**
 * Finds the Electron executable without importing the `electron` package, which would try to download one. Says only
 * where it is; starting it is for others.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The executable's absolute path, or undefined when Electron's runtime has not been fetched to this machine. */
export function findElectronRuntime(): string | undefined {
  const pack = fileURLToPath(new URL('../node_modules/electron', import.meta.url));
  const named = join(pack, 'path.txt');
  const name = existsSync(named) ? readFileSync(named, 'utf8').trim() : 'electron';
  const directory = process.env['ELECTRON_OVERRIDE_DIST_PATH'] ?? join(pack, 'dist');
  const executable = join(directory, name);
  return existsSync(executable) ? executable : undefined;
}
