/**
 * What a Node that can't read TypeScript sees first (`node --import` in the npm scripts): one sentence instead of a stack.
 * JavaScript for that reason, as small as can be; which version is needed is checked by node-gate.ts.
 */
import { exit, features, stderr, versions } from 'node:process';

if (!features.typescript) {
  stderr.write(
    `Switchyard needs a newer Node than this one, ${versions.node}: install Node 24 from https://nodejs.org, then run npm ci again.\n`,
  );
  exit(1);
}
