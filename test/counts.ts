/**
 * How a test runner's outcome reaches run.ts: one JSON file per suite, written by a reporter inside the runner. Skipped
 * tests carry the reason they gave, so that a skip is never silent.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';

export interface Counts {
  passed: number;
  failed: number;
  skipped: { name: string; reason: string }[];
}

/** The environment variable that names the file; without it the reporters stay silent. */
export const countsFileVariable = 'SWITCHYARD_TEST_COUNTS';

export const noReason = 'no reason given';

/** Writes the counts where run.ts asked for them; does nothing when nobody asked. */
export function writeCounts(counts: Counts): void {
  const file = process.env[countsFileVariable];
  if (file !== undefined) writeFileSync(file, JSON.stringify(counts));
}

/** Reads what `writeCounts` wrote; undefined when the runner ended before it got there. */
export function readCounts(file: string): Counts | undefined {
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Counts) : undefined;
}
