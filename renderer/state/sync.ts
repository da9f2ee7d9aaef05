/**
 * Keeps the stores true over one connection: watch first, then snapshot, so that whatever changes in between comes twice
 * and never not at all; the newest `rev` wins. Events are gathered and handed to the stores once per frame.
 * Does not reconnect: connect.ts calls it again for every connection.
 */
import type { AppInfo } from '../../shared/app.ts';
import type { QueueSummary } from '../../shared/queue.ts';
import { isAbort } from '../../shared/errors.ts';
import type { JobId, ServerId } from '../../shared/ids.ts';
import type { JobView } from '../../shared/job.ts';
import { isTerminal } from '../../shared/job-machine.ts';
import type { Client } from '../../shared/rpc/client.ts';
import type { ForeignView, ServerView } from '../../shared/server.ts';
import type { Settings } from '../../shared/settings.ts';
import type { JobLive } from '../../shared/live.ts';
import { applyForeign } from './foreign-store.ts';
import { apply, sweep } from './jobs-store.ts';
import { applyLive } from './live-store.ts';
import { applyServers, replaceServers } from './servers-store.ts';
import type { Stores } from './stores.ts';

/** Calls back once, at the next frame; returns how to call it off. Tests give their own. */
export type Schedule = (run: () => void) => () => void;

/** The next frame, or a quarter second later while the window is hidden and draws none. */
const nextFrame: Schedule = (run) => {
  if (document.visibilityState === 'hidden') {
    const timer = setTimeout(run, 250);
    return () => {
      clearTimeout(timer);
    };
  }
  const frame = requestAnimationFrame(run);
  return () => {
    cancelAnimationFrame(frame);
  };
};

/** What came since the last frame. */
interface Pending {
  jobs: Map<JobId, JobView>;
  removed: Set<JobId>;
  live: Map<JobId, JobLive>;
  foreign: Map<ServerId, ForeignView>;
  servers: Map<ServerId, ServerView>;
  serversRemoved: Set<ServerId>;
  summary: QueueSummary | null;
  settings: Settings | null;
}

const nothing = (): Pending => ({
  jobs: new Map(),
  removed: new Set(),
  live: new Map(),
  foreign: new Map(),
  servers: new Map(),
  serversRemoved: new Set(),
  summary: null,
  settings: null,
});

const TOPICS = [
  'job.changed',
  'job.removed',
  'job.live',
  'foreign.changed',
  'queue.summary',
  'server.changed',
  'server.removed',
  'settings.changed',
] as const;

const LIVE_KEPT_MS = 4_000;
/** In a state in which live reports come. */
const isRunning = (job: JobView | undefined): boolean =>
  job !== undefined && !isTerminal(job.state) && job.state !== 'queued';

type SyncClient = Pick<Client, 'api' | 'watch' | 'onResync'>;

/**
 * Starts keeping `stores` true by `client`. `onSnapshot` is told when a whole snapshot is in, `onError` when one could
 * not be taken (the connection is of no use then). Disposing stops everything.
 */
export function startSync(
  client: SyncClient,
  stores: Stores,
  options: {
    schedule?: Schedule;
    /** While true, progress stands still (the user paused live updates). */ holdLive?: () => boolean;
    onSnapshot?: () => void;
    onError?: (error: unknown) => void;
  } = {},
): Disposable {
  const schedule = options.schedule ?? nextFrame;
  let pending = nothing();
  let callOff: (() => void) | null = null;
  /** Jobs named by an event or a page since the running snapshot began. */
  let named = new Set<JobId>();
  let snapshot = new AbortController();

  // What a job showed last stays a little longer than its row lingers, so that its picture does not go before it.
  const timers = new Set<ReturnType<typeof setTimeout>>();
  const forget = (ids: readonly JobId[]): void => {
    const timer = setTimeout(() => {
      timers.delete(timer);
      const { byId } = stores.jobs.getState();
      const over = ids.filter((id) => !isRunning(byId.get(id)));
      stores.live.setState((state) => applyLive(state, [], over), true);
    }, LIVE_KEPT_MS);
    timers.add(timer);
  };

  const flush = (): void => {
    callOff?.();
    callOff = null;
    const batch = pending;
    pending = nothing();
    const over: JobId[] = [...batch.removed];
    for (const job of batch.jobs.values()) {
      if (isTerminal(job.state) || job.state === 'queued') over.push(job.id);
    }
    stores.servers.setState(
      (state) => applyServers(state, [...batch.servers.values()], [...batch.serversRemoved]),
      true,
    );
    stores.live.setState((state) => applyLive(state, [...batch.live.values()]), true);
    if (over.length > 0) forget(over);
    stores.foreign.setState(
      (state) => applyForeign(state, [...batch.foreign.values()], [...batch.serversRemoved]),
      true,
    );
    stores.jobs.setState(
      (state) => apply(state, { upserts: [...batch.jobs.values()], removals: [...batch.removed] }),
      true,
    );
    if (batch.summary !== null) stores.app.setState({ summary: batch.summary });
    if (batch.settings !== null) stores.app.setState({ settings: batch.settings });
  };
  const soon = (): void => {
    callOff ??= schedule(() => {
      callOff = null;
      flush();
    });
  };

  const keepNewest = (job: JobView): void => {
    named.add(job.id);
    const waiting = pending.jobs.get(job.id);
    if (waiting === undefined || waiting.rev < job.rev) pending.jobs.set(job.id, job);
  };

  const watching = client.watch(TOPICS, (event) => {
    switch (event.topic) {
      case 'job.changed':
        keepNewest(event.payload);
        break;
      case 'job.removed':
        pending.removed.add(event.payload.id);
        break;
      case 'job.live':
        if (options.holdLive?.() !== true) pending.live.set(event.payload.jobId, event.payload);
        break;
      case 'foreign.changed':
        pending.foreign.set(event.payload.serverId, event.payload);
        break;
      case 'queue.summary':
        pending.summary = event.payload;
        break;
      case 'server.changed':
        pending.serversRemoved.delete(event.payload.id);
        pending.servers.set(event.payload.id, event.payload);
        break;
      case 'server.removed':
        pending.servers.delete(event.payload.id);
        pending.serversRemoved.add(event.payload.id);
        break;
      case 'settings.changed':
        pending.settings = event.payload;
    }
    soon();
  });

  const takeJobs = async (signal: AbortSignal): Promise<void> => {
    let cursor: string | null = null;
    do {
      const page: { jobs: JobView[]; cursor: string | null } = await client.api.jobs.list(
        cursor === null ? {} : { cursor },
        { signal },
      );
      for (const job of page.jobs) keepNewest(job);
      soon();
      cursor = page.cursor;
    } while (cursor !== null);
  };

  const take = async (): Promise<void> => {
    snapshot.abort();
    snapshot = new AbortController();
    const { signal } = snapshot;
    named = new Set(pending.jobs.keys());
    const { api } = client;
    const small = Promise.all([
      api.servers.list({}, { signal }).then(({ servers }) => {
        // What was pending came before this answer and is older: these views carry no rev to tell by.
        pending.servers.clear();
        pending.serversRemoved.clear();
        stores.servers.setState(replaceServers(servers), true);
      }),
      api.foreign.list({}, { signal }).then(({ servers }) => {
        pending.foreign.clear();
        stores.foreign.setState(applyForeign({ byServer: new Map() }, servers), true);
      }),
      api.queue.summary({}, { signal }).then((summary) => {
        pending.summary = null;
        stores.app.setState({ summary });
      }),
      api.settings.get({}, { signal }).then(({ settings }) => {
        pending.settings = null;
        stores.app.setState({ settings });
      }),
      api.app.info({}, { signal }).then((info: AppInfo) => {
        stores.app.setState({ info });
      }),
    ]);
    await Promise.all([small, takeJobs(signal)]);
    if (signal.aborted) return;
    flush();
    stores.jobs.setState((state) => sweep(state, named), true);
    options.onSnapshot?.();
  };

  const start = (): void => {
    take().catch((error: unknown) => {
      if (!isAbort(error)) options.onError?.(error);
    });
  };
  const resyncing = client.onResync(start);
  start();

  return {
    [Symbol.dispose]: () => {
      snapshot.abort();
      callOff?.();
      for (const timer of timers) clearTimeout(timer);
      watching[Symbol.dispose]();
      resyncing[Symbol.dispose]();
    },
  };
}
