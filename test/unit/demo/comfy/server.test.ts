/** The shell around the engine: everything that can go wrong on the way, one switch each. */
import { afterEach, describe, expect, it } from 'vitest';
import { startComfyServer } from '../../../../electron/demo/comfy/server.ts';
import type { ComfyServerHandle, ComfyServerOptions } from '../../../../electron/demo/comfy/server.ts';
import { ComfyBench, imageGraph, sleepGraph } from '../../../conformance/comfy-bench.ts';

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

  it('refuses bodies over its limit with 413', async () => {
    await start({ maxBodyBytes: 1000 });
    const reply = await bench.post('/prompt', 'x'.repeat(500_000));
    expect([reply.status, server.engine.requests]).toEqual([413, []]);
    expect((await bench.get('/prompt')).status).toBe(200);
  });

  it('listens on loopback only', async () => {
    await start();
    await expect(startComfyServer({ host: '0.0.0.0' })).rejects.toThrow('loopback');
  });
});
