/**
 * The kinds of servers there are, and each as it stands on the wire. An entry here makes a kind; the compiler then names
 * every other table that lacks one.
 */
import { z } from 'zod';
import { ComfyCapabilitiesSchema, ComfyPayloadSchema } from './comfy-schema.ts';
import { SwarmCapabilitiesSchema, SwarmPayloadSchema } from './swarm-schema.ts';

type OfKind = { kind: z.ZodLiteral<string> };

interface WireShapes {
  /** What is sent for a job. Immutable once submitted; a job's own seed and set inputs are its patch. */
  readonly payload: z.ZodObject<OfKind>;
  /** What the probe found; each is asked of the server, never concluded from its version. */
  readonly capabilities: z.ZodObject<OfKind & { targetedInterrupt: z.ZodBoolean }>;
}

const shapes = {
  comfy: { payload: ComfyPayloadSchema, capabilities: ComfyCapabilitiesSchema },
  swarm: { payload: SwarmPayloadSchema, capabilities: SwarmCapabilitiesSchema },
} satisfies Record<string, WireShapes>;

export const KindSchema = z.enum(Object.keys(shapes) as (keyof typeof shapes)[]);

/** Of a tuple's type Zod needs to know only that it is not empty. */
const oneOf = <Shape extends z.ZodObject<OfKind>>(
  all: readonly Shape[],
): z.ZodDiscriminatedUnion<[Shape, ...Shape[]]> => z.discriminatedUnion('kind', all as [Shape, ...Shape[]]);

export const JobPayloadSchema = oneOf(Object.values(shapes).map(({ payload }) => payload));
export const CapabilitiesSchema = oneOf(Object.values(shapes).map(({ capabilities }) => capabilities));
