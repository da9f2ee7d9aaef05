/** The SwarmUI adapter on the demo engine: sending, progress, outputs, and every bad ending. Cancels: swarm-cancel.test.ts. */
import { afterEach, describe, expect, test } from 'vitest';
import { until } from '../support/until.ts';
import { probeParams } from '../support/swarm-rig.ts';
import { SwarmSite } from '../support/swarm-site.ts';

let site: SwarmSite;
afterEach(async () => {
  await site.close();
});

describe('a job', () => {
  test('is accepted, runs with rising progress, and its image can be read', async () => {
    site = await SwarmSite.start();
    const rig = await site.connect();
    expect(rig.adapter.slots()).toBe(2);
    const job = await rig.accepted(await rig.send(probeParams(6, 20)));
    const end = await rig.ended(job);
    expect(job.started).toBe(true);
    if (end.type !== 'finished') return expect.fail(JSON.stringify(end));
    expect(end.outputs).toHaveLength(1);
    for (const output of end.outputs) expect((await rig.read(output)).bytes).toBeGreaterThan(100);
    const fractions = job.lives.flatMap((live) => (live.type === 'fraction' ? [live.overall] : []));
    expect(fractions.length).toBeGreaterThan(5);
    expect([...fractions].sort((a, b) => a - b)).toEqual(fractions);
    expect(site.log(job)[0]?.extra).toMatchObject({ switchyard_attempt: job.attempt.attemptId });
  });

  test('of three images gives three, and its parameters need no raw graph', async () => {
    site = await SwarmSite.start({ models: [{ name: 'dreamscape-xl.safetensors' }] });
    const rig = await site.connect();
    const job = await rig.accepted(
      await rig.send({ model: 'dreamscape-xl', prompt: 'a lake', steps: 2, width: 64, height: 64, seed: null }, 3),
    );
    expect(await rig.ended(job)).toMatchObject({
      type: 'finished',
      outputs: [{ ordinal: 0 }, { ordinal: 1 }, { ordinal: 2 }],
    });
  });

  test("keeps to itself: pictures that come before its own start are a stranger's and are dropped (S15)", async () => {
    site = await SwarmSite.start();
    const rig = await site.connect();
    // An orphan of somebody else leaves its frames in the backend's socket.
    const held = site.swarm.engine.pauseAt('posting-prompt');
    const client = site.stranger();
    const session = await client.newSession();
    const stream = await client.generate(session, probeParams(3, 10, { preview: true }));
    const { promptId = '' } = await held.reached;
    await client.interrupt(session);
    await stream.ended();
    held.release();
    await site.comfy.engine.seen('success', promptId);
    const job = await rig.accepted(await rig.send(probeParams(3, 10, { preview: false })));
    await rig.ended(job);
    expect(job.lives.filter((live) => live.type === 'preview')).toEqual([]);
    const own = await rig.accepted(await rig.send(probeParams(3, 10, { preview: true })));
    await rig.ended(own);
    expect(own.lives.some((live) => live.type === 'preview')).toBe(true);
  });

  test('fifty previews a second are at most ten', async () => {
    site = await SwarmSite.start();
    const rig = await site.connect();
    const job = await rig.accepted(await rig.send(probeParams(50, 20, { preview: true })));
    const began = performance.now();
    await rig.ended(job);
    const seconds = (performance.now() - began) / 1_000;
    expect(job.lives.filter((live) => live.type === 'preview').length).toBeLessThanOrEqual(Math.ceil(seconds * 10) + 1);
  });

  test('"NaN" in the percents is no progress and no harm', async () => {
    site = await SwarmSite.start();
    const rig = await site.connect();
    const graph =
      '{"9":{"class_type":"SwarmSaveImageWS","inputs":{"images":["1",0]}},"1":{"class_type":"TestZeroMax","inputs":{"seed":4}}}';
    const job = await rig.accepted(await rig.send({ comfyworkflowraw: graph }));
    expect(await rig.ended(job)).toMatchObject({ type: 'finished' });
    for (const live of job.lives) if (live.type === 'fraction') expect(Number.isFinite(live.overall)).toBe(true);
  });

  test('an output of 150 MB that is nowhere but in the stream is read whole', { timeout: 180_000 }, async () => {
    site = await SwarmSite.start();
    const rig = await site.connect();
    const graph = JSON.stringify({ '100': { class_type: 'TestBigImage', inputs: { megabytes: 150 } } });
    const job = await rig.accepted(await rig.send({ donotsave: true, comfyworkflowraw: graph }));
    const end = await rig.ended(job, 120_000);
    if (end.type !== 'finished') return expect.fail(JSON.stringify(end).slice(0, 500));
    const [output] = end.outputs;
    if (output === undefined) return expect.fail('no output');
    expect(output.remote.length).toBeLessThan(200);
    expect(await rig.read(output)).toEqual({ mime: 'image/png', bytes: 150_000_000 });
  });
});

describe('bad input', () => {
  test('an unknown model is refused, for this server only', async () => {
    site = await SwarmSite.start({ models: [{ name: 'dreamscape-xl.safetensors' }] });
    const rig = await site.connect();
    const job = await rig.send({ model: 'no-such-model', prompt: 'x' });
    expect(await job.submitted).toMatchObject({
      result: 'rejected',
      elsewhere: true,
      error: { code: 'server_rejected' },
    });
  });

  test('a wrong parameter is refused everywhere', async () => {
    site = await SwarmSite.start();
    const rig = await site.connect();
    const job = await rig.send(probeParams(1, 1, {}, { steps: 'abc' }));
    expect(await job.submitted).toMatchObject({
      result: 'rejected',
      elsewhere: false,
      error: { code: 'server_rejected' },
    });
    rig.adapter.releaseKey(job.key);
    await until('its session is free again', () => rig.adapter.sessions.leased === 0);
  });

  test('a failing node fails the job, with what ComfyUI said', async () => {
    site = await SwarmSite.start();
    const rig = await site.connect();
    const job = await rig.accepted(await rig.send(probeParams(4, 5, { fail_at: 2 })));
    expect(await rig.ended(job)).toMatchObject({
      type: 'executionFailed',
      error: { code: 'execution_failed', message: 'probe failed on purpose' },
    });
  });

  test('a node type that no backend has is refused after a second', async () => {
    site = await SwarmSite.start({ refuseAfterMs: 30, scanMs: 20 });
    const rig = await site.connect();
    const job = await rig.accepted(
      await rig.send({ comfyworkflowraw: '{"1":{"class_type":"NoSuchNode","inputs":{}}}' }),
    );
    expect(await rig.ended(job)).toMatchObject({ type: 'executionFailed', error: { code: 'server_rejected' } });
  });

  test('an end without image and without a word is a failure', async () => {
    site = await SwarmSite.start();
    const rig = await site.connect();
    site.swarm.engine.crashNextRequest();
    const job = await rig.accepted(await rig.send(probeParams(4, 5)));
    expect(await rig.ended(job)).toMatchObject({ type: 'executionFailed', error: { code: 'execution_failed' } });
  });

  test('stopped by somebody else: said so, and not put back', async () => {
    site = await SwarmSite.start();
    const rig = await site.connect();
    const job = await rig.running(await rig.accepted(await rig.send(probeParams(4_000, 20))));
    const client = site.stranger();
    await client.interrupt(await client.newSession(), true);
    expect(await rig.ended(job)).toMatchObject({ type: 'stopped', by: 'another-client', reach: 'running' });
  });

  test('a session the server forgot: nothing was taken, and the next lease is a good one', async () => {
    site = await SwarmSite.start();
    const rig = await site.connect();
    const key = await rig.adapter.leaseKey(AbortSignal.timeout(5_000));
    rig.adapter.releaseKey(key);
    site.swarm.engine.forgetSessions();
    // The idle session is found out when it is leased; one that is forgotten in between is found out when it is sent.
    const pause = rig.adapter.leaseKey(AbortSignal.timeout(5_000));
    expect(await pause).not.toBe(key);
    const job = await rig.send(probeParams(2, 5));
    await rig.accepted(job);
    expect(await rig.ended(job)).toMatchObject({ type: 'finished' });
  });

  test('forgotten between lease and sending: not sent, so that it is sent again', async () => {
    site = await SwarmSite.start();
    const rig = await site.connect();
    const send = rig.adapter.leaseKey.bind(rig.adapter);
    rig.adapter.leaseKey = async (signal) => {
      const key = await send(signal);
      site.swarm.engine.forgetSessions();
      return key;
    };
    const job = await rig.send(probeParams(2, 5));
    expect(await job.submitted).toMatchObject({ result: 'not-sent' });
  });
});

describe('neighbours (S17)', () => {
  test('a failure of a neighbour on an AllowIdle backend puts ours back once; the second time it is told as it is', async () => {
    site = await SwarmSite.start((url) => ({
      backends: [{ address: url, allowIdle: true, overQueue: 0 }],
      refuseAfterMs: 30,
      scanMs: 20,
      idleCheckMs: 2_000,
    }));
    const rig = await site.connect();
    const client = site.stranger();
    const bad = await client.generate(await client.newSession(), probeParams(20, 20, { fail_at: 19 }));
    await site.swarm.engine.until((log) => log.find((entry) => entry.kind === 'exec-start'));
    const job = await rig.accepted(await rig.send(probeParams(2, 5)));
    await bad.ended();
    expect(await rig.ended(job)).toMatchObject({ type: 'stopped', by: 'collateral', reach: 'waiting' });
    expect(rig.adapter.slots()).toBe(0);
    await until('the page says why nothing is sent', () =>
      rig.link.status().problems.some((problem) => problem.code === 'sending-paused'),
    );
    expect(rig.link.status().problems).toContainEqual(expect.objectContaining({ code: 'allow-idle' }));
    await until('sending goes on', () => rig.adapter.slots() === 1);
  });

  test('a load that others wait for is not cancelled under them: held until it is through', async () => {
    const name = 'slow-a.safetensors';
    site = await SwarmSite.start({ models: [{ name }], scanMs: 100 }, { checkpoints: [name], loadMs: { [name]: 800 } });
    const rig = await site.connect();
    const job = await rig.accepted(await rig.send(probeParams(4_000, 20, {}, { model: 'slow-a' })));
    await until('its model loads', () => job.lives.some((live) => live.type === 'loading-model'));
    const client = site.stranger();
    const other = await client.generate(await client.newSession(), { ...probeParams(2, 5), model: 'slow-a' });
    await other.counters((counters) => counters['waiting_backends'] === 1);
    expect(await rig.stop(job)).toMatchObject({ report: 'ended', fact: { type: 'stopped' } });
    expect(job.steps).toContainEqual(
      expect.objectContaining({ step: 'held', detail: 'others wait for the model that loads for it' }),
    );
    await other.ended();
    expect([other.errors(), other.images().length]).toEqual([[], 1]);
  });
});
