/** SwarmUI on the wire: what is sent for a job, and what its probe found. */
import { z } from 'zod';
import { JsonSchema } from '../schema.ts';

export const SwarmPayloadSchema = z.strictObject({
  kind: z.literal('swarm'),
  images: z.number().int().min(1).max(10_000),
  params: z.record(z.string(), JsonSchema),
});

export const SwarmCapabilitiesSchema = z.object({
  kind: z.literal('swarm'),
  /** One session can be interrupted alone. Without it an interrupt stops whatever runs on the backend. */
  targetedInterrupt: z.boolean(),
  /** What this user may do there, by permission name; `*` is all. */
  permissions: z.array(z.string()),
  /** The passthrough to its ComfyUI backends answers us, so that a stop can be proven (S9). */
  passthrough: z.boolean(),
});
