/**
 * The core as a host sees it: opened on a data directory, started and stopped in order (architecture §14). Its parts are
 * made in compose.ts. Knows no host: what it needs of one comes as ports.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { CallContext } from '../../shared/contract-types.ts';
import type { Events, Handlers } from '../../shared/contract.ts';
import { AppError, toAppError } from '../../shared/errors.ts';
import type { JobId, OutputId } from '../../shared/ids.ts';
import { Aborted } from '../../shared/util/async.ts';
import type { Emitter } from '../../shared/util/emitter.ts';
import { createApi } from './api.ts';
import { compose } from './compose.ts';
import { openDatabase, storageError } from './db/database.ts';
import type { Database } from './db/database.ts';
import { LogSink } from './log.ts';
import type { Log } from './log.ts';
import { createMedia } from './media.ts';
import type { SecretStore, Shell } from './ports.ts';
import type { PointName, Timing } from './queue/board.ts';

export interface CoreOptions {
  /** Everything durable is below this folder. */
  dataDir: string;
  version: string;
  host: 'electron' | 'node' | 'memory';
  secrets: SecretStore;
  shell: Shell;
  demo?: boolean;
  /** Null: no log file, the tail only. Default: `<dataDir>/logs`. */
  logDir?: string | null;
  /** `:memory:` keeps the database in memory (a CLI acting alone). */
  databaseFile?: string;
  /** Tests only: shorter waits, and the named points at which a crash test kills the process. */
  timing?: Partial<Timing>;
  point?: (name: PointName) => void;
  backoffScale?: number;
}

export interface Core {
  readonly handlers: Handlers;
  readonly events: Emitter<Events>;
  readonly media: (request: Request) => Promise<Response>;
  readonly log: Log;
  /** Anything queued or open. */
  busy(): boolean;
  /** Submits in flight get `deadlineMs` (at most, and by default, 2 s) to be settled; what runs on servers runs on. */
  close(deadlineMs?: number): Promise<void>;
}

const SUBMIT_GRACE_MS = 2_000;
const PRUNE_EVERY_MS = 60_000;

/** @throws AppError `storage` when the database can't be used: locked by another Switchyard, newer, no room. */
export async function createCore(options: CoreOptions): Promise<Core> {
  usable(options.dataDir, () => mkdirSync(options.dataDir, { recursive: true, mode: 0o700 }));
  const sink = usable(
    options.dataDir,
    () => new LogSink(options.logDir === undefined ? join(options.dataDir, 'logs') : options.logDir),
  );
  const log = sink.log();
  const point = options.point ?? (() => undefined);
  const db = openDatabase({
    file: options.databaseFile ?? join(options.dataDir, 'switchyard.db'),
    log,
    migrateOptions: {
      beforeCommit: () => {
        point('mid-migration');
      },
    },
  });
  try {
    return usable(options.dataDir, () => start(options, db, sink, log, point));
  } catch (error) {
    db.close();
    throw error;
  }
}

/** What the file system refuses at start is a sentence about the place, never a bug of ours. */
function usable<T>(dataDir: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof AppError || !(error instanceof Error) || !('code' in error) || !('syscall' in error))
      throw error;
    throw new AppError('storage', `the data directory can't be used: ${error.message}`, {
      details: { reason: 'place', dataDir, code: error.code },
      cause: error,
    });
  }
}

function start(options: CoreOptions, db: Database, sink: LogSink, log: Log, point: (name: PointName) => void): Core {
  const life = new AbortController();
  const parts = compose(options, db, log, point, life.signal);
  const { board, live, foreign, summary, files, collector, recovery, canceller, scheduler, registry } = parts;
  const { events, cancels } = board;

  const stored = (id: OutputId): { file: string; name: string } | null => {
    const row = board.outputs.byId(id);
    return row === undefined || row.file === null ? null : { file: files.pathOf(row.file), name: row.name };
  };
  const handlers = createApi({
    ...parts,
    sink,
    reveal: async (id) => {
      const output = stored(id);
      if (output === null) throw new AppError('not_found', 'there is no such file', { details: { id } });
      await options.shell.reveal(output.file);
    },
    setSettings: (patch) => {
      const next = board.settings.set(patch);
      events.emit('settings.changed', next);
      prune();
      return next;
    },
    info: () => ({
      version: options.version,
      host: options.host,
      node: process.versions.node,
      platform: process.platform,
      secrets: options.secrets.protection,
      dataDir: options.dataDir,
      movedAside: db.movedAside,
      demo: options.demo ?? false,
    }),
  });

  const prune = (): void => {
    if (life.signal.aborted) return;
    try {
      // A slice at a time: the queue never waits for a long history to be forgotten.
      if (parts.history.prune()) setImmediate(prune);
    } catch (error) {
      log.warn('old history could not be removed', { error: toAppError(error) });
    }
  };
  const pruning = setInterval(prune, PRUNE_EVERY_MS);
  pruning.unref();

  collector.sweep();
  // What needs no network is settled first: a cancel asked for a job that never left us.
  for (const request of cancels.open()) canceller.wake(request.job_id);
  for (const record of board.servers.all()) registry.add(record);
  collector.start();
  recovery.start();
  parts.removal.removeLeaving();
  summary.soon();
  log.info('core started', { version: options.version, host: options.host, movedAside: db.movedAside });

  let closing: Promise<void> | null = null;
  const close = async (deadlineMs = SUBMIT_GRACE_MS): Promise<void> => {
    await scheduler.stop(Math.min(SUBMIT_GRACE_MS, deadlineMs));
    clearInterval(pruning);
    life.abort(new Aborted('Shutdown'));
    live.close();
    summary.close();
    board.feed.close();
    await Promise.all([canceller.close(), recovery.close(), collector.close(), foreign.close()]);
    await registry.close();
    try {
      cancels.flush();
    } catch (error) {
      log.warn('steps that only explain could not be written down', { error: toAppError(error) });
    }
    log.info('core closed');
    db.close();
  };

  return {
    handlers: classified(handlers),
    events,
    log,
    media: createMedia({
      output: (id) => stored(id as OutputId),
      preview: (id) => live.preview(id as JobId),
    }),
    busy: () => {
      const now = summary.now();
      return now.running + now.waiting + now.collecting > 0;
    },
    close: (deadlineMs) => (closing ??= close(deadlineMs)),
  };
}

/** A full disk is `storage` also where a call writes without a transaction of its own (a flag, a name). */
function classified(handlers: Handlers): Handlers {
  type Any = (args: unknown, context: CallContext) => unknown;
  const wrapped = Object.entries(handlers as Record<string, Any>).map(([name, handler]): [string, Any] => [
    name,
    async (args, context) => {
      try {
        return await handler(args, context);
      } catch (error) {
        throw storageError(error);
      }
    },
  ]);
  return Object.fromEntries(wrapped) as unknown as Handlers;
}
