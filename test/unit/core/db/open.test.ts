/** Opening: lock, newer schema, changed migration, backup before a migration, corrupt file moved aside. */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openDatabase } from '../../../../electron/core/db/database.ts';
import { MIGRATIONS } from '../../../../electron/core/db/migrate.ts';
import { AppError } from '../../../../shared/errors.ts';
import { openStores, quietLog, tempDir } from '../../../support/stores.ts';

let dir: ReturnType<typeof tempDir>;
let file: string;
beforeEach(() => {
  dir = tempDir();
  file = join(dir.path, 'switchyard.db');
});
afterEach(() => {
  dir.remove();
});

function reasonOf(work: () => unknown): unknown {
  try {
    work();
  } catch (error) {
    if (error instanceof AppError) return error.details?.['reason'];
    throw error;
  }
  return 'nothing was thrown';
}

describe('open', () => {
  it('keeps what was written, across a close', () => {
    const first = openStores(file);
    const id = first.add({ title: 'kept' });
    first.close();
    const second = openStores(file);
    expect(second.views.one(id).title).toBe('kept');
    second.close();
  });

  it('refuses a second core on the same file', () => {
    const first = openStores(file);
    expect(reasonOf(() => openDatabase({ file, log: quietLog }))).toBe('locked');
    first.close();
  });

  it('refuses a database from a newer version, and changes nothing in it', () => {
    const newer = [...MIGRATIONS, { id: '999-future', sql: 'CREATE TABLE future (x)' }];
    openDatabase({ file, log: quietLog, migrateOptions: { migrations: newer } }).close();
    expect(reasonOf(() => openDatabase({ file, log: quietLog }))).toBe('newer');
    openDatabase({ file, log: quietLog, migrateOptions: { migrations: newer } }).close();
  });

  it('refuses a released migration that was edited', () => {
    openDatabase({ file, log: quietLog }).close();
    const edited = MIGRATIONS.map((migration) => ({ ...migration, sql: `${migration.sql} -- edited` }));
    expect(reasonOf(() => openDatabase({ file, log: quietLog, migrateOptions: { migrations: edited } }))).toBe(
      'changed',
    );
  });

  it('backs up before a migration of an existing database, not before the first', () => {
    openStores(file).close();
    expect(readdirSync(dir.path).filter((name) => name.includes('.before-'))).toEqual([]);
    const next = [...MIGRATIONS, { id: '002-next', sql: 'CREATE TABLE next (x)' }];
    openDatabase({ file, log: quietLog, migrateOptions: { migrations: next } }).close();
    expect(readdirSync(dir.path).filter((name) => name.includes('.before-002-next'))).toHaveLength(1);
  });

  it('a migration that fails leaves the schema as it was', () => {
    openStores(file).close();
    const broken = [...MIGRATIONS, { id: '002-broken', sql: 'CREATE TABLE half (x); SELECT nonsense FROM nowhere' }];
    expect(() => openDatabase({ file, log: quietLog, migrateOptions: { migrations: broken } })).toThrow();
    const after = openStores(file);
    expect(after.db.raw.prepare("SELECT count(*) FROM sqlite_schema WHERE name = 'half'").pluck().get()).toBe(0);
    after.close();
  });

  it('moves a corrupt file aside with its companions, starts empty and says where it is', () => {
    const first = openStores(file);
    first.add();
    first.close();
    const bytes = readFileSync(file);
    bytes.fill(0x58, 0, 4_096);
    writeFileSync(file, bytes);
    const db = openDatabase({ file, log: quietLog });
    expect(db.movedAside).not.toBeNull();
    expect(existsSync(db.movedAside ?? '')).toBe(true);
    expect(readFileSync(db.movedAside ?? '').equals(bytes)).toBe(true);
    expect(db.raw.prepare('SELECT count(*) FROM jobs').pluck().get()).toBe(0);
    db.close();
  });
});
