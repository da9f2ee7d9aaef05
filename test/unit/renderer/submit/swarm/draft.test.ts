/** From the SwarmUI form to the call that queues it: sizes, seeds, variants, what is sent and what is not; workflows for SwarmUI. */
import { describe, expect, it } from 'vitest';
import { SubmitJobsSchema } from '../../../../../shared/job.ts';
import type { SubmitJobs } from '../../../../../shared/job.ts';
import type { ComfyGraph } from '../../../../../shared/workflow/graph.ts';
import type { CatalogueView, ParamView } from '../../../../../shared/server-manage.ts';
import {
  EMPTY_DRAFT,
  faultsOf,
  furtherOf,
  keptText,
  modelOf,
  planOf,
  readKept,
  shownEssential,
  submissionOf,
} from '../../../../../renderer/submit/swarm/draft.ts';
import type { SwarmDraft } from '../../../../../renderer/submit/swarm/draft.ts';
import { findModels } from '../../../../../renderer/submit/swarm/model.tsx';
import { asSwarm, swarmResults } from '../../../../../shared/workflow/swarm-raw.ts';

const param = (id: string, type: string, more: Partial<ParamView> = {}): ParamView => ({
  id,
  name: id,
  description: '',
  type,
  default: '',
  min: 0,
  max: 0,
  viewMin: 0,
  viewMax: 0,
  step: 1,
  values: null,
  valueNames: null,
  advanced: false,
  toggleable: false,
  priority: 0,
  group: null,
  ...more,
});
const catalogue: CatalogueView = {
  models: [
    { name: 'dreamscape-xl', title: 'Dreamscape XL', architecture: 'sdxl', width: 1024, height: 768 },
    { name: 'small/studio', title: 'Studio 1.5', architecture: 'sd15', width: 512, height: 512 },
    { name: 'unknown', title: 'unknown', architecture: null, width: null, height: null },
  ],
  params: [
    param('prompt', 'text'),
    param('seed', 'integer', { min: -1, max: 4_294_967_295 }),
    param('steps', 'integer', { min: 0, max: 500, default: '20' }),
    param('width', 'integer', { min: 64, max: 16_384 }),
    param('height', 'integer', { min: 64, max: 16_384 }),
    param('cfgscale', 'decimal', { min: 0, max: 100 }),
    param('sampler', 'dropdown', { group: 'sampling', values: ['euler', 'heun'] }),
    param('seamless', 'boolean', { group: 'sampling', advanced: true }),
    param('batchsize', 'integer', { min: 1, max: 100 }),
    param('initimage', 'image', { group: 'init' }),
  ],
  groups: [
    { id: 'init', name: 'Init', open: false, advanced: false, priority: 1 },
    { id: 'sampling', name: 'Sampling', open: false, advanced: false, priority: 0 },
  ],
  defaults: { width: 512, height: 512, steps: 20, cfgscale: 7 },
  others: { VAE: ['one-vae'] },
  fetchedAt: 1,
};
const draft = (more: Partial<SwarmDraft> = {}): SwarmDraft => ({ ...EMPTY_DRAFT, prompt: 'a lake', ...more });
const sent = (of: SwarmDraft, random?: () => number): SubmitJobs => {
  const submission = submissionOf(of, catalogue, 'end', 'token', random);
  if (submission === null) throw new Error('it can be queued');
  return SubmitJobsSchema.parse(submission);
};
const paramsOf = (submission: SubmitJobs): Record<string, unknown> =>
  submission.payload.kind === 'swarm' ? submission.payload.params : {};

describe('the size', () => {
  it('is the model’s own, unless one was typed; the server’s where the model has none', () => {
    expect(shownEssential(draft(), catalogue, 'width')).toBe('1024');
    expect(shownEssential(draft({ model: 'small/studio' }), catalogue, 'height')).toBe('512');
    expect(shownEssential(draft({ values: { width: '800' } }), catalogue, 'width')).toBe('800');
    expect(shownEssential(draft({ model: 'unknown' }), catalogue, 'width')).toBe('512');
  });

  it('is always sent, as the server would take its own for every model', () => {
    expect(paramsOf(sent(draft()))).toMatchObject({
      model: 'dreamscape-xl',
      width: 1024,
      height: 768,
      steps: 20,
      cfgscale: 7,
    });
  });
});

describe('what is sent', () => {
  it('of the further parameters only what was touched, as its type; nothing of another server’s form', () => {
    const values = { sampler: 'heun', seamless: 'false', batchsize: '', gone: 'x' };
    const params = paramsOf(sent(draft({ values })));
    expect(params).toMatchObject({ sampler: 'heun', seamless: false });
    expect(Object.keys(params).sort()).toEqual(
      ['cfgscale', 'height', 'model', 'prompt', 'sampler', 'seamless', 'steps', 'width'].sort(),
    );
  });

  it('makes one batch of variants and seeds, each with its own patch', () => {
    const of = draft({
      prompt: 'a lake, {fog|rain}',
      images: '4',
      seeds: { mode: 'range', count: '2', from: '7', fixed: '1' },
    });
    expect(planOf(of, catalogue)).toEqual({ total: 4, prompts: 2, seedsPerPrompt: 2, images: 16 });
    const { jobs, payload } = sent(of);
    expect(payload).toMatchObject({ kind: 'swarm', images: 4 });
    expect(jobs.map(({ title, patch }) => [title, patch?.params])).toEqual([
      ['a lake, fog', { prompt: 'a lake, fog', seed: 7 }],
      ['a lake, fog', { prompt: 'a lake, fog', seed: 8 }],
      ['a lake, rain', { prompt: 'a lake, rain', seed: 7 }],
      ['a lake, rain', { prompt: 'a lake, rain', seed: 8 }],
    ]);
  });

  it('has random seeds that SwarmUI takes, and a fixed one as it is', () => {
    expect(sent(draft(), () => 2 ** 53 - 1).jobs[0]?.patch?.params).toEqual({ seed: 2 ** 31 - 1 });
    const fixed = draft({ seeds: { mode: 'fixed', count: '9', from: '1', fixed: '77' } });
    expect(sent(fixed).jobs.map(({ patch }) => patch?.params)).toEqual([{ seed: 77 }]);
  });
});

describe('what can’t be sent', () => {
  it('names the field that is wrong', () => {
    expect([...faultsOf(draft({ values: { width: '20', sampler: 'any' }, images: '0' }), catalogue).keys()]).toEqual([
      'width',
      'images',
    ]);
    expect(faultsOf(draft({ values: { steps: '2.5' } }), catalogue).get('steps')).toBe('a whole number from 0 to 500');
    expect(
      faultsOf(draft({ seeds: { mode: 'range', count: '2', from: '4294967295', fixed: '1' } }), catalogue).has('seed'),
    ).toBe(true);
    expect(planOf(draft({ images: 'x' }), catalogue)).toBeNull();
  });

  it('a model this server does not have; without one named, the first is taken', () => {
    expect(modelOf(draft({ model: 'elsewhere' }), catalogue)).toBeNull();
    expect(submissionOf(draft({ model: 'elsewhere' }), catalogue, 'end', 't')).toBeNull();
    expect(modelOf(draft(), catalogue)?.name).toBe('dreamscape-xl');
  });
});

describe('the form', () => {
  it('groups the further parameters in the server’s order and counts those it can’t set', () => {
    const { groups, count, pictures } = furtherOf(catalogue);
    expect(groups.map(({ name, params }) => [name, params.map(({ id }) => id)])).toEqual([
      ['Sampling', ['sampler', 'seamless']],
      ['Other', ['batchsize']],
    ]);
    expect([count, pictures]).toEqual([3, 1]);
  });

  it('finds models by words of name, title and architecture', () => {
    expect(findModels(catalogue.models, 'STUDIO sd15').map(({ name }) => name)).toEqual(['small/studio']);
    expect(findModels(catalogue.models, '')).toHaveLength(3);
    expect(findModels(catalogue.models, 'dream nothing')).toEqual([]);
  });

  it('is kept between visits without its note; what is none is an empty form', () => {
    const of = draft({ model: 'small/studio', values: { steps: '9' }, note: 'for Max' });
    expect(readKept(keptText(of))).toEqual({ ...of, note: '' });
    for (const text of [null, '', '7', '{', '{"seeds":3,"values":[1]}']) expect(readKept(text)).toEqual(EMPTY_DRAFT);
  });
});

describe('a workflow for SwarmUI', () => {
  const graph: ComfyGraph = {
    '1': { class_type: 'CLIPTextEncode', inputs: { text: 'a lake' } },
    '5': { class_type: 'KSampler', inputs: { seed: 5, steps: 3, positive: ['1', 0] } },
    '9': { class_type: 'SaveImage', inputs: { images: ['5', 0] } },
  };
  const of = (jobs: SubmitJobs['jobs']): SubmitJobs => ({
    payload: { kind: 'comfy', graph },
    serverId: null,
    jobs,
    title: 'lake',
  });
  const swarm = (submission: SubmitJobs | null): { raw: string; jobs: unknown[] } => {
    const parsed = SubmitJobsSchema.parse(submission);
    return { raw: String(paramsOf(parsed)['comfyworkflowraw']), jobs: parsed.jobs.map(({ patch }) => patch?.params) };
  };

  it('shares one graph over its seeds, as SwarmUI’s own', () => {
    const jobs = [6, 7].map((seed) => ({ patch: { set: { '5': { seed } } } }));
    const made = swarm(asSwarm(of(jobs), false));
    expect(made.raw).toContain('"seed":${seed},');
    expect(made.jobs).toEqual([{ seed: 6 }, { seed: 7 }]);
  });

  it('keeps the seed in the graph where none was set or it is too large', () => {
    expect(swarm(asSwarm(of([{}]), false))).toEqual({ raw: JSON.stringify(graph), jobs: [{}] });
    const large = swarm(asSwarm(of([{ patch: { set: { '5': { seed: 2 ** 40 } } } }]), false));
    expect(JSON.parse(large.raw)['5'].inputs.seed).toBe(2 ** 40);
  });

  it('draws random seeds small, each another', () => {
    const jobs = [2 ** 40, 2 ** 41].map((seed) => ({ patch: { set: { '5': { seed } } } }));
    expect(swarm(asSwarm(of(jobs), true)).jobs).toEqual([{ seed: 0 }, { seed: 1 }]);
  });

  it('carries variants of the prompt in a graph of their own', () => {
    const jobs = ['fog', 'rain'].map((text) => ({ patch: { set: { '1': { text }, '5': { seed: 3 } } } }));
    const made = swarm(asSwarm(of(jobs), false));
    expect(JSON.parse(made.raw.replace('${seed}', '0'))['1'].inputs.text).toBe('fog');
    expect(made.jobs).toEqual([{ seed: 3 }, { seed: 3, comfyworkflowraw: made.raw.replace('fog', 'rain') }]);
  });

  it('knows what SwarmUI takes as a result', () => {
    const sender = (id: string): ComfyGraph => ({ [id]: { class_type: 'SwarmSaveImageWS', inputs: {} } });
    expect(swarmResults(graph)).toEqual({ any: true, intermediate: [], tags: false });
    expect(swarmResults(sender('9'))).toMatchObject({ any: true, intermediate: [] });
    expect(swarmResults(sender('100'))).toMatchObject({ any: true });
    expect(swarmResults(sender('12'))).toMatchObject({ any: false, intermediate: ['12'] });
    expect(swarmResults({ '3': { class_type: 'PreviewImage', inputs: {} } })).toMatchObject({ any: false });
    expect(swarmResults({ '1': { class_type: 'Text', inputs: { text: 'for ${money}' } } }).tags).toBe(true);
  });
});
