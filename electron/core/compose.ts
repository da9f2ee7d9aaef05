/**
 * The parts of the core, made and tied together. Starts nothing: core.ts starts and stops them in order.
 */
import { join } from 'node:path';
import type { Events } from '../../shared/contract.ts';
import type { ServerId } from '../../shared/ids.ts';
import type { Kind } from '../../shared/job.ts';
import { Emitter } from '../../shared/util/emitter.ts';
import { CancelStore } from './db/cancel-store.ts';
import type { Database } from './db/database.ts';
import { ForeignStore } from './db/foreign-store.ts';
import { HistoryStore } from './db/history-store.ts';
import { JobStore } from './db/job-store.ts';
import { JobViews } from './db/job-views.ts';
import { OrderStore } from './db/order-store.ts';
import { OutputStore } from './db/output-store.ts';
import { ServerStore } from './db/server-store.ts';
import { SettingsStore } from './db/settings-store.ts';
import type { Log } from './log.ts';
import type { SecretStore } from './ports.ts';
import { Arrivals } from './queue/arrivals.ts';
import { AttemptReads } from './db/attempt-store.ts';
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
import { normaliseUrl } from './servers/address.ts';
import { ComfyAdapter } from './servers/comfy/adapter.ts';
import { probe as probeAddress } from './servers/probe.ts';
import { Servers } from './servers/servers.ts';
import { SwarmAdapter } from './servers/swarm/adapter.ts';

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
  const experience = new Experience(db);
  const cancels = new CancelStore(db);
  const views = new JobViews(db, (payload, server) => experience.usual(payload, server));
  const attempts = new AttemptReads(db);
  const live = new Live(events, experience);
  let servers: Servers | null = null;

  const board: Board = {
    db,
    cancels,
    views,
    events,
    log,
    point,
    jobs: new JobStore(db, cancels),
    outputs: new OutputStore(db),
    order: new OrderStore(db),
    history: new HistoryStore(db),
    servers: new ServerStore(db),
    foreign: new ForeignStore(db),
    settings: new SettingsStore(db),
    links: { get: (id) => servers?.get(id), all: () => servers?.all() ?? [] },
    feed: new Feed(
      events,
      () => views,
      (error) => {
        log.error('a job could not be read', { error });
      },
    ),
    timing: { ...PRODUCT_TIMING, ...options.timing },
    signal,
    trouble: (of, error) => {
      summary.setTrouble(of, error);
    },
  };
  const foreign = new Foreign(board);
  const summary = new Summary(board, foreign);
  const whenDone = new WhenDone(board);

  const facts = new Facts(board, attempts, {
    kick: (id) => {
      scheduler.kick(id);
    },
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
    arrivedLate: (attempt) => {
      canceller.stopStray(attempt);
    },
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
    stopStray: (attempt) => {
      canceller.stopStray(attempt);
    },
    place: (attempt, place) => {
      arrivals.place(attempt, place);
    },
  });
  const canceller = new Canceller(board, attempts, facts, () => recovery);
  const scheduler = new Scheduler(board, attempts, facts, (attempt) => {
    recovery.settle(attempt);
  });
  const queue = new Queue(board, (id) => {
    scheduler.kick(id);
  });
  const requests = new Requests(board, canceller, foreign);
  const history = new History(board, collector);

  const online = new Set<ServerId>();
  const registry = new Servers({
    factories: { comfy: (context) => new ComfyAdapter(context), swarm: (context) => new SwarmAdapter(context) },
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
  const probe = (url: string, kind?: Kind | null, credential?: Parameters<LinkRegistry['probe']>[2]) =>
    probeAddress(url, {
      signal,
      ...(kind === undefined || kind === null ? {} : { kind }),
      ...(credential === undefined ? {} : { credential }),
    });
  const links: LinkRegistry = {
    get: (id) => registry.get(id),
    add: (record) => {
      registry.add(record);
    },
    update: (record) => {
      registry.update(record).catch((error: unknown) => {
        log.error('a link could not be renewed', { server: record.id, error });
      });
    },
    remove: (id) => registry.remove(id),
    probe,
    normalise: normaliseUrl,
  };
  const admin = new ServerAdmin(board, links, options.secrets, {
    queue,
    requests,
    foreign,
    facts,
    collector,
    kick: (id) => {
      scheduler.kick(id);
    },
    reconsider: () => {
      scheduler.reconsider();
    },
  });

  return {
    board,
    live,
    attempts,
    foreign,
    summary,
    whenDone,
    facts,
    collector,
    recovery,
    canceller,
    scheduler,
    queue,
    requests,
    history,
    registry,
    links,
    admin,
    probe,
  };
}
