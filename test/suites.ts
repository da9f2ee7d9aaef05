/**
 * The suites of test/, one folder each, in the order they run: quick and certain first. Says what they are and how long
 * a single test in them may take; does not run anything.
 */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('..', import.meta.url));

/** Suites that Vitest runs, each with the deadline of one test. A deadline ends a hang; it is no measurement. */
export const vitestSuites = [
  { name: 'unit', testTimeoutMs: 45_000 },
  { name: 'model', testTimeoutMs: 180_000 },
  { name: 'conformance', testTimeoutMs: 60_000 },
  { name: 'integration', testTimeoutMs: 90_000 },
  { name: 'crash', testTimeoutMs: 180_000 },
] as const;

/** Against a real server, by choice: COMFY_URL and SWARM_URL say which. */
export const liveSuite = { name: 'live', testTimeoutMs: 300_000 } as const;

/** True when the suite's folder holds at least one file whose name ends with `ending`. */
export function hasTests(suite: string, ending: RegExp): boolean {
  const folder = join(root, 'test', suite);
  return existsSync(folder) && readdirSync(folder, { recursive: true, encoding: 'utf8' }).some((f) => ending.test(f));
}
