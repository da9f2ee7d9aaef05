/**
 * Finds the prompts of a graph by following what its samplers are given as `positive` and `negative` (or a guider's
 * `conditioning`) back to the nodes that hold text. Where no sampler shows the way, text encoders are told apart by title.
 */
import type { ComfyGraph } from './graph.ts';
import { linkOf, nodeTitle } from './links.ts';
import type { Link } from './links.ts';

export interface PromptText {
  nodeId: string;
  input: string;
  value: string;
}

/** Inputs that hold prompt text, best first. An SDXL or Flux encoder has two; both are prompts. */
const TEXT_NAMES = [
  'text',
  'prompt',
  'positive_prompt',
  'text_g',
  'text_l',
  't5xxl',
  'clip_l',
  'clip_g',
  'string',
  'value',
];
const PASSED_BY =
  /^(clip|model|vae|image|images|latent|latent_image|samples|mask|control_net|style_model|clip_vision|pixels|noise|sigmas|sampler)/;
const MAX_STEPS = 10_000;

export function findPrompts(graph: ComfyGraph): { positive: PromptText[]; negative: PromptText[] } {
  const positive: PromptText[] = [];
  const negative: PromptText[] = [];
  const nodes = Object.values(graph);
  for (const [name, into] of [
    ['positive', positive],
    ['negative', negative],
    ['conditioning', positive],
  ] as const) {
    for (const node of nodes) {
      const link = linkOf(node.inputs[name]);
      if (link === null) continue;
      // `conditioning` leads towards the prompt only where nothing else does: a guider without a negative.
      if (name === 'conditioning' && (positive.length > 0 || !/guider/i.test(node.class_type))) continue;
      for (const text of follow(graph, link, name === 'negative' ? 'negative' : 'positive')) {
        const known = [...positive, ...negative].some(
          (other) => other.nodeId === text.nodeId && other.input === text.input,
        );
        if (!known) into.push(text);
      }
    }
  }
  if (positive.length === 0 && negative.length === 0) return byTitle(graph);
  return { positive, negative };
}

/** Walks up from a link; stops on each path at the first node that holds text. */
function follow(graph: ComfyGraph, start: Link, side: 'positive' | 'negative'): PromptText[] {
  const found: PromptText[] = [];
  const seen = new Set<string>();
  const open: Link[] = [start];
  for (let step = 0; step < MAX_STEPS; step += 1) {
    const link = open.shift();
    if (link === undefined) break;
    const node = graph[link.nodeId];
    const key = `${link.nodeId}\n${link.slot}`;
    if (node === undefined || seen.has(key)) continue;
    seen.add(key);
    const texts = textsOf(graph, link.nodeId);
    if (texts.length > 0) {
      found.push(...texts);
      continue;
    }
    // A node that passes both sides on (ControlNet) gives positive on its first slot, negative on its second.
    if ('positive' in node.inputs && 'negative' in node.inputs) {
      const through = link.slot === 1 ? 'negative' : link.slot === 0 ? 'positive' : side;
      const next = linkOf(node.inputs[through]);
      if (next !== null) open.push(next);
      continue;
    }
    for (const [name, value] of Object.entries(node.inputs)) {
      const next = linkOf(value);
      if (next !== null && !PASSED_BY.test(name)) open.push(next);
    }
  }
  return found;
}

function textsOf(graph: ComfyGraph, nodeId: string): PromptText[] {
  const inputs = graph[nodeId]?.inputs ?? {};
  const found: PromptText[] = [];
  for (const input of TEXT_NAMES) {
    const value = inputs[input];
    if (typeof value === 'string') found.push({ nodeId, input, value });
  }
  return found;
}

function byTitle(graph: ComfyGraph): { positive: PromptText[]; negative: PromptText[] } {
  const positive: PromptText[] = [];
  const negative: PromptText[] = [];
  for (const [nodeId, node] of Object.entries(graph)) {
    if (!/textencode|prompt/i.test(node.class_type)) continue;
    for (const text of textsOf(graph, nodeId))
      (/negative/i.test(nodeTitle(graph, nodeId)) ? negative : positive).push(text);
  }
  return { positive, negative };
}
