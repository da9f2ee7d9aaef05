/** Playwright reporter that hands run.ts the counts of a run. Prints nothing; the list reporter does. */
import type { FullConfig, FullResult, Reporter, Suite } from '@playwright/test/reporter';
import { noReason, writeCounts } from './counts.ts';
import type { Counts } from './counts.ts';

// Playwright loads a reporter by its file's default export.
export default class PlaywrightCounts implements Reporter {
  #suite: Suite | undefined;
  #errors = 0;

  onBegin(_config: FullConfig, suite: Suite): void {
    this.#suite = suite;
  }

  onError(): void {
    this.#errors += 1;
  }

  onEnd(_result: FullResult): void {
    const counts: Counts = { passed: 0, failed: this.#errors, skipped: [] };
    for (const test of this.#suite?.allTests() ?? []) {
      const outcome = test.outcome();
      if (outcome === 'expected') counts.passed += 1;
      else if (outcome === 'skipped') {
        const skip = test.annotations.find((annotation) => annotation.type === 'skip' || annotation.type === 'fixme');
        counts.skipped.push({ name: test.title, reason: skip?.description ?? noReason });
      } else counts.failed += 1;
    }
    writeCounts(counts);
  }
}
