/** ComfyUI: a job is a workflow, its patch sets inputs of nodes. It knows no accounts: a header, for a proxy before it. */
import type { JobInfo } from '../job.ts';
import { findModel, findSeeds, findSize } from '../workflow/inputs.ts';
import { findPrompts } from '../workflow/prompts.ts';
import { titleOr } from '../workflow/summarize.ts';
import type { KindSpec } from './kind.ts';

export const comfy: KindSpec<'comfy'> = {
  label: 'ComfyUI',
  credentials: ['authorization'],
  users: false,
  backends: false,
  seedsBelow: Number.MAX_SAFE_INTEGER + 1,
  graph: ({ graph }) => graph,
  values: ({ graph }) => graph,
  describe({ graph }, source) {
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
  },
  patched(payload, { set = {} }) {
    const graph = { ...payload.graph };
    for (const [nodeId, inputs] of Object.entries(set)) {
      const node = graph[nodeId];
      if (node !== undefined) graph[nodeId] = { ...node, inputs: { ...node.inputs, ...inputs } };
    }
    return { ...payload, graph };
  },
  reseeded({ graph }, patch, draw) {
    const places = findSeeds(graph);
    if (places.length === 0) return null;
    const set = { ...patch.set };
    for (const { nodeId, input } of places) set[nodeId] = { ...set[nodeId], [input]: draw() };
    return { ...patch, set };
  },
  fromJson: () => null,
  ofWorkflow: (submission) => (submission.payload.kind === 'comfy' ? submission : null),
};
