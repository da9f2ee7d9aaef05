/**
 * The composition root: makes the parts, ties them together, starts and stops them in order (architecture §14). Knows no
 * host: what it needs of one comes as ports.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Events, Handlers } from '../../shared/contract.ts';
import { AppError, toAppError } from '../../shared/errors.ts';
import type { JobId, OutputId, ServerId } from '../../shared/ids.ts';
import type { Kind } from '../../shared/job.ts';
import { Aborted } from '../../shared/util/async.ts';
import { Emitter } from '../../shared/util/emitter.ts';
import { createApi } from './api.ts';
import { CancelStore } from './db/cancel-store.ts';
import { openDatabase } from './db/database.ts';
import type { Database } from './db/database.ts';
import { ForeignStore } from './db/foreign-store.ts';
import { HistoryStore } from './db/history-store.ts';
import { JobStore } from './db/job-store.ts';
import { JobViews } from './db/job-views.ts';
import { OrderStore } from './db/order-store.ts';
import { OutputStore } from './db/output-store.ts';
import { ServerStore } from './db/server-store.ts';
import { SettingsStore } from './db/settings-store.ts';
import { LogSink } from './log.ts';
import type { Log } from './log.ts';
import { createMedia } from './media.ts';
import { discover } from './ops/discovery.ts';
import type { SecretStore, Shell } from './ports.ts';
import { Arrivals } from './queue/arrivals.ts';
import { AttemptReads } from './queue/attempt-reads.ts';
import { Feed, PRODUCT_TIMING } from './queue/board.ts';
import type { Board, PointName, Timing } from './queue/board.ts';
import { Canceller } from './queue/canceller.ts';
import { Collector } from './queue/collector.ts';
import { Experience } from './queue/experience.ts';
import { Facts } from './queue/facts.ts';
import { Foreign } from './queue/foreign.ts';
import { History } from './queue/history.ts';
import { Live } from './queue/live.ts';
import { Queue } from './queue/queue.ts';
import { Recovery } from './queue/recovery.ts';
import { Requests } from './queue/requests.ts';
import { Scheduler } from './queue/scheduler.ts';
import { ServerAdmin } from './queue/server-admin.ts';
import type { LinkRegistry } from './queue/server-admin.ts';
import { Summary } from './queue/summary.ts';
import { WhenDone } from './queue/when-done.ts';
import { ComfyAdapter } from './servers/comfy/comfy-adapter.ts';
import { normaliseUrl } from './servers/address.ts';
import { probe as probeAddress } from './servers/probe.ts';
import { Servers } from './servers/servers.ts';
import { SwarmAdapter } from './servers/swarm/swarm-adapter.ts';

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
  close(deadlineMs?: number): Promise<void>;
}

const SUBMIT_GRACE_MS = 2_000;
const PRUNE_EVERY_MS = 60_000;

/** @throws AppError `storage` when the database can't be used: locked by another Switchyard, newer, no room. */
export async function createCore(options: CoreOptions): Promise<Core> {
  usable(options.dataDir, () => mkdirSync(options.dataDir, { recursive: true, mode: 0o700 }));
  const sink = usable(options.dataDir, () => new LogSink(options.logDir === undefined ? join(options.dataDir, 'logs') : options.logDir));
  const log = sink.log();
  const point = options.point ?? (() => undefined);
  const db = openDatabase({
    file: options.databaseFile ?? join(options.dataDir, 'switchyard.db'),
    log,
    migrateOptions: { beforeCommit: () => { point('mid-migration'); } },
  });
  try {
    return usable(options.dataDir, () => compose(options, db, sink, log, point));
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
    if (error instanceof AppError || !(error instanceof Error) || !('code' in error) || !('syscall' in error)) throw error;
    throw new AppError('storage', `the data directory can't be used: ${error.message}`, { details: { reason: 'place', dataDir, code: error.code }, cause: error });
  }
}

function compose(options: CoreOptions, db: Database, sink: LogSink, log: Log, point: (name: PointName) => void): Core {
  const life = new AbortController();
  const events = new Emitter<Events>((error) => { log.error('a listener failed', { error }); });
  const experience = new Experience(db);
  const cancels = new CancelStore(db);
  const views = new JobViews(db, (payload, server) => experience.usual(payload, server));
  const attempts = new AttemptReads(db);
  const live = new Live(events, experience);
  let servers: Servers | null = null;

  const board: Board = {
    db, cancels, views, events, log, point,
    jobs: new JobStore(db, cancels), outputs: new OutputStore(db), order: new OrderStore(db), history: new HistoryStore(db),
    servers: new ServerStore(db), foreign: new ForeignStore(db), settings: new SettingsStore(db),
    links: { get: (id) => servers?.get(id), all: () => servers?.all() ?? [] },
    feed: new Feed(events, () => views, (error) => { log.error('a job could not be read', { error }); }),
    timing: { ...PRODUCT_TIMING, ...options.timing },
    signal: life.signal,
    trouble: (of, error) => { summary.setTrouble(of, error); },
  };
  const foreign = new Foreign(board);
  const summary = new Summary(board, foreign);
  const whenDone = new WhenDone(board);

  const facts = new Facts(board, attempts, {
    kick: (id) => { scheduler.kick(id); },
    collect: (id) => {
      if (board.jobs.get(id)?.state === 'collecting') live.finished(id);
      collector.collect(id);
    },
    closed: (attempt, jobId, clean) => {
      arrivals.closed(attempt.remote_key);
      recovery.forget(attempt.id);
      if (clean) servers?.get(attempt.server_id)?.adapter.releaseKey(attempt.remote_key);
      if (board.jobs.get(jobId)?.state !== 'collecting') live.end(jobId);
    },
    seen: (attempt, found) => { recovery.seen(attempt, found); },
    arrivedLate: (attempt) => { canceller.stopStray(attempt); },
    ended: (jobId) => {
      live.end(jobId);
      canceller.ended(jobId);
      admin.removeLeaving();
      whenDone.check();
    },
  });
  const arrivals = new Arrivals(board, attempts, facts, live, foreign);
  const collector = new Collector(board, attempts, facts, live, join(options.dataDir, 'outputs'));
  const recovery: Recovery = new Recovery(board, attempts, facts, {
    stopStray: (attempt) => { canceller.stopStray(attempt); },
    place: (attempt, place) => { arrivals.place(attempt, place); },
  });
  const canceller = new Canceller(board, attempts, facts, () => recovery);
  const scheduler = new Scheduler(board, attempts, facts, (attempt) => { recovery.settle(attempt); });
  const queue = new Queue(board, (id) => { scheduler.kick(id); });
  const requests = new Requests(board, canceller, foreign);
  const history = new History(board, collector);

  const online = new Set<ServerId>();
  const registry = new Servers({
    factories: { comfy: (context) => new ComfyAdapter(context), swarm: (context) => new SwarmAdapter(context) },
    hooks: {
      reconcile: async (id, signal) => {
        const link = registry.get(id);
        if (link !== undefined) await recovery.reconcile(link, signal);
      },
      onFact: (id, key, fact) => { arrivals.fact(id, key, fact); },
      onLive: (id, key, update) => { arrivals.live(id, key, update); },
      onForeign: (id, view, ended) => {
        arrivals.foreign(id, view, ended);
        summary.soon();
      },
      onStatus: (id, status) => {
        // A server that went away may have been the better choice for a job that another one can take.
        if (status.contact !== 'online' && online.delete(id)) scheduler.kick(null);
        const record = board.servers.get(id);
        if (record !== undefined && !life.signal.aborted) events.emit('server.changed', admin.view(record));
        // A backend that came up, or a pause of the adapter's that is over, makes room without any job having ended.
        scheduler.kick(id);
      },
      onOnline: (id) => {
        const link = registry.get(id);
        if (link === undefined) return;
        online.add(id);
        foreign.resume(link);
        collector.resume(id);
        for (const request of cancels.open()) canceller.wake(request.job_id);
        scheduler.kick(id);
        // Jobs for "any" may now have a better place than the one they were about to take.
        scheduler.kick(null);
      },
    },
    credential: (id) => admin.credentialOf(id),
    isOurs: (id, key) => attempts.isOurs(id, key),
    witness: (id) => ({ get: () => board.servers.witness(id), set: (promptId) => { board.servers.setWitness(id, promptId); } }),
    log,
    ...(options.backoffScale === undefined ? {} : { backoffScale: options.backoffScale }),
  });
  servers = registry;
  const probe = (url: string, kind?: Kind | null, credential?: Parameters<LinkRegistry['probe']>[2]) => probeAddress(url, { signal: life.signal, ...(kind === undefined || kind === null ? {} : { kind }), ...(credential === undefined ? {} : { credential }) });
  const links: LinkRegistry = {
    get: (id) => registry.get(id),
    add: (record) => { registry.add(record); },
    update: (record) => {
      registry.update(record).catch((error: unknown) => { log.error('a link could not be renewed', { server: record.id, error }); });
    },
    remove: (id) => registry.remove(id),
    probe,
    normalise: normaliseUrl,
  };
  const admin = new ServerAdmin(board, links, options.secrets, {
    queue, requests, foreign, facts, collector, kick: (id) => { scheduler.kick(id); }, reconsider: () => { scheduler.reconsider(); },
  });

  const handlers = createApi({
    board, queue, requests, foreign, history, collector, admin, links, summary, sink, shell: options.shell, probe,
    discover: (signal) => discover(AbortSignal.any([signal, life.signal])),
    settingsChanged: () => { prune(); },
    info: () => ({
      version: options.version, host: options.host, node: process.versions.node, platform: process.platform,
      secrets: options.secrets.protection, dataDir: options.dataDir, movedAside: db.movedAside, demo: options.demo ?? false,
    }),
  });

  const changes = board.feed.onChange(() => {
    summary.soon();
    whenDone.check();
  });
  const prune = (): void => {
    if (life.signal.aborted) return;
    try {
      // A slice at a time: the queue never waits for a long history to be forgotten.
      if (history.prune()) setImmediate(prune);
    } catch (error) {
      log.warn('old history could not be removed', { error: toAppError(error) });
    }
  };
  const pruning = setInterval(prune, PRUNE_EVERY_MS);
  pruning.unref();

  // What needs no network is settled first: a cancel asked for a job that never left us.
  try {
    const swept = collector.sweep();
    if (swept > 0) log.info('files of no job were removed', { count: swept });
  } catch (error) {
    log.warn('files of no job could not be removed', { error });
  }
  for (const request of cancels.open()) canceller.wake(request.job_id);
  for (const record of board.servers.all()) registry.add(record);
  collector.start();
  recovery.start();
  admin.removeLeaving();
  summary.soon();
  log.info('core started', { version: options.version, host: options.host, movedAside: db.movedAside });

  let closing: Promise<void> | null = null;
  const close = async (): Promise<void> => {
    await scheduler.stop(SUBMIT_GRACE_MS);
    clearInterval(pruning);
    changes[Symbol.dispose]();
    life.abort(new Aborted('Shutdown'));
    live.close();
    summary.close();
    board.feed.close();
    await Promise.all([canceller.close(), recovery.close(), collector.close(), foreign.close()]);
    await registry.close();
    log.info('core closed');
    db.close();
  };

  return {
    handlers,
    events,
    log,
    media: createMedia({
      output: async (id) => {
        const row = board.outputs.byId(id as OutputId);
        return row === undefined || row.file === null ? null : { file: collector.pathOf(row.file), mime: row.mime, name: row.name };
      },
      preview: (id) => live.preview(id as JobId),
    }),
    busy: () => {
      const now = summary.now();
      return now.running + now.waiting + now.collecting > 0;
    },
    close: () => (closing ??= close()),
  };
}
