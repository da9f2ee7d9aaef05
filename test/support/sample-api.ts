/**
 * A client of the contract with canned, moving data and no host: for looking at the window while it is drawn, and for
 * tests of layout (1,000 rows, a job that will not stop). Proves nothing about the core: those tests run on the real host.
 */
import type { Api, CallName, Events, Topic } from '../../shared/contract.ts';
import type { QueueSummary } from '../../shared/queue.ts';
import type { CancelPreview } from '../../shared/cancel-schema.ts';
import type { CancelScope } from '../../shared/cancel.ts';
import type { JobId, ServerId } from '../../shared/ids.ts';
import type { JobView } from '../../shared/job.ts';
import type { Client } from '../../shared/rpc/client.ts';
import { DEFAULT_SETTINGS } from '../../shared/settings.ts';
import type { JobLive } from '../../shared/live.ts';
import {
  LAPTOP,
  NOW,
  STUDIO,
  SWARM,
  cancelView,
  jobId,
  makeForeign,
  makeJobs,
  nextRev,
  server,
} from './sample-data.ts';
import type { SampleOptions } from './sample-data.ts';
import { AppError } from '../../shared/errors.ts';

type Listener = (event: { topic: Topic; payload: never }) => void;

/** What `startSync` needs of a client, and the truth behind it, for tests to change. */
export interface Sample extends Pick<Client, 'api' | 'watch' | 'onResync'> {
  emit<T extends Topic>(topic: T, payload: Events[T]): void;
  change(id: string, change: Partial<JobView>): void;
  stop(): void;
  readonly calls: { name: CallName; args: unknown }[];
}

export function createSample(options: SampleOptions = {}): Sample {
  const servers = [
    server(STUDIO, 'comfy', 'Studio-4090', {}),
    ...(options.empty === true
      ? []
      : [
          server(SWARM, 'swarm', 'Swarm upstairs', {
            answersInMs: 11,
            backends: 2,
            memory: { usedBytes: 11 * 1024 ** 3, totalBytes: 16 * 1024 ** 3, device: 'GPU 0' },
          }),
          server(LAPTOP, 'comfy', 'Laptop', {
            contact: 'offline',
            error: { code: 'server_unreachable', message: 'connection refused', details: { reason: 'refused' } },
            nextTryAt: NOW + 21_000,
            memory: null,
            answersInMs: null,
          }),
        ]),
  ];
  const jobs = new Map(makeJobs(options).map((each) => [each.id, each]));
  const foreign = makeForeign(options);
  let settings = { ...DEFAULT_SETTINGS, theme: options.theme ?? DEFAULT_SETTINGS.theme };
  let paused = false;
  const listeners = new Set<{ topics: readonly string[]; listener: Listener }>();
  const calls: Sample['calls'] = [];
  const timers = new Set<ReturnType<typeof setTimeout>>();
  const later = (ms: number, run: () => void): void => {
    const timer = setTimeout(() => {
      timers.delete(timer);
      run();
    }, ms);
    timers.add(timer);
  };

  const emit: Sample['emit'] = (topic, payload) => {
    for (const { topics, listener } of [...listeners])
      if (topics.includes(topic)) listener({ topic, payload: payload as never });
  };
  const put = (view: JobView): JobView => {
    const next = { ...view, rev: nextRev() };
    jobs.set(next.id, next);
    emit('job.changed', next);
    emit('queue.summary', summary());
    return next;
  };
  const change = (id: string, more: Partial<JobView>): void => {
    const known = jobs.get(jobId(id));
    if (known !== undefined) put({ ...known, ...more });
  };
  const openJobs = (): JobView[] =>
    [...jobs.values()]
      .filter((each) => !['done', 'failed', 'cancelled'].includes(each.state))
      .sort((a, b) => a.position - b.position);
  const summary = (): QueueSummary => {
    const open = openJobs();
    const waiting = open.filter((each) => each.state === 'queued' || each.state === 'accepted');
    return {
      at: Date.now(),
      running: open.filter((each) => each.state === 'running').length,
      waiting: waiting.length,
      held: open.filter((each) => each.held).length,
      cancelling: open.filter((each) => each.cancel !== null && each.cancel.outcome === null).length,
      collecting: 0,
      foreign: options.empty === true ? 0 : 3,
      servers: 2,
      paused,
      runningIds: [],
      waitingIds: [],
      waitingTotal: waiting.length,
      trouble: null,
    };
  };
  const inScope = (scope: CancelScope): JobView[] =>
    openJobs().filter((each) => {
      if ('jobs' in scope) return scope.jobs.includes(each.id);
      if ('batch' in scope) return each.batch?.id === scope.batch;
      const at = scope.server === 'all' || scope.server === (each.onServerId ?? each.serverId);
      return at && (scope.which !== 'waiting' || each.state !== 'running');
    });
  const preview = (scope: CancelScope): CancelPreview => {
    const those = inScope(scope);
    const none = { local: 0, staged: 0, running: 0, collecting: 0, foreign: 0, foreignKept: 0 };
    const total = { ...none };
    const per = new Map<ServerId | null, typeof none>();
    for (const each of those) {
      const kind = each.state === 'running' ? 'running' : each.state === 'accepted' ? 'staged' : 'local';
      const own = per.get(each.onServerId ?? each.serverId) ?? { ...none };
      own[kind] += 1;
      total[kind] += 1;
      per.set(each.onServerId ?? each.serverId, own);
    }
    if (!('jobs' in scope) && !('batch' in scope))
      total.foreignKept = scope.which === 'everyone' ? 0 : scope.server === SWARM ? 2 : 1;
    if ('which' in scope && scope.which === 'everyone') total.foreign = 1;
    return {
      token: 'token',
      total,
      servers: [...per].map(([id, counts]) => ({
        serverId: id,
        name: servers.find((each) => each.id === id)?.name ?? null,
        counts,
      })),
      title: those.length === 1 ? (those[0]?.title ?? null) : null,
      warnings: [],
    };
  };
  const cancelOne = (each: JobView): void => {
    const asked = cancelView({ requestedAt: Date.now() });
    if (each.state === 'queued') {
      put({
        ...each,
        state: 'cancelled',
        endedAt: Date.now(),
        cancel: {
          ...asked,
          outcome: { outcome: 'cancelled', reach: 'local', evidence: 'proven', partialOutputs: 0 },
          tookMs: 1,
        },
      });
      return;
    }
    put({ ...each, cancel: asked });
    const reach = each.state === 'running' ? ('running' as const) : ('waiting' as const);
    later(each.state === 'running' ? 1_400 : 200, () => {
      change(each.id, {
        state: 'cancelled',
        endedAt: Date.now(),
        cancel: {
          ...asked,
          outcome: { outcome: 'cancelled', reach, evidence: 'proven', partialOutputs: 0 },
          tookMs: 1_400,
        },
      });
    });
  };
  const all = (ids: readonly JobId[], with_: (each: JobView) => Partial<JobView>): { jobs: JobView[] } => ({
    jobs: ids.flatMap((id) => {
      const known = jobs.get(id);
      return known === undefined ? [] : [put({ ...known, ...with_(known) })];
    }),
  });

  const handlers: Partial<Record<CallName, (args: never) => unknown>> = {
    'jobs.list': ({ cursor }: { cursor?: string }) => {
      const from = Number(cursor ?? 0);
      const open = openJobs();
      return { jobs: open.slice(from, from + 200), cursor: from + 200 < open.length ? String(from + 200) : null };
    },
    'jobs.get': ({ id }: { id: JobId }) => {
      const known = jobs.get(id);
      if (known === undefined) throw new AppError('not_found', 'no such job');
      const journal = [
        ['claim', 12],
        ['accepted', 19],
        ['started', 2_400],
      ] as const;
      return {
        job: known,
        payload: { kind: 'comfy', graph: {} },
        attempts: [],
        outputs: [],
        trail:
          known.cancel === null
            ? []
            : [
                {
                  by: 'window',
                  note: null,
                  steps: [
                    { step: 'requested', at: known.cancel.requestedAt, sinceMs: 0, route: null, detail: null },
                    {
                      step: 'sent',
                      at: known.cancel.requestedAt + 6,
                      sinceMs: 6,
                      route: 'POST /interrupt',
                      detail: null,
                    },
                  ],
                },
              ],
        journal:
          known.attempts === 0
            ? []
            : journal.map(([fact, ms]) => ({ at: known.createdAt + ms, fact, from: null, to: null, detail: null })),
      };
    },
    'jobs.hold': ({ ids }: { ids: JobId[] }) => all(ids, () => ({ held: true })),
    'jobs.release': ({ ids }: { ids: JobId[] }) => all(ids, () => ({ held: false })),
    'jobs.move': ({ ids, to }: { ids: JobId[]; to: 'front' | 'end' | { before: JobId } | { after: JobId } }) => {
      const queued = openJobs().filter((each) => each.state === 'queued');
      const rest = queued.filter((each) => !ids.includes(each.id));
      const at =
        to === 'front'
          ? 0
          : to === 'end'
            ? rest.length
            : 'before' in to
              ? rest.findIndex((each) => each.id === to.before)
              : rest.findIndex((each) => each.id === to.after) + 1;
      const moved = queued.filter((each) => ids.includes(each.id));
      const order = [...rest.slice(0, at), ...moved, ...rest.slice(at)];
      order.forEach((each, index) => {
        if (each.position !== 1_000 + index) put({ ...each, position: 1_000 + index });
      });
      return { jobs: moved };
    },
    'jobs.putBack': ({ ids }: { ids: JobId[] }) => ({
      jobs: ids.flatMap((id) => {
        const known = jobs.get(id);
        if (known === undefined) return [];
        put({ ...known, putBackAs: jobId(`${id}'`) });
        return [put({ ...known, id: jobId(`${id}'`), state: 'queued', cancel: null, endedAt: null, putBackOf: id })];
      }),
    }),
    'cancel.preview': ({ scope }: { scope: CancelScope }) => preview(scope),
    'cancel.run': ({ scope }: { scope: CancelScope }) => {
      const those = inScope(scope);
      for (const each of those) cancelOne(each);
      const running = those.filter((each) => each.state === 'running').length;
      return {
        receipts: [],
        summary: {
          timing: running > 0 ? 'deferred' : 'immediate',
          cancelledWaiting: those.length - running,
          running,
          alreadyEnded: 0,
          unreachable: 0,
          notAllowed: 0,
        },
      };
    },
    'foreign.cancel': () => ({
      receipts: [],
      summary: { timing: 'immediate', cancelledWaiting: 1, running: 0, alreadyEnded: 0, unreachable: 0, notAllowed: 0 },
    }),
    'foreign.list': () => ({ servers: foreign }),
    'servers.list': () => ({ servers }),
    'servers.discover': () => ({ found: [] }),
    'servers.freeMemory': () => ({ server: servers[0] }),
    'servers.reconnect': () => ({ server: servers[0] }),
    'queue.summary': () => summary(),
    'queue.pause': () => {
      paused = true;
      emit('queue.summary', summary());
      return summary();
    },
    'queue.resume': () => {
      paused = false;
      emit('queue.summary', summary());
      return summary();
    },
    'settings.get': () => ({ settings }),
    'settings.set': ({ settings: more }: { settings: Partial<typeof settings> }) => {
      settings = { ...settings, ...more };
      emit('settings.changed', settings);
      return { settings };
    },
    'history.page': () => ({ rows: [], cursor: null }),
    'history.search': () => ({ rows: [], cursor: null }),
    'history.outline': () => ({ hours: [] }),
    'log.tail': () => ({ entries: [] }),
    'app.info': () => ({
      version: '0.1.0',
      host: 'memory',
      node: '24',
      platform: 'sample',
      secrets: 'none',
      dataDir: null,
      movedAside: null,
      demo: false,
    }),
  };
  const call = async (name: CallName, args: unknown): Promise<unknown> => {
    calls.push({ name, args });
    await Promise.resolve();
    const handler = handlers[name];
    if (handler === undefined) throw new AppError('server_unsupported', `the sample has no ${name}`);
    return handler(args as never);
  };
  const api = new Proxy(
    {},
    {
      get: (_, group: string) =>
        new Proxy({}, { get: (__, verb: string) => (args: unknown) => call(`${group}.${verb}` as CallName, args) }),
    },
  ) as Api;

  let step = 17;
  const ticking = setInterval(() => {
    step = step >= 29 ? 17 : step + 0.2;
    const harbour: JobLive = {
      jobId: jobId('harbour'),
      phase: { phase: 'running', node: 'KSampler', step: Math.floor(step) + 1, steps: 30 },
      fraction: 0.3 + step / 60,
      nodesDone: 3,
      nodesTotal: 9,
      segments: [
        { share: 0.18, fill: 1 },
        { share: 0.09, fill: 1 },
        { share: 0.39, fill: step / 30 },
        { share: 0.24, fill: 0 },
        { share: 0.1, fill: 0 },
      ],
      previewVersion: Math.floor(step),
      leftMs: { low: 35_000, high: 50_000 },
    };
    emit('job.live', harbour);
    emit('job.live', {
      ...harbour,
      jobId: jobId('heron'),
      phase: { phase: 'running', node: null, step: null, steps: null },
      fraction: 0.22,
      nodesDone: null,
      nodesTotal: null,
      segments: [],
      leftMs: { low: 115_000, high: 122_000 },
    });
  }, 100);

  return {
    api,
    watch: (topics, listener) => {
      const entry = { topics, listener: listener as unknown as Listener };
      listeners.add(entry);
      return { [Symbol.dispose]: () => void listeners.delete(entry) };
    },
    onResync: () => ({ [Symbol.dispose]: () => undefined }),
    emit,
    change,
    calls,
    stop: () => {
      clearInterval(ticking);
      for (const timer of timers) clearTimeout(timer);
    },
  };
}
