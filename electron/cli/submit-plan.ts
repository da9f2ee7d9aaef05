/** `--set`, `--seed` and `--count` → the payload and the jobs of one submit. Pure but for the random seeds, which can be given. */
import type { JobPatch, JobPayload, Kind, PayloadOf } from '../../shared/job.ts';
import { kinds, specOf } from '../../shared/kinds/kinds.ts';
import type { ComfyGraph } from '../../shared/workflow/graph.ts';
import type { Json } from '../../shared/schema.ts';
import { drawSeeds, newSeed } from '../../shared/workflow/variants.ts';
import type { SeedPlan } from '../../shared/workflow/variants.ts';
import { usage } from './exit-codes.ts';

const MOST_IMAGES = 10_000;

export interface SubmitPlan {
  payload: JobPayload;
  jobs: { patch?: JobPatch }[];
}

export interface Wishes {
  sets: readonly string[];
  /** `random`, a whole number, or undefined. */
  seed: string | undefined;
  count: number;
}

export function planSubmit(payload: JobPayload, wishes: Wishes, random: () => number = newSeed): SubmitPlan {
  const changed = wishes.sets.reduce(withSet, payload);
  const { seedsBelow } = specOf(payload);
  const jobs = drawSeeds(seedPlanOf(wishes), () => random() % seedsBelow).map((seed) => {
    const patch = seed === null ? null : seedPatch(changed, seed, wishes.seed !== undefined);
    return patch === null ? {} : { patch };
  });
  return { payload: changed, jobs };
}

/** As servers of these kinds take it: a workflow goes into a kind's own queue where no server of its own kind is there. */
export function planFor(plan: SubmitPlan, servers: readonly Kind[], random: boolean): SubmitPlan {
  if (servers.includes(plan.payload.kind)) return plan;
  const [made] = servers.flatMap((kind) => kinds[kind].ofWorkflow?.(plan, random) ?? []);
  return made ?? plan;
}

/** A number: that one and the next ones. `random`: a new one each. Nothing: as it is for one job, random for several, because a server does nothing for a graph it has just run. */
function seedPlanOf({ seed, count }: Wishes): SeedPlan {
  if (seed === undefined && count === 1) return { mode: 'fixed' };
  if (seed === undefined || seed === 'random') return { mode: 'random', count };
  const from = Number(seed);
  if (!/^\d+$/.test(seed) || !Number.isSafeInteger(from + count))
    throw usage(`--seed is "random" or a whole number up to ${String(Number.MAX_SAFE_INTEGER)}, not "${seed}".`);
  return { mode: 'range', from, count };
}

/** Null where nothing in the payload takes a seed and none was asked for. */
function seedPatch(payload: JobPayload, seed: number, asked: boolean): JobPatch | null {
  const patch = specOf(payload).reseeded(payload, {}, () => seed);
  if (patch === null && asked)
    throw usage(
      'No input of this workflow is a seed: --seed has nothing to set. Name the input with --set NODE.INPUT=VALUE.',
    );
  return patch;
}

function withSet(payload: JobPayload, word: string): JobPayload {
  const at = word.indexOf('=');
  if (at < 1) throw usage(`--set needs NODE.INPUT=VALUE, not "${word}".`);
  return setterOf(payload)(payload, word.slice(0, at), word.slice(at + 1));
}

type Setter<K extends Kind> = (payload: PayloadOf<K>, place: string, text: string) => PayloadOf<K>;
const setters: { readonly [K in Kind]: Setter<K> } = { comfy: withInput, swarm: withParam };
const setterOf = <K extends Kind>(payload: PayloadOf<K>): Setter<K> => setters[payload.kind];

function withParam(payload: PayloadOf<'swarm'>, place: string, text: string): PayloadOf<'swarm'> {
  if (place.toLowerCase() === 'images') {
    const images = Number(text);
    if (!Number.isInteger(images) || images < 1 || images > MOST_IMAGES)
      throw usage(`images is a whole number from 1 to ${String(MOST_IMAGES)}, not "${text}".`);
    return { ...payload, images };
  }
  return { ...payload, params: { ...payload.params, [place]: valueOf(text, payload.params[place]) } };
}

function withInput(payload: PayloadOf<'comfy'>, place: string, text: string): PayloadOf<'comfy'> {
  const { graph } = payload;
  // From the right: titles may have dots, inputs have none.
  const dot = place.lastIndexOf('.');
  if (dot < 1) throw usage(`--set needs NODE.INPUT=VALUE, not "${place}=${text}".`);
  const id = nodeNamed(graph, place.slice(0, dot));
  const input = place.slice(dot + 1);
  const node = graph[id];
  if (node === undefined || !Object.hasOwn(node.inputs, input)) {
    throw usage(`Node ${id} has no input "${input}"; it has: ${Object.keys(node?.inputs ?? {}).join(', ')}.`);
  }
  return {
    ...payload,
    graph: { ...graph, [id]: { ...node, inputs: { ...node.inputs, [input]: valueOf(text, node.inputs[input]) } } },
  };
}

/** By id, else by its title, else by its class; a name that several have is refused. */
function nodeNamed(graph: ComfyGraph, name: string): string {
  if (Object.hasOwn(graph, name)) return name;
  const wanted = name.toLowerCase();
  for (const test of [
    (node: ComfyGraph[string]) => node._meta?.['title'],
    (node: ComfyGraph[string]) => node.class_type,
  ]) {
    const found = Object.entries(graph).filter(([, node]) => {
      const value = test(node);
      return typeof value === 'string' && value.toLowerCase() === wanted;
    });
    const [only] = found;
    if (found.length === 1 && only !== undefined) return only[0];
    if (found.length > 1)
      throw usage(`Several nodes are called "${name}": ${found.map(([id]) => id).join(', ')}. Use the id.`);
  }
  throw usage(`There is no node "${name}" in this workflow.`);
}

/** Text stays text where text is now; elsewhere JSON where it is JSON. */
function valueOf(text: string, now: Json | undefined): Json {
  if (typeof now === 'string') return text;
  try {
    return JSON.parse(text) as Json;
  } catch (_) {
    if (typeof now === 'number' || typeof now === 'boolean')
      throw usage(`That input is a ${typeof now}, and "${text}" is none.`);
    return text;
  }
}
