/** What only the engine can show: races held open, rare behaviours switched on, restarts, costs. Each race has its own test. */
import { afterEach, describe, expect, it } from 'vitest';
import {
  type ComfyServerHandle,
  type ComfyServerOptions,
  startComfyServer,
} from '../../../electron/demo/comfy-server.ts';
import { ComfyBench, imageGraph, sleepGraph } from '../../conformance/comfy-bench.ts';

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
  it('popped: listed as running, an interrupt is answered 200 and lost (rec 24)', async () => {
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

  it('before-task-done: a global interrupt meant for A kills B (rec 23)', async () => {
    await start();
    const { engine } = server;
    const a = await bench.submit(sleepGraph(1, 5), undefined);
    const b = await bench.submit(sleepGraph(100, 20), undefined);
    const end = engine.pauseAt('before-task-done', { promptId: a });
    const started = engine.pauseAt('started', { promptId: b });
    await end.reached;
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
    const a = await bench.submit(sleepGraph(4, 10), undefined);
    const b = await bench.submit(sleepGraph(100, 20), undefined);
    await engine.seen('step', a);
    const checked = engine.pauseAt('interrupt-checked', { promptId: a });
    const reply = bench.interrupt(a);
    await checked.reached;
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
  it('three of equal id and number: 500, yet stored; the worker dies, HTTP goes on (rec 27)', async () => {
    await start();
    const { engine } = server;
    const first = await bench.submit(sleepGraph(30, 10), undefined);
    await engine.seen('step', first);
    const prompt_id = '0b0b0b0b-0000-4000-8000-000000000000';
    const post = async (): Promise<number> =>
      (await bench.post('/prompt', { prompt: sleepGraph(1, 5), prompt_id, number: 500, client_id: 'x' })).status;
    expect([await post(), await post(), await post()]).toEqual([200, 500, 500]);
    expect((await bench.queue()).pending).toHaveLength(3);
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

  it('one stalled reader stops everybody’s frames until it closes; HTTP goes on (reference §4.9)', async () => {
    await start();
    const { engine } = server;
    const stalled = await bench.socket();
    const me = await bench.socket();
    stalled.pause();
    // progress_state of a wide graph, to everybody: fills the stalled reader's buffers.
    const wide = Object.fromEntries(
      Array.from({ length: 260 }, (_, i) => [
        String(i + 1),
        {
          class_type: 'ProbeSleep',
          inputs: { steps: 1, ms: 0, seed: 7_000_000 + i, ...(i > 0 ? { upstream: [String(i), 0] } : {}) },
        },
      ]),
    );
    const graph = { ...wide, '999': { class_type: 'ProbeOut', inputs: { images: ['260', 0] } } };
    const id = await bench.submit(graph, undefined);
    await engine.seen('success', id);
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

describe('faults', () => {
  it('drops a reply after the prompt was taken: it runs all the same', async () => {
    await start();
    server.dropReplyNext('/prompt');
    const prompt_id = '0c0c0c0c-0000-4000-8000-000000000000';
    await expect(bench.post('/prompt', { prompt: sleepGraph(1, 5), prompt_id })).rejects.toThrow();
    await server.engine.seen('success', prompt_id);
    expect(server.engine.executionsOf(prompt_id)).toBe(1);
  });

  it('drops a request before it is processed', async () => {
    await start();
    server.dropRequestNext('/prompt', { method: 'POST' });
    await expect(bench.post('/prompt', { prompt: sleepGraph(1, 5) })).rejects.toThrow();
    expect(await bench.queue()).toEqual({ running: [], pending: [] });
    expect(server.engine.log).toEqual([]);
  });

  it('answers a status once, then works again', async () => {
    await start();
    server.failNext('/queue', 503);
    expect([(await bench.get('/api/queue')).status, (await bench.get('/queue')).status]).toEqual([503, 200]);
  });

  it('asks for credentials: missing 401, wrong 403, right 200; sockets too', async () => {
    await start();
    server.requireAuthorization('Bearer right');
    expect((await bench.get('/queue')).status).toBe(401);
    expect((await bench.get('/queue', { Authorization: 'Bearer wrong' })).status).toBe(403);
    expect((await bench.get('/queue', { Authorization: 'Bearer right' })).status).toBe(200);
    await expect(bench.socket()).rejects.toThrow('401');
    await bench.socket({ headers: { Authorization: 'Bearer right' } });
  });

  it('goes down and comes up on the same port with its memory', async () => {
    await start();
    const hold = server.engine.pauseAt('popped');
    const id = await bench.submit(sleepGraph(1, 5), undefined);
    await hold.reached;
    const me = await bench.socket();
    await server.goDown();
    expect(await me.closedBy()).toBe(1006);
    await expect(bench.get('/prompt')).rejects.toThrow();
    await server.comeUp();
    expect((await bench.queue()).running).toEqual([id]);
    hold.release();
    await server.engine.seen('success', id);
  });

  it('logs every request as it came', async () => {
    await start();
    await bench.interrupt('abc');
    await bench.post('/interrupt');
    expect(server.engine.requests.map(({ method, path, body }) => [method, path, body])).toEqual([
      ['POST', '/interrupt', { prompt_id: 'abc' }],
      ['POST', '/interrupt', undefined],
    ]);
  });

  it('files outlive a restart, history does not', async () => {
    await start();
    const id = await bench.submit(imageGraph(), await bench.socket());
    await server.engine.seen('success', id);
    await server.restart();
    expect(await bench.history(id)).toBeUndefined();
    expect((await bench.get('/view?filename=conformance_00001_.png&type=output')).status).toBe(200);
  });
});
