/** Cancel through the whole core against the ComfyUI engine, at each moment of a job's life; the next job is unharmed. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startComfyServer } from '../../electron/demo/comfy/server.ts';
import type { ComfyServerHandle } from '../../electron/demo/comfy/server.ts';
import { CoreHarness, nth, pictureGraph, sleepGraph } from '../support/core-harness.ts';

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

describe('one job from end to end', () => {
  it('runs a picture: accepted, running, collected, on disk', async () => {
    const serverId = await core.addServer(server.url);
    const [job] = await core.submit(pictureGraph(), { serverId });
    const done = await core.waitState(job.id, 'done');
    expect(done.outputs).toMatchObject({ stored: 1, expected: 0, missing: 0 });
    expect(done.title).toBe('harbour at dawn');
    const { outputs, attempts } = await core.call('jobs.get', { id: job.id });
    expect(outputs[0]).toMatchObject({ state: 'stored', mime: 'image/png', width: 128, height: 96 });
    expect(attempts).toHaveLength(1);
    expect(server.engine.executionsOf(nth(attempts, 0).remoteKey)).toBe(1);
    expect(
      core.seen.some(
        (event) => event.topic === 'job.live' && event.payload.fraction !== null && event.payload.fraction > 0,
      ),
    ).toBe(true);
  });
});

describe('cancel', () => {
  it('before it was sent: local, at once, and it never reaches the server', async () => {
    const serverId = await core.addServer(server.url, { maxInFlight: 1 });
    const end = server.engine.pauseAt('before-node', { nodeId: '2' });
    const [running] = await core.submit(sleepGraph(1, 10), { serverId });
    await core.waitState(running.id, 'running');
    const [waiting] = await core.submit(sleepGraph(1, 10), { serverId });
    const { receipts, summary } = await core.cancel(waiting.id);
    expect(receipts[0]?.outcome).toEqual({
      outcome: 'cancelled',
      reach: 'local',
      evidence: 'proven',
      partialOutputs: 0,
    });
    expect(summary).toMatchObject({ timing: 'immediate', cancelledWaiting: 1, running: 0 });
    end.release();
    await core.waitState(running.id, 'done');
    expect((await core.call('jobs.get', { id: waiting.id })).attempts).toEqual([]);
  });

  it('while it waits on the server: removed, absence proven, the running one unharmed', async () => {
    const serverId = await core.addServer(server.url);
    const end = server.engine.pauseAt('before-node', { nodeId: '2' });
    const [running] = await core.submit(sleepGraph(1, 10), { serverId });
    await core.waitState(running.id, 'running');
    const [staged] = await core.submit(sleepGraph(5, 10), { serverId });
    await core.waitState(staged.id, 'accepted');
    await core.cancel(staged.id);
    const ended = await core.waitState(staged.id, 'cancelled');
    expect(ended.cancel?.outcome).toMatchObject({ outcome: 'cancelled', reach: 'waiting', evidence: 'proven' });
    expect(server.engine.executionsOf(await core.keyOf(staged.id))).toBe(0);
    end.release();
    await core.waitState(running.id, 'done');
  });

  it('while it runs: interrupted by id, seen stopped, the next job and a stranger unharmed', async () => {
    const serverId = await core.addServer(server.url);
    const [running] = await core.submit(sleepGraph(5_000, 10), { serverId });
    await core.waitState(running.id, 'running');
    const stranger = server.engine.addForeign(sleepGraph(3, 10), { clientId: 'someone-else' });
    const [next] = await core.submit(sleepGraph(3, 10), { serverId });
    const { summary } = await core.cancel(running.id);
    expect(summary).toMatchObject({ timing: 'deferred', running: 1 });
    const ended = await core.waitState(running.id, 'cancelled');
    expect(ended.cancel?.outcome).toMatchObject({ outcome: 'cancelled', reach: 'running', evidence: 'proven' });
    await core.waitState(next.id, 'done');
    await core.waitFor('the stranger ended', () => server.engine.outcomesOf(stranger.promptId).includes('success'));
    const interrupts = server.engine.requests.filter((request) => request.path.endsWith('/interrupt'));
    expect(interrupts.length).toBeGreaterThan(0);
    const key = await core.keyOf(running.id);
    for (const request of interrupts) expect(request.body).toEqual({ prompt_id: key });
    const { trail } = await core.call('jobs.get', { id: running.id });
    expect(trail[0]?.steps.map((step) => step.step)).toEqual(
      expect.arrayContaining(['requested', 'sent', 'seen-stopped', 'settled']),
    );
  });
});
