/**
 * Finds the Electron executable without importing the `electron` package, which would try to download one. Says only
 * where it is; starting it is for others.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = fileURLToPath(new URL('../../node_modules/electron', import.meta.url));

/**
 * The executable's absolute path, or undefined when Electron's runtime is not on this machine, whole and of the version the
 * package names. `path.txt` is what its installer writes last: without it the unpacking did not end.
 */
export function findElectronRuntime(
  pack: string = here,
  env: Readonly<Record<string, string | undefined>> = process.env,
): string | undefined {
  const name = textOf(join(pack, 'path.txt'));
  const override = env['ELECTRON_OVERRIDE_DIST_PATH'];
  if (override !== undefined && override !== '') return whereThere(join(override, name ?? 'electron'));
  if (name === null || textOf(join(pack, 'dist', 'version'))?.replace(/^v/, '') !== versionOf(pack)) return undefined;
  return whereThere(join(pack, 'dist', name));
}

const whereThere = (path: string): string | undefined => (existsSync(path) ? path : undefined);
const textOf = (file: string): string | null => (existsSync(file) ? readFileSync(file, 'utf8').trim() : null);

function versionOf(pack: string): string | null {
  const manifest: unknown = JSON.parse(textOf(join(pack, 'package.json')) ?? '{}');
  return typeof manifest === 'object' && manifest !== null && 'version' in manifest ? String(manifest.version) : null;
}
