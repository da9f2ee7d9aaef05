/** What `npm test` says: the machinery behind it must not lose a failure, and scripts read the last line. */
import { describe, expect, it } from 'vitest';
import { announcement, closing, failedRow, rowsOf } from '../report.ts';

const file = (suite: string, name: string, seconds: number, failed = 0) => ({
  suite,
  file: `test/${suite}/${name}`,
  passed: 2,
  failed,
  skipped: [],
  seconds,
});

describe('npm test says', () => {
  it('first which suites run and for how long', () => {
    expect(announcement(['unit', 'e2e'], 7, 372.4)).toBe(
      'Runs unit, e2e: usually 7 minutes on 2 cores, 6 min 12 s the last time here.',
    );
    expect(announcement(['unit', 'e2e'], 7, null)).toBe('Runs unit, e2e: usually 7 minutes on 2 cores.');
    expect(announcement(['unit'], null, 41)).toBe('Runs unit: 41 s the last time here.');
    expect(announcement(['unit'], null, null)).toBe('Runs unit.');
  });

  it('at the end the ten slowest files of all suites, slowest first, and the counts in the last line', () => {
    const files = Array.from({ length: 12 }, (_, n) => file(n % 2 === 0 ? 'unit' : 'e2e', `${n}.test.ts`, n + 0.5));
    const rows = rowsOf(['unit', 'e2e'], { files, errors: 0 }, 'runner');
    const lines = closing(rows, files, 100);
    expect(lines.filter((line) => line.includes('.test.ts'))).toEqual(
      [11, 10, 9, 8, 7, 6, 5, 4, 3, 2].map(
        (n) => `${`${n}.5`.padStart(7)}  test/${n % 2 === 0 ? 'unit' : 'e2e'}/${n}.test.ts`,
      ),
    );
    expect(lines.at(-1)).toBe('24 passed, 0 failed, 0 skipped');
    expect(rows.map((row) => [row.suite, row.passed, row.seconds])).toEqual([
      ['unit', 12, 33],
      ['e2e', 12, 39],
    ]);
  });

  it('every failure: in a test, outside any test, of a step', () => {
    const rows = rowsOf(['unit'], { files: [file('unit', 'a.test.ts', 1, 1)], errors: 2 }, 'vitest');
    expect(closing([failedRow('build', 'no such file'), ...rows], [], 1).at(-1)).toBe('2 passed, 4 failed, 0 skipped');
  });

  it('what was skipped, with the reason', () => {
    const skipped = ['a', 'b', 'c'].map((name) => ({ name, reason: 'no display' }));
    const rows = rowsOf(['unit'], { files: [{ ...file('unit', 'a.test.ts', 1), skipped }], errors: 0 }, 'vitest');
    const lines = closing(rows, [], 1);
    expect(lines).toContain('skipped in unit: a and 2 more: no display');
    expect(lines.at(-1)).toBe('2 passed, 0 failed, 3 skipped');
  });
});
