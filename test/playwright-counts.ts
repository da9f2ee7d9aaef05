/** Playwright reporter that hands run.ts the counts of a run. Prints nothing; the list reporter does. */
import type { FullConfig, FullResult, Reporter, Suite, TestCase } from '@playwright/test/reporter';
import { countsOf, noReason, writeCounts } from './counts.ts';
import type { FileCounts } from './counts.ts';

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
    const files = new Map<string, FileCounts>();
    for (const test of this.#suite?.allTests() ?? []) {
      const { file } = test.location;
      const counts = files.get(file) ?? countsOf(test.parent.project()?.name ?? '', file);
      files.set(file, counts);
      add(counts, test);
    }
    writeCounts({ files: [...files.values()], errors: this.#errors });
  }
}

function add(counts: FileCounts, test: TestCase): void {
  counts.seconds += test.results.reduce((sum, result) => sum + result.duration / 1000, 0);
  const outcome = test.outcome();
  if (outcome === 'expected') counts.passed += 1;
  else if (outcome === 'skipped') {
    const skip = test.annotations.find((annotation) => annotation.type === 'skip' || annotation.type === 'fixme');
    counts.skipped.push({ name: test.title, reason: skip?.description ?? noReason });
  } else counts.failed += 1;
}
