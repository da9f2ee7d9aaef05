/**
 * How a test runner's outcome reaches run.ts: one JSON file per run, written by a reporter inside the runner. Skipped
 * tests carry the reason they gave, so that a skip is never silent.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { relative, sep } from 'node:path';
import { root } from './suites.ts';

/** What one test file came to; `suite` is the project of the runner's configuration it ran in. */
export interface FileCounts {
  suite: string;
  /** From the repository's root, with `/`. */
  file: string;
  passed: number;
  failed: number;
  skipped: { name: string; reason: string }[];
  seconds: number;
}

export interface RunCounts {
  files: FileCounts[];
  /** Failures that belong to no file. */
  errors: number;
}

/** The environment variable that names the file; without it the reporters stay silent. */
export const countsFileVariable = 'SWITCHYARD_TEST_COUNTS';

export const noReason = 'no reason given';

/** The counts of a file in which nothing has run yet; `path` is absolute. */
export function countsOf(suite: string, path: string): FileCounts {
  const file = relative(root, path).replaceAll(sep, '/');
  return { suite, file, passed: 0, failed: 0, skipped: [], seconds: 0 };
}

/** Writes the counts where run.ts asked for them; does nothing unless it did. */
export function writeCounts(counts: RunCounts): void {
  const file = process.env[countsFileVariable];
  if (file !== undefined) writeFileSync(file, JSON.stringify(counts));
}

/** Reads what `writeCounts` wrote; undefined when the runner ended before it got there. */
export function readCounts(file: string): RunCounts | undefined {
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as RunCounts) : undefined;
}
