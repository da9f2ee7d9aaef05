/** The rest of the demo SwarmUI: models, neighbours' failures, remote Swarms, restart, old versions. */
import { afterEach, describe, expect, test } from 'vitest';
import { startComfyServer } from '../../../../electron/demo/comfy/server.ts';
import { startSwarmServer } from '../../../../electron/demo/swarm/server.ts';
import type { SwarmServerHandle, SwarmServerOptions } from '../../../../electron/demo/swarm/server.ts';
import type { SwarmNodesOptions } from '../../../../electron/demo/swarm/nodes.ts';
import { SwarmClient, until } from '../../../conformance/swarm-client.ts';
import { promptsOf, startRig } from './rig.ts';
import type { Rig } from './rig.ts';

let rig: Rig;
const extra: (() => Promise<void>)[] = [];
const start = async (options?: SwarmServerOptions, nodes?: SwarmNodesOptions): Promise<Rig> => {
  rig = await startRig(options, nodes);
  return rig;
};
afterEach(async () => {
  for (const close of extra.splice(0)) await close();
  await rig.stop();
});

const MODELS = { models: [{ name: 'folder/slow-a.safetensors' }, { name: 'slow-b.safetensors' }] };
const NODES = {
  checkpoints: ['folder/slow-a.safetensors', 'slow-b.safetensors'],
  loadMs: { 'folder/slow-a.safetensors': 300, 'slow-b.safetensors': 300 },
};
const counting = (what: string, n: number) => (counters: Record<string, number>) => counters[what] === n;

describe('models', () => {
  test('the one who triggered a shared load is cancelled: the other fails, and succeeds later (swarmui rec 33)', async () => {
    const { swarm, client, job } = await start({ ...MODELS, scanMs: 100 }, NODES);
    const a = await job('a', { steps: 1 }, { model: 'slow-a' });
    await a.stream.counters(counting('loading_models', 1));
    const b = await job('b', { steps: 1 }, { model: 'slow-a' });
    await until('b to wait', () => (b.stream.messages.length >= 3 ? true : undefined));
    await client.interrupt(a.session);
    await b.stream.ended();
    expect(b.stream.errors()).toEqual([
      expect.stringMatching(/^All available backends failed to load the model '.*slow-a\.safetensors'/),
    ]);
    await swarm.engine.until((log) => log.find((entry) => entry.kind === 'load-end'));
    const again = await client.generate(b.session, {
      model: 'slow-a',
      donotsave: true,
      comfyworkflowraw:
        '{"9":{"class_type":"SwarmSaveImageWS","inputs":{"images":["1",0]}},"1":{"class_type":"EmptyImage","inputs":{"width":8,"height":8,"batch_size":1,"color":255}}}',
    });
    await again.ended();
    expect(again.images()).toHaveLength(1);
    expect(swarm.engine.events('load-start')).toHaveLength(1);
  });

  test('the second waiter is cancelled: nobody is harmed; nor, with S17 switched off, by the first', async () => {
    const { swarm, client, job } = await start(MODELS, NODES);
    const a = await job('a', { steps: 1 }, { model: 'slow-a' });
    await a.stream.counters(counting('loading_models', 1));
    const b = await job('b', { steps: 1 }, { model: 'slow-a' });
    await b.stream.counters(counting('waiting_backends', 1));
    await client.interrupt(b.session);
    await a.stream.ended();
    expect(a.stream.images()).toHaveLength(1);
    swarm.engine.quirks.sharedLoadCancel = false;
    const c = await job('c', { steps: 1 }, { model: 'slow-b' });
    await c.stream.counters(counting('loading_models', 1));
    const d = await job('d', { steps: 1 }, { model: 'slow-b' });
    await until('d to wait', () => (d.stream.messages.length >= 3 ? true : undefined));
    await client.interrupt(c.session);
    await d.stream.ended();
    expect(d.stream.images()).toHaveLength(1);
  });

  test('are listed by folder, matched fuzzily, and named as loaded', async () => {
    const { client, job } = await start(MODELS, NODES);
    const a = await job('a', { steps: 1 }, { model: 'SLOW-a' });
    await a.stream.ended();
    const session = a.session;
    const top = (await client.call('ListModels', { session_id: session, path: '', depth: 1 })).json;
    expect(top['folders']).toEqual(['folder']);
    expect((top['files'] as { name: string }[]).map((file) => file.name)).toEqual(['slow-b.safetensors']);
    const inside = (await client.call('ListModels', { session_id: session, path: 'folder', depth: 1 })).json['files'];
    expect(inside).toMatchObject([{ name: 'folder/slow-a.safetensors', loaded: true, standard_width: 512 }]);
    const backends = (await client.call('ListBackends', { session_id: session, full_data: true })).json;
    expect(backends['0']).toMatchObject({ current_model: 'folder/slow-a.safetensors' });
    const params = (await client.call('ListT2IParams', { session_id: session })).json;
    expect(params['models']).toMatchObject({
      'Stable-Diffusion': [
        ['folder/slow-a', null],
        ['slow-b', null],
      ],
    });
    expect((params['list'] as { id: string }[]).map((param) => param.id)).toContain('comfyworkflowraw');
    expect(a.stream.images()[0]).toMatch(/-slow-a\.png$/);
  });

  test('an ordinary request without a graph makes a picture; on a ComfyUI without the node pack too', async () => {
    await start({ models: [{ name: 'dreamscape-xl.safetensors' }] });
    const plain = await startComfyServer({ stepMs: 1 });
    const swarm = await startSwarmServer({
      backends: [{ address: plain.url }],
      models: [{ name: 'dreamscape-xl.safetensors' }],
      graceMs: 10,
    });
    extra.push(
      () => swarm.close(),
      () => plain.close(),
    );
    await swarm.engine.ready();
    for (const url of [rig.swarm.url, swarm.url]) {
      const client = new SwarmClient(url);
      const stream = await client.generate(await client.newSession(), {
        model: 'dreamscape-xl',
        prompt: 'a lake',
        steps: 2,
        width: 64,
        height: 64,
      });
      await stream.ended();
      expect([stream.errors(), stream.images().length]).toEqual([[], 1]);
      client.close();
    }
  });
});

describe('neighbours', () => {
  test('with S17 switched off a failing job leaves an AllowIdle backend running', async () => {
    const comfy = await startComfyServer();
    const { job } = await start({ quirks: { allowIdleFailure: false }, backends: [] });
    extra.push(() => comfy.close());
    rig.swarm.engine.core.keeper.add('comfyui_api', { Address: rig.comfy.url, AllowIdle: true, OverQueue: 1 });
    await rig.swarm.engine.ready();
    const bad = await job('bad', { fail_at: 1 });
    const good = await job('good', { steps: 1 });
    await Promise.all([bad.stream.ended(), good.stream.ended()]);
    expect(good.stream.images()).toHaveLength(1);
  });

  test('a cancel during POST /prompt sets an AllowIdle backend idle, and waiting requests of others fail', async () => {
    const { swarm, client, comfy, job } = await start({
      backends: [],
      refuseAfterMs: 30,
      scanMs: 20,
      idleCheckMs: 400,
    });
    swarm.engine.core.keeper.add('comfyui_api', { Address: comfy.url, AllowIdle: true, OverQueue: 0 });
    await swarm.engine.ready();
    const held = swarm.engine.pauseAt('posting-prompt');
    const a = await job('a', { steps: 1 });
    await held.reached;
    const b = await job('b', { steps: 1 });
    await b.stream.counters(counting('waiting_backends', 1));
    await client.interrupt(a.session);
    await b.stream.ended();
    held.release();
    expect(b.stream.errors()).toEqual(['No backends available!']);
    await swarm.engine.ready();
    const c = await job('c', { steps: 1 });
    await c.stream.ended();
    expect(c.stream.images()).toHaveLength(1);
  });

  test('jobs of as many sessions, each sent after the claim of the one before, run in that order (swarmui rec 36, §6.2)', async () => {
    const { swarm, job } = await start();
    const jobs = [];
    for (let index = 0; index < 12; index += 1) {
      const one = await job(`job-${String(index)}`, { steps: 1, ms: 1 });
      await one.stream.claimed();
      jobs.push(one);
    }
    await Promise.all(jobs.map((one) => one.stream.ended()));
    const granted = swarm.engine.events('grant').map((entry) => entry.request);
    expect(granted).toEqual([...granted].sort((a = 0, b = 0) => a - b));
  });
});

describe('a SwarmUI as backend (swarmui §6.4, rec 41)', () => {
  async function outer(options: SwarmServerOptions = {}): Promise<{ far: SwarmServerHandle; client: SwarmClient }> {
    await start();
    const far = await startSwarmServer({
      backends: [{ type: 'swarmswarmbackend', address: rig.swarm.url, title: 'far' }],
      graceMs: 20,
      ...options,
    });
    await far.engine.ready();
    const client = new SwarmClient(far.url);
    extra.push(async () => {
      client.close();
      await far.close();
    });
    return { far, client };
  }
  const graph = (steps: number): string =>
    JSON.stringify({
      '9': { class_type: 'SwarmSaveImageWS', inputs: { images: ['10', 0] } },
      '10': { class_type: 'ProbeSleep', inputs: { steps, ms: 10, seed: steps } },
    });

  test('is a control entry and one child per running backend', async () => {
    const { client } = await outer();
    const session = await client.newSession();
    expect(Object.keys((await client.call('ListBackends', { session_id: session })).json)).toEqual(['0']);
    const all = (await client.call('ListBackends', { session_id: session, nonreal: true })).json;
    expect(all['0']).toMatchObject({ type: 'swarmswarmbackend', can_load_models: false });
    expect(all['-1']).toMatchObject({ id: -1, can_load_models: true, max_usages: 2 });
  });

  test.each([true, false])('cancelling one job ends the other that shares its remote session: %s', async (shared) => {
    const { client } = await outer({ quirks: { swarmToSwarmShared: shared } });
    const [a, b] = [await client.newSession(), await client.newSession()];
    const first = await client.generate(a, { comfyworkflowraw: graph(400) });
    await first.running();
    const second = await client.generate(b, { comfyworkflowraw: graph(2) });
    await second.counters(counting('live_gens', 1));
    await until('both there', async () => ((await rig.client.comfyQueue()).pending.length === 1 ? true : undefined));
    await client.interrupt(a);
    await Promise.all([first.ended(), second.ended()]);
    expect(first.errors()).toEqual(['Remote swarm gave error: Generation session interrupted.']);
    expect(second.errors()).toEqual(shared ? ['Remote swarm gave error: Generation session interrupted.'] : []);
    expect(second.images()).toHaveLength(shared ? 0 : 1);
  });
});

describe('a restart (swarmui rec 37)', () => {
  test('keeps session ids, images and backends; loses work; ComfyUI goes on', async () => {
    const { swarm, client, comfy, job } = await start();
    const before = (await client.call('GetNewSession')).json;
    const done = await job('done', { steps: 1 });
    await done.stream.ended();
    const a = await job('a', { steps: 20 });
    await a.stream.running();
    const b = await job('b', { steps: 1 });
    await until('b in ComfyUI', async () => ((await client.comfyQueue()).pending.length === 1 ? true : undefined));
    const c = await job('c', { steps: 1 });
    await c.stream.counters(counting('waiting_backends', 1));
    await swarm.restart();
    expect(await Promise.all([a, b, c].map((one) => one.stream.closed()))).toEqual([1006, 1006, 1006]);
    const status = await client.call('GetCurrentStatus', { session_id: a.session });
    expect([status.status, status.json['status']]).toEqual([
      200,
      { waiting_gens: 0, loading_models: 0, waiting_backends: 0, live_gens: 0 },
    ]);
    const after = (await client.call('GetNewSession')).json;
    expect(after['server_id']).not.toBe(before['server_id']);
    const listed = await client.call('ListImages', { session_id: a.session, path: '', depth: 3 });
    expect(listed.json['files']).toHaveLength(1);
    for (const name of ['a', 'b']) await comfy.engine.seen('success', promptsOf(rig, name)[0]);
    expect(promptsOf(rig, 'c')).toEqual([]);
    await swarm.engine.ready();
    const again = await client.generate(a.session, {
      comfyworkflowraw:
        '{"9":{"class_type":"SwarmSaveImageWS","inputs":{"images":["1",0]}},"1":{"class_type":"TestZeroMax","inputs":{"seed":4}}}',
    });
    await again.ended();
    expect(again.messages.find((message) => 'image' in message)).toMatchObject({ request_id: '1001' });
    expect(swarm.engine.slots(0)).toEqual({ max: 2, free: 2, lost: 0 });
  });
});

describe('older versions', () => {
  test('0.9.6 has no request_id, no header session, fewer routes, and interrupts ComfyUI without an id', async () => {
    const { swarm, client, comfy, job } = await start({ version: '0.9.6' });
    const session = await client.newSession();
    for (const route of ['GetGlobalStatus', 'AdminInterruptUser', 'CreateAuthToken']) {
      expect((await client.call(route, { session_id: session, name: 'local', reason: 'x' })).json['error_id']).toBe(
        'bad_route',
      );
    }
    expect((await client.call('GetCurrentStatus', {}, { 'X-Session-ID': session })).status).toBe(400);
    const a = await job('a', { steps: 1000 });
    await a.stream.running();
    expect(a.stream.messages.filter((message) => JSON.stringify(message).includes('request_id'))).toEqual([]);
    await client.interrupt(a.session);
    await a.stream.ended();
    await comfy.engine.seen('interrupted', promptsOf(rig, 'a')[0]);
    expect(swarm.engine.events('comfy-interrupt-global')).toHaveLength(1);
    expect(
      comfy.engine.requests.filter((request) => request.path.endsWith('/interrupt')).map((request) => request.body),
    ).toEqual([{}]);
  });

  test('0.9.7 has request_id but still no targeted interrupt', async () => {
    const { swarm, job } = await start({ version: '0.9.7' });
    const a = await job('a', { steps: 1 });
    await a.stream.ended();
    expect(a.stream.messages.find((message) => 'image' in message)).toMatchObject({ request_id: '1001' });
    expect(swarm.engine.core.can.targetedInterrupt).toBe(false);
  });
});
