/** ComfyUI on the wire: what is sent for a job, and what its probe found. */
import { z } from 'zod';
import { JsonSchema } from '../schema.ts';
import { ComfyGraphSchema } from '../workflow/graph.ts';

export const ComfyPayloadSchema = z.strictObject({
  kind: z.literal('comfy'),
  graph: ComfyGraphSchema,
  extraData: z.record(z.string(), JsonSchema).optional(),
});

export const ComfyCapabilitiesSchema = z.object({
  kind: z.literal('comfy'),
  /** One prompt can be interrupted by id (C4). Without it a running job can't be stopped safely. */
  targetedInterrupt: z.boolean(),
  /** It takes a prompt id chosen by us (C1). */
  promptId: z.boolean(),
  /** `/api/jobs` (C11). */
  jobsApi: z.boolean(),
  /** `/api/jobs/{id}/cancel` (C16). */
  jobCancel: z.boolean(),
  previewMetadata: z.boolean(),
});
