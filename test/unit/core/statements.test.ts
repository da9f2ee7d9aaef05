/**
 * Who may write what, read from the sources: job states have one writer. The reading is a pure function with examples of
 * its own, so that a rule which stopped biting is noticed too.
 */
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { root } from '../../suites.ts';

const core = globSync('electron/core/**/*.ts', { cwd: root }).map((path) => {
  const file = path.replaceAll('\\', '/');
  return { file, text: readFileSync(join(root, file), 'utf8') };
});

/** True where a statement in `text` gives the column `state` of a job a value. */
function writesJobState(text: string): boolean {
  const updates = text.matchAll(
    /\bUPDATE\s+(?:OR\s+\w+\s+)?"?jobs"?\s+(?:AS\s+\w+\s+)?SET\b([^;]*?)(?:\bWHERE\b|\bFROM\b|$)/gi,
  );
  const inserts = text.matchAll(/\b(?:INSERT\s+(?:OR\s+\w+\s+)?|REPLACE\s+)INTO\s+"?jobs"?\s*(?:\(([^)]*)\))?/gi);
  return (
    [...updates].some(([, set = '']) => /(?<![\w.@:$])"?state"?\s*[=,)]/i.test(set)) ||
    [...inserts].some(([, columns]) => columns === undefined || /\bstate\b/i.test(columns))
  );
}

describe('job states', () => {
  it('are written by the job store alone', () => {
    expect(core.filter(({ text }) => writesJobState(text)).map(({ file }) => file)).toEqual([
      'electron/core/db/job-store.ts',
    ]);
  });

  it.each([
    "UPDATE jobs SET state = 'cancelled' WHERE id = ?",
    "update jobs\n set rev = rev + 1, state='done'\n where id = ?",
    'UPDATE OR IGNORE jobs SET (state, rev) = (?, ?)',
    "UPDATE jobs AS j SET held = 0, state = 'queued' FROM json_each(?) p WHERE j.id = p.value",
    'INSERT INTO jobs (id, state) VALUES (?, ?)',
    'INSERT OR REPLACE INTO jobs SELECT * FROM jobs',
    'REPLACE INTO jobs (id, state) VALUES (?, ?)',
  ])('would be found in %s', (sql) => {
    expect(writesJobState(`raw.prepare(\`${sql}\`)`)).toBe(true);
  });

  it.each([
    "UPDATE jobs SET held = @held, rev = rev + 1 WHERE state = 'queued'",
    "UPDATE outputs SET state = 'missing' WHERE id = ?",
    'INSERT INTO jobs (id, held) VALUES (?, ?)',
    'CREATE TRIGGER t BEFORE UPDATE OF state ON jobs BEGIN SELECT 1; END',
    "SELECT state FROM jobs WHERE state = 'queued'",
  ])('would not be found in %s', (sql) => {
    expect(writesJobState(`raw.prepare(\`${sql}\`)`)).toBe(false);
  });
});
