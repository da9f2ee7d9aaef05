/** Conformance: identification, validation answers, history, jobs, files, access, restart (comfyui §2, §3, §7, §8). */
import { randomUUID } from 'node:crypto';
import { expect, it } from 'vitest';
import { imageGraph, sleepGraph } from './comfy-bench.ts';
import type { ComfyBench, Graph, Json } from './comfy-bench.ts';

export function comfyRecords(bench: () => ComfyBench): void {
  it('identifies itself', async () => {
    expect(await bench().json('/prompt')).toEqual({ exec_info: { queue_remaining: 0 } });
    expect(await bench().json('/features')).toMatchObject({
      supports_preview_metadata: true,
      max_upload_size: 104857600,
    });
    const stats = await bench().json('/system_stats');
    expect(stats['system']).toMatchObject({
      comfyui_version: expect.any(String) as unknown,
      ram_total: expect.any(Number) as unknown,
    });
    expect(stats['devices']).toMatchObject([
      { vram_total: expect.any(Number) as unknown, vram_free: expect.any(Number) as unknown },
    ]);
  });

  it('serves core routes bare and under /api, jobs only under /api', async () => {
    expect(await bench().json('/api/queue')).toEqual({ queue_running: [], queue_pending: [] });
    expect((await bench().get('/jobs')).status).toBe(404);
    expect((await bench().get('/nope')).status).toBe(404);
    expect((await bench().get('/api/jobs?limit=1')).status).toBe(bench().can.jobs ? 200 : 404);
  });

  it('refuses pages of other origins with 403, also sockets', async () => {
    const host = new URL(bench().server.url).host;
    expect((await bench().get('/queue', { Origin: 'https://evil.example' })).status).toBe(403);
    expect((await bench().get('/queue', { Origin: 'http://localhost:5173' })).status).toBe(403);
    expect((await bench().get('/queue', { Origin: `http://${host}` })).status).toBe(200);
    expect((await bench().get('/queue', { Origin: 'null' })).status).toBe(200);
    await expect(bench().socket({ headers: { Origin: 'https://evil.example' } })).rejects.toThrow('403');
  });

  it('refuses wrong prompts with a reason', async () => {
    const post = async (prompt: unknown): Promise<{ status: number; error: Json; nodes: Json }> => {
      const reply = await bench().post('/prompt', { prompt, client_id: 'x' });
      const json = (reply.json ?? {}) as Json;
      return { status: reply.status, error: (json['error'] ?? {}) as Json, nodes: (json['node_errors'] ?? {}) as Json };
    };
    const unknownClass = await post({ '1': { class_type: 'NoSuchNode', inputs: {} } });
    expect([unknownClass.status, unknownClass.error['type'], unknownClass.nodes]).toEqual([
      400,
      bench().can.newest ? 'missing_node_type' : 'invalid_prompt',
      {},
    ]);
    expect((await post({})).error['type']).toBe('prompt_no_outputs');
    const low = await post(imageGraph({ width: 0 }));
    expect(low.error['type']).toBe('prompt_outputs_failed_validation');
    expect(low.nodes).toMatchObject({
      '1': {
        class_type: 'EmptyImage',
        dependent_outputs: ['2'],
        errors: [
          { type: 'value_smaller_than_min', details: 'width', extra_info: { input_name: 'width', received_value: 0 } },
        ],
      },
    });
    expect((await post(imageGraph({ width: 'tall' }))).nodes).toMatchObject({
      '1': { errors: [{ type: 'invalid_input_type' }] },
    });
    const noWidth = imageGraph();
    delete noWidth['1']?.inputs['width'];
    expect((await post(noWidth)).nodes).toMatchObject({
      '1': { errors: [{ type: 'required_input_missing', details: 'width' }] },
    });
    const badLink: Graph = { '2': { class_type: 'SaveImage', inputs: { images: ['9', 0], filename_prefix: 'x' } } };
    expect((await post(badLink)).error['details']).toBe("Exception when validating node: '9'");
    const halfLink: Graph = { '2': { class_type: 'SaveImage', inputs: { images: ['1'], filename_prefix: 'x' } } };
    expect((await post(halfLink)).nodes).toMatchObject({ '2': { errors: [{ type: 'bad_linked_input' }] } });
    expect((await bench().post('/prompt', { client_id: 'x' })).json).toMatchObject({ error: { type: 'no_prompt' } });
    expect((await bench().post('/prompt', '[1]')).json).toMatchObject({ error: { type: 'no_prompt' } });
  });

  it.each([
    ['a body that is not JSON', 'hello'],
    ['a UI-format workflow', { prompt: { last_node_id: 3, nodes: [], links: [] } }],
    ['a number that is none', { prompt: sleepGraph(1, 1), number: 'abc' }],
    ['extra_data that is no object', { prompt: sleepGraph(1, 1), extra_data: null, client_id: 'x' }],
  ] as const)('answers %s with a 500 in text', async (_name, body) => {
    const reply = await bench().post('/prompt', body);
    expect([reply.status, reply.text]).toEqual([500, '500 Internal Server Error\n\nServer got itself in trouble']);
  });

  it('accepts partly valid prompts: 200 with node_errors, and runs the rest', async () => {
    const me = await bench().socket();
    const bad = imageGraph({ width: -5 })['1'];
    const graph: Graph = {
      ...imageGraph(),
      '4': bad ?? { class_type: '', inputs: {} },
      '3': { class_type: 'SaveImage', inputs: { images: ['4', 0], filename_prefix: 'bad' } },
    };
    const id = randomUUID();
    const reply = await bench().post('/prompt', { prompt: graph, client_id: me.clientId, prompt_id: id });
    expect(reply.status).toBe(200);
    expect(reply.json).toMatchObject({ prompt_id: id, node_errors: { '4': { dependent_outputs: ['3'] } } });
    await me.ended(id);
    expect(Object.keys((await bench().history(id))?.['outputs'] as object)).toEqual(['2']);
  });

  it('runs only the outputs that were asked for', async () => {
    const me = await bench().socket();
    const graph: Graph = { ...imageGraph(), '5': { class_type: 'ProbeOut', inputs: { images: ['1', 0] } } };
    const id = await bench().submit(graph, me, { partial_execution_targets: ['5'] });
    await me.ended(id);
    expect(Object.keys((await bench().history(id))?.['outputs'] as object)).toEqual(['5']);
    expect((await bench().post('/prompt', { prompt: graph, partial_execution_targets: ['99'] })).json).toMatchObject({
      error: { type: 'prompt_no_outputs' },
    });
  });

  it('ids: anything before the newest, canonical UUIDs there', async () => {
    const graph = sleepGraph(1, 5);
    const reply = await bench().post('/prompt', { prompt: graph, prompt_id: 12345, client_id: 'x' });
    if (bench().can.newest)
      expect([reply.status, (reply.json as { error: Json }).error['type']]).toEqual([400, 'invalid_prompt_id']);
    else expect(reply.json).toMatchObject({ prompt_id: '12345' });
  });

  it('pages history: newest N, oldest first among them', async () => {
    const me = await bench().socket();
    const ids: string[] = [];
    for (let i = 0; i < 3; i++) ids.push(await bench().submit(sleepGraph(1, 5), me));
    for (const id of ids) await me.ended(id);
    expect(Object.keys(await bench().json('/history?max_items=2'))).toEqual(ids.slice(1));
    expect(await bench().json('/history?max_items=0')).toEqual({});
    expect((await bench().get('/history?max_items=x')).status).toBe(500);
    expect(await bench().json(`/history/${randomUUID()}`)).toEqual({});
    expect((await bench().post('/history', { delete: [ids[1]] })).status).toBe(200);
    expect(await bench().history(ids[1] ?? '')).toBeUndefined();
    expect((await bench().post('/history', '')).status).toBe(500);
  });

  it('jobs: list shape while waiting, running, ended; filters, paging, 404', async () => {
    if (!bench().can.jobs) {
      expect((await bench().get('/api/jobs')).status).toBe(404);
      return;
    }
    const me = await bench().socket();
    const workflow = randomUUID();
    const running = await bench().submit(sleepGraph(4_000, 20), me, {
      extra_data: { extra_pnginfo: { workflow: { id: workflow } } },
    });
    const waiting = await bench().submit(sleepGraph(1, 5), me);
    await me.seen('progress', running);
    const list = async (query: string): Promise<{ jobs: Json[]; pagination: Json }> =>
      (await bench().json(`/api/jobs?${query}`)) as unknown as { jobs: Json[]; pagination: Json };
    const open = await list('status=in_progress,pending&sort_order=asc&limit=5');
    expect(open.pagination).toEqual({ offset: 0, limit: 5, total: 2, has_more: false });
    expect(open.jobs).toMatchObject([
      { id: running, status: 'in_progress', workflow_id: workflow, outputs_count: 0 },
      { id: waiting, status: 'pending' },
    ]);
    expect(open.jobs[1]).not.toHaveProperty('workflow_id');
    expect((await list(`workflow_id=${workflow}`)).jobs.map((j) => j['id'])).toEqual([running]);
    expect((await list('status=pending')).pagination).toMatchObject({ limit: null, total: 1 });
    await bench().interrupt(running);
    await me.ended(waiting);
    const stopped = await bench().json(`/api/jobs/${running}`);
    expect(stopped).toMatchObject({
      status: bench().can.newest ? 'cancelled' : 'failed',
      execution_status: { status_str: 'error' },
      workflow: { extra_data: { client_id: me.clientId } },
    });
    expect(stopped).not.toHaveProperty('execution_error');
    expect(await bench().json(`/api/jobs/${waiting}`)).toMatchObject({
      status: 'completed',
      outputs_count: 0,
      outputs: { '2': {} },
    });
    expect((await bench().get('/api/jobs?status=cancelled')).status).toBe(bench().can.newest ? 200 : 400);
    for (const wrong of ['limit=0', 'limit=x', 'sort_by=name', 'status=nope'])
      expect((await bench().get(`/api/jobs?${wrong}`)).status).toBe(400);
    const unknown = await bench().get(`/api/jobs/${randomUUID()}`);
    expect([unknown.status, unknown.json]).toEqual([404, { error: 'Job not found' }]);
  });

  it('a stranger’s extra_pnginfo turns /api/jobs into a 500 until it is gone', async () => {
    if (!bench().can.jobs) {
      expect((await bench().get('/api/jobs')).status).toBe(404);
      return;
    }
    const me = await bench().socket();
    const id = await bench().submit(sleepGraph(1, 5), me, { extra_data: { extra_pnginfo: null } });
    await me.ended(id);
    expect((await bench().get('/api/jobs')).status).toBe(500);
    expect((await bench().get(`/api/jobs/${id}`)).status).toBe(500);
    expect((await bench().get('/api/jobs?status=pending,in_progress')).status).toBe(200);
    await bench().post('/history', { delete: [id] });
    expect((await bench().get('/api/jobs')).status).toBe(200);
  });

  it('serves what was saved, with the prompt inside the PNG', async () => {
    const me = await bench().socket();
    const id = await bench().submit(imageGraph(), me);
    await me.ended(id);
    const outputs = (await bench().history(id))?.['outputs'] as { '2': { images: [{ filename: string }] } };
    const { filename } = outputs['2'].images[0];
    const file = await bench().get(`/view?filename=${filename}&type=output&subfolder=`);
    expect([file.status, file.type]).toEqual([200, 'image/png']);
    expect(file.bytes.subarray(1, 4).toString('latin1')).toBe('PNG');
    expect(file.bytes.toString('latin1')).toContain('tEXtprompt\0{"1": {"class_type": "EmptyImage"');
    expect((await bench().get(`/view?filename=none-${id}.png&type=output`)).status).toBe(404);
    expect((await bench().get('/view?filename=../x.png&type=output')).status).toBe(400);
    if (bench().can.jobs)
      expect(await bench().json(`/api/jobs/${id}`)).toMatchObject({
        outputs_count: 1,
        preview_output: { filename, type: 'output', nodeId: '2', mediaType: 'images' },
      });
  });

  it('takes uploads: same content is reused, other content gets another name', async () => {
    const upload = async (name: string, content: string): Promise<unknown> => {
      const form = new FormData();
      form.set('image', new Blob([content], { type: 'image/png' }), name);
      const reply = await fetch(`${bench().server.url}/upload/image`, { method: 'POST', body: form });
      return reply.json();
    };
    const name = `conformance-${randomUUID()}.png`;
    expect(await upload(name, 'one')).toEqual({ name, subfolder: '', type: 'input' });
    expect(await upload(name, 'one')).toEqual({ name, subfolder: '', type: 'input' });
    expect(await upload(name, 'two')).toEqual({ name: name.replace('.png', ' (1).png'), subfolder: '', type: 'input' });
  });

  it('describes its nodes', async () => {
    expect(await bench().json('/object_info/EmptyImage')).toMatchObject({
      EmptyImage: { input: { required: { width: ['INT', { min: 1 }] } }, output: ['IMAGE'], output_node: false },
    });
    expect(await bench().json('/object_info/NoSuch')).toEqual({});
  });

  it('a restart forgets everything and counts from 0', async (context) => {
    const { restart } = bench().server;
    if (!restart) context.skip('this server is not ours to restart');
    else {
      const me = await bench().socket();
      const done = await bench().submit(sleepGraph(1, 5), me);
      await me.ended(done);
      const lost = await bench().submit(sleepGraph(4_000, 20), me);
      await me.seen('progress', lost);
      await restart();
      expect(await me.closedBy()).toBe(1006);
      expect(await bench().queue()).toEqual({ running: [], pending: [] });
      expect(await bench().json('/history')).toEqual({});
      const first = (await bench().post('/prompt', { prompt: sleepGraph(1, 5), client_id: 'x' })).json as Json;
      expect(first['number']).toBe(0);
    }
  });
}
