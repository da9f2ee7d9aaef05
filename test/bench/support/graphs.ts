/** Work for the fake servers: graphs that take as long as they are told, each with another seed, so that nothing comes from a cache. */
import type { JobPayload } from '../../../shared/job.ts';

let seed = 1_000_000;

/** One node of `steps` times `ms`, interruptible at every step, and one output. */
export function sleepPayload(steps: number, ms: number): JobPayload {
  seed += 1;
  return {
    kind: 'comfy',
    graph: {
      '1': { class_type: 'ProbeSleep', inputs: { steps, ms, seed }, _meta: { title: 'KSampler' } },
      '2': { class_type: 'ProbeOut', inputs: { images: ['1', 0] } },
    },
  };
}

/** The same on SwarmUI, as a graph handed through: `more` are inputs of the node, `params` of the request. */
export function swarmParams(
  steps: number,
  ms: number,
  more: Record<string, unknown> = {},
  params: Record<string, unknown> = {},
  node: 'ProbeSleep' | 'BenchPreviews' = 'ProbeSleep',
): Extract<JobPayload, { kind: 'swarm' }>['params'] {
  seed += 1;
  const graph = {
    '9': { class_type: 'SwarmSaveImageWS', inputs: { images: ['10', 0] } },
    '10': { class_type: node, inputs: { steps, ms, ...more, seed: 'SEED' } },
  };
  return { prompt: 'bench', seed, comfyworkflowraw: JSON.stringify(graph).replace('"SEED"', '${seed}'), ...params };
}

export const swarmPayload = (...args: Parameters<typeof swarmParams>): JobPayload => ({
  kind: 'swarm',
  images: 1,
  params: swarmParams(...args),
});
