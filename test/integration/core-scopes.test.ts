/** Cancel by scope with preview and summary, other people's work, put back, order, hold, pause, stop-after. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startComfyServer } from '../../electron/demo/comfy/server.ts';
import type { ComfyServerHandle } from '../../electron/demo/comfy/server.ts';
import { AppError } from '../../shared/errors.ts';
import type { BatchId, JobId, ServerId } from '../../shared/ids.ts';
import type { JobView } from '../../shared/job.ts';
import { CoreHarness, nth, sleepGraph } from '../support/core-harness.ts';

let server: ComfyServerHandle;
let core: CoreHarness;
let serverId: ServerId;

beforeEach(async () => {
  server = await startComfyServer();
  core = await CoreHarness.open();
  serverId = await core.addServer(server.url);
});
afterEach(async () => {
  await core.close();
  await server.close();
});

const seeds = (count: number): { set: Record<string, Record<string, number>> }[] =>
  Array.from({ length: count }, (_, index) => ({ set: { '1': { seed: 500_000 + index } } }));
const fourOf = (ids: readonly JobId[]): [JobId, JobId, JobId, JobId] => [
  nth(ids, 0),
  nth(ids, 1),
  nth(ids, 2),
  nth(ids, 3),
];
function batchOf(job: JobView): BatchId {
  if (job.batch === null) throw new Error('the job is in no batch');
  return job.batch.id;
}
async function codeOf(work: Promise<unknown>): Promise<string> {
  try {
    await work;
  } catch (error) {
    if (error instanceof AppError) return error.code;
    throw error;
  }
  return 'nothing was thrown';
}

describe('scopes', () => {
  it('waiting: everything that has not started is cancelled, what runs goes on', async () => {
    const end = server.engine.pauseAt('before-node', { nodeId: '2' });
    const jobs = await core.submit(sleepGraph(1, 10), { serverId, patches: seeds(6) });
    await core.waitState(nth(jobs, 0).id, 'running');
    await core.waitState(nth(jobs, 1).id, 'accepted');
    const scope = { server: 'all', which: 'waiting' } as const;
    const preview = await core.call('cancel.preview', { scope });
    expect(preview.total).toMatchObject({ local: 4, staged: 1, running: 0 });
    const { summary, receipts } = await core.call('cancel.run', { scope, previewToken: preview.token });
    expect(receipts).toHaveLength(5);
    expect(summary).toMatchObject({ cancelledWaiting: 5, running: 0 });
    await core.waitState(nth(jobs, 1).id, 'cancelled');
    end.release();
    const ended = await core.waitState(nth(jobs, 0).id, 'done');
    expect(ended.cancel).toBeNull();
    const sent = server.engine.requests.map((request) => request.path);
    expect(
      sent
        .filter((path) => path.endsWith('/interrupt') || path.endsWith('/cancel'))
        .filter((path) => !path.includes('/api/jobs/')),
    ).toEqual([]);
  });

  it('mine on one server: running too; the stranger there is left alone and counted as kept', async () => {
    const jobs = await core.submit(sleepGraph(4_000, 20), { serverId, patches: seeds(4) });
    await core.waitState(nth(jobs, 0).id, 'running');
    const stranger = server.engine.addForeign(sleepGraph(3, 10), { clientId: 'someone' });
    await core.waitFor(
      'the stranger is seen',
      async () => (await core.call('foreign.list', {})).servers[0]?.total === 1,
    );
    const scope = { server: serverId, which: 'mine' } as const;
    const preview = await core.call('cancel.preview', { scope });
    expect(preview.total).toMatchObject({ running: 1, foreign: 0, foreignKept: 1 });
    expect(preview.total.local + preview.total.staged).toBe(3);
    await core.call('cancel.run', { scope, previewToken: preview.token });
    for (const job of jobs) await core.waitState(job.id, 'cancelled');
    await core.waitFor('the stranger ran to its end', () =>
      server.engine.outcomesOf(stranger.promptId).includes('success'),
    );
  });

  it('everyone needs a word of its own, and then stops foreign work by id', async () => {
    const strangers = [1, 2].map(() => server.engine.addForeign(sleepGraph(4_000, 20), { clientId: 'someone' }));
    await core.waitFor('both are seen', async () => (await core.call('foreign.list', {})).servers[0]?.total === 2);
    const scope = { server: 'all', which: 'everyone' } as const;
    expect(await codeOf(core.call('cancel.run', { scope }))).toBe('not_allowed');
    await core.call('cancel.run', { scope, foreignAllowed: true });
    for (const { promptId } of strangers) {
      await core.waitFor('it was stopped', () =>
        server.engine.log.some(
          (entry) => entry.promptId === promptId && (entry.event === 'interrupted' || entry.event === 'deleted'),
        ),
      );
    }
    await core.waitFor('history says by whom', async () => {
      const { rows } = await core.call('history.page', { filter: { foreign: 'only' } });
      return rows.length === 2 && rows.every((row) => row.type === 'foreign' && row.foreign.how === 'cancelled-by-us');
    });
    for (const { body, path } of server.engine.requests)
      if (path.endsWith('/interrupt')) expect(body).toMatchObject({ prompt_id: expect.stringMatching(/.{8,}/) });
  });

  it('more jobs than were shown: conflict with a new preview; fewer: fine', async () => {
    const [first] = await core.submit(sleepGraph(1, 1), { serverId, held: true });
    const scope = { server: 'all', which: 'mine' } as const;
    const preview = await core.call('cancel.preview', { scope });
    const [second] = await core.submit(sleepGraph(1, 1), { serverId, held: true });
    expect(await codeOf(core.call('cancel.run', { scope, previewToken: preview.token }))).toBe('conflict');
    expect((await core.job(first.id)).state).toBe('queued');
    const again = await core.call('cancel.preview', { scope });
    await core.cancel(second.id);
    await core.call('cancel.run', { scope, previewToken: again.token });
    expect((await core.job(first.id)).state).toBe('cancelled');
  });

  it('after this one: the batch sends no more, what runs may finish; a second press stops it', async () => {
    const jobs = await core.submit(sleepGraph(4_000, 20), { serverId, patches: seeds(5) });
    await core.waitState(nth(jobs, 0).id, 'running');
    const batch = batchOf(nth(jobs, 0));
    await core.call('cancel.run', { scope: { batch }, after: true });
    for (const job of jobs.slice(1)) await core.waitState(job.id, 'cancelled');
    expect((await core.job(nth(jobs, 0).id)).state).toBe('running');
    // Every window that shows it is told that nothing comes after it, and when something does again.
    const told = (stopAfter: boolean) => (): boolean => {
      const last = core.seen
        .flatMap((event) => (event.topic === 'job.changed' ? [event.payload] : []))
        .findLast(({ id }) => id === nth(jobs, 0).id);
      return last?.batch?.stopAfter === stopAfter;
    };
    await core.waitFor('the one that runs says it is the last of its batch', told(true));
    const { jobs: back } = await core.call('jobs.putBack', { ids: [nth(jobs, 4).id] });
    await core.waitFor('the one that runs is not the last any more', told(false));
    await core.call('cancel.run', { scope: { batch }, after: true });
    await core.waitState(nth(back, 0).id, 'cancelled');
    await core.call('cancel.run', { scope: { batch } });
    await core.waitState(nth(jobs, 0).id, 'cancelled');
    const { batches } = await core.call('batches.list', {});
    expect(batches[0]).toMatchObject({ state: 'cancelled', stopAfter: true });
  });

  it('if-waiting on a job that runs: too late, it runs on, and nothing is interrupted', async () => {
    const end = server.engine.pauseAt('before-node', { nodeId: '2' });
    const [job] = await core.submit(sleepGraph(1, 10), { serverId });
    await core.waitState(job.id, 'running');
    const { receipts } = await core.call('cancel.run', { scope: { jobs: [job.id] }, mode: 'if-waiting' });
    expect(receipts[0]?.outcome).toEqual({ outcome: 'too-late', state: 'running' });
    end.release();
    await core.waitState(job.id, 'done');
  });

  it('asking again is the same request; an ended job answers how it ended', async () => {
    const [job] = await core.submit(sleepGraph(4_000, 20), { serverId });
    await core.waitState(job.id, 'running');
    const first = await core.cancel(job.id);
    const second = await core.cancel(job.id);
    if (second.receipts[0]?.outcome === null) expect(second.receipts[0].requestId).toBe(first.receipts[0]?.requestId);
    await core.waitState(job.id, 'cancelled');
    const third = await core.cancel(job.id);
    expect(third.receipts[0]?.outcome).toMatchObject({ outcome: 'cancelled', reach: 'running' });
    expect(third.summary.alreadyEnded).toBe(1);
    expect((await core.call('jobs.get', { id: job.id })).trail).toHaveLength(1);
  });

  it('an unknown id is not found, and nothing else of the call is done', async () => {
    const [job] = await core.submit(sleepGraph(1, 1), { serverId, held: true });
    expect(await codeOf(core.call('cancel.run', { scope: { jobs: [job.id, 'nobody' as typeof job.id] } }))).toBe(
      'not_found',
    );
    expect((await core.job(job.id)).state).toBe('queued');
  });

  it('500 waiting jobs of ours: all outcomes at once, none ever sent', async () => {
    await core.call('queue.pause', {});
    const jobs = await core.submit(sleepGraph(1, 1), { serverId, patches: seeds(500) });
    const { summary } = await core.call('cancel.run', { scope: { server: 'all', which: 'mine' } });
    expect(summary.cancelledWaiting).toBe(500);
    expect((await core.call('jobs.list', {})).jobs).toEqual([]);
    await core.waitFor(
      'every row was told',
      () =>
        new Set(
          core.seen.flatMap((event) =>
            event.topic === 'job.changed' && event.payload.state === 'cancelled' ? [event.payload.id] : [],
          ),
        ).size === 500,
    );
    expect(jobs).toHaveLength(500);
    expect(
      server.engine.requests.some((request) => request.method === 'POST' && request.path.endsWith('/prompt')),
    ).toBe(false);
  });
});

describe('put back and run again', () => {
  it('put back: same place, same seeds; a second press changes nothing', async () => {
    await core.call('queue.pause', {});
    const jobs = await core.submit(sleepGraph(1, 1), { serverId, patches: seeds(3) });
    await core.cancel(nth(jobs, 1).id);
    const { jobs: back } = await core.call('jobs.putBack', { ids: [nth(jobs, 1).id] });
    const { jobs: again } = await core.call('jobs.putBack', { ids: [nth(jobs, 1).id] });
    expect(again[0]?.id).toBe(back[0]?.id);
    const { jobs: order } = await core.call('jobs.list', {});
    expect(order.map((job) => job.id)).toEqual([nth(jobs, 0).id, nth(back, 0).id, nth(jobs, 2).id]);
    const [before, after] = [
      await core.call('jobs.get', { id: nth(jobs, 1).id }),
      await core.call('jobs.get', { id: nth(back, 0).id }),
    ];
    expect(after.payload).toEqual(before.payload);
    expect(before.job.putBackAs).toBe(nth(back, 0).id);
    expect(after.job.batch?.id).toBe(before.job.batch?.id);
  });

  it('what had run is run again, not put back', async () => {
    const [job] = await core.submit(sleepGraph(4_000, 20), { serverId });
    await core.waitState(job.id, 'running');
    await core.cancel(job.id);
    await core.waitState(job.id, 'cancelled');
    expect(await codeOf(core.call('jobs.putBack', { ids: [job.id] }))).toBe('conflict');
    const { jobs: again } = await core.call('jobs.runAgain', { ids: [job.id], seeds: 'new' });
    const [old, fresh] = [
      await core.call('jobs.get', { id: job.id }),
      await core.call('jobs.get', { id: nth(again, 0).id }),
    ];
    expect(fresh.payload).not.toEqual(old.payload);
    expect(fresh.job.runAgainOf).toBe(job.id);
    await core.cancel(nth(again, 0).id);
  });
});

describe('order, hold, pause', () => {
  it('moves between, to the front and to the end; a job on a server answers conflict', async () => {
    await core.call('queue.pause', {});
    const [a, b, c, d] = fourOf(
      (await core.submit(sleepGraph(1, 1), { serverId, patches: seeds(4) })).map((job) => job.id),
    );
    const order = async (): Promise<string[]> => (await core.call('jobs.list', {})).jobs.map((job) => job.id);
    await core.call('jobs.move', { ids: [d], to: { before: b } });
    expect(await order()).toEqual([a, d, b, c]);
    await core.call('jobs.move', { ids: [a], to: 'end' });
    expect(await order()).toEqual([d, b, c, a]);
    await core.call('jobs.move', { ids: [c, b], to: 'front' });
    expect(await order()).toEqual([c, b, d, a]);
    await core.call('jobs.move', { ids: [c], to: { after: a } });
    expect(await order()).toEqual([b, d, a, c]);
  });

  it('renumbers when a gap has become too small, and keeps the order', async () => {
    await core.call('queue.pause', {});
    const [a, b, c] = fourOf(
      (await core.submit(sleepGraph(1, 1), { serverId, patches: seeds(4) })).map((job) => job.id),
    );
    for (let round = 0; round < 60; round += 1)
      await core.call('jobs.move', { ids: [round % 2 === 0 ? c : b], to: { after: a } });
    const { jobs } = await core.call('jobs.list', {});
    expect(jobs.map((job) => job.id).slice(0, 3)).toEqual([a, b, c]);
    expect(new Set(jobs.map((job) => job.position)).size).toBe(4);
  });

  it('a held job is passed over and goes when released; pause stops sending, not what runs', async () => {
    const [held] = await core.submit(sleepGraph(1, 5), { serverId, held: true });
    const [free] = await core.submit(sleepGraph(1, 5), { serverId });
    await core.waitState(free.id, 'done');
    expect((await core.job(held.id)).state).toBe('queued');
    await core.call('queue.pause', { serverId });
    await core.call('jobs.release', { ids: [held.id] });
    const [other] = await core.submit(sleepGraph(1, 5), { serverId });
    expect((await core.job(other.id)).state).toBe('queued');
    await core.call('queue.resume', { serverId });
    await core.waitState(held.id, 'done');
    await core.waitState(other.id, 'done');
  });
});

describe('several servers', () => {
  it('jobs for any server use both; one that refuses puts the job back for the other', async () => {
    const second = await startComfyServer();
    try {
      await core.addServer(second.url);
      const jobs = await core.submit(sleepGraph(30, 20), { patches: seeds(4) });
      for (const job of jobs) await core.waitState(job.id, 'done');
      const where = await Promise.all(jobs.map(async (job) => (await core.job(job.id)).onServerId));
      expect(new Set(where).size).toBe(2);
    } finally {
      await second.close();
    }
  });

  it('removing a server with open jobs needs a choice; waiting ones move, the running one is cancelled first', async () => {
    const jobs = await core.submit(sleepGraph(4_000, 20), { serverId, patches: seeds(4) });
    await core.waitState(nth(jobs, 0).id, 'running');
    await core.waitState(nth(jobs, 1).id, 'accepted');
    expect(await codeOf(core.call('servers.remove', { id: serverId }))).toBe('conflict');
    const answer = await core.call('servers.remove', { id: serverId, waiting: 'move', onServer: 'cancel-and-wait' });
    expect(answer.removed).toBe(false);
    await core.waitState(nth(jobs, 0).id, 'cancelled');
    await core.waitFor('the server is gone', async () => (await core.call('servers.list', {})).servers.length === 0);
    expect(await core.job(nth(jobs, 3).id)).toMatchObject({ state: 'queued', serverId: null });
  });

  it('forgetting a server settles its jobs as lost, cancels as unknown', async () => {
    const [job] = await core.submit(sleepGraph(4_000, 20), { serverId });
    await core.waitState(job.id, 'running');
    await core.call('servers.remove', { id: serverId, onServer: 'forget' });
    expect((await core.job(job.id)).error).toMatchObject({ code: 'lost', details: { cause: 'server-removed' } });
  });
});

describe('history', () => {
  it('pages newest first without gaps, searches by word beginnings, exports', async () => {
    await core.call('queue.pause', {});
    const jobs = await core.submit(sleepGraph(1, 1), { serverId, patches: seeds(25) });
    for (const job of jobs) await core.cancel(job.id);
    const ids: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await core.call('history.page', { limit: 10, ...(cursor === undefined ? {} : { cursor }) });
      ids.push(...page.rows.map((row) => (row.type === 'job' ? row.job.id : row.foreign.remoteKey)));
      cursor = page.cursor ?? undefined;
    } while (cursor !== undefined);
    expect(ids).toHaveLength(25);
    expect(new Set(ids)).toEqual(new Set(jobs.map((job) => job.id)));
    await core.call('jobs.setNote', { id: nth(jobs, 3).id, note: 'Größe stimmt nicht' });
    const found = await core.call('history.search', { text: 'grosse stim' });
    expect(found.rows).toHaveLength(0);
    for (const text of ['große stim', 'GRÖß nicht', 'nicht größe']) {
      const words = await core.call('history.search', { text });
      expect(words.rows.map((row) => row.type === 'job' && row.job.id)).toEqual([nth(jobs, 3).id]);
    }
    const { hours } = await core.call('history.outline', {});
    expect(hours.reduce((sum, hour) => sum + hour.jobs, 0)).toBe(25);
    const { removed } = await core.call('jobs.remove', { ids: [nth(jobs, 3).id] });
    expect(removed).toBe(1);
    expect((await core.call('history.search', { text: 'stimmt' })).rows).toEqual([]);
    const csv = await core.call('history.export', { format: 'csv' });
    expect(csv.chunk.trim().split('\r\n')).toHaveLength(25);
    const json = await core.call('history.export', { format: 'json' });
    expect(JSON.parse(json.chunk)).toHaveLength(24);
  });
});
