/**
 * JobView and JobDetail from rows: read-only, a fixed number of statements for any number of jobs. Payload bodies are
 * read only for one job at a time.
 */
import { z } from 'zod';
import type { Asker, CancelStep, CancelView, TrailStep } from '../../../shared/cancel.ts';
import type { BatchId, JobId, OutputId, PayloadId, ServerId } from '../../../shared/ids.ts';
import { isTerminal } from '../../../shared/job-machine.ts';
import { JobInfoSchema, JobPatchSchema } from '../../../shared/job.ts';
import { specOf } from '../../../shared/kinds/kinds.ts';
import { JobPayloadSchema } from '../../../shared/kinds/schema.ts';
import type { JobDetail, JobPayload, JobView, OutputView } from '../../../shared/job.ts';
import { WireErrorSchema } from '../../../shared/schema.ts';
import { AppError } from '../../../shared/errors.ts';
import type { Database } from './database.ts';
import { outcomeOf, parseColumn, readCursor } from './rows.ts';
import type { CancelRow } from './rows.ts';

/** Usual run time of a payload on a server; the queue's experience answers it. */
export type UsualOf = (payloadId: PayloadId, serverId: ServerId | null) => { low: number; high: number } | null;

/** What a row says as a view does. */
type Same = Exclude<keyof JobView, 'batch' | 'info' | 'held' | 'usualMs' | 'cancel' | 'error' | 'outputs'>;
interface ViewRow extends Pick<JobView, Same> {
  payload_id: PayloadId;
  info: string;
  held: 0 | 1;
  error: string | null;
  batch_id: BatchId | null;
  batch_index: number | null;
  b_title: string | null;
  b_size: number | null;
  b_stop: number | null;
  expected: number;
  stored: number;
  missing: number;
  partial: 0 | 1;
  thumb: OutputId | null;
}
type CancelWithStep = CancelRow & {
  s_step: CancelStep | null;
  s_at: number | null;
  s_since: number | null;
  s_route: string | null;
  s_detail: string | null;
};
type OutputRow = Omit<OutputView, 'partial'> & { partial: 0 | 1 };

const CursorSchema = z.tuple([z.number(), z.string()]);

const VIEW = `SELECT j.id, j.rev, j.kind, j.server_id AS serverId, j.on_server_id AS onServerId, j.title, j.note, j.state, j.position,
    j.created_at AS createdAt, j.started_at AS startedAt, j.ended_at AS endedAt, j.ran_ms AS ranMs, j.put_back_of AS putBackOf,
    j.run_again_of AS runAgainOf, j.payload_id, j.info, j.held, j.error, j.batch_id, j.batch_index, b.title AS b_title, b.size AS b_size, b.stop_after_at AS b_stop,
    (SELECT count(*) FROM attempts a WHERE a.job_id = j.id) AS attempts,
    (SELECT p.id FROM jobs p WHERE p.put_back_of = j.id) AS putBackAs,
    coalesce(o.expected, 0) AS expected, coalesce(o.stored, 0) AS stored, coalesce(o.missing, 0) AS missing, coalesce(o.partial, 0) AS partial,
    (SELECT t.id FROM outputs t WHERE t.job_id = j.id AND t.state = 'stored' AND t.media = 'image' ORDER BY t.ordinal LIMIT 1) AS thumb
  FROM json_each(?) ids JOIN jobs j ON j.id = ids.value LEFT JOIN batches b ON b.id = j.batch_id
  LEFT JOIN (SELECT job_id, sum(state = 'expected') AS expected, sum(state = 'stored') AS stored, sum(state = 'missing') AS missing, max(partial) AS partial
    FROM outputs WHERE job_id IN (SELECT value FROM json_each(?)) GROUP BY job_id) o ON o.job_id = j.id
  ORDER BY ids.key`;

export class JobViews {
  readonly #q;
  readonly #usual: UsualOf;

  constructor(db: Database, usual: UsualOf) {
    const { raw } = db;
    this.#usual = usual;
    this.#q = {
      views: raw.prepare<[string, string], ViewRow>(VIEW),
      cancels: raw.prepare<
        [string],
        CancelWithStep
      >(`SELECT c.*, s.step AS s_step, s.at AS s_at, s.since_ms AS s_since, s.route AS s_route, s.detail AS s_detail
        FROM json_each(?) ids JOIN cancel_requests c ON c.id = (SELECT x.id FROM cancel_requests x WHERE x.job_id = ids.value ORDER BY x.rowid DESC LIMIT 1)
        LEFT JOIN cancel_steps s ON s.request_id = c.id AND s.seq = (SELECT max(seq) FROM cancel_steps m WHERE m.request_id = c.id)`),
      payload: raw.prepare<[JobId], { body: string; patch: string | null }>(
        'SELECT p.body, j.patch FROM jobs j JOIN payloads p ON p.id = j.payload_id WHERE j.id = ?',
      ),
      attempts: raw.prepare<[JobId], JobDetail['attempts'][number]>(
        `SELECT id, number, server_id AS serverId, remote_key AS remoteKey, intent_at AS intentAt, accepted_at AS acceptedAt,
          started_at AS startedAt, closed_at AS closedAt, close_reason AS closeReason FROM attempts WHERE job_id = ? ORDER BY number`,
      ),
      outputs: raw.prepare<[JobId], OutputRow>(
        `SELECT o.id, o.ordinal, o.node_id AS nodeId, o.name, o.state, o.media, o.text, o.bytes, o.mime, o.width, o.height, o.partial
          FROM outputs o JOIN attempts a ON a.id = o.attempt_id WHERE o.job_id = ? ORDER BY a.number, o.ordinal`,
      ),
      journal: raw.prepare<[JobId], JobDetail['journal'][number]>(
        'SELECT at, fact, from_state AS "from", to_state AS "to", detail FROM journal WHERE job_id = ? ORDER BY seq LIMIT 500',
      ),
      open: raw.prepare<
        {
          position: number;
          id: string;
          server: string | null;
          batch: string | null;
          states: string | null;
          limit: number;
        },
        { id: JobId; position: number }
      >(`SELECT id, position FROM jobs
        WHERE ended_at IS NULL AND (position, id) > (@position, @id) AND (@server IS NULL OR server_id = @server OR on_server_id = @server)
          AND (@batch IS NULL OR batch_id = @batch) AND (@states IS NULL OR state IN (SELECT value FROM json_each(@states)))
        ORDER BY position, id LIMIT @limit`),
    };
  }

  /** Views of the jobs that exist, in the order of `ids`. */
  many(ids: readonly JobId[]): JobView[] {
    if (ids.length === 0) return [];
    const list = JSON.stringify(ids);
    const cancels = new Map<JobId, CancelView>();
    for (const row of this.#q.cancels.all(list)) cancels.set(row.job_id, cancelView(row));
    return this.#q.views.all(list, list).map((row) => this.#view(row, cancels.get(row.id) ?? null));
  }

  one(id: JobId): JobView {
    const [view] = this.many([id]);
    if (view === undefined) throw new AppError('not_found', 'there is no such job', { details: { id } });
    return view;
  }

  /** Open jobs in queue order, keyset paged; the cursor is opaque. */
  open(query: {
    serverId?: ServerId | undefined;
    batchId?: BatchId | undefined;
    states?: readonly string[] | undefined;
    cursor?: string | undefined;
    limit: number;
  }): { jobs: JobView[]; cursor: string | null } {
    const [position, id] =
      query.cursor === undefined ? [-Number.MAX_VALUE, ''] : readCursor(CursorSchema, query.cursor);
    const rows = this.#q.open.all({
      position,
      id,
      server: query.serverId ?? null,
      batch: query.batchId ?? null,
      states: query.states === undefined ? null : JSON.stringify(query.states),
      limit: query.limit,
    });
    const last = rows.at(-1);
    return {
      jobs: this.many(rows.map((row) => row.id)),
      cursor: last === undefined || rows.length < query.limit ? null : JSON.stringify([last.position, last.id]),
    };
  }

  /** The payload of one job with its patch applied: what is sent. */
  payload(id: JobId): JobPayload {
    const row = this.#q.payload.get(id);
    if (row === undefined) throw new AppError('not_found', 'there is no such job', { details: { id } });
    const payload = parseColumn(JobPayloadSchema, row.body, 'payloads.body');
    return row.patch === null
      ? payload
      : specOf(payload).patched(payload, parseColumn(JobPatchSchema, row.patch, 'jobs.patch'));
  }

  outputs(id: JobId): OutputView[] {
    return this.#q.outputs.all(id).map((row) => ({ ...row, partial: row.partial === 1 }));
  }

  detail(id: JobId, trail: (id: JobId) => { by: Asker; note: string | null; steps: TrailStep[] }[]): JobDetail {
    return {
      job: this.one(id),
      payload: this.payload(id),
      attempts: this.#q.attempts.all(id),
      outputs: this.outputs(id),
      trail: trail(id),
      journal: this.#q.journal.all(id),
    };
  }

  #view(row: ViewRow, cancel: CancelView | null): JobView {
    const { payload_id, info, held, error, batch_id, batch_index, b_title, b_size, b_stop, ...rest } = row;
    const { expected, stored, missing, partial, thumb, ...same } = rest;
    return {
      ...same,
      batch:
        batch_id === null
          ? null
          : {
              id: batch_id,
              title: b_title ?? '',
              index: batch_index ?? 0,
              size: b_size ?? 1,
              stopAfter: b_stop !== null,
            },
      info: parseColumn(JobInfoSchema, info, 'jobs.info'),
      held: held === 1,
      usualMs: isTerminal(same.state) ? null : this.#usual(payload_id, same.onServerId ?? same.serverId),
      cancel,
      error: error === null ? null : parseColumn(WireErrorSchema, error, 'jobs.error'),
      outputs: { expected, stored, missing, partial: partial === 1, thumb },
    };
  }
}

function cancelView(row: CancelWithStep): CancelView {
  return {
    requestId: row.id,
    mode: row.mode,
    requestedAt: row.requested_at,
    by: row.requested_by as Asker,
    note: row.note,
    outcome: outcomeOf(row),
    settledAt: row.settled_at,
    tookMs: row.took_ms,
    lastStep:
      row.s_step === null
        ? null
        : {
            step: row.s_step,
            at: row.s_at ?? row.requested_at,
            sinceMs: row.s_since ?? 0,
            route: row.s_route,
            detail: row.s_detail,
          },
  };
}
