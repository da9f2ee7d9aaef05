/**
 * What a row can say of a payload, found once at submission: the typed prompt, size, seed, model. Pure; guesses nothing:
 * what is not there is null.
 */
import type { ComfyGraph, JobInfo, JobPatch, JobPayload } from './job.ts';
import { findModel, findSeeds, findSize } from './workflow/inputs.ts';
import { findPrompts } from './workflow/prompts.ts';
import { titleOf } from './workflow/summarize.ts';

type Input = Extract<JobPayload, { kind: 'swarm' }>['params'][string];

interface Description {
  info: JobInfo;
  /** As typed; empty where none was found. */
  prompt: string;
  /** The prompt's first words, else the source's name, else null. */
  title: string | null;
}

const NO_INFO: JobInfo = {
  source: null,
  width: null,
  height: null,
  seed: null,
  images: null,
  model: null,
  nodes: null,
};

export function describe(payload: JobPayload, patch: JobPatch | null, source: string | null): Description {
  return payload.kind === 'comfy'
    ? describeGraph(withPatch(payload.graph, patch), source)
    : describeParams({ ...payload.params, ...patch?.params }, payload.images, source);
}

function withPatch(graph: ComfyGraph, patch: JobPatch | null): ComfyGraph {
  if (patch?.set === undefined) return graph;
  const next = { ...graph };
  for (const [id, inputs] of Object.entries(patch.set)) {
    const node = next[id];
    if (node !== undefined) next[id] = { ...node, inputs: { ...node.inputs, ...inputs } };
  }
  return next;
}

function describeGraph(graph: ComfyGraph, source: string | null): Description {
  const prompt = findPrompts(graph).positive[0]?.value ?? '';
  const model = findModel(graph)?.value;
  const [seed] = findSeeds(graph);
  const info: JobInfo = {
    ...findSize(graph),
    source,
    seed: seed === undefined ? null : String(seed.value),
    model: typeof model === 'string' ? model : null,
    nodes: Object.keys(graph).length,
  };
  return { info, prompt, title: titleOr(prompt, source) };
}

function describeParams(params: Record<string, Input>, images: number, source: string | null): Description {
  const prompt = typeof params['prompt'] === 'string' ? params['prompt'] : '';
  const number = (value: Input | undefined): number | null =>
    typeof value === 'number'
      ? value
      : typeof value === 'string' && value.trim() !== '' && Number.isFinite(Number(value))
        ? Number(value)
        : null;
  const { seed, model } = params;
  return {
    info: {
      ...NO_INFO,
      source,
      images,
      width: number(params['width']),
      height: number(params['height']),
      seed: typeof seed === 'number' || typeof seed === 'string' ? String(seed) : null,
      model: typeof model === 'string' ? model : null,
    },
    prompt,
    title: titleOr(prompt, source),
  };
}

function titleOr(prompt: string, source: string | null): string | null {
  const title = titleOf(prompt);
  return title === '' ? source : title;
}
