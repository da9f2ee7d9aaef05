/**
 * Finds what an artist would want to change in a graph: prompts, size, steps, sampler, seeds, model, batch, and the rest
 * by node. Only literal values can be edited; a link (`[node id, slot]`) is followed to the value it brings. Reads the
 * graph's own shape and no list of node classes, so that custom samplers and encoders are found too.
 */
import type { ComfyGraph } from './graph.ts';
import type { Json } from '../schema.ts';
import { isLink, linkOf, nodeTitle } from './links.ts';
import { findPrompts } from './prompts.ts';

export type InputRole =
  | 'prompt'
  | 'negative'
  | 'width'
  | 'height'
  | 'steps'
  | 'cfg'
  | 'sampler'
  | 'scheduler'
  | 'seed'
  | 'model'
  | 'images'
  | 'other';

/** One literal value of one node. `value` is a string, number or boolean. */
export interface WorkflowInput {
  nodeId: string;
  input: string;
  role: InputRole;
  value: string | number | boolean;
  nodeTitle: string;
}

export interface FurtherInputs {
  nodeId: string;
  title: string;
  inputs: readonly WorkflowInput[];
}

export interface WorkflowInputs {
  /** Texts that steer towards and away from; several where a graph has several. */
  prompts: readonly WorkflowInput[];
  negatives: readonly WorkflowInput[];
  /** The first of each by the graph's order; null where it is linked or absent. */
  width: WorkflowInput | null;
  height: WorkflowInput | null;
  steps: WorkflowInput | null;
  cfg: WorkflowInput | null;
  sampler: WorkflowInput | null;
  scheduler: WorkflowInput | null;
  model: WorkflowInput | null;
  images: WorkflowInput | null;
  /** Every seed, of all samplers. */
  seeds: readonly WorkflowInput[];
  /** Everything else that is literal, by node, in the graph's order. */
  further: readonly FurtherInputs[];
  furtherCount: number;
}

const NAMES: readonly { role: InputRole; names: readonly string[] }[] = [
  { role: 'seed', names: ['seed', 'noise_seed', 'rand_seed'] },
  { role: 'width', names: ['width'] },
  { role: 'height', names: ['height'] },
  { role: 'steps', names: ['steps'] },
  { role: 'cfg', names: ['cfg', 'guidance'] },
  { role: 'sampler', names: ['sampler_name'] },
  { role: 'scheduler', names: ['scheduler'] },
  { role: 'model', names: ['ckpt_name', 'unet_name', 'model_name'] },
  { role: 'images', names: ['batch_size'] },
];

/** Where a linked value usually stands in the node that brings it (primitives, seed nodes, text nodes). */
const VALUE_NAMES = ['value', 'seed', 'int', 'float', 'number', 'string', 'text'];

type Literal = { nodeId: string; input: string; value: string | number | boolean };

export function findInputs(graph: ComfyGraph): WorkflowInputs {
  const used = new Set<string>();
  const take = (literal: Literal | null, role: InputRole): WorkflowInput | null => {
    if (literal === null || used.has(keyOf(literal))) return null;
    used.add(keyOf(literal));
    return { ...literal, role, nodeTitle: nodeTitle(graph, literal.nodeId) };
  };

  const texts = findPrompts(graph);
  const prompts = texts.positive.map((literal) => take(literal, 'prompt')).filter((found) => found !== null);
  const negatives = texts.negative.map((literal) => take(literal, 'negative')).filter((found) => found !== null);

  const seeds = findSeeds(graph)
    .map((literal) => take(literal, 'seed'))
    .filter((found) => found !== null);
  const first = (role: InputRole, type: 'number' | 'string'): WorkflowInput | null =>
    take(candidates(graph, role).find((literal) => typeof literal.value === type) ?? null, role);

  // Width and height belong together: both from the node that makes the empty picture, where there is one.
  const sizeNode = sizeNodeOf(graph);
  const size = (input: 'width' | 'height'): WorkflowInput | null =>
    sizeNode === null ? first(input, 'number') : take(literalOf(graph, sizeNode, input), input);
  const main = {
    width: size('width'),
    height: size('height'),
    steps: first('steps', 'number'),
    cfg: first('cfg', 'number'),
    sampler: first('sampler', 'string'),
    scheduler: first('scheduler', 'string'),
    model: take(findModel(graph), 'model'),
    images: first('images', 'number'),
  };

  const further: FurtherInputs[] = [];
  let furtherCount = 0;
  for (const [nodeId, node] of Object.entries(graph)) {
    const inputs: WorkflowInput[] = [];
    for (const [input, value] of Object.entries(node.inputs)) {
      if (!isLiteral(value)) continue;
      const rest = take({ nodeId, input, value }, 'other');
      if (rest !== null) inputs.push(rest);
    }
    furtherCount += inputs.length;
    if (inputs.length > 0) further.push({ nodeId, title: nodeTitle(graph, nodeId), inputs });
  }
  return { prompts, negatives, ...main, seeds, further, furtherCount };
}

/** Every number that is a seed, each once, in the graph's order: what a run with new seeds sets. */
export function findSeeds(graph: ComfyGraph): { nodeId: string; input: string; value: number }[] {
  const found = new Map<string, { nodeId: string; input: string; value: number }>();
  for (const { nodeId, input, value } of candidates(graph, 'seed'))
    if (typeof value === 'number') found.set(keyOf({ nodeId, input }), { nodeId, input, value });
  return [...found.values()];
}

/** The model that makes the picture. `model_name` is also what upscalers and detectors call theirs: the last resort. */
export function findModel(graph: ComfyGraph): Literal | null {
  const named = candidates(graph, 'model').filter(({ value }) => typeof value === 'string');
  return named.find(({ input }) => input !== 'model_name') ?? named[0] ?? null;
}

/** Size and number of the pictures, of the node that makes the empty one; null each where that is not said there. */
export function findSize(graph: ComfyGraph): Record<'width' | 'height' | 'images', number | null> {
  const nodeId = sizeNodeOf(graph);
  const numberAt = (input: string): number | null => {
    const value = nodeId === null ? null : (literalOf(graph, nodeId, input)?.value ?? null);
    return typeof value === 'number' ? value : null;
  };
  return { width: numberAt('width'), height: numberAt('height'), images: numberAt('batch_size') };
}

/** Key of an input within its graph. Node ids hold no line break a person could type into an input name. */
export const keyOf = (input: { nodeId: string; input: string }): string => `${input.nodeId}\n${input.input}`;

const isLiteral = (value: Json | undefined): value is string | number | boolean =>
  typeof value === 'string' || typeof value === 'boolean' || typeof value === 'number';

/** The literal behind an input, also through links to nodes that only bring a value; at most eight steps. */
function literalOf(graph: ComfyGraph, nodeId: string, input: string): Literal | null {
  let at = { nodeId, input };
  for (let step = 0; step < 8; step += 1) {
    const value: Json | undefined = graph[at.nodeId]?.inputs[at.input];
    if (isLiteral(value)) return { ...at, value };
    const link = linkOf(value);
    const source = link === null ? undefined : graph[link.nodeId];
    if (link === null || source === undefined) return null;
    const name = VALUE_NAMES.find((candidate) => candidate in source.inputs);
    if (name === undefined) return null;
    at = { nodeId: link.nodeId, input: name };
  }
  return null;
}

function candidates(graph: ComfyGraph, role: InputRole): Literal[] {
  const names = NAMES.find((entry) => entry.role === role)?.names ?? [];
  const found: Literal[] = [];
  for (const [nodeId, node] of Object.entries(graph)) {
    for (const name of names) {
      if (!(name in node.inputs)) continue;
      const literal = literalOf(graph, nodeId, name);
      if (literal !== null) found.push(literal);
    }
  }
  return found;
}

/** The node that makes an empty latent: it has a size and a batch size and takes nothing from another node's picture. */
function sizeNodeOf(graph: ComfyGraph): string | null {
  for (const [nodeId, { inputs }] of Object.entries(graph)) {
    if (!('width' in inputs) || !('height' in inputs) || !('batch_size' in inputs || 'length' in inputs)) continue;
    const takesPicture = Object.entries(inputs).some(
      ([name, value]) => isLink(value) && /image|latent|samples|pixels/.test(name),
    );
    if (!takesPicture) return nodeId;
  }
  return null;
}

/** A copy of the graph with some literals changed. Values not named are shared with the original. */
export function withEdits(graph: ComfyGraph, edits: ReadonlyMap<string, string | number | boolean>): ComfyGraph {
  if (edits.size === 0) return graph;
  return Object.fromEntries(
    Object.entries(graph).map(([nodeId, node]) => {
      const changed = Object.keys(node.inputs).filter((input) => edits.has(keyOf({ nodeId, input })));
      if (changed.length === 0) return [nodeId, node];
      const inputs = Object.fromEntries(
        Object.entries(node.inputs).map(([input, value]) => [input, edits.get(keyOf({ nodeId, input })) ?? value]),
      );
      return [nodeId, { ...node, inputs }];
    }),
  );
}

/** True when some node writes its result: without one a server refuses the graph. By name, as a hint only. */
export function savesSomething(graph: ComfyGraph): boolean {
  return Object.values(graph).some((node) => /save|preview|output|combine/i.test(node.class_type));
}
