/**
 * Bad days of the ComfyUI adapter: networks that lie, servers that stall, strangers' data that breaks routes, refusals,
 * removals by others, huge queues. Against the demo engine, through a fault proxy where the network is to blame.
 */
import { afterEach, describe, expect, it } from 'vitest';
import type { ComfyServerHandle, ComfyServerOptions } from '../../electron/demo/comfy/server.ts';
import { FaultProxy } from '../fakes/fault-proxy.ts';
import { ComfyRig, sleepGraph, until } from '../support/comfy-rig.ts';
import type { RigOptions } from '../support/comfy-rig.ts';
import { ComfySite } from '../support/comfy-site.ts';

const site = new ComfySite();
const { serve, join, onClose } = site;
afterEach(() => site.close());

async function start(
  options: ComfyServerOptions = {},
  rigOptions: RigOptions = {},
): Promise<{ server: ComfyServerHandle; rig: ComfyRig }> {
  const server = await serve(options);
  return { server, rig: await join(server, rigOptions) };
}
async function proxied(
  rigOptions: RigOptions = {},
): Promise<{ server: ComfyServerHandle; proxy: FaultProxy; rig: ComfyRig }> {
  const server = await serve();
  const proxy = await FaultProxy.before(server.url);
  onClose(() => proxy.close());
  return { server, proxy, rig: await join(proxy, rigOptions) };
}

const QUICK = { tickMs: 30, quietMs: 150, pollMs: 100 };

describe('the network', () => {
  it('refused: not sent, and nothing ran', async () => {
    const { server, proxy, rig } = await proxied();
    const attempt = await rig.lease(sleepGraph(1, 1));
    await proxy.refuse();
    expect(await rig.link.adapter.submit(attempt)).toMatchObject({
      result: 'not-sent',
      error: { code: 'server_unreachable' },
    });
    await until('it is seen', () => !rig.link.online);
    expect(server.engine.executionsOf(attempt.remoteKey)).toBe(0);
    await proxy.listen();
    await rig.link.whenOnline(AbortSignal.timeout(10_000));
    expect(rig.reconciled).toBe(2);
  });

  it('reset after delivery: unsure, and the stream tells what became of it', async () => {
    const { proxy, rig } = await proxied();
    proxy.resetAfter(/^POST \/prompt/);
    const { attempt, result } = await rig.send(sleepGraph(2, 5));
    expect(result).toMatchObject({ result: 'unsure' });
    await rig.heard(attempt.remoteKey, 'finished');
  });

  it('reset before delivery is unsure too: bytes were written, nobody knows how far they came', async () => {
    const { server, proxy, rig } = await proxied();
    proxy.resetBefore(/^POST \/prompt/);
    const { attempt, result } = await rig.send(sleepGraph(2, 5));
    expect(result).toMatchObject({ result: 'unsure', error: { code: 'server_unreachable' } });
    expect(await rig.link.adapter.lookup(attempt, AbortSignal.timeout(5_000))).toMatchObject({ found: 'absent' });
    expect(server.engine.executionsOf(attempt.remoteKey)).toBe(0);
  });

  it('a reply that is lost after delivery is not sent again', async () => {
    const { server, proxy, rig } = await proxied();
    proxy.dropReplyOf(/^POST \/prompt/);
    const { attempt, result } = await rig.send(sleepGraph(2, 5));
    expect(result).toMatchObject({ result: 'unsure' });
    await server.engine.idle();
    expect(server.engine.executionsOf(attempt.remoteKey)).toBe(1);
  });

  it('cut in the middle of a stop: the procedure hands over to reconcile, which finishes the story', async () => {
    const { proxy, rig } = await proxied();
    const attempt = await rig.submit({
      '1': { class_type: 'ProbeBlock', inputs: { ms: 1_500, seed: 31 } },
      '2': { class_type: 'ProbeOut', inputs: { images: ['1', 0] } },
    });
    await rig.heard(attempt.remoteKey, 'started');
    const { request, steps } = rig.request();
    const stopping = rig.link.adapter.stop(attempt, request);
    await until('sent', () => steps.some((step) => step.step === 'heard'));
    proxy.cut();
    expect(await stopping).toMatchObject({ report: 'interrupted' });
    await rig.link.whenOnline(AbortSignal.timeout(10_000));
    const again = await rig.stop(attempt);
    const ended = again.report === 'ended' ? again.fact.type : rig.factsOf(attempt.remoteKey).at(-1)?.type;
    expect(ended).toBe('stopped');
  });

  it('delayed answers: slower, not wrong', async () => {
    const { server, proxy, rig } = await proxied();
    proxy.delayReplies(150);
    const attempt = await rig.submit(sleepGraph(4_000, 10));
    expect(await rig.stop(attempt)).toMatchObject({ report: 'ended', fact: { type: 'stopped' } });
    await server.engine.idle();
    expect(server.engine.outcomesOf(attempt.remoteKey)).not.toContain('success');
  });

  it('stalled for a while: everything is heard afterwards', async () => {
    const { proxy, rig } = await proxied();
    const attempt = await rig.submit(sleepGraph(20, 5));
    await rig.heard(attempt.remoteKey, 'started');
    proxy.stall();
    await new Promise((resolve) => setTimeout(resolve, 400));
    expect(rig.factsOf(attempt.remoteKey).map((fact) => fact.type)).toEqual(['started']);
    proxy.flow();
    await rig.heard(attempt.remoteKey, 'finished');
    expect(rig.reconciled).toBe(1);
  });
});

describe('the server', () => {
  it('cut while a look is under way: handed over at once, not thrown', async () => {
    const { server, rig } = await start();
    const attempt = await rig.submit(sleepGraph(4_000, 10));
    await rig.heard(attempt.remoteKey, 'started');
    server.delayNext(`/jobs/${attempt.remoteKey}`, 2_000);
    const stopping = rig.stop(attempt);
    await until('the look is under way', () =>
      server.engine.requests.some((request) => request.path.endsWith(`/jobs/${attempt.remoteKey}`)),
    );
    server.cutSockets();
    expect(await stopping).toMatchObject({ report: 'interrupted' });
    await until('online again', () => rig.reconciled === 2 && rig.link.online);
    expect(await rig.stop(attempt)).toMatchObject({ report: 'ended', fact: { type: 'stopped' } });
  });

  it('restarts in the middle of a stop: never a false "cancelled"', async () => {
    const { server, rig } = await start();
    const running = await rig.submit(sleepGraph(4_000, 10));
    const waiting = await rig.submit(sleepGraph(1, 1));
    await rig.heard(running.remoteKey, 'started');
    server.engine.quirks.deleteDoesNothing = true;
    const { request, steps } = rig.request();
    const stopping = rig.link.adapter.stop(waiting, request);
    await until('sent', () => steps.some((step) => step.step === 'heard'));
    await server.restart();
    expect(await stopping).toMatchObject({ report: 'interrupted' });
    await until('reconciled', () => rig.reconciled === 2);
    expect(rig.facts.filter(({ fact }) => fact.type === 'stopped')).toEqual([]);
  });

  it('a stalled reader elsewhere stops all frames: looks tell what the stream does not', async () => {
    const { server, rig } = await start({}, { timing: QUICK });
    let stalled = true;
    server.engine.wire.join('stalled-reader', {
      send: () => undefined,
      terminate: () => {
        stalled = false;
      },
      get bufferedAmount() {
        return stalled ? 10_000_000 : 0;
      },
      get readyState() {
        return stalled ? WebSocket.OPEN : WebSocket.CLOSED;
      },
    });
    server.engine.addForeign(sleepGraph(1, 1));
    const attempt = await rig.submit(sleepGraph(3, 5));
    await rig.heard(attempt.remoteKey, 'finished');
    expect(rig.lives.filter((live) => live.key === attempt.remoteKey && live.update.type === 'step')).toEqual([]);
    stalled = false;
  });

  it('frozen for a while (a model is loaded): slow, not offline, nothing sent twice', async () => {
    const { server, rig } = await start();
    server.engine.freeze();
    const sending = rig.send(sleepGraph(3, 5));
    await new Promise((resolve) => setTimeout(resolve, 600));
    expect(rig.link.online).toBe(true);
    server.engine.unfreeze();
    const { attempt, result } = await sending;
    expect(result).toMatchObject({ result: 'accepted' });
    await rig.heard(attempt.remoteKey, 'finished');
    expect(server.engine.executionsOf(attempt.remoteKey)).toBe(1);
    expect(rig.reconciled).toBe(1);
  });

  it('500 from /api/jobs because of a stranger: falls back to /queue', async () => {
    const { server, rig } = await start();
    const stranger = server.engine.addForeign(sleepGraph(4_000, 10), { extraData: { extra_pnginfo: null } });
    expect((await fetch(`${server.url}/api/jobs`)).status).toBe(500);
    await until('it is listed', () => rig.foreign?.jobs.some((job) => job.remoteKey === stranger.promptId));
    const attempt = await rig.submit(sleepGraph(1, 1));
    expect(await rig.link.adapter.lookup(attempt, AbortSignal.timeout(5_000))).toMatchObject({ found: 'waiting' });
    expect(await rig.stop(attempt)).toMatchObject({ report: 'ended', fact: { type: 'stopped', reach: 'waiting' } });
    await fetch(`${server.url}/interrupt`, { method: 'POST', body: JSON.stringify({ prompt_id: stranger.promptId }) });
    await until('its end', () =>
      rig.endings.some((ended) => ended.remoteKey === stranger.promptId && ended.how === 'interrupted'),
    );
  });

  it('never breaks /api/jobs for others: a bad extra_pnginfo of ours is left out', async () => {
    const { server, rig } = await start();
    const attempt = await rig.lease(sleepGraph(1, 1), { extra_pnginfo: null, mine: 1 } as never);
    await rig.link.adapter.submit(attempt);
    expect((await fetch(`${server.url}/api/jobs`)).status).toBe(200);
    const body = server.engine.requests.find(
      (request) => request.path === '/prompt' && request.method === 'POST',
    )?.body;
    expect(body).toMatchObject({
      extra_data: { mine: 1, switchyard: { attempt: attempt.attemptId, job: attempt.jobId } },
    });
    expect(body).not.toHaveProperty('extra_data.extra_pnginfo');
  });

  it('waiting work that never runs is said so', async () => {
    const { server, rig } = await start({}, { timing: QUICK });
    const hold = server.engine.pauseAt('before-pop');
    server.engine.addForeign(sleepGraph(1, 1));
    await hold.reached;
    await until(
      'the problem',
      () => rig.link.status().problems.some((problem) => problem.code === 'never-runs'),
      12_000,
    );
    hold.release();
    server.engine.addForeign(sleepGraph(1, 1));
    await until('it is over', () => rig.link.status().problems.length === 0);
  });

  it('needs a sign-in: needs-auth, no hammering, and back once it is given', async () => {
    const server = await serve();
    server.requireAuthorization('Bearer secret-of-mine');
    const rig = new ComfyRig(server.url, { credential: { type: 'authorization', value: 'Bearer wrong' } });
    onClose(() => rig.close());
    rig.link.start();
    await until('needs-auth', () => rig.link.status().contact === 'needs-auth');
    expect(rig.link.status().error).toMatchObject({ code: 'server_auth' });
    const asked = server.engine.requests.length;
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(server.engine.requests.length).toBe(asked);
    server.requireAuthorization('Bearer wrong');
    rig.link.reconnectNow();
    await rig.link.whenOnline(AbortSignal.timeout(5_000));
    expect(JSON.stringify(rig.sink.tail(1_000, 'debug'))).not.toContain('Bearer wrong');
  });

  it('refuses: node errors are kept, and whether another server may take it is told', async () => {
    const { rig } = await start();
    const unknown = await rig.send({ '1': { class_type: 'NoSuchNode', inputs: {} } });
    expect(unknown.result).toMatchObject({ result: 'rejected', elsewhere: true, error: { code: 'server_rejected' } });
    const bad = await rig.send({
      ...sleepGraph(1, 1),
      '1': { class_type: 'ProbeSleep', inputs: { steps: -5, ms: 1, seed: 1 } },
    });
    expect(bad.result).toMatchObject({ result: 'rejected', elsewhere: false });
    expect(JSON.stringify(bad.result)).toContain('value_smaller_than_min');
    const model = await rig.send({
      '1': { class_type: 'CheckpointLoaderSimple', inputs: { ckpt_name: 'nobody-has-this.safetensors' } },
      '2': { class_type: 'PreviewImage', inputs: { images: ['1', 0] } },
    });
    expect(model.result).toMatchObject({ result: 'rejected' });
  });

  it('takes part of a prompt: accepted, with its node errors', async () => {
    const { rig } = await start();
    const { attempt, result } = await rig.send({
      ...sleepGraph(1, 1),
      '8': { class_type: 'ProbeSleep', inputs: { steps: -5, ms: 1, seed: 1 } },
      '9': { class_type: 'ProbeOut', inputs: { images: ['8', 0] } },
    });
    expect(result).toMatchObject({
      result: 'accepted',
      nodeErrors: { '8': { errors: [{ type: 'value_smaller_than_min' }] } },
    });
    await rig.heard(attempt.remoteKey, 'finished');
  });

  it('stores pictures, video, audio and text; a file that is gone is said so', async () => {
    const { rig } = await start();
    const attempt = await rig.submit({
      ...sleepGraph(1, 1),
      '3': { class_type: 'SaveImage', inputs: { images: ['1', 0], filename_prefix: 'x' } },
      '4': { class_type: 'TestVideo', inputs: { images: ['1', 0] } },
      '5': { class_type: 'TestAudio', inputs: { images: ['1', 0] } },
    });
    const { outputs } = await rig.heard(attempt.remoteKey, 'finished');
    expect(outputs.map((output) => output.media).sort()).toEqual(['audio', 'image', 'text', 'video']);
    const picture = outputs.find((output) => output.media === 'image');
    if (picture === undefined) throw new Error('no picture');
    const body = await rig.link.adapter.readOutput(picture, AbortSignal.timeout(5_000));
    let bytes = 0;
    for await (const chunk of body.body) bytes += chunk.byteLength;
    expect(bytes).toBeGreaterThan(50);
    expect(body.mime).toBe('image/png');
    const gone = { ...picture, remote: JSON.stringify({ filename: 'gone.png', subfolder: '', type: 'output' }) };
    await expect(rig.link.adapter.readOutput(gone, AbortSignal.timeout(5_000))).rejects.toMatchObject({
      code: 'outputs_unavailable',
    });
  });
});

describe('a key that was given up', () => {
  it('is told when it turns up after all', async () => {
    const { server, rig } = await start();
    server.dropRequestNext('/prompt', { method: 'POST' });
    const { attempt, result } = await rig.send(sleepGraph(3, 5));
    expect(result).toMatchObject({ result: 'unsure' });
    expect(await rig.link.adapter.lookup(attempt, AbortSignal.timeout(5_000))).toMatchObject({ found: 'absent' });
    rig.link.adapter.releaseKey(attempt.remoteKey);
    server.engine.addForeign(sleepGraph(30, 5), { promptId: attempt.remoteKey, clientId: rig.link.server.clientId });
    await rig.heard(attempt.remoteKey, 'started');
    expect(await rig.stop(attempt)).toMatchObject({ report: 'ended', fact: { type: 'stopped' } });
    expect(rig.foreign?.total ?? 0).toBe(0);
  });
});

describe('other people', () => {
  it('remove a waiting job of ours: told as that, proven', async () => {
    const { server, rig } = await start({}, { timing: QUICK });
    const running = await rig.submit(sleepGraph(4_000, 10));
    const waiting = await rig.submit(sleepGraph(1, 1));
    expect(await rig.link.adapter.lookup(waiting, AbortSignal.timeout(5_000))).toMatchObject({ found: 'waiting' });
    await fetch(`${server.url}/queue`, { method: 'POST', body: JSON.stringify({ delete: [waiting.remoteKey] }) });
    expect(await rig.heard(waiting.remoteKey, 'stopped')).toMatchObject({
      reach: 'waiting',
      by: 'removed-from-queue',
      evidence: 'proven',
    });
    await rig.stop(running);
  });

  it('an interrupt of ours that hits our next job is told as collateral', async () => {
    const { server, rig } = await start();
    // The server's own window between its check and its flag (C6), held open.
    const hold = server.engine.pauseAt('interrupt-checked');
    const end = server.engine.pauseAt('before-node', { nodeId: '2' });
    const first = await rig.submit(sleepGraph(1, 10));
    const second = await rig.submit(sleepGraph(4_000, 10));
    await rig.heard(first.remoteKey, 'started');
    const { request } = rig.request();
    const stopping = rig.link.adapter.stop(first, request);
    await hold.reached;
    end.release();
    await rig.heard(second.remoteKey, 'started');
    hold.release();
    expect(await rig.heard(second.remoteKey, 'stopped')).toMatchObject({ by: 'collateral' });
    expect(await stopping).toMatchObject({ report: 'ended', fact: { type: 'finished' } });
  });

  it.each(['0.3.64', '0.8.0'] as const)('with a thousand waiting, looking stays cheap (%s)', async (version) => {
    const server = await serve({ version });
    const hold = server.engine.pauseAt('before-pop');
    const ids = Array.from(
      { length: 1_000 },
      (_, index) => server.engine.addForeign(sleepGraph(1, 0), { number: 5_000 - index }).promptId,
    );
    const rig = await join(server);
    await until('all are seen', () => rig.foreign?.total === 1_000);
    expect(rig.foreign?.jobs).toHaveLength(200);
    expect(rig.foreign?.order).toHaveLength(400);
    // Highest number last: what was added last runs first.
    expect(rig.foreign?.order[0]).toBe(ids.at(-1));
    expect(rig.foreign?.jobs.map((job) => job.place).slice(0, 3)).toEqual([1, 2, 3]);
    const listings = (): number =>
      server.engine.requests.filter((request) => request.method === 'GET' && /^\/(queue|api\/jobs)$/.test(request.path))
        .length;
    const before = listings();
    await fetch(`${server.url}/queue`, { method: 'POST', body: JSON.stringify({ delete: ids.slice(0, 500) }) });
    await until('the rest', () => rig.foreign?.total === 500);
    expect(rig.endings.filter((ended) => ended.how === 'gone')).toHaveLength(500);
    expect(listings() - before).toBeLessThan(10);
    await fetch(`${server.url}/queue`, { method: 'POST', body: JSON.stringify({ clear: true }) });
    hold.release();
  });

  it('their waiting job is removed by id, and no other', async () => {
    const { server, rig } = await start();
    const running = server.engine.addForeign(sleepGraph(4_000, 10));
    const [first, second] = [server.engine.addForeign(sleepGraph(1, 1)), server.engine.addForeign(sleepGraph(1, 1))];
    await until('listed', () => rig.foreign?.total === 3);
    const { request } = rig.request();
    expect(await rig.link.adapter.stopForeign(first.promptId, request)).toMatchObject({
      report: 'ended',
      fact: { type: 'stopped', reach: 'waiting' },
    });
    await until('told', () =>
      rig.endings.some((ended) => ended.remoteKey === first.promptId && ended.how === 'cancelled-by-us'),
    );
    await fetch(`${server.url}/interrupt`, { method: 'POST', body: JSON.stringify({ prompt_id: running.promptId }) });
    await server.engine.idle();
    expect(server.engine.outcomesOf(second.promptId)).toEqual(['success']);
    expect(rig.facts).toEqual([]);
  });

  it('gone-before-it-was-proven: a listing between our removal and its proof does not say that it went by itself', async () => {
    const { server, rig } = await start();
    const running = server.engine.addForeign(sleepGraph(4_000, 10));
    const theirs = server.engine.addForeign(sleepGraph(1, 1));
    await until('listed', () => rig.foreign?.total === 2);
    const { request } = rig.request();
    const stopping = rig.link.adapter.stopForeign(theirs.promptId, {
      ...request,
      onStep: (step) => {
        if (step === 'heard') server.delayNext(`/jobs/${theirs.promptId}`, 1_500, { method: 'GET' });
      },
    });
    await until('it was removed', () => server.engine.log.some((entry) => entry.event === 'deleted'));
    const before = rig.foreignCalls;
    server.engine.addForeign(sleepGraph(1, 1));
    await until('it was listed without it', () => rig.foreignCalls > before && rig.foreign?.order.length === 2);
    expect(rig.endings).toEqual([]);
    expect(await stopping).toMatchObject({ report: 'ended', fact: { type: 'stopped', reach: 'waiting' } });
    await until('told', () => rig.endings.length > 0);
    expect(rig.endings).toEqual([{ remoteKey: theirs.promptId, how: 'cancelled-by-us' }]);
    expect(server.engine.outcomesOf(running.promptId)).toEqual([]);
  });
});
