/**
 * The suites of test/, one folder each, in the order of the table. Says what they are and how long a single test in them
 * may take; does not run anything.
 */
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

/**
 * About how long all suites take on 2 cores that do nothing else: 5 min 47 s on 1 December 2026. Where they have passed
 * once, their own time is said too.
 */
export const usualMinutes = 6;
