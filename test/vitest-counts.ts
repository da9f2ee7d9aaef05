/** Vitest reporter that hands run.ts the counts of a run. Prints nothing; the default reporter does. */
import type { Reporter, TestModule } from 'vitest/node';
import { countsOf, noReason, writeCounts } from './counts.ts';
import type { FileCounts } from './counts.ts';

export class VitestCounts implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandledErrors: readonly unknown[]): void {
    // An error outside any test, or in a file that never got to its tests, is a failure like any other.
    writeCounts({ files: modules.map(countsOfModule), errors: unhandledErrors.length });
  }
}

function countsOfModule(module: TestModule): FileCounts {
  const counts = countsOf(module.project.name, module.moduleId);
  const { collectDuration, setupDuration, duration } = module.diagnostic();
  counts.seconds = (collectDuration + setupDuration + duration) / 1000;
  counts.failed = module.errors().length;
  for (const test of module.children.allTests()) {
    const result = test.result();
    if (result.state === 'passed') counts.passed += 1;
    else if (result.state === 'skipped') {
      counts.skipped.push({ name: test.fullName, reason: result.note ?? noReason });
    } else counts.failed += 1;
  }
  return counts;
}
