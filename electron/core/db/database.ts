/**
 * Opens the one database of a data directory: pragmas, the exclusive lock, migrations, what to do with a corrupt file,
 * transactions, close. Knows no SQL of the application.
 */
import { existsSync, mkdirSync, renameSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import type Sqlite from 'better-sqlite3';
import { AppError } from '../../../shared/errors.ts';
import { assert } from '../../../shared/util/assert.ts';
import type { Log } from '../log.ts';
import { migrate } from './migrate.ts';
import type { MigrateOptions } from './migrate.ts';

export interface OpenOptions {
  /** Path of the file, or `:memory:`. */
  file: string;
  log: Log;
  migrateOptions?: Pick<MigrateOptions, 'migrations' | 'beforeCommit'>;
}

export interface Database {
  readonly raw: Sqlite.Database;
  /** Where a corrupt database was moved on this start; null normally. */
  readonly movedAside: string | null;
  /**
   * Runs `work` in one IMMEDIATE transaction (a savepoint when nested). Synchronous by construction: a transaction is
   * the critical section. Disk full, I/O errors and the like are thrown as AppError `storage`.
   */
  tx<T>(work: () => T): T;
  close(): void;
}

/** R1: better-sqlite3 13 crashes the process on Node 20, so the version is checked before it is loaded. */
function loadSqlite(): typeof Sqlite {
  const [major = 0] = process.versions.node.split('.').map(Number);
  if (major < 22)
    throw new AppError('storage', `Node ${process.versions.node} is too old: 22.22.2 or newer is needed`, {
      details: { reason: 'node' },
    });
  return createRequire(import.meta.url)('better-sqlite3') as typeof Sqlite;
}

const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
const isCorrupt = (error: unknown): boolean =>
  codeOf(error).startsWith('SQLITE_CORRUPT') || codeOf(error) === 'SQLITE_NOTADB';

/** @throws AppError `storage`; details.reason: `locked`, `newer`, `changed`, `node`, `disk`. */
export function openDatabase(options: OpenOptions): Database {
  const Ctor = loadSqlite();
  if (options.file !== ':memory:') mkdirSync(dirname(options.file), { recursive: true, mode: 0o700 });
  try {
    return open(Ctor, options, null);
  } catch (error) {
    if (!isCorrupt(error) || options.file === ':memory:') throw asStorage(error);
    const aside = moveAside(options.file);
    options.log.error('the database is corrupt and was moved aside; starting with an empty one', { aside, error });
    try {
      return open(Ctor, options, aside);
    } catch (again) {
      throw asStorage(again);
    }
  }
}

function open(Ctor: typeof Sqlite, options: OpenOptions, movedAside: string | null): Database {
  const raw = new Ctor(options.file, { timeout: 2_000 });
  try {
    // The lock first: with EXCLUSIVE it is taken by the first write and kept, so a second core learns it here.
    raw.pragma('locking_mode = EXCLUSIVE');
    raw.pragma('journal_mode = WAL');
    raw.exec('BEGIN IMMEDIATE; COMMIT');
    raw.pragma('foreign_keys = ON');
    if (process.platform === 'darwin') {
      raw.pragma('fullfsync = ON');
      raw.pragma('checkpoint_fullfsync = ON');
    }
    if (wasUnclean(raw)) {
      const check = raw.pragma('quick_check', { simple: true });
      if (check !== 'ok') throw Object.assign(new Error(`quick_check: ${String(check)}`), { code: 'SQLITE_CORRUPT' });
    }
    raw.pragma('synchronous = FULL');
    migrate(raw, {
      ...options.migrateOptions,
      log: options.log,
      file: options.file === ':memory:' ? null : options.file,
    });
    setClean(raw, false);
    // R3: reads FULL after the switch to WAL and silently becomes NORMAL after the first write, unless set explicitly.
    raw.pragma('synchronous = FULL');
    assert(raw.pragma('synchronous', { simple: true }) === 2, 'synchronous is not FULL');
    setClean(raw, false);
    assert(raw.pragma('synchronous', { simple: true }) === 2, 'synchronous did not stay FULL');
  } catch (error) {
    raw.close();
    throw error;
  }
  return {
    raw,
    movedAside,
    tx: (work) => {
      try {
        return raw.inTransaction ? raw.transaction(work)() : raw.transaction(work).immediate();
      } catch (error) {
        throw storageError(error);
      }
    },
    close: () => {
      if (!raw.open) return;
      try {
        setClean(raw, true);
        raw.pragma('wal_checkpoint(TRUNCATE)');
      } catch (error) {
        // On a full disk the mark can't be set: the next start checks the file, and nothing in it is lost.
        options.log.warn('the database was closed without its mark', { error });
      }
      raw.close();
    },
  };
}

/** True when the last process that had the file open did not close it. */
function wasUnclean(raw: Sqlite.Database): boolean {
  const settings = raw.prepare("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'settings'").get();
  if (settings === undefined) return false;
  return raw.prepare("SELECT value FROM settings WHERE key = 'core.closed'").pluck().get() === 'false';
}

function setClean(raw: Sqlite.Database, clean: boolean): void {
  raw
    .prepare(
      "INSERT INTO settings (key, value) VALUES ('core.closed', ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
    )
    .run(String(clean));
}

/** The main file alone lacks everything since the last checkpoint: the three go together. */
function moveAside(file: string): string {
  const stamp = new Date().toISOString().replaceAll(/[:.]/g, '-');
  const aside = `${file}.corrupt-${stamp}`;
  for (const suffix of ['', '-wal', '-shm']) {
    if (existsSync(file + suffix)) renameSync(file + suffix, aside + suffix);
  }
  return aside;
}

/** What SQLite says of the disk, as AppError `storage`; a broken constraint is a bug of ours, and everything else is passed on. */
export function storageError(error: unknown): unknown {
  return codeOf(error).startsWith('SQLITE_') && !codeOf(error).startsWith('SQLITE_CONSTRAINT')
    ? asStorage(error)
    : error;
}

function asStorage(error: unknown): unknown {
  if (error instanceof AppError) return error;
  const code = codeOf(error);
  if (code === '') return error;
  const reason =
    code.startsWith('SQLITE_BUSY') || code.startsWith('SQLITE_LOCKED')
      ? 'locked'
      : code === 'SQLITE_FULL'
        ? 'disk-full'
        : 'disk';
  return new AppError(
    'storage',
    reason === 'locked' ? 'the data directory is in use by another Switchyard' : `the database can't be used: ${code}`,
    { details: { reason, code }, cause: error },
  );
}
