/**
 * The Node version every entry needs, and the message for older ones. better-sqlite3 13 crashes the
 * process (no error, a segfault) below Node 22, so entries import node-gate.ts before anything else. Imports nothing
 * itself, and is with `engines` in package.json the only place that names the minimum.
 */

const MINIMUM = [22, 22, 2] as const;

/** True when `version` ("24.21.0", as in `process.versions.node`) is at least the minimum. */
export function isNodeNewEnough(version: string): boolean {
  const parts = version.split('.').map((part) => Number.parseInt(part, 10));
  for (const [index, needed] of MINIMUM.entries()) {
    const actual = parts[index] ?? 0;
    if (actual !== needed) return actual > needed;
  }
  return true;
}

/** Returns when this process's Node is new enough; otherwise prints one sentence on stderr and exits 1. */
export function requireNodeVersion(): void {
  const version = process.versions.node;
  if (isNodeNewEnough(version)) return;
  // Whoever came through npm has no newer one in the project either.
  const scripts =
    process.env['npm_lifecycle_event'] === undefined
      ? ', or from a checkout use the npm scripts (npm start, npm run host, npm run -s cli), which may bring their own'
      : '';
  process.stderr.write(
    `Switchyard needs Node ${MINIMUM.join('.')} or newer and this is ${version}: install a newer Node${scripts}.\n`,
  );
  process.exit(1);
}
