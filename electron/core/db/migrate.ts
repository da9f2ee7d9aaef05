/**
 * Brings a database to the schema this version knows: refuses one from a newer version, backs up before changing, and
 * applies each migration in one transaction with its record. Knows no table but its own.
 */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import type Sqlite from 'better-sqlite3';
import { AppError } from '../../../shared/errors.ts';
import type { Log } from '../log.ts';
import * as initial from './migrations/001-initial.ts';

export interface Migration {
  readonly id: string;
  readonly sql: string;
}

/** In order; one file each, never edited once released. */
export const MIGRATIONS: readonly Migration[] = [initial];

const checksum = (migration: Migration): string => createHash('sha256').update(migration.sql).digest('hex');

export interface MigrateOptions {
  migrations?: readonly Migration[];
  log: Log;
  /** Where backups go: `<file>.before-<id>-<date>`. Null for a database in memory. */
  file: string | null;
  /** Called inside each migration's transaction before it commits; the crash tests kill the process here. */
  beforeCommit?: (id: string) => void;
}

/** @throws AppError `storage` with details.reason `newer` or `changed` (a released migration was edited). */
export function migrate(db: Sqlite.Database, options: MigrateOptions): void {
  const migrations = options.migrations ?? MIGRATIONS;
  db.exec(
    'CREATE TABLE IF NOT EXISTS schema_migrations (id TEXT PRIMARY KEY NOT NULL, checksum TEXT NOT NULL, applied_at INTEGER NOT NULL) STRICT',
  );
  const applied = db
    .prepare<[], { id: string; checksum: string }>('SELECT id, checksum FROM schema_migrations ORDER BY id')
    .all();
  for (const row of applied) {
    const known = migrations.find((migration) => migration.id === row.id);
    if (known === undefined) {
      throw new AppError('storage', 'this database was made by a newer version of Switchyard', {
        details: { reason: 'newer', migration: row.id },
      });
    }
    if (checksum(known) !== row.checksum) {
      throw new AppError('storage', `migration ${row.id} is not the one this database was made with`, {
        details: { reason: 'changed', migration: row.id },
      });
    }
  }
  const missing = migrations.filter((migration) => !applied.some((row) => row.id === migration.id));
  const first = missing[0];
  if (first === undefined) return;
  if (applied.length > 0 && options.file !== null) backUp(db, options.file, first.id, options.log);
  for (const migration of missing) {
    db.transaction(() => {
      db.exec(migration.sql);
      db.prepare('INSERT INTO schema_migrations (id, checksum, applied_at) VALUES (?, ?, ?)').run(
        migration.id,
        checksum(migration),
        Date.now(),
      );
      options.beforeCommit?.(migration.id);
    }).immediate();
    options.log.info('the database was brought to a newer schema', { migration: migration.id });
  }
}

function backUp(db: Sqlite.Database, file: string, id: string, log: Log): void {
  const day = new Date().toISOString().slice(0, 10);
  let target = `${file}.before-${id}-${day}`;
  for (let n = 2; existsSync(target); n += 1) target = `${file}.before-${id}-${day}-${String(n)}`;
  db.prepare('VACUUM INTO ?').run(target);
  log.info('the database was backed up before a migration', { target });
}
