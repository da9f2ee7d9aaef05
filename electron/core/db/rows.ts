/** Rows as SQLite gives them, and the few conversions every store shares. No SQL. */
import type { z } from 'zod';
import type { CancelMode, CancelOutcome } from '../../../shared/cancel.ts';
import { CancelOutcomeSchema } from '../../../shared/cancel-schema.ts';
import { AppError } from '../../../shared/errors.ts';
import type { AttemptId, BatchId, JobId, PayloadId, RequestId, ServerId } from '../../../shared/ids.ts';
import type { JobState } from '../../../shared/job-machine.ts';
import type { Kind } from '../../../shared/job.ts';

export interface JobRow {
  id: JobId;
  batch_id: BatchId | null;
  batch_index: number | null;
  kind: Kind;
  server_id: ServerId | null;
  on_server_id: ServerId | null;
  title: string;
  info: string;
  prompt: string;
  payload_id: PayloadId;
  patch: string | null;
  note: string | null;
  put_back_of: JobId | null;
  run_again_of: JobId | null;
  state: JobState;
  rev: number;
  position: number;
  held: 0 | 1;
  error: string | null;
  created_at: number;
  started_at: number | null;
  ended_at: number | null;
  ran_ms: number | null;
  end_seq: number | null;
}

export interface AttemptRow {
  id: AttemptId;
  job_id: JobId;
  number: number;
  server_id: ServerId;
  remote_key: string;
  server_boot: string | null;
  intent_at: number;
  accepted_at: number | null;
  started_at: number | null;
  closed_at: number | null;
  close_reason: string | null;
  watch_until: number | null;
}

export interface CancelRow {
  id: RequestId;
  job_id: JobId;
  mode: CancelMode;
  requested_at: number;
  requested_by: string;
  note: string | null;
  outcome: CancelOutcome['outcome'] | null;
  detail: string | null;
  settled_at: number | null;
  took_ms: number | null;
}

/** JSON from a column, checked by the schema that wrote it: the disk is a trust boundary too. */
export function parseColumn<T>(schema: z.ZodType<T>, text: string, column: string): T {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new AppError('storage', `${column} holds no JSON`, { cause });
  }
  const parsed = schema.safeParse(value);
  if (!parsed.success)
    throw new AppError('storage', `${column} holds something else than it should`, {
      details: { issues: parsed.error.issues.slice(0, 3) },
    });
  return parsed.data;
}

export function outcomeOf(row: Pick<CancelRow, 'outcome' | 'detail'>): CancelOutcome | null {
  if (row.outcome === null || row.detail === null) return null;
  return parseColumn(CancelOutcomeSchema, row.detail, 'cancel_requests.detail');
}

/** Where a page left off, as it was handed out. */
export function readCursor<T>(schema: z.ZodType<T>, text: string): T {
  try {
    return schema.parse(JSON.parse(text));
  } catch (cause) {
    throw new AppError('invalid_request', 'the cursor is none of ours', { cause });
  }
}
