/**
 * Tolerant schemas of what we read from ComfyUI: only the fields we use, unknown ones ignored, odd ones made null rather
 * than refused (comfyui §2, §3). Knows no meaning; outcome.ts and frames.ts do.
 */
import { z } from 'zod';
import { readable } from '../answers.ts';

const count = z.number().catch(0);

const textOrNull = z.string().nullable().catch(null);

/** `GET /prompt`: the cheapest sign that this is a ComfyUI at all. */
export const PromptInfoSchema = z.object({ exec_info: z.object({ queue_remaining: z.number() }) });

export const SystemStatsSchema = z.object({
  system: z.object({
    comfyui_version: textOrNull.optional(),
    ram_total: z.number().nullable().catch(null).optional(),
    ram_free: z.number().nullable().catch(null).optional(),
  }),
  devices: z
    .array(z.object({ name: z.string().catch(''), type: z.string().catch(''), vram_total: count, vram_free: count }))
    .catch([]),
});
export type SystemStats = z.infer<typeof SystemStatsSchema>;

export const FeaturesSchema = z.object({ supports_preview_metadata: z.boolean().catch(false).optional() });

/** Older servers keep ids as their clients sent them, numbers too. */
const PromptIdSchema = z.union([z.string(), z.number().transform(String)]);

/** `[number, prompt_id, prompt, extra_data, outputs]`; the graph is of no use to us and may be huge. */
const QueueItemSchema = z.tuple([z.number().nullable().catch(null), PromptIdSchema]).rest(z.unknown());
export const QueueSchema = z.object({
  queue_running: readable(QueueItemSchema),
  queue_pending: readable(QueueItemSchema),
});
export type QueueListing = z.infer<typeof QueueSchema>;

const MessageSchema = z.tuple([z.string(), z.looseObject({})]);
export const ExecutionStatusSchema = z.object({
  status_str: z.string().catch(''),
  completed: z.boolean().catch(false),
  messages: z.array(MessageSchema.nullable().catch(null)).catch([]),
});
export type ExecutionStatus = z.infer<typeof ExecutionStatusSchema>;

const OutputsSchema = z.record(z.string(), z.unknown()).nullable().catch(null);
export const HistoryEntrySchema = z.object({
  prompt: z.unknown().optional(),
  outputs: OutputsSchema.optional(),
  status: ExecutionStatusSchema.nullable().catch(null).optional(),
});
export type HistoryEntry = z.infer<typeof HistoryEntrySchema>;
export const HistorySchema = z.record(z.string(), HistoryEntrySchema);

export const JobSchema = z.object({
  id: PromptIdSchema,
  status: z.string(),
  priority: z.number().nullable().catch(null).optional(),
  execution_error: z.unknown().optional(),
  execution_end_time: z.number().nullable().catch(null).optional(),
  outputs: OutputsSchema.optional(),
  execution_status: ExecutionStatusSchema.nullable().catch(null).optional(),
});
export type ComfyJob = z.infer<typeof JobSchema>;
export const JobListSchema = z.object({ jobs: readable(JobSchema) });

export const CancelAnswerSchema = z.object({ cancelled: z.boolean() });

export const SubmitAnswerSchema = z.object({
  prompt_id: z.string(),
  number: z.number().nullable().catch(null).optional(),
  node_errors: z.unknown().optional(),
});

const NodeErrorSchema = z.looseObject({
  errors: z
    .array(
      z.looseObject({
        type: z.string().catch(''),
        message: z.string().catch(''),
        details: z.string().catch(''),
        extra_info: z.looseObject({}).catch({}).optional(),
      }),
    )
    .catch([]),
  class_type: z.string().catch('').optional(),
});
export type NodeFaults = z.infer<typeof NodeErrorSchema>;
export const RefusalSchema = z.object({
  error: z.union([
    z.looseObject({ type: z.string().catch(''), message: z.string().catch(''), details: z.string().catch('') }),
    z.string().transform((message) => ({ type: '', message, details: '' })),
  ]),
  node_errors: z.record(z.string(), NodeErrorSchema).catch({}).optional(),
});
export type Refusal = z.infer<typeof RefusalSchema>;

/** Where a node's output file is (`GET /view`). */
export const FileRefSchema = z.object({
  filename: z.string().min(1),
  subfolder: z.string().catch(''),
  type: z.string().catch('output'),
});
export type FileRef = z.infer<typeof FileRefSchema>;
