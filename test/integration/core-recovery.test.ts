/** Nothing accepted is lost and nothing runs twice: lost replies, refused connections, restarts on both sides. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startComfyServer } from '../../electron/demo/comfy/server.ts';
import type { ComfyServerHandle } from '../../electron/demo/comfy/server.ts';
import { CoreHarness, sleepGraph } from '../support/core-harness.ts';

let server: ComfyServerHandle;
let core: CoreHarness;

beforeEach(async () => {
  server = await startComfyServer();
  core = await CoreHarness.open();
});
afterEach(async () => {
  await core.close();
  await server.close();
});

const executions = async (id: Parameters<CoreHarness['keyOf']>[0]): Promise<number> => {
  const { attempts } = await core.call('jobs.get', { id });
  return attempts.reduce((sum, attempt) => sum + server.engine.executionsOf(attempt.remoteKey), 0);
};

describe('submission', () => {
  it('lost-reply: the server took the job, the answer never came; it is found and runs once', async () => {
    const serverId = await core.addServer(server.url);
    server.dropReplyNext('/prompt', { method: 'POST' });
    const [job] = await core.submit(sleepGraph(10, 10), { serverId });
    await core.waitState(job.id, 'done');
    expect(await executions(job.id)).toBe(1);
    expect((await core.call('jobs.get', { id: job.id })).attempts).toHaveLength(1);
  });

  it('lost-request: the server never got it; after the settle window it is sent anew, and runs once', async () => {
    const serverId = await core.addServer(server.url);
    server.dropRequestNext('/prompt', { method: 'POST' });
    const [job] = await core.submit(sleepGraph(3, 10), { serverId });
    await core.waitState(job.id, 'done');
    const { attempts } = await core.call('jobs.get', { id: job.id });
    expect(attempts.map((attempt) => attempt.closeReason)).toEqual(['not-sent-presumed', 'finished']);
    expect(await executions(job.id)).toBe(1);
    expect(new Set(attempts.map((attempt) => attempt.remoteKey)).size).toBe(2);
  });

  it('a cancel while the submit is unsure waits for it to settle, then says presumed', async () => {
    const serverId = await core.addServer(server.url);
    server.dropRequestNext('/prompt', { method: 'POST' });
    const [job] = await core.submit(sleepGraph(3, 10), { serverId });
    await core.waitState(job.id, 'submitting');
    await core.cancel(job.id);
    const ended = await core.waitState(job.id, 'cancelled');
    expect(ended.cancel?.outcome).toEqual({
      outcome: 'cancelled',
      reach: 'local',
      evidence: 'presumed',
      partialOutputs: 0,
    });
    expect(await executions(job.id)).toBe(0);
  });

  it('a rejection fails the job with its node errors; the next one runs', async () => {
    const serverId = await core.addServer(server.url);
    const [bad] = await core.submit({ '1': { class_type: 'NoSuchNode', inputs: {} } }, { serverId });
    const [good] = await core.submit(sleepGraph(2, 10), { serverId });
    const failed = await core.waitState(bad.id, 'failed');
    expect(failed.error?.code).toBe('server_rejected');
    await core.waitState(good.id, 'done');
  });

  it('the same client token makes the same jobs', async () => {
    const first = await core.submit(sleepGraph(1, 1), { clientToken: 'twice', held: true });
    const second = await core.submit(sleepGraph(1, 1), { clientToken: 'twice', held: true });
    expect(second.map((job) => job.id)).toEqual(first.map((job) => job.id));
  });

  it('never more of ours on the server than it may hold', async () => {
    const serverId = await core.addServer(server.url);
    await core.submit(sleepGraph(5, 10), {
      serverId,
      patches: Array.from({ length: 8 }, (_, seed) => ({ set: { '1': { seed: 900_000 + seed } } })),
    });
    let most = 0;
    await core.waitFor('all are done', async () => {
      const { jobs } = await core.call('jobs.list', {});
      most = Math.max(
        most,
        jobs.filter((job) => job.state === 'accepted' || job.state === 'running' || job.state === 'submitting').length,
      );
      return jobs.length === 0;
    });
    expect(most).toBe(2);
  });
});

describe('restarts', () => {
  it('core-restart while running: the job is found again and ends', async () => {
    const serverId = await core.addServer(server.url);
    const end = server.engine.pauseAt('before-node', { nodeId: '2' });
    const [job] = await core.submit(sleepGraph(1, 10), { serverId });
    await core.waitState(job.id, 'running');
    await core.restart();
    end.release();
    await core.waitState(job.id, 'done');
    expect(await executions(job.id)).toBe(1);
  });

  it('ended while the core was away: how long it ran is by the clock of the server, not by when we came back', async () => {
    const serverId = await core.addServer(server.url);
    const end = server.engine.pauseAt('before-node', { nodeId: '2' });
    const [job] = await core.submit(sleepGraph(1, 10), { serverId });
    await core.waitState(job.id, 'running');
    const key = await core.keyOf(job.id);
    await core.stop();
    end.release();
    await server.engine.idle();
    const history = (await (await fetch(`${server.url}/history/${key}`)).json()) as Record<
      string,
      { status: { messages: [string, { timestamp: number }][] } }
    >;
    const times = history[key]?.status.messages.map(([, message]) => message.timestamp) ?? [];
    await core.start();
    const ended = await core.waitState(job.id, 'done');
    expect(ended.ranMs).toBe((times.at(-1) ?? 0) - (times[0] ?? 0));
  });

  it('core-restart with a cancel open: it goes on and ends in one outcome', async () => {
    const serverId = await core.addServer(server.url);
    const [job] = await core.submit(sleepGraph(4_000, 20), { serverId });
    await core.waitState(job.id, 'running');
    await server.goDown();
    await core.cancel(job.id);
    await core.stop();
    await server.comeUp();
    await core.start();
    const ended = await core.waitState(job.id, 'cancelled');
    expect(ended.cancel?.outcome).toMatchObject({ outcome: 'cancelled', reach: 'running', evidence: 'proven' });
  });

  it('server-restart while running: lost is said, and the queue goes on', async () => {
    const serverId = await core.addServer(server.url, { maxInFlight: 1 });
    const [job] = await core.submit(sleepGraph(4_000, 20), { serverId });
    await core.waitState(job.id, 'running');
    const [next] = await core.submit(sleepGraph(2, 10), { serverId });
    await server.restart();
    const ended = await core.waitState(job.id, 'failed');
    expect(ended.error?.code).toBe('lost');
    await core.waitState(next.id, 'done');
  });

  it('server-restart with a cancel open: unknown, never "cancelled"', async () => {
    const serverId = await core.addServer(server.url);
    const [job] = await core.submit(sleepGraph(4_000, 20), { serverId });
    await core.waitState(job.id, 'running');
    await server.goDown();
    await core.cancel(job.id);
    await server.restart();
    const ended = await core.waitState(job.id, 'failed');
    expect(ended.cancel?.outcome).toEqual({ outcome: 'unknown', cause: 'server-restarted' });
  });

  it('a dropped socket in the middle of a run costs nothing', async () => {
    const serverId = await core.addServer(server.url);
    const end = server.engine.pauseAt('before-node', { nodeId: '2' });
    const [job] = await core.submit(sleepGraph(1, 10), { serverId });
    await core.waitState(job.id, 'running');
    server.cutSockets();
    end.release();
    await core.waitState(job.id, 'done');
    expect(await executions(job.id)).toBe(1);
  });

  it('what waits with us waits on while its server is away, and runs when it is back', async () => {
    const serverId = await core.addServer(server.url);
    await server.goDown();
    await core.waitFor('the link noticed', async () => (await core.server(serverId)).status.contact !== 'online');
    const [job] = await core.submit(sleepGraph(2, 10), { serverId });
    await server.comeUp();
    await core.waitState(job.id, 'done');
  });
});

describe('others', () => {
  it('removed-elsewhere: another client takes our waiting job from the queue; the row says so', async () => {
    const serverId = await core.addServer(server.url);
    const [running] = await core.submit(sleepGraph(4_000, 20), { serverId });
    await core.waitState(running.id, 'running');
    const [staged] = await core.submit(sleepGraph(2, 10), { serverId });
    await core.waitState(staged.id, 'accepted');
    server.engine.editQueue({ delete: [await core.keyOf(staged.id)] });
    const ended = await core.waitState(staged.id, 'failed');
    expect(ended.error).toMatchObject({ code: 'stopped_elsewhere', details: { by: 'removed-from-queue' } });
    await core.cancel(running.id);
    await core.waitState(running.id, 'cancelled');
  });

  it('interrupted-elsewhere: another client stops our running job; it is not called cancelled', async () => {
    const serverId = await core.addServer(server.url);
    const [job] = await core.submit(sleepGraph(4_000, 20), { serverId });
    await core.waitState(job.id, 'running');
    await fetch(`${server.url}/interrupt`, { method: 'POST', body: '{}' });
    const ended = await core.waitState(job.id, 'failed');
    expect(ended.error).toMatchObject({ code: 'stopped_elsewhere', details: { by: 'another-client' } });
  });

  it('late-arrival: a request given up arrives after all; it is stopped by its key and the trail says so', async () => {
    const serverId = await core.addServer(server.url, { maxInFlight: 1 });
    const [first] = await core.submit(sleepGraph(4_000, 20), { serverId });
    await core.waitState(first.id, 'running');
    await core.cancel(first.id);
    await core.waitState(first.id, 'cancelled');
    server.dropRequestNext('/prompt', { method: 'POST' });
    const [job] = await core.submit(sleepGraph(4_000, 20), { serverId });
    await core.waitState(job.id, 'submitting');
    await core.cancel(job.id);
    await core.waitState(job.id, 'cancelled');
    const key = await core.keyOf(job.id);
    server.engine.submit({ prompt: sleepGraph(4_000, 20), prompt_id: key, client_id: 'late' });
    await core.waitFor('the trail tells of the late arrival', async () => {
      const { trail } = await core.call('jobs.get', { id: job.id });
      return trail.some((request) => request.steps.some((step) => step.step === 'arrived-late'));
    });
    await core.waitFor('it was stopped', () =>
      server.engine.outcomesOf(key).some((outcome) => outcome === 'interrupted' || outcome === 'deleted'),
    );
  });
});
