/** What clients see of the queue as a whole: its summary and its batches. */
import { z } from 'zod';
import { JobStateSchema } from './job.ts';
import { BatchIdSchema, JobIdSchema, TimeSchema, WireErrorSchema } from './schema.ts';

/** Counts and order of everything open; at most 4 a second, at least one every 2 s while anything is open. */
export const QueueSummarySchema = z.object({
  at: TimeSchema,
  running: z.number().int(),
  /** Ours that have not started: with us and staged on a server. */
  waiting: z.number().int(),
  held: z.number().int(),
  cancelling: z.number().int(),
  collecting: z.number().int(),
  foreign: z.number().int(),
  /** Servers that have any open work. */
  servers: z.number().int(),
  paused: z.boolean(),
  runningIds: z.array(JobIdSchema),
  /** The first 100 waiting, in queue order. */
  waitingIds: z.array(JobIdSchema),
  waitingTotal: z.number().int(),
  /** Set while nothing can be sent or written, e.g. the disk is full. */
  trouble: WireErrorSchema.nullable(),
});
export type QueueSummary = z.infer<typeof QueueSummarySchema>;

export const BatchViewSchema = z.object({
  id: BatchIdSchema,
  title: z.string(),
  state: z.enum(['running', 'done', 'failed', 'cancelled']),
  stopAfter: z.boolean(),
  size: z.number().int(),
  counts: z.record(JobStateSchema, z.number().int()),
  createdAt: TimeSchema,
});
export type BatchView = z.infer<typeof BatchViewSchema>;
