/** What clients see of History: its filter, its rows, a page of them. */
import { z } from 'zod';
import { JobViewSchema } from './job.ts';
import { CursorSchema, ServerIdSchema, TimeSchema } from './schema.ts';
import { ForeignJobSchema } from './server.ts';

export const HistoryFilterSchema = z.strictObject({
  states: z.array(z.enum(['done', 'failed', 'cancelled'])).optional(),
  serverId: ServerIdSchema.optional(),
  foreign: z.enum(['with', 'without', 'only']).default('with'),
  /** Ended at or after / before these times, ms. */
  from: TimeSchema.optional(),
  to: TimeSchema.optional(),
});
export type HistoryFilter = z.infer<typeof HistoryFilterSchema>;

export const HistoryRowSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('job'), job: JobViewSchema }),
  z.object({ type: z.literal('foreign'), foreign: ForeignJobSchema }),
]);
export type HistoryRow = z.infer<typeof HistoryRowSchema>;
export const HistoryPageSchema = z.object({ rows: z.array(HistoryRowSchema), cursor: CursorSchema.nullable() });
export type HistoryPage = z.infer<typeof HistoryPageSchema>;
