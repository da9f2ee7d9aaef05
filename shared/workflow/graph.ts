/** What a workflow is: a graph in the format ComfyUI runs. Reading, changing and describing one are the files beside this. */
import { z } from 'zod';
import { JsonSchema } from '../schema.ts';

/** A ComfyUI graph in API format: node id → node. */
export const ComfyGraphSchema = z.record(
  z.string().min(1).max(200),
  z.object({
    class_type: z.string().min(1),
    inputs: z.record(z.string(), JsonSchema),
    _meta: z.record(z.string(), JsonSchema).optional(),
  }),
);
export type ComfyGraph = z.infer<typeof ComfyGraphSchema>;
