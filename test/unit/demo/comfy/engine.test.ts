/** What only the engine can show: races held open, rare behaviours switched on, restarts, costs. Each race has its own test. */
import { afterEach, describe, expect, it } from 'vitest';
import { startComfyServer } from '../../../../electron/demo/comfy/server.ts';
import type { ComfyServerHandle, ComfyServerOptions } from '../../../../electron/demo/comfy/server.ts';
import { ComfyBench, sleepGraph } from '../../../conformance/comfy-bench.ts';

let server: ComfyServerHandle;
let bench: ComfyBench;

async function start(options: ComfyServerOptions = {}): Promise<void> {
  server = await startComfyServer({ stepMs: 5, ...options });
  const { version = '0.8.0' } = options;
  bench = new ComfyBench({
    url: server.url,
    abilities: { jobs: version !== '0.3.64', newest: version === 'new' },
    close: () => server.close(),
  });
}

afterEach(async () => {
  server.engine.unfreeze();
  await server.close();
});

describe('races held open', () => {
  it('popped: listed as running, an interrupt is answered 200 and lost (comfyui rec 24)', async () => {
    await start();
    const { engine } = server;
    const hold = engine.pauseAt('popped');
    const id = await bench.submit(sleepGraph(2, 5), undefined);
    expect((await hold.reached).promptId).toBe(id);
    expect((await bench.queue()).running).toEqual([id]);
    expect((await bench.interrupt(id)).status).toBe(200);
    hold.release();
    await engine.idle();
    expect(engine.outcomesOf(id)).toEqual(['success']);
  });

  it('popped, with lostInterruptAtPickup off: the interrupt holds', async () => {
    await start({ quirks: { lostInterruptAtPickup: false } });
    const hold = server.engine.pauseAt('popped');
    const id = await bench.submit(sleepGraph(2, 5), undefined);
    await hold.reached;
    await bench.interrupt(id);
    hold.release();
    await server.engine.idle();
    expect(server.engine.outcomesOf(id)).toEqual(['interrupted']);
  });

  it('before-task-done: a global interrupt meant for A kills B (comfyui rec 23)', async () => {
    await start();
    const { engine } = server;
    const end = engine.pauseAt('before-task-done');
    const a = await bench.submit(sleepGraph(1, 5), undefined);
    await end.reached;
    const b = await bench.submit(sleepGraph(100, 20), undefined);
    const started = engine.pauseAt('started', { promptId: b });
    end.release();
    await started.reached;
    await bench.post('/interrupt');
    started.release();
    await engine.idle();
    expect([engine.outcomesOf(a), engine.outcomesOf(b)]).toEqual([['success'], ['interrupted']]);
  });

  it('interrupt-checked: a targeted interrupt can hit the next job between check and flag (C6)', async () => {
    await start();
    const { engine } = server;
    const end = engine.pauseAt('before-task-done');
    const a = await bench.submit(sleepGraph(1, 5), undefined);
    await end.reached;
    const b = await bench.submit(sleepGraph(500, 20), undefined);
    const checked = engine.pauseAt('interrupt-checked', { promptId: a });
    const reply = bench.interrupt(a);
    await checked.reached;
    end.release();
    await engine.seen('step', b);
    checked.release();
    await reply;
    await engine.idle();
    expect([engine.outcomesOf(a), engine.outcomesOf(b)]).toEqual([['success'], ['interrupted']]);
  });

  it('before-pop: prompts stay waiting as long as the test wants', async () => {
    await start();
    const hold = server.engine.pauseAt('before-pop');
    const id = await bench.submit(sleepGraph(1, 5), undefined);
    await hold.reached;
    await bench.remove(id);
    hold.release();
    const next = await bench.submit(sleepGraph(1, 5), undefined);
    await server.engine.seen('success', next);
    expect(server.engine.executionsOf(id)).toBe(0);
  });

  it('after-history: history is written and nothing runs before the end is told', async () => {
    await start();
    const me = await bench.socket();
    const hold = server.engine.pauseAt('after-history');
    const id = await bench.submit(sleepGraph(1, 5), me);
    await hold.reached;
    expect(await bench.queue()).toEqual({ running: [], pending: [] });
    expect(await bench.history(id)).toBeDefined();
    expect(me.texts({ type: 'executing', promptId: id }).some((f) => f.data['node'] === null)).toBe(false);
    hold.release();
    await me.ended(id);
  });

  it('before-prompt-reply: frames precede the answer to their own POST', async () => {
    await start();
    const me = await bench.socket();
    const hold = server.engine.pauseAt('before-prompt-reply');
    let answered = false;
    const posted = bench.submit(sleepGraph(1, 5), me).then((id) => {
      answered = true;
      return id;
    });
    const { promptId } = await hold.reached;
    await me.ended(promptId);
    expect(answered).toBe(false);
    hold.release();
    expect(await posted).toBe(promptId);
  });

  it('a released hold that was never reached holds nothing', async () => {
    await start();
    server.engine.pauseAt('popped').release();
    const id = await bench.submit(sleepGraph(1, 5), undefined);
    await server.engine.seen('success', id);
  });
});

describe('rare behaviour', () => {
  it('three of equal id and number: 500, yet stored; the worker dies, HTTP goes on (comfyui rec 27)', async () => {
    await start();
    const { engine } = server;
    const busy = engine.pauseAt('before-task-done');
    await bench.submit(sleepGraph(1, 5), undefined);
    await busy.reached;
    const prompt_id = '0b0b0b0b-0000-4000-8000-000000000000';
    const body = (): object => ({ prompt: sleepGraph(1, 5), prompt_id, number: 500, client_id: 'x' });
    const post = async (): Promise<number> => (await bench.post('/prompt', body())).status;
    expect([await post(), await post(), await post()]).toEqual([200, 500, 500]);
    expect((await bench.queue()).pending).toHaveLength(3);
    busy.release();
    await engine.seen('worker-died');
    expect((await bench.queue()).running).toEqual([]);
    await bench.submit(sleepGraph(1, 5), undefined);
    expect((await bench.json('/prompt'))['exec_info']).toEqual({ queue_remaining: 3 });
    engine.restart();
    const after = await bench.submit(sleepGraph(1, 5), undefined);
    await engine.seen('success', after);
  });

  it('a targeted interrupt stalls everything in proportion to what waits (C6)', async () => {
    await start({ quirks: { interruptStallMsPerWaiting: 10 } });
    const { engine } = server;
    const running = await bench.submit(sleepGraph(500, 20), undefined);
    await engine.seen('step', running);
    for (let i = 0; i < 20; i++) engine.addForeign(sleepGraph(1, 5));
    const interrupt = bench.interrupt(running);
    await bench.until(
      () => Promise.resolve(engine.requests.some((r) => r.path === '/interrupt')),
      'the interrupt to arrive',
    );
    expect(engine.log.some((e) => e.event === 'interrupt-set')).toBe(false);
    // Asked after the interrupt, 20 waiting × 10 ms before its copy is done: served only when it is.
    await bench.get('/prompt');
    expect(engine.log.some((e) => e.event === 'interrupt-set')).toBe(true);
    await interrupt;
    await engine.seen('interrupted', running);
  });

  it('one stalled reader stops everybody’s frames until it closes; HTTP goes on (comfyui §4.9)', async () => {
    await start();
    const { engine } = server;
    const stalled = await bench.socket();
    const me = await bench.socket();
    stalled.pause();
    // Text frames of a job without client_id go to everybody: these fill the stalled reader's buffers.
    for (let i = 0; i < 4; i++) {
      const id = await bench.submit(sleepGraph(1, 1, {}, { say: 'x'.repeat(4_000_000) }), undefined);
      await engine.seen('success', id);
    }
    const frames = me.frames.length;
    expect((await bench.get('/prompt')).status).toBe(200);
    const second = await bench.submit(sleepGraph(1, 5), me);
    await engine.seen('success', second);
    expect(me.texts({ promptId: second })).toEqual([]);
    stalled.resume();
    await me.ended(second);
    expect(me.frames.length).toBeGreaterThan(frames);
  });

  it('freeze: slow is not offline', async () => {
    await start();
    const { engine } = server;
    const me = await bench.socket();
    engine.freeze();
    let answered = false;
    const poll = bench.get('/prompt').then((reply) => {
      answered = true;
      return reply;
    });
    const { promptId } = engine.addForeign(sleepGraph(1, 5));
    await engine.seen('success', promptId);
    expect([answered, me.counts.length, me.closed]).toEqual([false, 1, undefined]);
    engine.unfreeze();
    expect((await poll).status).toBe(200);
    await me.until(() => me.counts.length === 4, 'the frames that were held back');
  });

  it('0.3.64 has no create_time and lists no jobs; 0.8.0 takes keys out of extra_data', async () => {
    await start({ version: '0.3.64' });
    server.engine.pauseAt('popped');
    await bench.submit(sleepGraph(1, 5), undefined, { extra_data: { api_key_comfy_org: 'k' } });
    await server.engine.seen('popped');
    const [[, , , extra]] = (await bench.json('/queue'))['queue_running'] as [[number, string, object, object]];
    expect(extra).toEqual({ api_key_comfy_org: 'k' });
    expect((await bench.get('/api/jobs')).status).toBe(404);
  });
});
