/**
 * What a kind of server is, in one table: everything that depends on the kind is looked up here, or in the table of the
 * side that alone has it. Pure, and without Zod: a terminal loads it too.
 */
import type { JobPatch, JobPayload, Kind, PayloadOf } from '../job.ts';
import type { ComfyGraph } from '../workflow/graph.ts';
import { comfy } from './comfy.ts';
import type { Description, KindSpec } from './kind.ts';
import { swarm } from './swarm.ts';

export const kinds: { readonly [K in Kind]: KindSpec<K> } = { comfy, swarm };

/** All of them, in the order in which they are shown. */
export const KINDS = Object.keys(kinds) as readonly Kind[];

/** What a payload's own kind does with it. */
export const specOf = <K extends Kind>(payload: PayloadOf<K>): KindSpec<K> => kinds[payload.kind];

/** The kind whose jobs are workflows as they are. */
export const WORKFLOW_KIND = 'comfy';
export const workflowPayload = (graph: ComfyGraph): JobPayload => ({ kind: WORKFLOW_KIND, graph });

/** All that take a workflow, that one first. */
export const WORKFLOW_KINDS: readonly [Kind, ...Kind[]] = [
  WORKFLOW_KIND,
  ...KINDS.filter((kind) => kind !== WORKFLOW_KIND && kinds[kind].ofWorkflow !== undefined),
];

/** What a row can say of a job, found once at submission: the typed prompt, size, seed, model. */
export function describe(payload: JobPayload, patch: JobPatch | null, source: string | null): Description {
  const spec = specOf(payload);
  return spec.describe(patch === null ? payload : spec.patched(payload, patch), source);
}
