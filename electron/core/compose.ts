/**
 * The parts of the core, made and tied together. Starts nothing: core.ts starts and stops them in order.
 */
import { join } from 'node:path';
import type { Events } from '../../shared/contract.ts';
import { toAppError } from '../../shared/errors.ts';
import type { ServerId } from '../../shared/ids.ts';
import { Emitter } from '../../shared/util/emitter.ts';
import { AttemptStore } from './db/attempt-store.ts';
import { BatchStore } from './db/batch-store.ts';
import { CancelStore } from './db/cancel-store.ts';
import type { Database } from './db/database.ts';
import { ForeignStore } from './db/foreign-store.ts';
import { HistoryStore } from './db/history-store.ts';
import { JobReads } from './db/job-reads.ts';
import { JobStore } from './db/job-store.ts';
import { JobViews } from './db/job-views.ts';
import { OrderStore } from './db/order-store.ts';
import { OutputStore } from './db/output-store.ts';
import type { AttemptRow } from './db/rows.ts';
import { ServerStore } from './db/server-store.ts';
import { SettingsStore } from './db/settings-store.ts';
import type { Log } from './log.ts';
import type { SecretStore } from './ports.ts';
import { Again } from './queue/again.ts';
import { Arrivals } from './queue/arrivals.ts';
import { Feed, PRODUCT_TIMING } from './queue/board.ts';
import type { Board, PointName, Timing } from './queue/board.ts';
import { Canceller } from './queue/canceller.ts';
import { Collector } from './queue/collector.ts';
import { Experience } from './queue/experience.ts';
import { Facts } from './queue/facts.ts';
import { Foreign } from './queue/foreign.ts';
import { History } from './queue/history.ts';
import { Live } from './queue/live.ts';
import { OutputFiles } from './queue/output-files.ts';
import { Queue } from './queue/queue.ts';
import { Recovery } from './queue/recovery.ts';
import { Requests } from './queue/requests.ts';
import { Scheduler } from './queue/scheduler.ts';
import { ServerAdmin } from './queue/server-admin.ts';
import type { Probe } from './queue/server-admin.ts';
import { ServerCalls } from './queue/server-calls.ts';
import { ServerRemoval } from './queue/server-removal.ts';
import { Summary } from './queue/summary.ts';
import { WhenDone } from './queue/when-done.ts';
import { serverKinds } from './servers/kinds.ts';
import { probe as probeAddress } from './servers/probe.ts';
import { Servers } from './servers/servers.ts';

export interface ComposeOptions {
  dataDir: string;
  secrets: SecretStore;
  timing?: Partial<Timing>;
  backoffScale?: number;
}

/** `signal` is the core's life: aborted when it closes. */
export function compose(
  options: ComposeOptions,
  db: Database,
  log: Log,
  point: (name: PointName) => void,
  signal: AbortSignal,
) {
  const events = new Emitter<Events>((error) => {
    log.error('a listener failed', { error });
  });
  const reads = new JobReads(db);
  const experience = new Experience(reads);
  const cancels = new CancelStore(db);
  const views = new JobViews(db, (payload, server) => experience.usual(payload, server));
  const attempts = new AttemptStore(db);
  const outputs = new OutputStore(db);
  const live = new Live(events, experience);
  let servers: Servers | null = null;

  const board: Board = {
    db,
    cancels,
    views,
    events,
    log,
    point,
    reads,
    attempts,
    outputs,
    jobs: new JobStore(db, cancels, attempts, outputs),
    batches: new BatchStore(db),
    order: new OrderStore(db),
    history: new HistoryStore(db),
    servers: new ServerStore(db),
    foreign: new ForeignStore(db),
    settings: new SettingsStore(db),
    links: { get: (id) => servers?.get(id), all: () => servers?.all() ?? [] },
    feed: new Feed(
      events,
      views,
      () => {
        summary.soon();
        whenDone.check();
      },
      (error) => {
        log.error('a job could not be read', { error });
      },
    ),
    timing: { ...PRODUCT_TIMING, ...options.timing },
    signal,
    trouble: (of, error) => {
      summary.setTrouble(of, error);
    },
    failed: (message, error, fields) => {
      log.error(message, { ...fields, error });
      const app = toAppError(error);
      if (app.code === 'storage') summary.setTrouble('database', app);
    },
  };
  const foreign = new Foreign(board);
  const summary = new Summary(board, foreign);
  const whenDone = new WhenDone(board);
  const kick = (id: ServerId | null): void => {
    scheduler.kick(id);
  };
  const stopStray = (attempt: AttemptRow): void => {
    canceller.stopStray(attempt);
  };
  const reconsider = (): void => {
    scheduler.reconsider();
  };

  const facts = new Facts(board, {
    kick,
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
    seen: (attempt, found) => {
      recovery.seen(attempt, found);
    },
    arrivedLate: stopStray,
    ended: (jobId) => {
      live.end(jobId);
      canceller.ended(jobId);
      removal.removeLeaving();
      whenDone.check();
    },
  });
  const arrivals = new Arrivals(board, facts, live, foreign);
  const files = new OutputFiles(join(options.dataDir, 'outputs'), log, () => {
    point('mid-collect');
  });
  const collector = new Collector(board, facts, live, files);
  const recovery: Recovery = new Recovery(board, facts, {
    stopStray,
    place: (attempt, place) => {
      arrivals.place(attempt, place);
    },
  });
  const canceller = new Canceller(board, facts, recovery);
  const scheduler = new Scheduler(board, facts, (attempt) => {
    recovery.settle(attempt);
  });
  const queue = new Queue(board, {
    kick,
    summary,
    pauseServer: (id, paused) => {
      admin.edit(id, { paused });
    },
  });
  const requests = new Requests(board, canceller, foreign);
  const history = new History(board, files);

  const online = new Set<ServerId>();
  const registry: Servers = new Servers({
    kinds: serverKinds,
    hooks: {
      reconcile: async (id, until) => {
        const link = registry.get(id);
        if (link !== undefined) await recovery.reconcile(link, until);
      },
      onFact: (id, key, fact) => {
        arrivals.fact(id, key, fact);
      },
      onLive: (id, key, update) => {
        arrivals.live(id, key, update);
      },
      onForeign: (id, view, ended, beyond) => {
        arrivals.foreign(id, view, ended, beyond);
        summary.soon();
      },
      onStatus: (id, status) => {
        // A server that went away may have been the better choice for a job that another one can take.
        if (status.contact !== 'online' && online.delete(id)) scheduler.kick(null);
        const record = board.servers.get(id);
        if (record !== undefined && !signal.aborted) events.emit('server.changed', admin.view(record));
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
    isAwaited: (id) => attempts.isAwaited(id),
    witness: (id) => ({
      get: () => board.servers.witness(id),
      set: (promptId) => {
        try {
          board.servers.setWitness(id, promptId);
        } catch (error) {
          // The older one on disk is weaker evidence, and no look may fail for that.
          log.debug('the witness could not be written down', { server: id, error });
        }
      },
    }),
    log,
    ...(options.backoffScale === undefined ? {} : { backoffScale: options.backoffScale }),
  });
  servers = registry;
  const probe: Probe = (url, kind, credential) =>
    probeAddress(url, {
      signal,
      ...(kind === undefined ? {} : { kind }),
      ...(credential === undefined ? {} : { credential }),
    });
  const { secrets } = options;
  const admin: ServerAdmin = new ServerAdmin(board, { links: registry, secrets, probe, kick, reconsider });
  const removal = new ServerRemoval(board, {
    links: registry,
    secrets,
    requests,
    foreign,
    facts,
    collector,
    reconsider,
  });

  return {
    board,
    live,
    foreign,
    summary,
    files,
    collector,
    recovery,
    canceller,
    scheduler,
    queue,
    again: new Again(board, queue),
    requests,
    history,
    registry,
    admin,
    removal,
    calls: new ServerCalls(board, admin),
    probe,
  };
}

export type Parts = ReturnType<typeof compose>;
