/** What clients see of Switchyard itself: what it is, and its log. */
import { z } from 'zod';
import { TimeSchema } from './schema.ts';

export const LogEntrySchema = z.object({
  at: TimeSchema,
  level: z.enum(['debug', 'info', 'warn', 'error']),
  message: z.string(),
  fields: z.record(z.string(), z.unknown()),
});
export type LogEntry = z.infer<typeof LogEntrySchema>;

export const AppInfoSchema = z.object({
  version: z.string(),
  host: z.enum(['electron', 'node', 'memory']),
  node: z.string(),
  platform: z.string(),
  /**
   * How credentials are kept, as far as that is known: `os` by a key of the system's · `weak` by one that every program knows ·
   * `system` as the system offers, which shows when one is kept · `file` in a 0600 file · `none` not at all
   */
  secrets: z.enum(['os', 'weak', 'system', 'file', 'none']),
  /** Where everything is kept; only told on this machine. */
  dataDir: z.string().nullable(),
  /** Set once after a corrupt database was moved aside: where it is. */
  movedAside: z.string().nullable(),
  demo: z.boolean(),
});
export type AppInfo = z.infer<typeof AppInfoSchema>;
