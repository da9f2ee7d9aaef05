/** Schemas of cancel.ts, annotated with its types so that the two cannot drift. */
import { z } from 'zod';
import { ASKERS, CANCEL_MODES, CANCEL_STEPS } from './cancel.ts';
import type { CancelOutcome, CancelReceipt, CancelScope, CancelSummary, CancelView, TrailStep } from './cancel.ts';
import {
  BatchIdSchema,
  JobIdSchema,
  NoteSchema,
  RequestIdSchema,
  ServerIdSchema,
  TimeSchema,
  WireErrorSchema,
} from './schema.ts';

export const CancelModeSchema = z.enum(CANCEL_MODES);
export const AskerSchema = z.enum(ASKERS);

export const CancelScopeSchema = z.union([
  z.strictObject({ jobs: z.array(JobIdSchema).min(1).max(100_000) }),
  z.strictObject({ batch: BatchIdSchema }),
  z.strictObject({
    server: z.union([z.literal('all'), ServerIdSchema]),
    which: z.enum(['waiting', 'mine', 'everyone']),
  }),
]) as z.ZodType<CancelScope>;

export const CancelOutcomeSchema: z.ZodType<CancelOutcome> = z.discriminatedUnion('outcome', [
  z.object({
    outcome: z.literal('cancelled'),
    reach: z.enum(['local', 'waiting', 'running']),
    evidence: z.enum(['proven', 'presumed']),
    partialOutputs: z.number().int().min(0),
  }),
  z.object({ outcome: z.literal('too-late'), state: z.enum(['done', 'failed', 'running']) }),
  z.object({ outcome: z.literal('unknown'), cause: z.enum(['server-restarted', 'server-removed', 'no-trace']) }),
]);

export const TrailStepSchema: z.ZodType<TrailStep> = z.object({
  step: z.enum(CANCEL_STEPS),
  at: TimeSchema,
  sinceMs: z.number(),
  route: z.string().nullable(),
  detail: z.string().nullable(),
});

export const CancelViewSchema: z.ZodType<CancelView> = z.object({
  requestId: RequestIdSchema,
  mode: CancelModeSchema,
  requestedAt: TimeSchema,
  by: AskerSchema,
  note: z.string().nullable(),
  outcome: CancelOutcomeSchema.nullable(),
  settledAt: TimeSchema.nullable(),
  tookMs: z.number().nullable(),
  lastStep: TrailStepSchema.nullable(),
});

const CancelReceiptSchema: z.ZodType<CancelReceipt> = z.object({
  jobId: JobIdSchema,
  requestId: RequestIdSchema.nullable(),
  outcome: CancelOutcomeSchema.nullable(),
});

export const CancelSummarySchema: z.ZodType<CancelSummary> = z.object({
  timing: z.enum(['immediate', 'deferred']),
  cancelledWaiting: z.number().int(),
  running: z.number().int(),
  alreadyEnded: z.number().int(),
  unreachable: z.number().int(),
  notAllowed: z.number().int(),
});

const CountsSchema = z.object({
  /** Not sent yet: cancelled at once. */
  local: z.number().int(),
  /** On the server, not started: removed from its queue. */
  staged: z.number().int(),
  running: z.number().int(),
  /** Finished on the server, files still being fetched: too late. */
  collecting: z.number().int(),
  /** Other people's work that would be stopped. */
  foreign: z.number().int(),
  /** Other people's work that is left alone. */
  foreignKept: z.number().int(),
});

/** What a cancel would stop, by kind and server: the dialog's text is made of it, and of nothing else. */
export const CancelPreviewSchema = z.object({
  /** Names exactly this set of jobs; `cancel.run` with it answers `conflict` if more or others would now be stopped. */
  token: z.string(),
  total: CountsSchema,
  servers: z.array(
    z.object({ serverId: ServerIdSchema.nullable(), name: z.string().nullable(), counts: CountsSchema }),
  ),
  /** Set when exactly one job of ours is meant: its title. */
  title: z.string().nullable(),
  /** Things the dialog must say besides the counts. */
  warnings: z.array(
    z.enum(['server-unreachable', 'untargeted-interrupt', 'not-allowed', 'foreign-together', 'neighbours-may-be-hit']),
  ),
});
export type CancelPreview = z.infer<typeof CancelPreviewSchema>;

export const RunCancelSchema = z.strictObject({
  scope: CancelScopeSchema,
  mode: CancelModeSchema.default('stop'),
  /** Cancel after this one: nothing more of the scope is sent, what runs may finish. */
  after: z.boolean().optional(),
  note: NoteSchema.optional(),
  by: AskerSchema.optional(),
  previewToken: z.string().optional(),
  /** Must be true where the scope has other people's work in it. */
  foreignAllowed: z.boolean().optional(),
});

export const CancelResultSchema = z.object({
  /** At most 1,000; the summary counts all. */
  receipts: z.array(CancelReceiptSchema),
  summary: CancelSummarySchema,
});
export type CancelResult = z.infer<typeof CancelResultSchema>;

/** What was asked of one job of somebody else. */
export const ForeignReceiptSchema = z.object({
  remoteKey: z.string(),
  /** Null while it is being stopped; `foreign.changed` brings the rest. */
  outcome: CancelOutcomeSchema.nullable(),
  error: WireErrorSchema.nullable(),
});
