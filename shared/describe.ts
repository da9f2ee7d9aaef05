/**
 * What a row can say of a payload, found once at submission: the typed prompt, size, seed, model. Pure; guesses nothing:
 * what is not there is null.
 */
import type { JobInfo, JobPatch, JobPayload } from './job.ts';

type Nodes = Extract<JobPayload, { kind: 'comfy' }>['graph'];
type Input = Nodes[string]['inputs'][string];

/** The names under which ComfyUI nodes keep a seed. */
const SEED_INPUTS = ['seed', 'noise_seed'] as const;

/** A link to another node: `[node id, output slot]`. */
export function linkOf(value: Input | undefined): string | null {
  return Array.isArray(value) && value.length === 2 && typeof value[0] === 'string' && typeof value[1] === 'number' ? value[0] : null;
}

/** Every input of a graph that holds a seed as a number. */
export function seedInputs(graph: Nodes): { node: string; input: string; value: number }[] {
  return Object.entries(graph).flatMap(([node, { inputs }]) =>
    SEED_INPUTS.flatMap((input) => {
      const value = inputs[input];
      return typeof value === 'number' ? [{ node, input, value }] : [];
    }),
  );
}

/** The text that reaches a node's `positive` (or `negative`) input, followed through what lies between. */
export function conditioningText(graph: Nodes, which: 'positive' | 'negative'): { node: string; input: string; text: string } | null {
  for (const { inputs } of Object.values(graph)) {
    const from = linkOf(inputs[which]);
    const found = from === null ? null : findText(graph, from, new Set());
    if (found !== null) return found;
  }
  return null;
}

const TEXT_INPUTS = ['text', 'prompt', 'text_g', 'clip_l', 't5xxl', 'string', 'value'] as const;

function findText(graph: Nodes, id: string, seen: Set<string>): { node: string; input: string; text: string } | null {
  const node = graph[id];
  if (node === undefined || seen.has(id)) return null;
  seen.add(id);
  for (const input of TEXT_INPUTS) {
    const value = node.inputs[input];
    if (typeof value === 'string') return { node: id, input, text: value };
  }
  for (const value of Object.values(node.inputs)) {
    const from = linkOf(value);
    const found = from === null ? null : findText(graph, from, seen);
    if (found !== null) return found;
  }
  return null;
}

const NO_INFO: JobInfo = { source: null, width: null, height: null, seed: null, images: null, model: null, nodes: null };

/** `title`: the prompt's first words, else the source's name, else null. */
export function describe(payload: JobPayload, patch: JobPatch | null, source: string | null): { info: JobInfo; prompt: string; title: string | null } {
  return payload.kind === 'comfy' ? describeGraph(withPatch(payload.graph, patch), source) : describeParams({ ...payload.params, ...patch?.params }, payload.images, source);
}

function withPatch(graph: Nodes, patch: JobPatch | null): Nodes {
  if (patch?.set === undefined) return graph;
  const next = { ...graph };
  for (const [id, inputs] of Object.entries(patch.set)) {
    const node = next[id];
    if (node !== undefined) next[id] = { ...node, inputs: { ...node.inputs, ...inputs } };
  }
  return next;
}

function describeGraph(graph: Nodes, source: string | null): { info: JobInfo; prompt: string; title: string | null } {
  const prompt = conditioningText(graph, 'positive')?.text ?? '';
  const info: JobInfo = { ...NO_INFO, source, nodes: Object.keys(graph).length };
  for (const { class_type, inputs } of Object.values(graph)) {
    const { width, height, batch_size: batch } = inputs;
    if (info.width === null && typeof width === 'number' && typeof height === 'number' && /latent|empty/i.test(class_type)) {
      info.width = width;
      info.height = height;
      if (typeof batch === 'number') info.images = batch;
    }
    const model = inputs['ckpt_name'] ?? inputs['unet_name'];
    if (info.model === null && typeof model === 'string') info.model = model;
  }
  const seed = seedInputs(graph)[0];
  if (seed !== undefined) info.seed = String(seed.value);
  return { info, prompt, title: titleOf(prompt) ?? source };
}

function describeParams(params: Record<string, Input>, images: number, source: string | null): { info: JobInfo; prompt: string; title: string | null } {
  const prompt = typeof params['prompt'] === 'string' ? params['prompt'] : '';
  const number = (value: Input | undefined): number | null => (typeof value === 'number' ? value : typeof value === 'string' && value.trim() !== '' && Number.isFinite(Number(value)) ? Number(value) : null);
  const { seed, model } = params;
  return {
    info: {
      ...NO_INFO, source, images, width: number(params['width']), height: number(params['height']),
      seed: typeof seed === 'number' || typeof seed === 'string' ? String(seed) : null,
      model: typeof model === 'string' ? model : null,
    },
    prompt,
    title: titleOf(prompt) ?? source,
  };
}

function titleOf(prompt: string): string | null {
  const line = prompt.replaceAll(/\s+/g, ' ').trim();
  return line === '' ? null : line.length > 160 ? `${line.slice(0, 159)}…` : line;
}
