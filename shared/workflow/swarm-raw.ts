/**
 * A ComfyUI workflow for SwarmUI's own queue: the same jobs, each as its parameter `comfyworkflowraw` (swarmui §3.1).
 * Pure. Seeds small enough go as SwarmUI's seed, so that the graph is shared by all jobs and rows can name the seed.
 */
import type { JobPatch, SubmitJobs } from '../job.ts';
import type { ComfyGraph } from './graph.ts';
import { findSeeds } from './inputs.ts';

/** SwarmUI draws its own seeds below this; what is larger stays in the graph as it is. */
const SMALL_SEED = 2_147_483_647;
const TAG = '\u0001seed\u0001';

/** Null for a submission that is none of a graph. */
export function asSwarm<Submission extends Pick<SubmitJobs, 'payload' | 'jobs'>>(
  submission: Submission,
  random: boolean,
): Submission | null {
  const { payload } = submission;
  if (payload.kind !== 'comfy') return null;
  const { graph } = payload;
  const seeds = findSeeds(graph);
  const used = new Set<number>();
  const made = submission.jobs.map((job) => {
    const { seed, rest } = splitSeed(job.patch, seeds);
    const small =
      seed === null ? null : random ? unused(seed % (SMALL_SEED + 1), used) : seed <= SMALL_SEED ? seed : null;
    const patched = withSet(graph, small === null ? (job.patch?.set ?? {}) : rest);
    return { job, seed: small, text: textOf(patched, seeds, small !== null) };
  });
  const shared = made[0]?.text ?? JSON.stringify(graph);
  return {
    ...submission,
    payload: { kind: 'swarm', images: 1, params: { comfyworkflowraw: shared } },
    jobs: made.map(({ job, seed, text }) => ({
      ...job,
      patch: { params: { ...(text === shared ? {} : { comfyworkflowraw: text }), ...(seed === null ? {} : { seed }) } },
    })),
  };
}

function unused(seed: number, used: Set<number>): number {
  let next = seed;
  while (used.has(next)) next = next >= SMALL_SEED ? 0 : next + 1;
  used.add(next);
  return next;
}

/** The one seed that goes into every seed input, and what else a patch sets; no seed where they differ. */
function splitSeed(
  patch: JobPatch | undefined,
  seeds: readonly { nodeId: string; input: string }[],
): { seed: number | null; rest: NonNullable<JobPatch['set']> } {
  const set = patch?.set ?? {};
  const values = seeds.map(({ nodeId, input }) => set[nodeId]?.[input]);
  const [first] = values;
  if (typeof first !== 'number' || first < 0 || values.some((value) => value !== first))
    return { seed: null, rest: set };
  const rest = Object.entries(set).map(([node, inputs]) => [
    node,
    Object.fromEntries(
      Object.entries(inputs).filter(([input]) => !seeds.some((one) => one.nodeId === node && one.input === input)),
    ),
  ]);
  return { seed: first, rest: Object.fromEntries(rest) as NonNullable<JobPatch['set']> };
}

function withSet(graph: ComfyGraph, set: NonNullable<JobPatch['set']>): ComfyGraph {
  return Object.fromEntries(
    Object.entries(graph).map(([id, node]) => [
      id,
      set[id] === undefined ? node : { ...node, inputs: { ...node.inputs, ...set[id] } },
    ]),
  );
}

/** The graph as text; `tagged` puts SwarmUI's `${seed}` where seeds stand, a bare word outside of strings. */
function textOf(graph: ComfyGraph, seeds: readonly { nodeId: string; input: string }[], tagged: boolean): string {
  if (!tagged) return JSON.stringify(graph);
  const set: Record<string, Record<string, string>> = {};
  for (const { nodeId, input } of seeds) (set[nodeId] ??= {})[input] = TAG;
  return JSON.stringify(withSet(graph, set)).replaceAll(JSON.stringify(TAG), '${seed}');
}

/** What SwarmUI will take of the graph's pictures: whether anything counts as a result, and which senders do not. */
export function swarmResults(graph: ComfyGraph): { any: boolean; intermediate: string[]; tags: boolean } {
  const senders = Object.entries(graph).filter(([, { class_type }]) => class_type === 'SwarmSaveImageWS');
  const intermediate = senders.filter(([id]) => !countsAsResult(id)).map(([id]) => id);
  const saves = Object.values(graph).some(
    ({ class_type }) => class_type !== 'SwarmSaveImageWS' && /^save|save(image|video|audio|animated)/i.test(class_type),
  );
  return {
    any: saves || intermediate.length < senders.length,
    intermediate,
    tags: JSON.stringify(graph).includes('${'),
  };
}

function countsAsResult(id: string): boolean {
  const number = Number(id);
  return number === 9 || (Number.isInteger(number) && number >= 100 && number <= 49_999);
}
