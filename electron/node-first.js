/**
 * What a Node that can't read TypeScript sees first (`node --import` in the npm scripts): one sentence instead of a stack.
 * JavaScript for that reason, as small as can be; which version is needed is checked by node-gate.ts.
 */
if (!process.features.typescript) {
  console.error(
    `Switchyard needs a newer Node than this one, ${process.versions.node}: install Node 24 from https://nodejs.org, ` +
      'then run npm ci again.',
  );
  process.exit(1);
}
