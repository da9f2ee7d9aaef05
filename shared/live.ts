/** What clients see of a running job ten times a second: its phase, progress, preview version. Lossy; never evidence. */
import { z } from 'zod';
import { JobIdSchema } from './schema.ts';

const PhaseSchema = z.discriminatedUnion('phase', [
  z.object({ phase: z.literal('waiting'), place: z.number().int().nullable() }),
  z.object({ phase: z.literal('loading-model') }),
  z.object({
    phase: z.literal('running'),
    node: z.string().nullable(),
    step: z.number().nullable(),
    steps: z.number().nullable(),
  }),
  z.object({ phase: z.literal('saving') }),
  z.object({ phase: z.literal('collecting'), stored: z.number().int(), expected: z.number().int() }),
]);
export type Phase = z.infer<typeof PhaseSchema>;

/** One piece of the progress bar: `share` of the usual time (all shares add up to 1), `fill` from 0 to 1. */
const SegmentSchema = z.object({ share: z.number(), fill: z.number() });
export type Segment = z.infer<typeof SegmentSchema>;

/** High-frequency state of one running job; at most 10 a second per job. */
export const JobLiveSchema = z.object({
  jobId: JobIdSchema,
  phase: PhaseSchema,
  /** 0 to just below 1, never falling within an attempt; null while nothing is known. */
  fraction: z.number().nullable(),
  nodesDone: z.number().int().nullable(),
  nodesTotal: z.number().int().nullable(),
  segments: z.array(SegmentSchema).readonly(),
  /** Raised with every new preview; 0 means there is none. Fetch it at `/media/preview/<job>?v=<version>`. */
  previewVersion: z.number().int(),
  /** Honest range of what is left, ms; null without experience of this payload on this server. */
  leftMs: z.object({ low: z.number(), high: z.number() }).nullable(),
});
export type JobLive = z.infer<typeof JobLiveSchema>;
