/**
 * Each window in which a SwarmUI cancel goes wrong, held open: what the stream shows, and what really happened
 * (swarmui §4.2, §4.4).
 */
import { afterEach, describe, expect, test } from 'vitest';
import { until } from '../../../conformance/swarm-client.ts';
import { shapes, TAIL } from '../../../conformance/swarm-shapes.ts';
import type { SwarmServerOptions } from '../../../../electron/demo/swarm/server.ts';
import { promptsOf, startRig } from './rig.ts';
import type { Rig } from './rig.ts';

let rig: Rig;
const start = async (options?: SwarmServerOptions): Promise<Rig> => {
  rig = await startRig(options);
  return rig;
};
afterEach(async () => {
  await rig.stop();
});

const IN_HAND = ['status 1 0 0 0', 'status 1 0 1 0', 'status 1 0 0 0', 'status 1 0 0 1'];
const ERROR = 'error "Generation session interrupted."';

describe('where the cancel lands', () => {
  test('before the claim: answered and lost', async () => {
    const { swarm, client, job } = await start();
    const held = swarm.engine.pauseAt('before-claim');
    const { session, stream } = await job('a', { steps: 2 });
    await held.reached;
    await client.interrupt(session);
    held.release();
    await stream.ended();
    expect(stream.images()).toHaveLength(1);
    expect(swarm.engine.events('interrupt')).toMatchObject([{ hit: [] }]);
  });

  test('before the claim, with S3 switched off: it hits the next claim', async () => {
    const { swarm, client, job } = await start({ quirks: { interruptIsEdge: false } });
    const held = swarm.engine.pauseAt('before-claim');
    const { session, stream } = await job('a', { steps: 2 });
    await held.reached;
    await client.interrupt(session);
    held.release();
    await stream.ended();
    expect(stream.images()).toEqual([]);
  });

  test('claimed, not dispatched: neither status nor keep_alive in the tail', async () => {
    const { swarm, client, job } = await start();
    const held = swarm.engine.pauseAt('claimed');
    const { session, stream } = await job('a');
    await held.reached;
    await client.interrupt(session);
    held.release();
    await stream.closed();
    expect(shapes(stream.messages)).toEqual([
      'status 1 0 0 0',
      '{"discard_indices":[]}',
      '{"socket_intention":"close"}',
      'status 0 0 0 0',
    ]);
    expect(swarm.engine.events('post')).toEqual([]);
  });

  test('while a slot is granted: the slot is lost for good (S13)', async () => {
    const { swarm, client, job } = await start();
    const held = swarm.engine.pauseAt('granting-slot');
    const { session, stream } = await job('a');
    await held.reached;
    await client.interrupt(session);
    await stream.ended();
    held.release();
    await swarm.engine.until((log) => log.find((entry) => entry.kind === 'slot-lost'));
    expect(swarm.engine.slots(0)).toEqual({ max: 2, free: 1, lost: 1 });
    expect(shapes(stream.messages).slice(0, 3)).toEqual(['status 1 0 0 0', 'status 1 0 1 0', 'status 1 0 0 0']);
    expect(stream.errors()).toEqual([]);
  });

  test('the same with S13 switched off: nothing is lost', async () => {
    const { swarm, client, job } = await start({ quirks: { slotLeak: false } });
    const held = swarm.engine.pauseAt('granting-slot');
    const { session, stream } = await job('a');
    await held.reached;
    await client.interrupt(session);
    held.release();
    await stream.ended();
    const other = await job('b', { steps: 1 });
    await other.stream.ended();
    expect(swarm.engine.slots(0)).toEqual({ max: 2, free: 2, lost: 0 });
  });

  test('all slots lost: jobs wait for ever, restart never answers, re-creating the backend cures (swarmui rec 21)', async () => {
    const { swarm, client, comfy, job } = await start();
    for (const name of ['a', 'b']) {
      const held = swarm.engine.pauseAt('granting-slot');
      const { session, stream } = await job(name);
      await held.reached;
      await client.interrupt(session);
      await stream.ended();
      held.release();
      const lost = name === 'a' ? 1 : 2;
      await swarm.engine.until(() => (swarm.engine.slots(0).lost === lost ? true : undefined));
    }
    const stuck = await job('c', { steps: 1 });
    await stuck.stream.counters((counters) => counters['waiting_backends'] === 1);
    const session = await client.newSession();
    let answered = false;
    for (const [route, body] of [
      ['RestartBackends', {}],
      ['ToggleBackend', { backend_id: 0, enabled: false }],
    ] as const) {
      client.call(route, { session_id: session, ...body }).then(
        () => (answered = true),
        () => undefined,
      );
    }
    const listed = (await client.call('ListBackends', { session_id: session })).json;
    expect(listed['0']).toMatchObject({ status: 'running', max_usages: 2 });
    client.call('DeleteBackend', { session_id: session, backend_id: 0 }).then(
      () => (answered = true),
      () => undefined,
    );
    await until('the backend to be gone', async () =>
      Object.keys((await client.call('ListBackends', { session_id: session })).json).length === 0 ? true : undefined,
    );
    const added = (await client.call('AddNewBackend', { session_id: session, type_id: 'comfyui_api' })).json;
    expect(added).toMatchObject({ id: 1, status: 'waiting' });
    await client.call('EditBackend', {
      session_id: session,
      backend_id: 1,
      title: 'new',
      settings: { Address: comfy.url },
    });
    await stuck.stream.ended();
    expect(stuck.stream.images()).toHaveLength(1);
    expect(answered).toBe(false);
    expect(swarm.engine.slots(1)).toEqual({ max: 2, free: 2, lost: 0 });
  });

  test('slot held, prompt not sent: silent end, ComfyUI never hears of it', async () => {
    const { swarm, client, comfy, job } = await start();
    const held = swarm.engine.pauseAt('before-post');
    const { session, stream } = await job('a');
    await held.reached;
    await client.interrupt(session);
    held.release();
    await stream.closed();
    expect(shapes(stream.messages)).toEqual([...IN_HAND, 'status 0 0 0 0', ...TAIL]);
    expect(comfy.engine.log).toEqual([]);
  });

  test('while POST /prompt is in flight: silent end, and an orphan that runs to its end (swarmui rec 16)', async () => {
    const { swarm, client, comfy, job } = await start();
    const held = swarm.engine.pauseAt('posting-prompt');
    const { session, stream } = await job('a', { steps: 3 });
    const { promptId = '' } = await held.reached;
    await client.interrupt(session);
    await stream.closed();
    expect(shapes(stream.messages)).toEqual([...IN_HAND, 'status 0 0 0 0', ...TAIL]);
    const counters = (await client.call('GetGlobalStatus', { session_id: session })).json['status'];
    expect(counters).toEqual({ waiting_gens: 0, loading_models: 0, waiting_backends: 0, live_gens: 0 });
    held.release();
    await comfy.engine.seen('success', promptId);
    await swarm.engine.until((log) => log.find((entry) => entry.kind === 'orphan' && entry.promptId === promptId));
    expect(swarm.engine.events('image')).toEqual([]);
    expect(swarm.engine.orphans(comfy.engine.log)).toEqual([promptId]);
    expect(swarm.engine.slots(0)).toEqual({ max: 2, free: 2, lost: 0 });
  });

  test('the orphan is found and stopped by our mark in its _meta (S18)', async () => {
    const { swarm, client, comfy, job } = await start();
    const held = swarm.engine.pauseAt('posting-prompt');
    const { session, stream } = await job('mark-1', { steps: 1000 });
    const { promptId = '' } = await held.reached;
    await client.interrupt(session);
    await stream.ended();
    held.release();
    const queue = await client.comfyQueue();
    expect(queue.running).toEqual([promptId]);
    expect(queue.text).toContain('mark-1');
    await client.request('POST', '/ComfyBackendDirect/interrupt', { body: { prompt_id: promptId } });
    await comfy.engine.seen('interrupted', promptId);
  });

  test('with S12 switched off the prompt is taken back', async () => {
    const { swarm, client, comfy, job } = await start({ quirks: { earlyCancelOrphans: false } });
    const held = swarm.engine.pauseAt('posting-prompt');
    const { session, stream } = await job('a', { steps: 1000 });
    const { promptId = '' } = await held.reached;
    await client.interrupt(session);
    held.release();
    await stream.ended();
    await comfy.engine.seen('interrupted', promptId);
  });

  test.each(['accepted', 'exec-start-unread'] as const)(
    '%s while ComfyUI has begun: error as usual, yet an orphan',
    async (point) => {
      const { swarm, client, comfy, job } = await start();
      const held = swarm.engine.pauseAt(point);
      const { session, stream } = await job('a', { steps: 3 });
      const { promptId = '' } = await held.reached;
      await comfy.engine.seen('start', promptId);
      await client.interrupt(session);
      held.release();
      await stream.closed();
      expect(shapes(stream.messages)).toEqual([...IN_HAND, ERROR, 'status 0 0 0 0', ...TAIL]);
      await comfy.engine.seen('success', promptId);
      expect(swarm.engine.orphans(comfy.engine.log)).toEqual([promptId]);
      expect(swarm.engine.events('comfy-delete')).toHaveLength(1);
      expect(swarm.engine.events('comfy-interrupt')).toEqual([]);
    },
  );

  test('executing: targeted interrupt, ComfyUI stops, the pre-queued neighbour is unharmed', async () => {
    const { swarm, client, comfy, job } = await start();
    const a = await job('a', { steps: 1000 });
    await a.stream.running();
    const b = await job('b', { steps: 2 });
    await until('the prompt of b', async () => ((await client.comfyQueue()).pending.length === 1 ? true : undefined));
    await client.interrupt(a.session);
    await a.stream.ended();
    await b.stream.ended();
    const [promptA = ''] = promptsOf(rig, 'a');
    const [promptB = ''] = promptsOf(rig, 'b');
    expect(comfy.engine.outcomesOf(promptA)).toEqual(['interrupted']);
    expect(comfy.engine.outcomesOf(promptB)).toEqual(['success']);
    expect(swarm.engine.orphans(comfy.engine.log)).toEqual([]);
    expect(swarm.engine.events('comfy-interrupt').map((entry) => entry.promptId)).toEqual([promptA]);
    expect(b.stream.images()).toHaveLength(1);
  });

  test('while outputs are downloaded: silent end, no image', async () => {
    const { swarm, client, job } = await start();
    const held = swarm.engine.pauseAt('downloading');
    const graph = {
      '10': { class_type: 'ProbeSleep', inputs: { steps: 1, ms: 1, seed: 3 } },
      '11': { class_type: 'SaveImage', inputs: { images: ['10', 0], filename_prefix: 'x' } },
    };
    const { session, stream } = await job('a', {}, { comfyworkflowraw: JSON.stringify(graph) });
    await held.reached;
    await client.interrupt(session);
    held.release();
    await stream.ended();
    expect(stream.errors()).toEqual([]);
    expect(stream.images()).toEqual([]);
  });

  test('a call that has delivered an image ends silently (batch of two)', async () => {
    const { swarm, client, job } = await start();
    const held = swarm.engine.pauseAt('downloading');
    const { session, stream } = await job('a', { steps: 1, batch: 2 }, { batchsize: 2 });
    await held.reached;
    await client.interrupt(session);
    held.release();
    await stream.ended();
    expect(stream.images()).toHaveLength(2);
    expect(stream.errors()).toEqual([]);
  });

  test('with S6 switched off every interrupted stream says so', async () => {
    const { swarm, client, job } = await start({ quirks: { unevenEndings: false } });
    const held = swarm.engine.pauseAt('before-post');
    const { session, stream } = await job('a');
    await held.reached;
    await client.interrupt(session);
    held.release();
    await stream.ended();
    expect(stream.errors()).toEqual(['Generation session interrupted.']);
  });
});

describe('what others notice', () => {
  test('an interrupt without an id through the passthrough is global: it ends a job of SwarmUI (swarmui §8.2)', async () => {
    const { swarm, client, comfy, job } = await start();
    const a = await job('a', { steps: 1000 });
    await a.stream.running();
    expect((await client.request('POST', '/ComfyBackendDirect/interrupt')).status).toBe(400);
    expect((await client.request('POST', '/ComfyBackendDirect/interrupt', { body: {} })).status).toBe(200);
    await comfy.engine.seen('interrupted', promptsOf(rig, 'a')[0]);
    await a.stream.ended();
    expect(a.stream.errors()).toEqual([
      'No images were generated (all refused, or failed - check server logs for details).',
    ]);
    expect(swarm.engine.events('passthrough')).toMatchObject([{ detail: 'global interrupt' }]);
  });

  test('previews of an orphan of another session come before our metadata (swarmui rec 43)', async () => {
    const { swarm, client, comfy, job } = await start();
    const held = swarm.engine.pauseAt('posting-prompt');
    const a = await job('a', { steps: 3, preview: true });
    const { promptId = '' } = await held.reached;
    await client.interrupt(a.session);
    await a.stream.ended();
    held.release();
    await comfy.engine.seen('success', promptId);
    const b = await job('b', { steps: 2, preview: false });
    await b.stream.ended();
    const kinds = b.stream.messages.flatMap((message) => {
      const progress = message['gen_progress'] as Record<string, unknown> | undefined;
      return progress === undefined
        ? []
        : [
            progress['metadata'] !== undefined
              ? 'metadata'
              : progress['preview'] !== undefined
                ? 'preview'
                : 'progress',
          ];
    });
    expect(kinds.slice(0, 4)).toEqual(['preview', 'preview', 'preview', 'preview']);
    expect(kinds.lastIndexOf('preview')).toBeLessThan(kinds.indexOf('metadata'));
  });

  test('with S15 switched off there are none', async () => {
    const { swarm, client, comfy, job } = await start({ quirks: { stalePreviews: false } });
    const held = swarm.engine.pauseAt('posting-prompt');
    const a = await job('a', { steps: 3, preview: true });
    const { promptId = '' } = await held.reached;
    await client.interrupt(a.session);
    await a.stream.ended();
    held.release();
    await comfy.engine.seen('success', promptId);
    const b = await job('b', { steps: 2, preview: false });
    await b.stream.ended();
    expect(JSON.stringify(b.stream.messages)).not.toContain('"preview"');
  });

  test('a stubborn node: the stream ends at once, the next job waits behind it as live (swarmui rec 34)', async () => {
    const { client, comfy, job } = await start();
    const a = await job('a', { steps: 12, cooperative: false });
    await a.stream.running();
    await client.interrupt(a.session);
    await a.stream.ended();
    const [promptA = ''] = promptsOf(rig, 'a');
    expect(comfy.engine.outcomesOf(promptA)).toEqual([]);
    const b = await job('b', { steps: 1 });
    await b.stream.ended();
    expect(b.stream.images()).toHaveLength(1);
  });

  test('with S10 switched off the stream ends when ComfyUI has let go', async () => {
    const { client, comfy, job } = await start({ quirks: { endsBeforeComfyStops: false } });
    const a = await job('a', { steps: 12, cooperative: false });
    await a.stream.running();
    await client.interrupt(a.session);
    await a.stream.ended();
    const [promptA = ''] = promptsOf(rig, 'a');
    expect(comfy.engine.outcomesOf(promptA)).toHaveLength(1);
  });

  test('a dropped socket stops nothing; with S4 switched off it does', async () => {
    const { swarm, comfy, job } = await start();
    const a = await job('a', { steps: 3 });
    await a.stream.running();
    a.stream.socket.terminate();
    await swarm.engine.until((log) => log.find((entry) => entry.kind === 'request-end'));
    expect(comfy.engine.outcomesOf(promptsOf(rig, 'a')[0] ?? '')).toEqual(['success']);
    swarm.engine.quirks.dropKeepsRunning = false;
    const b = await job('b', { steps: 1000 });
    await b.stream.running();
    b.stream.socket.terminate();
    await comfy.engine.seen('interrupted', promptsOf(rig, 'b')[0]);
  });
});
