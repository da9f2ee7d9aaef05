/** Vitest reporter that hands run.ts the counts of a run. Prints nothing; the default reporter does. */
import type { Reporter, TestModule } from 'vitest/node';
import { noReason, writeCounts } from './counts.ts';
import type { Counts } from './counts.ts';

export class VitestCounts implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandledErrors: readonly unknown[]): void {
    // An error outside any test, or in a file that never got to its tests, is a failure like any other.
    const counts: Counts = { passed: 0, failed: unhandledErrors.length, skipped: [] };
    for (const module of modules) {
      counts.failed += module.errors().length;
      for (const test of module.children.allTests()) {
        const result = test.result();
        if (result.state === 'passed') counts.passed += 1;
        else if (result.state === 'skipped') {
          counts.skipped.push({ name: test.fullName, reason: result.note ?? noReason });
        } else counts.failed += 1;
      }
    }
    writeCounts(counts);
  }
}
