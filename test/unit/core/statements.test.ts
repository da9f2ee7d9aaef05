/**
 * Where SQL stands and who may write what, read from the sources: all of it in db/, and job states have one writer. The
 * reading is two pure functions with examples of their own, so that a rule which stopped biting is noticed too.
 */
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { root } from '../../suites.ts';

const core = globSync('electron/core/**/*.ts', { cwd: root }).map((path) => {
  const file = path.replaceAll('\\', '/');
  return { file, text: readFileSync(join(root, file), 'utf8') };
});

/** True where `text` prepares a statement, or has one in a string. */
function holdsSql(text: string): boolean {
  return (
    /\.(?:prepare|pragma)\s*[(<]/.test(text) ||
    /['"`]\s*(?:SELECT\b|WITH\s+\w+.*\bAS\s*\(|INSERT\s+(?:OR\s+\w+\s+)?INTO\b|REPLACE\s+INTO\b|UPDATE\s[^'"`]*\bSET\b|DELETE\s+FROM\b|CREATE\s+(?:TABLE|INDEX|TRIGGER)\b|PRAGMA\b|BEGIN\s+IMMEDIATE\b)/.test(
      text,
    )
  );
}

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

describe('SQL', () => {
  it('stands in db/ alone', () => {
    const holding = core.filter(({ text }) => holdsSql(text)).map(({ file }) => file);
    expect(holding).toContain('electron/core/db/job-store.ts');
    expect(holding.filter((file) => !file.startsWith('electron/core/db/'))).toEqual([]);
  });

  it.each([
    'raw.prepare(sql)',
    'raw\n  .prepare<[], JobId>(query)',
    "raw.pragma('user_version')",
    "const all = 'SELECT 1 FROM jobs';",
    'const all = `\n  SELECT *\n  FROM jobs`;',
    "const sql = 'INSERT OR IGNORE INTO jobs (id) VALUES (?)';",
    'const sql = "UPDATE jobs SET held = 1";',
    "const sql = 'DELETE FROM jobs';",
  ])('would be found in %s', (text) => {
    expect(holdsSql(text)).toBe(true);
  });

  it.each(["log.info('DELETE /queue was sent')", "throw new Error('Update the settings')", 'prepare(job)'])(
    'would not be found in %s',
    (text) => {
      expect(holdsSql(text)).toBe(false);
    },
  );
});

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
