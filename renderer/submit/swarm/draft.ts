/**
 * What stands in the SwarmUI form: model, prompts, size and the like, how many, and whatever else was touched. Pure: from a
 * draft and the server's catalogue to the call that queues it. Sends and stores nothing itself.
 */
import type { ServerId } from '../../../shared/ids.ts';
import type { SubmitJobs } from '../../../shared/job.ts';
import type { Json } from '../../../shared/schema.ts';
import type { CatalogueView, ParamView } from '../../../shared/server-manage.ts';
import { swarmForm } from '../../text/swarm.ts';
import type { WorkflowInput } from '../../../shared/workflow/inputs.ts';
import { batchTitle } from '../../../shared/workflow/summarize.ts';
import { makeJobs, MAX_SEED, newSeed, planJobs } from '../../../shared/workflow/variants.ts';
import type { Plan, SeedPlan } from '../../../shared/workflow/variants.ts';
import { keptObject, keptSeeds, keptWord, planOfSeeds, wholeNumber } from '../seed-plan.ts';
import type { Seeds } from '../seed-plan.ts';

/** Shown by name in the form; everything else is "further". */
export const ESSENTIAL = ['width', 'height', 'steps', 'cfgscale'] as const;
export type Essential = (typeof ESSENTIAL)[number];

export interface SwarmDraft {
  /** Null: any SwarmUI server. */
  serverId: ServerId | null;
  /** Exactly as the server names it; empty takes the first of its list. */
  model: string;
  prompt: string;
  negative: string;
  images: string;
  /** Touched parameters by id, as typed. */
  values: Readonly<Record<string, string>>;
  seeds: Seeds & { fixed: string };
  note: string;
}

export const EMPTY_DRAFT: SwarmDraft = {
  serverId: null,
  model: '',
  prompt: '',
  negative: '',
  images: '1',
  values: {},
  seeds: { mode: 'random', count: '1', from: '1', fixed: '1' },
  note: '',
};

/** SwarmUI draws its own seeds from as many (swarmui §3.1). */
const SMALL_SEEDS = 2 ** 31;

/** Ours, or set elsewhere in the form. */
const HANDLED: ReadonlySet<string> = new Set([
  ...ESSENTIAL,
  'model',
  'prompt',
  'negativeprompt',
  'images',
  'seed',
  'comfyworkflowraw',
  'comfyuicustomworkflow',
  'forwardrawbackenddata',
  'nopreviews',
  'donotsave',
]);
const takesPictures = (param: ParamView): boolean => /image|video|audio/.test(param.type);

export type Model = CatalogueView['models'][number];

/** The model that would be sent; null where the draft names one the server does not have, or it has none. */
export function modelOf(draft: SwarmDraft, catalogue: CatalogueView): Model | null {
  return draft.model === ''
    ? (catalogue.models[0] ?? null)
    : (catalogue.models.find(({ name }) => name === draft.model) ?? null);
}

/** A field of the form as shown: typed, else the model's own size, else the server's default. */
export function shownEssential(draft: SwarmDraft, catalogue: CatalogueView, id: Essential): string {
  const typed = draft.values[id];
  if (typed !== undefined) return typed;
  const model = modelOf(draft, catalogue);
  const own = id === 'width' ? model?.width : id === 'height' ? model?.height : null;
  return String(own ?? catalogue.defaults[id] ?? '');
}

export interface ParamGroup {
  id: string;
  name: string;
  params: ParamView[];
}

/** Every other parameter by group, in the server's own order; advanced groups last. `pictures` are left out of them. */
export function furtherOf(catalogue: CatalogueView): { groups: ParamGroup[]; count: number; pictures: number } {
  const rest = catalogue.params.filter(({ id }) => !HANDLED.has(id));
  const settable = rest.filter((param) => !takesPictures(param));
  const known = [...catalogue.groups].sort(
    (a, b) => Number(a.advanced) - Number(b.advanced) || a.priority - b.priority,
  );
  const groups = known.map(({ id, name }) => ({ id, name, params: settable.filter((param) => param.group === id) }));
  groups.push({
    id: '',
    name: swarmForm.ungrouped,
    params: settable.filter(({ group }) => !known.some(({ id }) => id === group)),
  });
  return {
    groups: groups
      .filter(({ params }) => params.length > 0)
      .map((group) => ({
        ...group,
        params: group.params.sort((a, b) => Number(a.advanced) - Number(b.advanced) || a.priority - b.priority),
      })),
    count: settable.length,
    pictures: rest.length - settable.length,
  };
}

/** Names to choose from, where a parameter has such a list. */
export function choicesOf(
  param: ParamView,
  catalogue: CatalogueView,
): readonly { value: string; label: string }[] | null {
  if (param.values !== null && param.values.length > 0)
    return param.values.map((value, index) => ({ value, label: param.valueNames?.[index] ?? value }));
  if (param.type !== 'model') return null;
  // The catalogue does not say which kind of model a parameter takes; its name does: "VAE", "Refiner Model".
  const kind = Object.keys(catalogue.others).find((type) => param.id.toLowerCase().includes(type.toLowerCase()));
  const names = kind === undefined ? catalogue.models.map(({ name }) => name) : (catalogue.others[kind] ?? []);
  return names.map((value) => ({ value, label: value }));
}

/** What is wrong with a typed value, or null. Empty means untouched. */
function faultOf(param: ParamView, typed: string): string | null {
  if (typed === '' || (param.type !== 'integer' && param.type !== 'decimal')) return null;
  const value = Number(typed);
  const whole = param.type === 'integer';
  const limited = param.max > param.min;
  const fits =
    Number.isFinite(value) &&
    (!whole || Number.isInteger(value)) &&
    (!limited || (value >= param.min && value <= param.max));
  if (fits && typed.trim() !== '') return null;
  if (limited) return whole ? swarmForm.wholeBetween(param.min, param.max) : swarmForm.between(param.min, param.max);
  return whole ? swarmForm.wholeNumber : swarmForm.number;
}

const paramOf = (catalogue: CatalogueView, id: string): ParamView | undefined =>
  catalogue.params.find((param) => param.id === id);

/** As it is sent: numbers as numbers, switches as booleans, all else as text. */
function sentValue(param: ParamView | undefined, typed: string): Json {
  if (param?.type === 'integer' || param?.type === 'decimal') return Number(typed);
  return param?.type === 'boolean' ? typed === 'true' : typed;
}

/** A whole number from 1, or null. */
export function imagesOf(draft: SwarmDraft): number | null {
  const many = wholeNumber(draft.images);
  return many === null || many < 1 || many > 10_000 ? null : many;
}

/** The largest seed this server takes. */
export const mostSeed = (catalogue: CatalogueView): number => {
  const most = paramOf(catalogue, 'seed')?.max ?? 0;
  return most > 0 ? Math.min(MAX_SEED, most) : MAX_SEED;
};

/** The seed plan, or null while its numbers are none. A fixed seed is a range of one. */
export const seedPlanOf = ({ seeds }: SwarmDraft, catalogue: CatalogueView): SeedPlan | null =>
  planOfSeeds(seeds.mode === 'fixed' ? { mode: 'range', count: '1', from: seeds.fixed } : seeds, mostSeed(catalogue));

/** Faults by parameter id, of all that is in the form. */
export function faultsOf(draft: SwarmDraft, catalogue: CatalogueView): ReadonlyMap<string, string> {
  const faults = new Map<string, string>();
  const check = (id: string, typed: string): void => {
    const param = paramOf(catalogue, id);
    const fault = param === undefined ? null : faultOf(param, typed);
    if (fault !== null) faults.set(id, fault);
  };
  for (const id of ESSENTIAL) check(id, shownEssential(draft, catalogue, id));
  for (const [id, typed] of Object.entries(draft.values)) check(id, typed);
  if (imagesOf(draft) === null) faults.set('images', swarmForm.wholeBetween(1, 10_000));
  if (seedPlanOf(draft, catalogue) === null) faults.set('seed', swarmForm.wholeBetween(0, mostSeed(catalogue)));
  return faults;
}

export interface SwarmPlan extends Plan {
  images: number;
}

/** How many it will make; null while something is not filled in right or no model is chosen. */
export function planOf(draft: SwarmDraft, catalogue: CatalogueView): SwarmPlan | null {
  const seeds = seedPlanOf(draft, catalogue);
  const images = imagesOf(draft);
  if (seeds === null || images === null || modelOf(draft, catalogue) === null || faultsOf(draft, catalogue).size > 0)
    return null;
  const plan = planJobs([draft.prompt, draft.negative], 1, seeds);
  const batch = Number(draft.values['batchsize'] ?? 1);
  return { ...plan, images: plan.total * images * (Number.isInteger(batch) && batch > 1 ? batch : 1) };
}

const input = (name: string, role: WorkflowInput['role']): WorkflowInput => ({
  nodeId: 'params',
  input: name,
  role,
  value: '',
  nodeTitle: '',
});

/** The call that queues a draft, or null while it can't be queued. Random seeds are drawn here, small enough for the server. */
export function submissionOf(
  draft: SwarmDraft,
  catalogue: CatalogueView,
  at: 'end' | 'front',
  clientToken: string,
  randomSeed: () => number = newSeed,
): SubmitJobs | null {
  const plan = planOf(draft, catalogue);
  const seeds = seedPlanOf(draft, catalogue);
  const model = modelOf(draft, catalogue);
  const images = imagesOf(draft);
  if (plan === null || plan.total === Infinity || seeds === null || model === null || images === null) return null;
  const params: Record<string, Json> = { model: model.name, prompt: draft.prompt };
  if (draft.negative.trim() !== '') params['negativeprompt'] = draft.negative;
  for (const id of ESSENTIAL) {
    const shown = shownEssential(draft, catalogue, id);
    if (shown !== '') params[id] = Number(shown);
  }
  for (const [id, typed] of Object.entries(draft.values)) {
    // What another server's form left behind is none of this one's parameters.
    const param = paramOf(catalogue, id);
    if (typed !== '' && param !== undefined) params[id] = sentValue(param, typed);
  }
  const most = mostSeed(catalogue);
  const jobs = makeJobs(
    [
      { input: input('prompt', 'prompt'), text: draft.prompt },
      { input: input('negativeprompt', 'negative'), text: draft.negative },
    ],
    [input('seed', 'seed')],
    seeds,
    () => randomSeed() % Math.min(most + 1, SMALL_SEEDS),
  );
  const title = batchTitle(draft.prompt, model.title);
  return {
    clientToken,
    title,
    payload: { kind: 'swarm', images, params },
    serverId: draft.serverId,
    jobs: jobs.map((job) => ({
      patch: { params: job.patch.set?.['params'] ?? {} },
      title: job.title === '' ? title : job.title,
    })),
    at,
    ...(draft.note.trim() === '' ? {} : { note: draft.note.trim() }),
  };
}

/** The text kept between visits. */
export const keptText = (draft: SwarmDraft): string => JSON.stringify({ ...draft, note: '' });

/** Reads a kept text back; an empty draft for anything that is none. */
export function readKept(text: string | null): SwarmDraft {
  let kept: unknown;
  try {
    kept = JSON.parse(text ?? '');
  } catch {
    return EMPTY_DRAFT;
  }
  if (typeof kept !== 'object' || kept === null) return EMPTY_DRAFT;
  const old = keptObject(kept);
  const values = Object.entries(keptObject(old['values']));
  return {
    serverId: typeof old['serverId'] === 'string' ? (old['serverId'] as ServerId) : null,
    model: keptWord(old['model'], ''),
    prompt: keptWord(old['prompt'], ''),
    negative: keptWord(old['negative'], ''),
    images: keptWord(old['images'], '1'),
    values: Object.fromEntries(values.filter((pair): pair is [string, string] => typeof pair[1] === 'string')),
    seeds: { ...keptSeeds(old['seeds'], '1'), fixed: keptWord(keptObject(old['seeds'])['fixed'], '1') },
    note: '',
  };
}
