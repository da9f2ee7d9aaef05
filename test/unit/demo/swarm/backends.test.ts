/** Backends of the demo SwarmUI as an administrator meets them, loading a model by hand, shutting down, and the demo itself. */
import { afterEach, describe, expect, test } from 'vitest';
import { startDemoSwarm } from '../../../../electron/demo/swarm/demo.ts';
import type { SwarmNodesOptions } from '../../../../electron/demo/swarm/nodes.ts';
import type { SwarmServerOptions } from '../../../../electron/demo/swarm/server.ts';
import { SwarmClient, until } from '../../../conformance/swarm-client.ts';
import { startRig } from './rig.ts';
import type { Rig } from './rig.ts';

let rig: Rig;
const start = async (options?: SwarmServerOptions, nodes?: SwarmNodesOptions): Promise<Rig> => {
  rig = await startRig(options, nodes);
  return rig;
};
afterEach(async () => {
  await rig.stop();
});

describe('backends', () => {
  test('toggle, restart, free memory: each does what it says', async () => {
    const { swarm, client, comfy, job } = await start();
    const session = await client.newSession();
    const toggle = async (enabled: boolean): Promise<unknown> =>
      (await client.call('ToggleBackend', { session_id: session, backend_id: 0, enabled })).json['result'];
    expect([await toggle(false), await toggle(false)]).toEqual(['Success.', 'No change.']);
    const off = (await client.call('ListBackends', { session_id: session })).json;
    expect(off['0']).toMatchObject({ status: 'disabled', enabled: false });
    expect(await toggle(true)).toBe('Success.');
    await swarm.engine.ready();
    const restarted = await client.call('RestartBackends', { session_id: session, backend: '0' });
    expect(restarted.json).toEqual({ result: 'Success.', count: 1 });
    await swarm.engine.ready();
    const freed = await client.call('FreeBackendMemory', { session_id: session, system_ram: true });
    expect(freed.json).toEqual({ result: true, count: 1 });
    const asked = comfy.engine.requests.find((request) => request.path.endsWith('/free'));
    expect(asked?.body).toEqual({ unload_models: true, free_memory: true });
    const a = await job('a', { steps: 1 });
    await a.stream.ended();
    expect(a.stream.images()).toHaveLength(1);
  });

  test('OverQueue decides the slots; locked settings refuse changes', async () => {
    await start({ backends: [], lockSettings: true });
    rig.swarm.engine.core.keeper.add('comfyui_api', { Address: rig.comfy.url, AllowIdle: false, OverQueue: 0 });
    await rig.swarm.engine.ready();
    const session = await rig.client.newSession();
    expect(rig.swarm.engine.slots(0)).toEqual({ max: 1, free: 1, lost: 0 });
    for (const [route, body] of [
      ['AddNewBackend', { type_id: 'comfyui_api' }],
      ['EditBackend', { backend_id: 0, title: 'x', settings: {} }],
      ['DeleteBackend', { backend_id: 0 }],
    ] as const) {
      const { json } = await rig.client.call(route, { session_id: session, ...body });
      expect(json).toEqual({ error: 'Settings are locked.' });
    }
  });

  test('a dead ComfyUI makes its jobs fail while the state says running; it works again when it is back (swarmui rec 44)', async () => {
    const { client, comfy, job } = await start();
    await comfy.goDown();
    const a = await job('a', { steps: 1 });
    await a.stream.ended();
    expect(a.stream.errors()).toEqual(['Something went wrong while generating images.']);
    const backends = (await client.call('ListBackends', { session_id: a.session })).json;
    expect(backends['0']).toMatchObject({ status: 'running' });
    expect((await client.request('GET', '/ComfyBackendDirect/queue')).status).toBe(500);
    await comfy.comeUp();
    const b = await job('b', { steps: 1 });
    await b.stream.ended();
    expect(b.stream.images()).toHaveLength(1);
  });
});

describe('the server', () => {
  test('SelectModel blocks for the load and is then seen in the list', async () => {
    const models = [{ name: 'slow.safetensors' }];
    const { client, swarm } = await start(
      { models },
      { checkpoints: ['slow.safetensors'], loadMs: { 'slow.safetensors': 150 } },
    );
    const session = await client.newSession();
    const unknown = await client.call('SelectModel', { session_id: session, model: 'none' });
    expect(unknown.json).toEqual({ error: 'Model not found.' });
    const selected = await client.call('SelectModel', { session_id: session, model: 'slow' });
    expect(selected.json).toEqual({ success: true });
    expect(swarm.engine.events('load-end')).toMatchObject([{ detail: 'slow.safetensors' }]);
    const backends = (await client.call('ListBackends', { session_id: session, full_data: true })).json;
    expect(backends['0']).toMatchObject({ current_model: 'slow.safetensors' });
  });

  test('ShutdownServer answers, then the process is gone', async () => {
    const { client, job } = await start();
    const a = await job('a', { steps: 1000 });
    await a.stream.running();
    const answer = await client.call('ShutdownServer', { session_id: a.session });
    expect(answer.json).toEqual({ success: true });
    expect(await a.stream.closed()).toBe(1006);
    await until('the port to be closed', () =>
      client.request('GET', '/').then(
        () => undefined,
        () => true,
      ),
    );
  });

  test('the demo has models, a ComfyUI, and another user at work', async () => {
    await start();
    const demo = await startDemoSwarm({ pace: 'brisk' });
    const client = new SwarmClient(demo.url);
    try {
      const session = await client.newSession();
      const models = (await client.call('ListModels', { session_id: session, path: '', depth: 2 })).json[
        'files'
      ] as unknown[];
      expect(models).toHaveLength(3);
      await until('anna', async () => {
        const { text } = await client.call('ListConnectedUsers', { session_id: session });
        return /"id":"anna".*"waiting_gens":1/.test(text) ? true : undefined;
      });
      const stream = await client.generate(session, {
        model: 'dreamscape-xl',
        prompt: 'red kiosk in snow',
        steps: 2,
        width: 256,
        height: 192,
      });
      await stream.ended(20_000);
      expect([stream.errors(), stream.images().length]).toEqual([[], 1]);
    } finally {
      client.close();
      await demo.close();
    }
  }, 180_000);
});
