/** Conformance: submitting, ordering, deleting, interrupting (comfyui §3.3 to §3.5, §3.8, §5). */
import { randomUUID } from 'node:crypto';
import { expect, it } from 'vitest';
import { probeGraph, sleepGraph } from './comfy-bench.ts';
import type { ComfyBench, Json } from './comfy-bench.ts';

export function comfyControl(bench: () => ComfyBench): void {
  /** Keeps the worker busy so that what follows waits. */
  const occupy = async (): Promise<string> => {
    const id = await bench().submit(sleepGraph(2000, 20), undefined, { client_id: 'occupier' });
    await bench().until(async () => (await bench().queue()).running.includes(id), 'the first job to run');
    return id;
  };

  it('keeps a client-chosen id, adds create_time, lets client_id win over extra_data', async () => {
    await occupy();
    const me = await bench().socket();
    const id = await bench().submit(sleepGraph(1, 10), me, {
      extra_data: { client_id: 'other', create_time: 5, tag: { job: 7 }, api_key_comfy_org: 'secret' },
    });
    const items = (await bench().json('/queue'))['queue_pending'] as [number, string, unknown, Json, string[]][];
    const item = items.find((i) => i[1] === id);
    expect(item).toHaveLength(5);
    expect(item?.[3]).toMatchObject({ client_id: me.clientId, tag: { job: 7 } });
    expect(item?.[4]).toEqual(['2']);
    if (bench().can.jobs) {
      expect(Number(item?.[3]['create_time'])).toBeGreaterThan(1e12);
      expect(item?.[3]).not.toHaveProperty('api_key_comfy_org');
    } else {
      expect(item?.[3]).toMatchObject({ create_time: 5, api_key_comfy_org: 'secret' });
    }
  });

  it('lists the waiting in heap order and runs them by number', async () => {
    const first = await occupy();
    const me = await bench().socket();
    const ids = new Map<string, number>();
    for (const number of [9, 3, 7, 1, 8, 2, 6, 5, 4])
      ids.set(await bench().submit(sleepGraph(1, 5), me, { number }), number);
    expect((await bench().queue()).pending.map((id) => ids.get(id))).toEqual([1, 3, 2, 4, 8, 7, 6, 9, 5]);
    await bench().interrupt(first);
    await me.until(() => me.texts({ type: 'execution_start' }).length === 9, 'nine starts');
    expect(me.texts({ type: 'execution_start' }).map((f) => ids.get(String(f.data['prompt_id'])))).toEqual([
      1, 2, 3, 4, 5, 6, 7, 8, 9,
    ]);
  });

  it('breaks ties of number by id, not by arrival', async () => {
    const first = await occupy();
    const me = await bench().socket();
    const ids = ['c', 'a', 'b'].map((letter) => `${letter}0000000-0000-4000-8000-${randomUUID().slice(-12)}`);
    for (const prompt_id of ids) await bench().submit(sleepGraph(1, 5), me, { prompt_id, number: 77 });
    await bench().interrupt(first);
    await me.until(() => me.texts({ type: 'execution_start' }).length === 3, 'three starts');
    expect(me.texts({ type: 'execution_start' }).map((f) => f.data['prompt_id'])).toEqual([...ids].sort());
  });

  it('front puts before what waits; the counter counts refused prompts too', async () => {
    await occupy();
    const number = async (body: Json): Promise<number> =>
      Number(((await bench().post('/prompt', { client_id: 'x', ...body })).json as Json)['number']);
    const a = await number({ prompt: sleepGraph(1, 5) });
    const b = await number({ prompt: sleepGraph(1, 5), front: true });
    expect(b).toBe(-(a + 1));
    expect((await bench().post('/prompt', {})).status).toBe(400);
    expect(await number({ prompt: sleepGraph(1, 5), number: '7' })).toBe(7);
    expect(await number({ prompt: sleepGraph(1, 5) })).toBe(a + 3);
  });

  it('accepts the same id twice, and one delete removes one of them', async () => {
    await occupy();
    const me = await bench().socket();
    const id = await bench().submit(sleepGraph(1, 10), me);
    await bench().submit(sleepGraph(1, 10), me, { prompt_id: id });
    expect((await bench().queue()).pending).toEqual([id, id]);
    await bench().remove(id);
    expect((await bench().queue()).pending).toEqual([id]);
  });

  it('a deleted prompt is gone without a trace: no event but status, no history, no job', async () => {
    await occupy();
    const me = await bench().socket();
    const kept = await bench().submit(sleepGraph(1, 10), me);
    const id = await bench().submit(sleepGraph(1, 10), me);
    await me.until(() => me.counts.at(-1) === 3, 'all three counted');
    const before = me.counts.length;
    const reply = await bench().remove(id);
    expect([reply.status, reply.text]).toEqual([200, '']);
    await me.until(() => me.counts.length > before, 'a status');
    expect((await bench().queue()).pending).toEqual([kept]);
    expect(await bench().history(id)).toBeUndefined();
    if (bench().can.jobs) expect((await bench().get(`/api/jobs/${id}`)).status).toBe(404);
    expect(me.texts({ promptId: id })).toEqual([]);
    expect(me.counts.length).toBe(before + 1);
  });

  it('deleting the last waiting one sends two status frames (one on the newest)', async () => {
    await occupy();
    const me = await bench().socket();
    const id = await bench().submit(sleepGraph(1, 10), me);
    await me.until(() => me.counts.at(-1) === 2, 'both counted');
    const before = me.counts.length;
    await bench().remove(id);
    // A later delete of two unknown ids sends none; the clear after it sends one: everything before it has arrived then.
    await bench().remove('unknown', id);
    await bench().post('/queue', { clear: true });
    const extra = bench().can.newest ? 2 : 3;
    await me.until(() => me.counts.length >= before + extra, 'the status frames');
    expect(me.counts.length).toBe(before + extra);
  });

  it('deleting a running or unknown id answers 200 and does nothing', async () => {
    const running = await occupy();
    expect((await bench().remove(running, 'no-such-id')).status).toBe(200);
    expect((await bench().queue()).running).toEqual([running]);
  });

  it('clear empties the waiting, not the running', async () => {
    const running = await occupy();
    const me = await bench().socket();
    for (let i = 0; i < 3; i++) await bench().submit(sleepGraph(1, 10), me);
    expect((await bench().post('/queue', { clear: true })).status).toBe(200);
    expect(await bench().queue()).toEqual({ running: [running], pending: [] });
  });

  it('odd bodies of POST /queue', async () => {
    expect((await bench().post('/queue', '')).status).toBe(500);
    expect((await bench().post('/queue', 'hello')).status).toBe(500);
    expect((await bench().post('/queue', { delete: null })).status).toBe(500);
    expect((await bench().post('/queue', { delete: 'abc' })).status).toBe(200);
  });

  it('targeted interrupt stops the running prompt and tells where', async () => {
    const me = await bench().socket();
    const id = await bench().submit(sleepGraph(4_000, 20), me);
    await me.seen('progress', id);
    const reply = await bench().interrupt(id);
    expect([reply.status, reply.text]).toEqual([200, '']);
    await me.ended(id);
    expect(me.texts({ type: 'execution_interrupted', promptId: id })[0]?.data).toMatchObject({
      node_id: '1',
      node_type: 'ProbeSleep',
      executed: [],
    });
    expect(me.texts({ type: 'execution_success', promptId: id })).toEqual([]);
    expect((await bench().history(id))?.['status']).toMatchObject({ status_str: 'error', completed: false });
    expect((await bench().messages(id)).at(-1)).toBe('execution_interrupted');
  });

  it('targeted interrupt of a waiting or unknown id stops nobody', async () => {
    const me = await bench().socket();
    const running = await bench().submit(sleepGraph(60, 25), me);
    const waiting = await bench().submit(sleepGraph(1, 10), me);
    await me.seen('progress', running);
    await bench().interrupt(waiting);
    await bench().interrupt(randomUUID());
    await me.ended(waiting);
    expect(me.texts({ type: 'execution_interrupted' })).toEqual([]);
    expect(me.texts({ type: 'execution_success' }).map((f) => f.data['prompt_id'])).toEqual([running, waiting]);
  });

  it.each([
    ['no body', undefined],
    ['text', 'stop'],
    ['{}', {}],
    ['an empty id', { prompt_id: '' }],
    ['a null id', { prompt_id: null }],
  ] as const)('interrupt with %s is global: it stops whoever runs', async (_name, body) => {
    const me = await bench().socket();
    const id = await bench().submit(sleepGraph(4_000, 20), me);
    await me.seen('progress', id);
    expect((await bench().post('/interrupt', body)).status).toBe(200);
    await me.seen('execution_interrupted', id);
  });

  it.each(['[]', 'null', '"x"'])('interrupt with %s is a 500', async (body) => {
    expect((await bench().post('/interrupt', body)).status).toBe(500);
  });

  it('a node that never looks is stopped at the next node', async () => {
    const me = await bench().socket();
    const id = await bench().submit(probeGraph('ProbeBlock', { ms: 300 }), me);
    await me.seen('executing', id);
    await bench().interrupt(id);
    await me.ended(id);
    expect(me.texts({ type: 'execution_interrupted', promptId: id })[0]?.data).toMatchObject({
      node_id: '2',
      executed: ['1'],
    });
  });

  it('if it is the last node the prompt succeeds, and the next one is not hurt by the flag', async () => {
    const me = await bench().socket();
    const graph = { '1': { class_type: 'ProbeBlockOut', inputs: { ms: 300, seed: Date.now() % 2_000_000_000 } } };
    const id = await bench().submit(graph, me);
    await me.seen('executing', id);
    await bench().interrupt(id);
    await me.ended(id);
    expect((await bench().messages(id)).at(-1)).toBe('execution_success');
    const next = await bench().submit(sleepGraph(2, 20), me);
    await me.ended(next);
    expect((await bench().messages(next)).at(-1)).toBe('execution_success');
  });

  it('an interrupt while idle does not hurt the next prompt', async () => {
    await bench().post('/interrupt');
    const me = await bench().socket();
    const id = await bench().submit(sleepGraph(2, 20), me);
    await me.ended(id);
    expect((await bench().messages(id)).at(-1)).toBe('execution_success');
  });

  it('cancel endpoints: 405 or 404 before the newest, exact there', async () => {
    const me = await bench().socket();
    const running = await bench().submit(sleepGraph(4_000, 20), me);
    const waiting = await bench().submit(sleepGraph(1, 10), me);
    await me.seen('progress', running);
    const answer = async (id: string): Promise<unknown> => {
      const reply = await bench().post(`/api/jobs/${id}/cancel`);
      return reply.status === 200 ? (reply.json as Json)['cancelled'] : reply.status;
    };
    if (!bench().can.newest) {
      expect([404, 405]).toContain(await answer(waiting));
      expect((await bench().queue()).pending).toEqual([waiting]);
      return;
    }
    expect(await answer(waiting)).toBe(true);
    expect((await bench().queue()).pending).toEqual([]);
    expect(await answer(randomUUID())).toBe(false);
    expect((await bench().post('/api/jobs/cancel', { job_ids: ['nope'] })).status).toBe(400);
    expect((await bench().post('/api/jobs/cancel', { job_ids: [running] })).status).toBe(200);
    await me.seen('execution_interrupted', running);
    await me.ended(running);
    expect(await answer(running)).toBe(false);
    expect(await bench().json(`/api/jobs/${running}`)).toMatchObject({ status: 'cancelled' });
  });
}
