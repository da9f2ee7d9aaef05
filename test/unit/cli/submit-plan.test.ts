/** Files and options of `submit` → what is sent, or a sentence why not. */
import { describe, expect, it } from 'vitest';
import { Failure } from '../../../electron/cli/exit-codes.ts';
import { planFor, planSubmit } from '../../../electron/cli/submit-plan.ts';
import type { Wishes } from '../../../electron/cli/submit-plan.ts';
import { readWorkflowBytes } from '../../../electron/cli/workflow-file.ts';
import type { JobPayload } from '../../../shared/job.ts';
import { packedChunk, png, textChunk } from '../shared/workflow/image-makers.ts';

const graph = {
  '3': {
    class_type: 'KSampler',
    inputs: { seed: 7, steps: 20, sampler_name: 'euler', model: ['4', 0] },
    _meta: { title: 'Main sampler' },
  },
  '6': { class_type: 'CLIPTextEncode', inputs: { text: 'a harbour', clip: ['4', 1] }, _meta: { title: 'Prompt v1.2' } },
  '7': { class_type: 'CLIPTextEncode', inputs: { text: '', clip: ['4', 1] } },
};
const payload: JobPayload = { kind: 'comfy', graph };
const plan = (wishes: Partial<Wishes>) =>
  planSubmit(payload, { sets: [], seed: undefined, count: 1, ...wishes }, () => 99);
const inputs = (sets: string[], node: string) => {
  const made = plan({ sets }).payload;
  return made.kind === 'comfy' ? made.graph[node]?.inputs : undefined;
};

describe('--set', () => {
  it('finds a node by id, by title (also with dots in it), by class where only one has it', () => {
    expect(inputs(['3.steps=4'], '3')).toMatchObject({ steps: 4 });
    expect(inputs(['main sampler.steps=5'], '3')).toMatchObject({ steps: 5 });
    expect(inputs(['Prompt v1.2.text=a=b'], '6')).toMatchObject({ text: 'a=b' });
    expect(inputs(['KSampler.sampler_name=dpmpp_2m'], '3')).toMatchObject({ sampler_name: 'dpmpp_2m' });
  });

  it('keeps text text and numbers numbers', () => {
    expect(inputs(['6.text=123'], '6')).toMatchObject({ text: '123' });
    expect(inputs(['3.seed=123'], '3')).toMatchObject({ seed: 123 });
  });

  it.each(['3.steps', 'steps=4', '3.nothing=4', 'Nobody.steps=4', 'CLIPTextEncode.text=x', '3.steps=many'])(
    'refuses "%s"',
    (word) => {
      expect(() => plan({ sets: [word] })).toThrow(Failure);
    },
  );

  it('leaves the given payload as it was', () => {
    plan({ sets: ['3.steps=4'] });
    expect(graph['3'].inputs.steps).toBe(20);
  });
});

describe('--seed and --count', () => {
  const seeds = (wishes: Partial<Wishes>) => plan(wishes).jobs.map((job) => job.patch?.set?.['3']?.['seed'] ?? null);
  it('one job as it is; several with seeds of their own; a number and the next ones', () => {
    expect(seeds({})).toEqual([null]);
    expect(seeds({ seed: '5' })).toEqual([5]);
    expect(seeds({ seed: '5', count: 3 })).toEqual([5, 6, 7]);
    expect(seeds({ count: 2 })).toEqual([99, 100]);
    expect(seeds({ seed: 'random' })).toEqual([99]);
  });

  it('refuses what is no seed, and a seed for a workflow that has none', () => {
    for (const seed of ['-1', 'x', '1.5', '9007199254740993']) expect(() => plan({ seed })).toThrow(Failure);
    const without: JobPayload = { kind: 'comfy', graph: { '7': graph['7'] } };
    expect(() => planSubmit(without, { sets: [], seed: '5', count: 1 })).toThrow(Failure);
    expect(planSubmit(without, { sets: [], seed: undefined, count: 2 }).jobs).toEqual([{}, {}]);
  });

  it('goes into SwarmUI as a workflow only where no ComfyUI could take it', () => {
    const made = { payload, jobs: [{}] };
    expect(planFor(made, ['swarm', 'swarm'], false).payload).toEqual({
      kind: 'swarm',
      images: 1,
      params: { comfyworkflowraw: JSON.stringify(graph) },
    });
    for (const kinds of [[], ['comfy'], ['swarm', 'comfy']] as const) expect(planFor(made, kinds, false)).toBe(made);
    const params = { payload: { kind: 'swarm' as const, images: 1, params: {} }, jobs: [{}] };
    for (const kinds of [['swarm'], ['comfy']] as const) expect(planFor(params, kinds, false)).toBe(params);
  });

  it('sets a SwarmUI parameter by name', () => {
    const swarm: JobPayload = { kind: 'swarm', images: 1, params: { prompt: 'x', steps: 20 } };
    expect(planSubmit(swarm, { sets: ['images=3'], seed: undefined, count: 1 }).payload).toEqual({
      ...swarm,
      images: 3,
    });
    expect(() => planSubmit(swarm, { sets: ['images=0'], seed: undefined, count: 1 })).toThrow(
      'images is a whole number',
    );
    expect(planSubmit(swarm, { sets: ['steps=8'], seed: '3', count: 1 })).toEqual({
      payload: { kind: 'swarm', images: 1, params: { prompt: 'x', steps: 8 } },
      jobs: [{ patch: { params: { seed: 3 } } }],
    });
  });
});

describe('files', () => {
  const read = (data: string | Uint8Array) =>
    readWorkflowBytes('a', typeof data === 'string' ? Buffer.from(data) : data);

  it('are read as a graph, as a saved POST /prompt body, with Python’s NaN, as SwarmUI parameters', async () => {
    expect((await read(JSON.stringify(graph))).payload).toEqual(payload);
    expect((await read(`\uFEFF${JSON.stringify({ prompt: graph, client_id: 'x' })}`)).payload).toEqual(payload);
    expect((await read('{"1":{"class_type":"X","inputs":{"a":NaN,"b":"NaN"}}}')).payload).toEqual({
      kind: 'comfy',
      graph: { '1': { class_type: 'X', inputs: { a: null, b: 'NaN' } } },
    });
    expect((await read('{"prompt":"a cat","images":3,"steps":4}')).payload).toEqual({
      kind: 'swarm',
      images: 3,
      params: { prompt: 'a cat', steps: 4 },
    });
  });

  it('name the numbers that JSON can’t keep', async () => {
    expect((await read('{"1":{"class_type":"X","inputs":{"seed":18446744073709551615}}}')).inexact).toEqual(['1.seed']);
  });

  it.each([
    '',
    '[]',
    '{}',
    '{"a":1}',
    'no',
    '{"1":{"class_type":"X","inputs":{}},"2":{"class_type":"Y"}}',
    '{"nodes":[],"links":[]}',
    '\0\0',
  ])('refuse %s', async (text) => {
    await expect(read(text)).rejects.toThrow(Failure);
  });

  it('are PNGs too, packed or plain, and one that claims gigabytes is refused', async () => {
    const text = JSON.stringify(graph);
    expect((await read(png(textChunk('prompt', text)))).payload).toEqual(payload);
    expect((await read(png(packedChunk('prompt', text)))).payload).toEqual(payload);
    const bomb = png(packedChunk('prompt', ' '.repeat(30_000_000)));
    await expect(read(bomb)).rejects.toThrow(/carries no workflow/);
    await expect(read(png(textChunk('parameters', 'Steps: 4')))).rejects.toThrow(/parameters of Stable Diffusion/);
  });
});
