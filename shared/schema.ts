/** Small schemas everything else is made of: ids, JSON, times, wire errors. */
import { z } from 'zod';
import { ERROR_CODES } from './errors.ts';
import type { WireError } from './errors.ts';
import type { AttemptId, BatchId, JobId, OutputId, RequestId, ServerId } from './ids.ts';

// A brand is a compile-time matter only: the schema is a plain string, so that JSON Schema can be made of it.
const id = <Id extends string>(): z.ZodType<Id, Id> => z.string().min(1).max(64) as unknown as z.ZodType<Id, Id>;

export const JobIdSchema = id<JobId>();
export const BatchIdSchema = id<BatchId>();
export const ServerIdSchema = id<ServerId>();
export const AttemptIdSchema = id<AttemptId>();
export const RequestIdSchema = id<RequestId>();
export const OutputIdSchema = id<OutputId>();

export type Json = string | number | boolean | null | Json[] | { [key: string]: Json };
export const JsonSchema: z.ZodType<Json> = z.json();

/** Wall clock, integer ms since the epoch. */
export const TimeSchema = z.number().int();
export const TextSchema = z.string().max(500);
export const NoteSchema = z.string().max(2_000);

export const WireErrorSchema: z.ZodType<WireError> = z.object({
  code: z.enum(ERROR_CODES),
  message: z.string(),
  details: z.record(z.string(), z.unknown()).optional(),
  cause: z.object({ code: z.string().optional(), message: z.string() }).optional(),
}) as z.ZodType<WireError>;

/** Where the next page begins; only the host knows what stands in it. */
export const CursorSchema = z.string().max(400);
