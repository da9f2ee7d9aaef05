/** Vitest: one project per suite folder, each file in a process of its own, two at a time. */
import { join } from 'node:path';
import { defineConfig } from 'vitest/config';
import { countsFileVariable } from './counts.ts';
import { runsFactor } from './runs.ts';
import { liveSuite, root, vitestSuites } from './suites.ts';
import { VitestCounts } from './vitest-counts.ts';

const suites = [...vitestSuites, liveSuite];
const counting = process.env[countsFileVariable] !== undefined;

export default defineConfig({
  root,
  test: {
    root,
    globals: false,
    allowOnly: false,
    // What the tests start starts quicker with its code compiled already: dozens of command lines, hundreds of cores.
    env: { NODE_COMPILE_CACHE: join(root, 'node_modules', '.cache', 'node') },
    pool: 'forks',
    maxWorkers: 2,
    reporters: counting ? ['default', new VitestCounts()] : ['default'],
    coverage: { provider: 'v8', include: ['shared/**', 'electron/**'], reportsDirectory: 'coverage' },
    projects: suites.map(({ name, testTimeoutMs }) => ({
      extends: true,
      test: {
        name,
        include: [`test/${name}/**/*.test.{ts,tsx}`],
        testTimeout: testTimeoutMs * runsFactor,
        hookTimeout: Math.max(testTimeoutMs, 30_000),
      },
    })),
  },
});
