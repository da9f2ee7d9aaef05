/** Servers, their status and what they can do, foreign work seen on them, and what discovery finds. */
import { z } from 'zod';
import type { Kind } from './job.ts';
import { CapabilitiesSchema, KindSchema } from './kinds/schema.ts';
import { ServerIdSchema, TimeSchema, WireErrorSchema } from './schema.ts';

export const CONTACTS = ['offline', 'connecting', 'online', 'needs-auth', 'unsupported', 'disabled'] as const;
export type Contact = (typeof CONTACTS)[number];

export type Capabilities = z.infer<typeof CapabilitiesSchema>;
export type CapabilitiesOf<K extends Kind> = Extract<Capabilities, { kind: K }>;

export const ServerStatusSchema = z.object({
  contact: z.enum(CONTACTS),
  since: TimeSchema,
  error: WireErrorSchema.nullable(),
  version: z.string().nullable(),
  capabilities: CapabilitiesSchema.nullable(),
  /** Median of the last answers, ms. */
  answersInMs: z.number().nullable(),
  /** Length of the server's own queue, ours and foreign, running included. */
  queueLength: z.number().int().nullable(),
  nextTryAt: TimeSchema.nullable(),
  memory: z.object({ usedBytes: z.number(), totalBytes: z.number(), device: z.string() }).nullable(),
  /** Things to say in words on the server page. */
  problems: z.array(z.object({ code: z.string(), params: z.record(z.string(), z.union([z.string(), z.number()])) })),
  /** Machines or workers, where the server has several (SwarmUI). */
  backends: z.number().int().nullable(),
});
export type ServerStatus = z.infer<typeof ServerStatusSchema>;

export const ServerViewSchema = z.object({
  id: ServerIdSchema,
  kind: KindSchema,
  name: z.string(),
  url: z.string(),
  hasCredential: z.boolean(),
  maxInFlight: z.number().int(),
  allowUntargetedInterrupt: z.boolean(),
  paused: z.boolean(),
  enabled: z.boolean(),
  position: z.number(),
  status: ServerStatusSchema,
});
export type ServerView = z.infer<typeof ServerViewSchema>;

/** How to sign in. Goes into the secret store, never into a reply, log or database. */
export const CredentialSchema = z.discriminatedUnion('type', [
  /** The value of the `Authorization` header, as it is. */
  z.strictObject({ type: z.literal('authorization'), value: z.string().min(1).max(4_000) }),
  z.strictObject({
    type: z.literal('login'),
    user: z.string().min(1).max(200),
    password: z.string().min(1).max(1_000),
  }),
  z.strictObject({ type: z.literal('token'), token: z.string().min(1).max(4_000) }),
]);
export type Credential = z.infer<typeof CredentialSchema>;

/** What a test of an address found; `error` says why it can't be used. */
export const ProbeReportSchema = z.object({
  url: z.string(),
  kind: KindSchema.nullable(),
  version: z.string().nullable(),
  capabilities: CapabilitiesSchema.nullable(),
  answeredInMs: z.number().nullable(),
  queueLength: z.number().int().nullable(),
  error: WireErrorSchema.nullable(),
});
export type ProbeReport = z.infer<typeof ProbeReportSchema>;

/** One piece of other people's work. */
export const ForeignJobSchema = z.object({
  serverId: ServerIdSchema,
  remoteKey: z.string(),
  state: z.enum(['waiting', 'running', 'ended']),
  /** How it ended, as far as can be known. */
  how: z.enum(['done', 'failed', 'interrupted', 'gone', 'cancelled-by-us']).nullable(),
  /** Place in the server's run order over all its waiting work, from 1; null when it runs or has ended. */
  place: z.number().int().nullable(),
  cancelling: z.boolean(),
  firstSeen: TimeSchema,
  startedAt: TimeSchema.nullable(),
  endedAt: TimeSchema.nullable(),
});
export type ForeignJob = z.infer<typeof ForeignJobSchema>;

/** One server's foreign work now. `jobs` holds the first 200 in run order; `total` counts all. */
export const ForeignViewSchema = z.object({
  serverId: ServerIdSchema,
  jobs: z.array(ForeignJobSchema),
  total: z.number().int(),
  /** Work that is only known as counts (SwarmUI), per user where that may be seen. */
  counts: z.array(z.object({ user: z.string().nullable(), waiting: z.number().int(), running: z.number().int() })),
  /**
   * The server's own run order over everything on it, running first: prompt ids of ours and others, so that a row can
   * be put where it will run. At most 400.
   */
  order: z.array(z.string()),
});
export type ForeignView = z.infer<typeof ForeignViewSchema>;
