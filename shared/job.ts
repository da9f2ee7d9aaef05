/** Jobs as clients see them, and what a client sends to make one. Payloads stay out of JobView: `jobs.get` brings them. */
import { z } from 'zod';
import { AskerSchema, CancelViewSchema, TrailStepSchema } from './cancel-schema.ts';
import { OUTPUT_MEDIA } from './job-fact.ts';
import { JOB_STATES } from './job-machine.ts';
import { JobPayloadSchema, KindSchema } from './kinds/schema.ts';
import {
  AttemptIdSchema,
  BatchIdSchema,
  JobIdSchema,
  JsonSchema,
  NoteSchema,
  OutputIdSchema,
  ServerIdSchema,
  TextSchema,
  TimeSchema,
  WireErrorSchema,
} from './schema.ts';

/** Which kind of server a job or server is of. */
export type Kind = z.infer<typeof KindSchema>;
export const JobStateSchema = z.enum(JOB_STATES);

export type JobPayload = z.infer<typeof JobPayloadSchema>;
export type PayloadOf<K extends Kind> = Extract<JobPayload, { kind: K }>;

/** Changes of one job over the shared payload: `set[node][input]` for ComfyUI, `params[name]` for SwarmUI. */
export const JobPatchSchema = z.strictObject({
  set: z.record(z.string(), z.record(z.string(), JsonSchema)).optional(),
  params: z.record(z.string(), JsonSchema).optional(),
});
export type JobPatch = z.infer<typeof JobPatchSchema>;

/** What a row says under the title; found in the payload once, at submission. */
export const JobInfoSchema = z.object({
  /** File name of the workflow or image it came from. */
  source: z.string().nullable(),
  width: z.number().nullable(),
  height: z.number().nullable(),
  /** As text: seeds go beyond 2^53. */
  seed: z.string().nullable(),
  images: z.number().nullable(),
  model: z.string().nullable(),
  /** Nodes of the graph; null for SwarmUI parameters. */
  nodes: z.number().nullable(),
});
export type JobInfo = z.infer<typeof JobInfoSchema>;

export const OutputViewSchema = z.object({
  id: OutputIdSchema,
  ordinal: z.number().int(),
  nodeId: z.string().nullable(),
  name: z.string(),
  state: z.enum(['expected', 'stored', 'missing']),
  media: z.enum(OUTPUT_MEDIA),
  text: z.string().nullable(),
  bytes: z.number().nullable(),
  mime: z.string().nullable(),
  width: z.number().nullable(),
  height: z.number().nullable(),
  partial: z.boolean(),
});
export type OutputView = z.infer<typeof OutputViewSchema>;

export const JobViewSchema = z.object({
  id: JobIdSchema,
  /** Rises with every durable change; a view with a lower or equal `rev` is old. */
  rev: z.number().int(),
  kind: KindSchema,
  batch: z
    .object({
      id: BatchIdSchema,
      title: z.string(),
      index: z.number().int(),
      size: z.number().int(),
      stopAfter: z.boolean(),
    })
    .nullable(),
  /** The server it names; null: any of its kind. */
  serverId: ServerIdSchema.nullable(),
  /** Where its newest attempt is or was. */
  onServerId: ServerIdSchema.nullable(),
  title: z.string(),
  info: JobInfoSchema,
  note: z.string().nullable(),
  state: JobStateSchema,
  held: z.boolean(),
  position: z.number(),
  createdAt: TimeSchema,
  startedAt: TimeSchema.nullable(),
  endedAt: TimeSchema.nullable(),
  /** From start to end on the server, ms (monotonic where we saw both). */
  ranMs: z.number().nullable(),
  /** Usual time of this payload on this server, ms; null without experience. */
  usualMs: z.object({ low: z.number(), high: z.number() }).nullable(),
  attempts: z.number().int(),
  cancel: CancelViewSchema.nullable(),
  error: WireErrorSchema.nullable(),
  outputs: z.object({
    expected: z.number().int(),
    stored: z.number().int(),
    missing: z.number().int(),
    partial: z.boolean(),
    /** First stored image, for the thumbnail: `/media/output/<id>`. */
    thumb: OutputIdSchema.nullable(),
  }),
  putBackOf: JobIdSchema.nullable(),
  /** The job that was made when this one was put back. */
  putBackAs: JobIdSchema.nullable(),
  runAgainOf: JobIdSchema.nullable(),
});
export type JobView = z.infer<typeof JobViewSchema>;

const AttemptViewSchema = z.object({
  id: AttemptIdSchema,
  number: z.number().int(),
  serverId: ServerIdSchema,
  /** Comfy prompt id or Swarm session id. */
  remoteKey: z.string(),
  intentAt: TimeSchema,
  acceptedAt: TimeSchema.nullable(),
  startedAt: TimeSchema.nullable(),
  closedAt: TimeSchema.nullable(),
  closeReason: z.string().nullable(),
});

export const JobDetailSchema = z.object({
  job: JobViewSchema,
  payload: JobPayloadSchema,
  attempts: z.array(AttemptViewSchema),
  outputs: z.array(OutputViewSchema),
  /** Steps of every cancel request of this job, oldest first. */
  trail: z.array(z.object({ by: AskerSchema, note: z.string().nullable(), steps: z.array(TrailStepSchema) })),
  journal: z.array(
    z.object({
      at: TimeSchema,
      fact: z.string(),
      from: z.string().nullable(),
      to: z.string().nullable(),
      detail: z.string().nullable(),
    }),
  ),
});
export type JobDetail = z.infer<typeof JobDetailSchema>;

/** One or more jobs over one payload; more than one make a batch. */
export const SubmitJobsSchema = z.strictObject({
  /** Same token, same jobs: safe to send twice. */
  clientToken: z.string().min(1).max(100).optional(),
  title: TextSchema.optional(),
  payload: JobPayloadSchema,
  /** null: any server of the payload's kind. */
  serverId: ServerIdSchema.nullable(),
  jobs: z
    .array(z.strictObject({ title: TextSchema.optional(), patch: JobPatchSchema.optional() }))
    .min(1)
    .max(10_000),
  source: TextSchema.optional(),
  note: NoteSchema.optional(),
  held: z.boolean().optional(),
  at: z.enum(['end', 'front']).optional(),
});
export type SubmitJobs = z.infer<typeof SubmitJobsSchema>;
