/** Conformance: what sockets are told, to whom and in which order (comfyui §4). */
import { expect, it } from 'vitest';
import { imageGraph, probeGraph, sleepGraph } from './comfy-bench.ts';
import type { ComfyBench } from './comfy-bench.ts';
import type { ComfySocket } from './comfy-client.ts';

/** Types of the text frames of a prompt; sampler steps and progress_state left out. */
const outline = (socket: ComfySocket, promptId: string): string[] =>
  socket
    .texts({ promptId })
    .filter((f) => f.type !== 'progress' && f.type !== 'progress_state')
    .map((f) => (f.type === 'executing' ? `executing ${JSON.stringify(f.data['node'])}` : f.type));

export function comfyEvents(bench: () => ComfyBench): void {
  it('greets with status and sid, minted where none was given', async () => {
    const named = await bench().socket();
    expect(named.texts()[0]?.data['sid']).toBe(named.clientId);
    const nameless = await bench().socket({ clientId: '' });
    expect(String(nameless.texts()[0]?.data['sid'])).toMatch(/^[0-9a-f]{32}$/);
  });

  it('success: the order as the submitter sees it', async () => {
    const me = await bench().socket();
    const id = await bench().submit(sleepGraph(2, 20), me);
    await me.ended(id);
    expect(outline(me, id)).toEqual([
      'execution_start',
      'execution_cached',
      'executing "1"',
      'executing "2"',
      'executed',
      'execution_success',
      'executing null',
    ]);
    expect(
      me.texts({ type: 'progress', promptId: id }).map((f) => [f.data['value'], f.data['max'], f.data['node']]),
    ).toEqual([
      [1, 2, '1'],
      [2, 2, '1'],
    ]);
    const states = me.texts({ type: 'progress_state', promptId: id });
    expect(Object.keys(states.at(-1)?.data['nodes'] as object)).toEqual(['1', '2']);
    // The last status comes after execution_success and before the end.
    const order = me.texts().map((f) => f.type);
    expect(order.slice(-3)).toEqual(['execution_success', 'status', 'executing']);
  });

  it('an observer sees exactly three status frames of somebody’s job and nothing else', async () => {
    const observer = await bench().socket();
    const me = await bench().socket();
    const id = await bench().submit(sleepGraph(2, 20), me);
    await me.ended(id);
    await observer.until(() => observer.counts.length >= 4, 'three status frames');
    expect(observer.counts).toEqual([0, 1, 1, 0]);
    expect(observer.texts().map((f) => f.type)).toEqual(['status', 'status', 'status', 'status']);
    expect(observer.binaries()).toEqual([]);
  });

  it('the same graph again is served from cache', async () => {
    const me = await bench().socket();
    const graph = sleepGraph(2, 20);
    await me.ended(await bench().submit(graph, me));
    const again = await bench().submit(graph, me);
    await me.ended(again);
    expect(outline(me, again)).toEqual([
      'execution_start',
      'execution_cached',
      'executed',
      'execution_success',
      'executing null',
    ]);
    expect(me.texts({ type: 'execution_cached', promptId: again })[0]?.data['nodes']).toEqual(['1', '2']);
    expect((await bench().history(again))?.['outputs']).toHaveProperty('2');
  });

  it('a fully cached job without client_id ends as success, since the jobs API came with no outputs', async () => {
    const me = await bench().socket();
    const graph = sleepGraph(1, 10);
    await me.ended(await bench().submit(graph, me));
    const again = await bench().submit(graph, undefined);
    await bench().until(async () => (await bench().history(again)) !== undefined, 'history');
    const entry = await bench().history(again);
    expect(entry?.['outputs']).toEqual(bench().can.jobs ? {} : { '2': { text: ['ok'] } });
    expect(entry?.['status']).toMatchObject({ status_str: 'success', completed: true });
  });

  it('failure: execution_error, then the end; history says error', async () => {
    const me = await bench().socket();
    const id = await bench().submit(probeGraph('ProbeFail', { message: 'deliberate' }), me);
    await me.ended(id);
    expect(outline(me, id)).toEqual([
      'execution_start',
      'execution_cached',
      'executing "1"',
      'execution_error',
      'executing null',
    ]);
    expect(me.texts({ type: 'execution_error', promptId: id })[0]?.data).toMatchObject({
      node_id: '1',
      node_type: 'ProbeFail',
      executed: [],
      exception_message: 'deliberate\n',
      exception_type: 'RuntimeError',
      current_inputs: { message: ['deliberate'] },
    });
    expect((await bench().history(id))?.['status']).toMatchObject({ status_str: 'error', completed: false });
    expect((await bench().messages(id)).at(-1)).toBe('execution_error');
  });

  it('blocked: execution_error is not the end, the prompt succeeds', async () => {
    const me = await bench().socket();
    const id = await bench().submit(probeGraph('ProbeBlocker', { message: 'on purpose' }), me);
    await me.ended(id);
    expect(outline(me, id)).toEqual([
      'execution_start',
      'execution_cached',
      'executing "1"',
      'executing "2"',
      'execution_error',
      'execution_success',
      'executing null',
    ]);
    const error = me.texts({ type: 'execution_error', promptId: id })[0]?.data;
    expect(error).toMatchObject({
      node_id: '2',
      exception_type: 'ExecutionBlocked',
      exception_message: 'Execution Blocked: on purpose',
      current_inputs: [],
    });
    expect(error).not.toHaveProperty('timestamp');
    expect((await bench().history(id))?.['status']).toMatchObject({ status_str: 'success', completed: true });
    expect((await bench().history(id))?.['outputs']).toEqual({});
  });

  it('without client_id: progress goes to everybody, beginning and end to nobody', async () => {
    const [a, b] = [await bench().socket(), await bench().socket()];
    const id = await bench().submit(sleepGraph(2, 20), undefined);
    await bench().until(async () => (await bench().history(id)) !== undefined, 'history');
    for (const socket of [a, b]) {
      await socket.until(() => socket.counts.length >= 4, 'the last status');
      expect(new Set(socket.texts({ promptId: id }).map((f) => f.type))).toEqual(
        new Set(['progress', 'progress_state']),
      );
    }
  });

  it('without client_id: an interruption goes to everybody', async () => {
    const observer = await bench().socket();
    const id = await bench().submit(sleepGraph(4_000, 20), undefined);
    await observer.seen('progress', id);
    await bench().interrupt(id);
    await observer.seen('execution_interrupted', id);
  });

  it('an empty client_id means: to nobody', async () => {
    const observer = await bench().socket();
    const id = await bench().submit(sleepGraph(1, 20), undefined, { client_id: '' });
    await bench().until(async () => (await bench().history(id)) !== undefined, 'history');
    await observer.until(() => observer.counts.length >= 4, 'the last status');
    expect(observer.texts({ promptId: id })).toEqual([]);
  });

  it('text frames are binary type 3 with the node id', async () => {
    const me = await bench().socket();
    const id = await bench().submit(sleepGraph(1, 10, {}, { say: 'grüße' }), me);
    await me.ended(id);
    const frame = me.binaries(3)[0]?.bytes;
    expect(frame?.readUInt32BE(4)).toBe(1);
    expect(frame?.subarray(8).toString('utf8')).toBe('2grüße');
  });

  it('previews: type 1 after the progress of a step for a plain client', async () => {
    const me = await bench().socket();
    const id = await bench().submit(sleepGraph(2, 30, { preview: true }), me);
    await me.ended(id);
    expect(me.binaries(4)).toEqual([]);
    expect(me.binaries(1)).toHaveLength(2);
    const image = me.binaries(1)[0]?.bytes;
    expect([1, 2]).toContain(image?.readUInt32BE(4));
    expect(['ffd8ff', '89504e']).toContain(image?.subarray(8, 11).toString('hex'));
    const at = me.frames.findIndex((f) => f.kind === 'binary');
    expect(me.frames[at - 1]).toMatchObject({ type: 'progress' });
  });

  it('previews: type 4 with metadata, before the progress, for a client that asked', async () => {
    const me = await bench().socket({ flags: { supports_preview_metadata: true } });
    await me.seen('feature_flags');
    const id = await bench().submit(sleepGraph(2, 30, { preview: true }), me);
    await me.ended(id);
    expect(me.binaries(1)).toEqual([]);
    const frame = me.binaries(4)[0]?.bytes ?? Buffer.alloc(8);
    const length = frame.readUInt32BE(4);
    const metadata = JSON.parse(frame.subarray(8, 8 + length).toString('utf8')) as object;
    expect(metadata).toMatchObject({
      node_id: '1',
      prompt_id: id,
      display_node_id: '1',
      parent_node_id: null,
      real_node_id: '1',
    });
    expect(me.frames[me.frames.findIndex((f) => f.kind === 'binary') + 1]).toMatchObject({ type: 'progress' });
  });

  it('feature_flags are answered once, to the first frame only', async () => {
    const me = await bench().socket({ flags: { supports_preview_metadata: true } });
    expect((await me.seen('feature_flags')).data).toMatchObject({ supports_preview_metadata: true });
  });

  it('NaN and Infinity stand bare in frames and bodies', async () => {
    const me = await bench().socket();
    const graph = probeGraph('ProbeNaN', {});
    const id = await bench().submit({ '1': graph['1'] ?? { class_type: '', inputs: {} } }, me);
    await me.ended(id);
    expect(me.texts({ type: 'executed', promptId: id })[0]?.raw).toContain('[NaN, Infinity]');
    expect((await bench().get(`/history/${id}`)).text).toContain('[NaN, Infinity]');
    if (bench().can.jobs) expect((await bench().get(`/api/jobs/${id}`)).text).toContain('[NaN, Infinity]');
  });

  it('reconnecting during a job: status, then executing without prompt_id; nothing is replayed', async () => {
    const me = await bench().socket();
    const id = await bench().submit(sleepGraph(100, 30), me);
    await me.seen('progress', id);
    await me.close();
    const again = await bench().socket({ clientId: me.clientId });
    await again.seen('executing');
    expect(again.texts().slice(0, 2)).toMatchObject([{ type: 'status' }, { type: 'executing', data: { node: '1' } }]);
    expect(again.texts()[1]?.data).not.toHaveProperty('prompt_id');
    await again.ended(id);
    expect(again.texts({ type: 'execution_start' })).toEqual([]);
  });

  it('two sockets with one clientId: the newer gets everything; when the older closes, the newer is silenced too', async () => {
    const older = await bench().socket();
    const newer = await bench().socket({ clientId: older.clientId });
    const id = await bench().submit(sleepGraph(2, 20), newer);
    await newer.ended(id);
    expect(older.texts()).toHaveLength(1);
    await older.close();
    const before = newer.frames.length;
    const observer = await bench().socket();
    const second = await bench().submit(sleepGraph(1, 20), newer);
    await bench().until(async () => (await bench().history(second)) !== undefined, 'history');
    await observer.until(() => observer.counts.length >= 4, 'the status frames of the second job');
    expect(newer.frames).toHaveLength(before);
    expect(newer.closed).toBeUndefined();
  });

  it('outputs of SaveImage are named in executed and in history alike', async () => {
    const me = await bench().socket();
    const id = await bench().submit(imageGraph(), me);
    await me.ended(id);
    const output = me.texts({ type: 'executed', promptId: id })[0]?.data['output'];
    expect(output).toMatchObject({ images: [{ subfolder: '', type: 'output' }] });
    expect((await bench().history(id))?.['outputs']).toEqual({ '2': output });
  });
}
