/** Races and forgotten wake-ups of the queue, each named after what went wrong once; all through the contract. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startComfyServer } from '../../electron/demo/comfy/server.ts';
import type { ComfyServerHandle } from '../../electron/demo/comfy/server.ts';
import { AppError } from '../../shared/errors.ts';
import type { BatchId, JobId, ServerId } from '../../shared/ids.ts';
import type { JobPatch, JobView } from '../../shared/job.ts';
import { CoreHarness, nth, pictureGraph, sleepGraph } from '../support/core-harness.ts';

let server: ComfyServerHandle;
let other: ComfyServerHandle;
let core: CoreHarness;

beforeEach(async () => {
  server = await startComfyServer();
  other = await startComfyServer();
  core = await CoreHarness.open();
});
afterEach(async () => {
  await core.close();
  await server.close();
  await other.close();
});

const seeds = (count: number): JobPatch[] =>
  Array.from({ length: count }, (_, seed) => ({ set: { '1': { seed: 50_000 + seed } } }));

async function codeOf(work: Promise<unknown>): Promise<string> {
  try {
    await work;
  } catch (error) {
    if (error instanceof AppError) return error.code;
    throw error;
  }
  return 'nothing was thrown';
}

/** Somebody's long job on a server, seen by us: every other server is the better choice from then on. */
async function occupy(which: ComfyServerHandle, serverId: ServerId): Promise<void> {
  which.engine.addForeign(sleepGraph(2_000, 20), { clientId: 'somebody' });
  await core.waitFor(
    'the stranger is counted and seen',
    async () =>
      ((await core.server(serverId)).status.queueLength ?? 0) > 0 &&
      nth((await core.call('foreign.list', { serverId })).servers, 0).jobs.some((job) => job.state === 'running'),
  );
}

async function order(): Promise<JobId[]> {
  return (await core.call('jobs.list', {})).jobs.map((job) => job.id);
}

describe('jobs for any server', () => {
  it('deferred-then-full: the better server takes one and is full; the other one is woken for the next', async () => {
    const busy = await core.addServer(server.url, { maxInFlight: 1 });
    const free = await core.addServer(other.url, { maxInFlight: 1 });
    await occupy(server, busy);
    const jobs = await core.submit(sleepGraph(2_000, 20), { patches: seeds(2) });
    await core.waitFor('both are on a server', async () =>
      (await Promise.all(jobs.map((job) => core.job(job.id)))).every((job) => job.onServerId !== null),
    );
    expect(new Set((await Promise.all(jobs.map((job) => core.job(job.id)))).map((job) => job.onServerId))).toEqual(
      new Set([busy, free]),
    );
  });

  it('not-sent-then-idle: the better server refuses the connection; the job goes to the other at once', async () => {
    const busy = await core.addServer(server.url);
    await core.addServer(other.url);
    await occupy(server, busy);
    other.failNext('/prompt', 401, { times: 100_000, method: 'POST' });
    const [job] = await core.submit(sleepGraph(1, 5));
    await core.waitFor('it is on the server that takes it', async () => {
      const now = await core.job(job.id);
      return now.onServerId === busy && now.state !== 'queued' && now.state !== 'submitting';
    });
  });

  it('refused-by-all-that-are-left: the last server that might have taken it goes; it fails with its reason instead of waiting for ever', async () => {
    await core.addServer(server.url);
    const second = await core.addServer(other.url);
    await core.call('queue.pause', { serverId: second });
    const [job] = await core.submit({ '1': { class_type: 'NoSuchNode', inputs: {} } });
    await core.waitFor('the first refused it and it waits for the second', async () => {
      const now = await core.job(job.id);
      return now.state === 'queued' && now.attempts === 1;
    });
    await core.call('servers.remove', { id: second });
    expect((await core.waitState(job.id, 'failed')).error?.code).toBe('server_rejected');
  });

  it('refused-by-all-that-are-on: the same when the last one is switched off', async () => {
    await core.addServer(server.url);
    const second = await core.addServer(other.url);
    await core.call('queue.pause', { serverId: second });
    const [job] = await core.submit({ '1': { class_type: 'NoSuchNode', inputs: {} } });
    await core.waitFor(
      'the first refused it',
      async () => (await core.job(job.id)).state === 'queued' && (await core.job(job.id)).attempts === 1,
    );
    await core.call('servers.edit', { id: second, enabled: false });
    expect((await core.waitState(job.id, 'failed')).error?.code).toBe('server_rejected');
  });
});

describe('pause', () => {
  it('pause-while-claiming: what was about to be claimed when pause was answered is not sent', async () => {
    const serverId = await core.addServer(server.url);
    const submitted = core.submit(sleepGraph(1, 5), { serverId });
    await core.call('queue.pause', {});
    const [job] = await submitted;
    await core.waitFor('the pause is told', () =>
      core.seen.some((event) => event.topic === 'queue.summary' && event.payload.paused),
    );
    expect(await core.job(job.id)).toMatchObject({ state: 'queued', attempts: 0 });
    await core.call('queue.resume', {});
    await core.waitState(job.id, 'done');
  });
});

describe('cancel', () => {
  it('everyone-with-one-switched-off: foreign work of a server that is off is counted as unreachable, not an error after the fact', async () => {
    const off = await core.addServer(server.url);
    const on = await core.addServer(other.url);
    await occupy(server, off);
    await occupy(other, on);
    await core.call('servers.edit', { id: off, enabled: false });
    const [job] = await core.submit(sleepGraph(1, 5), { held: true });
    const { summary, receipts } = await core.call('cancel.run', {
      scope: { server: 'all', which: 'everyone' },
      foreignAllowed: true,
    });
    expect(receipts.map((receipt) => receipt.jobId)).toEqual([job.id]);
    expect(summary.unreachable).toBe(1);
    await core.waitFor('the other stranger is stopped', () =>
      other.engine.log.some((entry) => entry.event === 'interrupted'),
    );
    await core.call('servers.edit', { id: off, enabled: true });
    await core.waitFor('the request was kept: taken up when the server is back', () =>
      server.engine.log.some((entry) => entry.event === 'interrupted'),
    );
  });

  it('unknown batch and unknown server are not found, as an unknown job is', async () => {
    expect(await codeOf(core.call('cancel.run', { scope: { batch: 'nobody' as BatchId } }))).toBe('not_found');
    expect(await codeOf(core.call('cancel.run', { scope: { server: 'nobody' as ServerId, which: 'mine' } }))).toBe(
      'not_found',
    );
    expect(
      await codeOf(core.call('cancel.preview', { scope: { server: 'nobody' as ServerId, which: 'everyone' } })),
    ).toBe('not_found');
  });

  it('foreign-if-waiting-after-stop: asking for less later does not weaken what was asked', async () => {
    const serverId = await core.addServer(server.url);
    await occupy(server, serverId);
    const { servers } = await core.call('foreign.list', { serverId });
    const remoteKey = nth(nth(servers, 0).jobs, 0).remoteKey;
    await core.call('servers.edit', { id: serverId, enabled: false });
    // While the server is off both are only written down.
    await core.call('foreign.cancel', { serverId, remoteKeys: [remoteKey], mode: 'stop', allowed: true });
    await core.call('foreign.cancel', { serverId, remoteKeys: [remoteKey], mode: 'if-waiting', allowed: true });
    await core.call('servers.edit', { id: serverId, enabled: true });
    await core.waitFor('it is stopped', () =>
      server.engine.log.some((entry) => entry.event === 'interrupted' && entry.promptId === remoteKey),
    );
  });

  it('foreign-stop-broken-off: a server that fails at first is asked again while it stays online', async () => {
    const serverId = await core.addServer(server.url);
    await occupy(server, serverId);
    const { servers } = await core.call('foreign.list', { serverId });
    const remoteKey = nth(nth(servers, 0).jobs, 0).remoteKey;
    for (const path of [`/jobs/${remoteKey}`, '/queue', '/interrupt', '/history', `/history/${remoteKey}`])
      server.failNext(path, 500, { times: 2 });
    await core.call('foreign.cancel', { serverId, remoteKeys: [remoteKey], allowed: true });
    await core.waitFor('it is stopped after all', () =>
      server.engine.log.some((entry) => entry.event === 'interrupted' && entry.promptId === remoteKey),
    );
  });

  it('raised-while-away: asking for a stop turns the open if-waiting request into it; the same request, told in its trail', async () => {
    const serverId = await core.addServer(server.url);
    const [running] = await core.submit(sleepGraph(2_000, 20), { serverId });
    await core.waitState(running.id, 'running');
    const [staged] = await core.submit(sleepGraph(2_000, 20), { serverId });
    await core.waitState(staged.id, 'accepted');
    await server.goDown();
    await core.waitFor('offline', async () => (await core.server(serverId)).status.contact === 'offline');
    const first = await core.call('cancel.run', { scope: { jobs: [staged.id] }, mode: 'if-waiting' });
    const second = await core.cancel(staged.id);
    expect(second.receipts[0]?.requestId).toBe(first.receipts[0]?.requestId);
    expect((await core.job(staged.id)).cancel).toMatchObject({ mode: 'stop', outcome: null });
    expect((await core.call('jobs.get', { id: staged.id })).trail[0]?.steps.map((step) => step.step)).toContain(
      'raised',
    );
    await core.call('cancel.run', { scope: { jobs: [staged.id] }, mode: 'if-waiting' });
    expect((await core.job(staged.id)).cancel?.mode).toBe('stop');
  });

  it('newest-by-the-clock: a clock that jumped back does not hide the open cancel behind an older answer', async () => {
    const serverId = await core.addServer(server.url);
    const [job] = await core.submit(sleepGraph(2_000, 20), { serverId });
    await core.waitState(job.id, 'running');
    await core.call('cancel.run', { scope: { jobs: [job.id] }, mode: 'if-waiting' });
    expect((await core.job(job.id)).cancel?.outcome).toEqual({ outcome: 'too-late', state: 'running' });
    const real = Date.now;
    Date.now = () => real() - 3_600_000;
    try {
      await core.cancel(job.id);
      expect((await core.job(job.id)).cancel?.mode).toBe('stop');
      const ended = await core.waitState(job.id, 'cancelled');
      expect(ended.cancel?.outcome).toMatchObject({ outcome: 'cancelled', reach: 'running' });
    } finally {
      Date.now = real;
    }
  });

  it('more than a hundred thousand at once: all have an outcome, none is an error', async () => {
    const [model] = await core.submit(sleepGraph(1, 1), { held: true });
    await core.stop();
    const { openDatabase } = await import('../../electron/core/db/database.ts');
    const { quietLog } = await import('../support/stores.ts');
    const { join } = await import('node:path');
    const db = openDatabase({ file: join(core.dataDir, 'switchyard.db'), log: quietLog });
    db.raw
      .prepare(
        `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 140000)
      INSERT INTO jobs (id, kind, title, info, payload_id, position, created_at, held)
      SELECT 'job-' || i, kind, title, info, payload_id, i, created_at, 1 FROM n, jobs WHERE jobs.id = ?`,
      )
      .run(model.id);
    db.close();
    await core.start();
    const { summary, receipts } = await core.call('cancel.run', { scope: { server: 'all', which: 'mine' } });
    expect(summary.cancelledWaiting).toBe(140_001);
    expect(receipts).toHaveLength(1_000);
    expect(await order()).toEqual([]);
  }, 180_000);
});

describe('order', () => {
  it('equal-positions: a job moved before its neighbour lands between the two that share a place', async () => {
    const jobs = await core.submit(sleepGraph(1, 1), { held: true, patches: seeds(4) });
    const [a, b, c, d] = [nth(jobs, 0).id, nth(jobs, 1).id, nth(jobs, 2).id, nth(jobs, 3).id];
    await core.cancel(b);
    // Half way between a and c is exactly where b was.
    await core.call('jobs.move', { ids: [d], to: { before: c } });
    const back = nth((await core.call('jobs.putBack', { ids: [b] })).jobs, 0).id;
    expect(await order()).toEqual([a, d, back, c]);
    await core.call('jobs.move', { ids: [a], to: { before: back } });
    expect(await order()).toEqual([d, a, back, c]);
    await core.call('jobs.move', { ids: [c], to: { after: d } });
    expect(await order()).toEqual([d, c, a, back]);
  });

  it('renumbered-in-silence: every job whose place changed is told', async () => {
    const jobs = await core.submit(sleepGraph(1, 1), { held: true, patches: seeds(4) });
    const views = new Map<JobId, JobView>(jobs.map((job) => [job.id, job]));
    const [a, b, c] = [nth(jobs, 0).id, nth(jobs, 1).id, nth(jobs, 2).id];
    await core.call('jobs.move', { ids: [a], to: 'front' });
    await core.waitFor('that is told', () =>
      core.seen.some((event) => event.topic === 'job.changed' && event.payload.id === a && event.payload.rev === 1),
    );
    for (let n = 0; n < 60; n += 1) await core.call('jobs.move', { ids: [n % 2 === 0 ? b : c], to: { after: a } });
    const expected = await order();
    await core.waitFor('the events tell the order that is on disk', () => {
      for (const event of core.seen) if (event.topic === 'job.changed') views.set(event.payload.id, event.payload);
      const told = [...views.values()]
        .sort((x, y) => x.position - y.position || (x.id < y.id ? -1 : 1))
        .map((job) => job.id);
      return JSON.stringify(told) === JSON.stringify(expected);
    });
    const { jobs: now } = await core.call('jobs.list', {});
    for (const job of now) expect(views.get(job.id)).toMatchObject({ position: job.position, rev: job.rev });
  });

  it('what is on a server, or has ended, is neither moved nor held: conflict, and the others of the call stay too', async () => {
    const serverId = await core.addServer(server.url);
    const [running] = await core.submit(sleepGraph(2_000, 20), { serverId });
    await core.waitState(running.id, 'running');
    const [held] = await core.submit(sleepGraph(1, 1), { held: true });
    for (const id of [running.id, (await core.submit(sleepGraph(1, 1), { held: true }))[0].id]) {
      if (id !== running.id) await core.cancel(id);
      expect(await codeOf(core.call('jobs.move', { ids: [held.id, id], to: 'front' }))).toBe('conflict');
      expect(await codeOf(core.call('jobs.release', { ids: [held.id, id] }))).toBe('conflict');
    }
    expect(await core.job(held.id)).toMatchObject({ held: true, position: held.position, rev: held.rev });
  });

  it('put back of a put back keeps the place, and pressing twice in one call makes one', async () => {
    const jobs = await core.submit(sleepGraph(1, 1), { held: true, patches: seeds(3) });
    const middle = nth(jobs, 1).id;
    await core.cancel(middle);
    const first = (await core.call('jobs.putBack', { ids: [middle, middle] })).jobs;
    expect(new Set(first.map((job) => job.id)).size).toBe(1);
    const once = nth(first, 0).id;
    await core.call('queue.pause', {});
    await core.cancel(once);
    const twice = nth((await core.call('jobs.putBack', { ids: [once] })).jobs, 0).id;
    expect(await order()).toEqual([nth(jobs, 0).id, twice, nth(jobs, 2).id]);
  });
});

describe('outputs', () => {
  it('refetch-while-fetching: what is asked for again while another file is being fetched is fetched too', async () => {
    const serverId = await core.addServer(server.url);
    const graph = pictureGraph();
    graph['8'] = { class_type: 'SaveImage', inputs: { filename_prefix: 'second', images: ['6', 0] } };
    server.failNext('/view', 404, { times: 2 });
    const [job] = await core.submit(graph, { serverId });
    await core.waitState(job.id, 'failed');
    server.failNext('/view', 404, { times: 1 });
    server.delayNext('/view', 400, { times: 1 });
    await core.call('outputs.refetch', { id: job.id });
    await core.waitFor(
      'one is missing again while the other is on its way',
      async () => (await core.job(job.id)).outputs.missing === 1,
    );
    await core.call('outputs.refetch', { id: job.id });
    await core.waitFor('both are here', async () => (await core.job(job.id)).outputs.stored === 2);
  });
});
