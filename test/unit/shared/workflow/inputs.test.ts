/** Which inputs of a graph are offered: found by shape, through links, each once. */
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { findInputs, keyOf, withEdits } from '../../../../shared/workflow/inputs.ts';
import type { WorkflowInput } from '../../../../shared/workflow/inputs.ts';
import type { ComfyGraph } from '../../../../shared/workflow/graph.ts';

const sample = (name: string): ComfyGraph =>
  JSON.parse(
    readFileSync(new URL(`../../../../resources/workflows/${name}.json`, import.meta.url), 'utf8'),
  ) as ComfyGraph;
const where = (input: WorkflowInput | null): string | null =>
  input === null ? null : `${input.nodeId}.${input.input}`;

describe('the plain text-to-image graph', () => {
  const found = findInputs(sample('text-to-image'));

  it('gives every main input its place', () => {
    expect(found.prompts.map(where)).toEqual(['6.text']);
    expect(found.negatives.map(where)).toEqual(['7.text']);
    expect(
      [
        found.width,
        found.height,
        found.steps,
        found.cfg,
        found.sampler,
        found.scheduler,
        found.model,
        found.images,
      ].map(where),
    ).toEqual([
      '5.width',
      '5.height',
      '3.steps',
      '3.cfg',
      '3.sampler_name',
      '3.scheduler',
      '4.ckpt_name',
      '5.batch_size',
    ]);
    expect(found.seeds.map(where)).toEqual(['3.seed']);
  });

  it('lists the rest by node, and links nowhere', () => {
    expect(found.further.map(({ title, inputs }) => [title, inputs.map(({ input }) => input)])).toEqual([
      ['KSampler', ['denoise']],
      ['Save Image', ['filename_prefix']],
    ]);
    expect(found.furtherCount).toBe(2);
  });
});

it('two samplers: every seed is a seed, the second steps are further inputs', () => {
  const found = findInputs(sample('two-passes'));
  expect(found.seeds.map(where)).toEqual(['5.seed', '6.seed']);
  expect(where(found.steps)).toBe('5.steps');
  expect(found.further.find(({ title }) => title === 'Second pass')?.inputs.map(({ input }) => input)).toContain(
    'steps',
  );
  expect(found.prompts.map(where)).toEqual(['2.text']);
});

it('follows links to primitives, text nodes and through a ControlNet by slot', () => {
  const found = findInputs({
    text: { class_type: 'PrimitiveString', inputs: { value: 'a kiosk' } },
    good: { class_type: 'CLIPTextEncode', inputs: { text: ['text', 0], clip: ['m', 1] } },
    bad: { class_type: 'CLIPTextEncode', inputs: { text: 'blurry', clip: ['m', 1] } },
    net: {
      class_type: 'ControlNetApplyAdvanced',
      inputs: { positive: ['good', 0], negative: ['bad', 0], strength: 0.8, image: ['i', 0] },
    },
    seed: { class_type: 'Seed (rgthree)', inputs: { seed: 12 } },
    k: { class_type: 'KSampler', inputs: { seed: ['seed', 0], positive: ['net', 0], negative: ['net', 1], steps: 20 } },
  });
  expect(found.prompts.map(where)).toEqual(['text.value']);
  expect(found.negatives.map(where)).toEqual(['bad.text']);
  expect(found.seeds.map(where)).toEqual(['seed.seed']);
});

it('a Flux graph: the guider leads to the prompt, the noise to the seed', () => {
  const found = findInputs({
    enc: { class_type: 'CLIPTextEncode', inputs: { text: 'a heron', clip: ['c', 0] } },
    flux: { class_type: 'FluxGuidance', inputs: { guidance: 3.5, conditioning: ['enc', 0] } },
    g: { class_type: 'BasicGuider', inputs: { model: ['m', 0], conditioning: ['flux', 0] } },
    n: { class_type: 'RandomNoise', inputs: { noise_seed: 5 } },
    s: { class_type: 'SamplerCustomAdvanced', inputs: { noise: ['n', 0], guider: ['g', 0] } },
  });
  expect(found.prompts.map(where)).toEqual(['enc.text']);
  expect(found.negatives).toEqual([]);
  expect(found.seeds.map(where)).toEqual(['n.noise_seed']);
  expect(where(found.cfg)).toBe('flux.guidance');
});

it('without a sampler, encoders are told apart by title', () => {
  const encoder = (text: string, title: string) => ({
    class_type: 'CLIPTextEncode',
    inputs: { text },
    _meta: { title },
  });
  const found = findInputs({ a: encoder('x', 'Negative'), b: encoder('y', 'Prompt') });
  expect([found.prompts.map(where), found.negatives.map(where)]).toEqual([['b.text'], ['a.text']]);
});

it('links in a circle end', () => {
  const found = findInputs({
    a: { class_type: 'X', inputs: { positive: ['b', 0], value: ['b', 0], steps: ['a', 0] } },
    b: { class_type: 'Y', inputs: { conditioning: ['a', 0], value: ['a', 0] } },
  });
  expect(found.furtherCount).toBe(0);
});

const value = fc.oneof(
  fc.string(),
  fc.integer(),
  fc.boolean(),
  fc.tuple(fc.constantFrom('1', '2', '3'), fc.nat(2)),
  fc.constant(null),
);
const names = fc.constantFrom(
  'seed',
  'steps',
  'text',
  'positive',
  'negative',
  'width',
  'height',
  'batch_size',
  'value',
  'conditioning',
  'other',
);
const graphs = fc.dictionary(
  fc.constantFrom('1', '2', '3'),
  fc.record({
    class_type: fc.constantFrom('KSampler', 'Guider', 'CLIPTextEncode'),
    inputs: fc.dictionary(names, value),
  }),
);

it('every literal is offered exactly once, whatever the graph', () => {
  fc.assert(
    fc.property(graphs, (made) => {
      const graph = made as unknown as ComfyGraph;
      const { further, furtherCount, prompts, negatives, seeds, ...main } = findInputs(graph);
      const singles = [
        main.width,
        main.height,
        main.steps,
        main.cfg,
        main.sampler,
        main.scheduler,
        main.model,
        main.images,
      ].filter((input) => input !== null);
      const rest = further.flatMap(({ inputs }) => inputs);
      const all = [...prompts, ...negatives, ...seeds, ...singles, ...rest].map(keyOf);
      const literals = Object.entries(graph).flatMap(([nodeId, node]) =>
        Object.entries(node.inputs)
          .filter(([, v]) => v !== null && typeof v !== 'object')
          .map(([input]) => keyOf({ nodeId, input })),
      );
      expect(rest.length).toBe(furtherCount);
      expect([...all].sort()).toEqual(literals.sort());
    }),
  );
});

it('edits change what they name and leave the original alone', () => {
  const graph = sample('text-to-image');
  const before = JSON.stringify(graph);
  const edited = withEdits(graph, new Map([[keyOf({ nodeId: '3', input: 'steps' }), 30]]));
  expect(edited['3']?.inputs['steps']).toBe(30);
  expect(edited['4']).toBe(graph['4']);
  expect(JSON.stringify(graph)).toBe(before);
});
