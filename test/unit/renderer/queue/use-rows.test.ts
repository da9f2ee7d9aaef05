/** When the rows of the queue are made anew: when one comes, goes or changes its place, and not with what only a row shows. */
import { expect, test } from 'vitest';
import { createLinger } from '../../../../renderer/queue/linger.ts';
import { rowsOf } from '../../../../renderer/queue/use-rows.ts';
import type { QueueRow } from '../../../../renderer/queue/rows.ts';
import { apply } from '../../../../renderer/state/jobs-store.ts';
import { applyLive } from '../../../../renderer/state/live-store.ts';
import { applyServers, replaceServers } from '../../../../renderer/state/servers-store.ts';
import { createStores } from '../../../../renderer/state/stores.ts';
import type { Stores } from '../../../../renderer/state/stores.ts';
import type { JobView } from '../../../../shared/job.ts';
import type { JobLive } from '../../../../shared/live.ts';
import type { ServerView } from '../../../../shared/server.ts';
import { jobIdOf, jobView, serverIdOf, serverView } from '../views.ts';

const onServer = { serverId: serverIdOf('s1'), onServerId: serverIdOf('s1') };
const runs = jobView('runs', { ...onServer, state: 'running', startedAt: 5, rev: 1 });

/** Stores with a running and a waiting job, and the different rows that were read since. */
function shown(): { stores: Stores; made: Set<QueueRow[]>; change: (...servers: ServerView[]) => void } {
  const stores = createStores();
  stores.servers.setState(replaceServers([serverView('s1'), serverView('s2', { position: 1 })]), true);
  stores.jobs.setState((state) => apply(state, { upserts: [runs, jobView('waits')] }), true);
  const source = rowsOf(stores, createLinger(stores.jobs).store);
  const made = new Set([source.read()]);
  source.subscribe(() => made.add(source.read()));
  return {
    stores,
    made,
    change: (...servers) => stores.servers.setState((state) => applyServers(state, servers, []), true),
  };
}

const report = (step: number): JobLive => ({
  jobId: jobIdOf('runs'),
  phase: { phase: 'running' } as JobLive['phase'],
  fraction: step / 100,
  nodesDone: step,
  nodesTotal: 100,
  segments: [],
  previewVersion: step,
  leftMs: null,
});

test('a hundred pings of a server and a hundred steps of a job make no row anew', () => {
  const { stores, made, change } = shown();
  for (let ping = 0; ping < 100; ping += 1) {
    const view = serverView('s1');
    change({ ...view, status: { ...view.status, answersInMs: ping, queueLength: ping, since: ping } });
    stores.live.setState((state) => applyLive(state, [report(ping)]), true);
  }
  expect(made.size).toBe(1);
});

test('a job that only shows something else keeps the rows, one that changes its place does not', () => {
  const { stores, made } = shown();
  const put = (job: JobView): void => stores.jobs.setState((state) => apply(state, { upserts: [job] }), true);
  put({ ...runs, rev: 2, usualMs: { low: 1, high: 2 } });
  expect(made.size).toBe(1);
  put({ ...runs, rev: 3, state: 'collecting' });
  expect(made.size).toBe(2);
});

test.each<[string, ServerView[]]>([
  ['comes', [serverView('s3', { position: 2 })]],
  ['moves', [serverView('s1', { position: 9 })]],
  ['turns out to be of another kind', [serverView('s1', { kind: 'swarm' })]],
])('a server that %s makes the rows anew', (_, servers) => {
  const { made, change } = shown();
  change(...servers);
  expect(made.size).toBe(2);
});

test('what is unfolded, shown alone or lingers makes the rows anew', () => {
  const { stores, made } = shown();
  stores.ui.fold('b:x', true);
  stores.ui.showOnly(serverIdOf('s2'));
  expect(made.size).toBe(3);
  stores.ui.focus('j:runs');
  expect(made.size).toBe(3);
});
