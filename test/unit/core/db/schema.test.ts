/**
 * The schema that all migrations together make, compared to the one checked in (electron/core/db/schema.sql), which is
 * there to be read and to be seen in a review. `UPDATE_SCHEMA=1` writes it anew.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openDatabase } from '../../../../electron/core/db/database.ts';
import { MIGRATIONS } from '../../../../electron/core/db/migrate.ts';
import { quietLog, tempDir } from '../../../support/stores.ts';

const CHECKED_IN = fileURLToPath(new URL('../../../../electron/core/db/schema.sql', import.meta.url));
const HEAD =
  '-- What all migrations together make. Written by test/unit/core/db/schema.test.ts (UPDATE_SCHEMA=1); never by hand.\n\n';

let dir: ReturnType<typeof tempDir>;
beforeEach(() => {
  dir = tempDir();
});
afterEach(() => {
  dir.remove();
});

/** Everything but what FTS5 makes for itself, in a fixed order. */
function schemaOf(file: string, count: number): string {
  const db = openDatabase({ file, log: quietLog, migrateOptions: { migrations: MIGRATIONS.slice(0, count) } });
  const rows = db.raw
    .prepare<[], { sql: string }>(
      "SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL AND name NOT LIKE 'history_fts_%' AND name NOT LIKE 'sqlite_%' ORDER BY tbl_name, CASE type WHEN 'table' THEN 0 WHEN 'index' THEN 1 ELSE 2 END, name",
    )
    .all();
  db.close();
  return `${rows.map((row) => `${row.sql};`).join('\n\n')}\n`;
}

describe('schema', () => {
  it('is the one that is checked in', () => {
    const made = HEAD + schemaOf(join(dir.path, 'a.db'), MIGRATIONS.length);
    if (process.env['UPDATE_SCHEMA'] === '1') writeFileSync(CHECKED_IN, made);
    expect(made).toBe(readFileSync(CHECKED_IN, 'utf8'));
  });

  it('is the same whether a database is new or was brought up one migration at a time', () => {
    const file = join(dir.path, 'b.db');
    for (let count = 1; count <= MIGRATIONS.length; count += 1) schemaOf(file, count);
    expect(schemaOf(file, MIGRATIONS.length)).toBe(schemaOf(join(dir.path, 'c.db'), MIGRATIONS.length));
  });

  it('every migration is applied once and recorded with its checksum', () => {
    const file = join(dir.path, 'd.db');
    schemaOf(file, MIGRATIONS.length);
    const db = openDatabase({ file, log: quietLog });
    const rows = db.raw
      .prepare<[], { id: string; checksum: string }>('SELECT id, checksum FROM schema_migrations ORDER BY rowid')
      .all();
    db.close();
    expect(rows.map((row) => row.id)).toEqual(MIGRATIONS.map((migration) => migration.id));
    for (const row of rows) expect(row.checksum).toMatch(/^[0-9a-f]{64}$/);
  });
});
