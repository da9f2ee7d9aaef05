/** Watch first, then snapshot: whatever happens while the pages come, the stores end at the truth. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createStores } from '../../../../renderer/state/stores.ts';
import type { Stores } from '../../../../renderer/state/stores.ts';
import { startSync } from '../../../../renderer/state/sync.ts';
import type { Api, Events, Topic } from '../../../../shared/contract.ts';
import { isTerminal } from '../../../../shared/job-machine.ts';
import type { JobState } from '../../../../shared/job-machine.ts';
import { DEFAULT_SETTINGS } from '../../../../shared/settings.ts';
import type { JobView } from '../../../../shared/job.ts';
import { summary } from '../../../support/rpc-fixture.ts';
import { jobIdOf, jobView, serverView } from '../views.ts';
import { runs } from '../../../runs.ts';

type SyncClient = Parameters<typeof startSync>[0];

/** A host in memory whose pages are answered when the test says so; events go out at once. */
class FakeHost {
  readonly jobs = new Map<string, JobView>();
  readonly #listeners = new Set<(event: { topic: Topic; payload: never }) => void>();
  readonly #resync = new Set<() => void>();
  readonly #waiting: (() => void)[] = [];

  readonly client: SyncClient = {
    api: {
      jobs: {
        list: ({ cursor }: { cursor?: string }, { signal }: { signal: AbortSignal }) =>
          this.#when(() => {
            signal.throwIfAborted();
            // By keyset, as the host pages: what leaves or moves in between shifts nothing.
            const keyOf = (job: JobView): number => job.position * 1_000 + Number(job.id.slice(1));
            const after = cursor === undefined ? -Infinity : Number(cursor);
            const open = [...this.jobs.values()]
              .filter((job) => !isTerminal(job.state) && keyOf(job) > after)
              .sort((a, b) => keyOf(a) - keyOf(b));
            const last = open[1];
            return {
              jobs: open.slice(0, 2),
              cursor: open.length > 2 && last !== undefined ? String(keyOf(last)) : null,
            };
          }),
      },
      servers: { list: async () => ({ servers: [serverView('s1')] }) },
      foreign: { list: async () => ({ servers: [] }) },
      queue: {
        summary: async () => summary,
      },
      settings: { get: async () => ({ settings: DEFAULT_SETTINGS }) },
      app: {
        info: async () => ({
          version: '0',
          host: 'memory',
          node: '',
          platform: '',
          secrets: 'none',
          dataDir: null,
          movedAside: null,
          demo: false,
        }),
      },
    } as unknown as Api,
    watch: (_topics, listener) => {
      const own = listener as unknown as (event: { topic: Topic; payload: never }) => void;
      this.#listeners.add(own);
      return { [Symbol.dispose]: () => void this.#listeners.delete(own) };
    },
    onResync: (listener) => {
      this.#resync.add(listener);
      return { [Symbol.dispose]: () => void this.#resync.delete(listener) };
    },
  };

  #when<Value>(answer: () => Value): Promise<Value> {
    return new Promise((resolve, reject) => {
      this.#waiting.push(() => {
        try {
          resolve(answer());
        } catch (error) {
          reject(error);
        }
      });
    });
  }

  put(job: JobView, tell = true): void {
    this.jobs.set(job.id, job);
    if (tell) this.emit('job.changed', job);
  }

  emit<T extends Topic>(topic: T, payload: Events[T]): void {
    for (const listener of [...this.#listeners]) listener({ topic, payload: payload as never });
  }

  resync(): void {
    for (const listener of [...this.#resync]) listener();
  }

  get listeners(): number {
    return this.#listeners.size;
  }

  /** Answers the oldest page that waits, if any, and lets what follows from it happen. */
  async answer(): Promise<boolean> {
    const next = this.#waiting.shift();
    next?.();
    for (let turn = 0; turn < 12; turn += 1) await Promise.resolve();
    return next !== undefined;
  }
}

/** Frames that come when the test says so. */
function frames(): { schedule: (run: () => void) => () => void; draw: () => void } {
  let waiting: (() => void) | null = null;
  return {
    schedule: (run) => {
      waiting = run;
      return () => {
        waiting = null;
      };
    },
    draw: () => {
      const run = waiting;
      waiting = null;
      run?.();
    },
  };
}

const openOf = (stores: Stores): Record<string, number> =>
  Object.fromEntries(
    [...stores.jobs.getState().byId.values()].filter((job) => !isTerminal(job.state)).map((job) => [job.id, job.rev]),
  );
const truthOf = (host: FakeHost): Record<string, number> =>
  Object.fromEntries([...host.jobs.values()].filter((job) => !isTerminal(job.state)).map((job) => [job.id, job.rev]));

const NEXT: Record<string, JobState> = { queued: 'accepted', accepted: 'running', running: 'done' };

test('changes while the pages come, missed events and a resync: the open jobs end as the host has them', async () => {
  const step = fc.oneof(
    fc.record({ do: fc.constant('advance' as const), job: fc.nat(7), tell: fc.constant(true) }),
    fc.record({ do: fc.constant('submit' as const), position: fc.integer({ min: -5, max: 20 }) }),
    fc.record({ do: fc.constant('front' as const), job: fc.nat(7) }),
    fc.record({ do: fc.constant('answer' as const) }),
    fc.record({ do: fc.constant('draw' as const) }),
    fc.record({ do: fc.constant('resync' as const) }),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (steps) => {
      const host = new FakeHost();
      for (let index = 0; index < 5; index += 1) host.put(jobView(`j${index}`, { rev: 1, position: index }), false);
      const stores = createStores();
      const { schedule, draw } = frames();
      const sync = startSync(host.client, stores, { schedule });
      let submitted = 5;
      for (const each of steps) {
        const jobs = [...host.jobs.values()];
        const job = 'job' in each ? jobs[each.job % jobs.length] : undefined;
        if (each.do === 'advance' && job !== undefined && !isTerminal(job.state))
          host.put({ ...job, rev: job.rev + 1, state: NEXT[job.state] ?? 'done' });
        else if (each.do === 'front' && job !== undefined && !isTerminal(job.state))
          host.put({ ...job, rev: job.rev + 1, position: -10 - job.rev });
        else if (each.do === 'submit') {
          host.put(jobView(`j${submitted}`, { rev: 1, position: each.position }));
          submitted += 1;
        } else if (each.do === 'answer') await host.answer();
        else if (each.do === 'draw') draw();
        else if (each.do === 'resync') host.resync();
      }
      while (await host.answer());
      draw();
      expect(stores.jobs.getState().ready).toBe(true);
      expect(openOf(stores)).toEqual(truthOf(host));
      sync[Symbol.dispose]();
      expect(host.listeners).toBe(0);
    }),
    { numRuns: runs(150) },
  );
});

test('a job that ended while nobody was connected is open no more after the next snapshot', async () => {
  const host = new FakeHost();
  host.put(jobView('a', { rev: 1 }), false);
  const stores = createStores();
  const { schedule, draw } = frames();
  const first = startSync(host.client, stores, { schedule });
  while (await host.answer());
  draw();
  expect(openOf(stores)).toEqual({ a: 1 });
  first[Symbol.dispose]();
  host.put(jobView('a', { rev: 2, state: 'done' }));
  const second = startSync(host.client, stores, { schedule });
  while (await host.answer());
  draw();
  expect(openOf(stores)).toEqual({});
  second[Symbol.dispose]();
});

test('a hundred events between two frames change the store once', async () => {
  const host = new FakeHost();
  const stores = createStores();
  const { schedule, draw } = frames();
  const sync = startSync(host.client, stores, { schedule });
  while (await host.answer());
  draw();
  let commits = 0;
  stores.jobs.subscribe(() => {
    commits += 1;
  });
  for (let rev = 1; rev <= 100; rev += 1) host.put(jobView(`j${rev % 7}`, { rev }));
  expect(commits).toBe(0);
  draw();
  expect(commits).toBe(1);
  expect(stores.jobs.getState().byId.get(jobIdOf('j2'))?.rev).toBe(100);
  sync[Symbol.dispose]();
});

test('live reports leave the jobs store alone, and stand still while live updates are paused', async () => {
  const host = new FakeHost();
  host.put(jobView('a', { rev: 1, state: 'running' }), false);
  const stores = createStores();
  const { schedule, draw } = frames();
  const sync = startSync(host.client, stores, { schedule, holdLive: () => stores.ui.getState().frozen });
  while (await host.answer());
  draw();
  const jobs = stores.jobs.getState();
  const live = {
    jobId: jobIdOf('a'),
    phase: { phase: 'saving' } as const,
    nodesDone: null,
    nodesTotal: null,
    segments: [],
    previewVersion: 0,
    leftMs: null,
  };
  host.emit('job.live', { ...live, fraction: 0.3 });
  draw();
  expect(stores.live.getState().byId.get(jobIdOf('a'))?.fraction).toBe(0.3);
  stores.ui.freeze(true);
  host.emit('job.live', { ...live, fraction: 0.9 });
  draw();
  expect(stores.live.getState().byId.get(jobIdOf('a'))?.fraction).toBe(0.3);
  expect(stores.jobs.getState()).toBe(jobs);
  sync[Symbol.dispose]();
});
