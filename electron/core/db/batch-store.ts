/** SQL for what was submitted together: batches, and the tokens by which a press that is sent again is known. */
import type { BatchView } from '../../../shared/queue.ts';
import type { BatchId, JobId } from '../../../shared/ids.ts';
import { isTerminal, JOB_STATES } from '../../../shared/job-machine.ts';
import type { JobState } from '../../../shared/job-machine.ts';
import type { Database } from './database.ts';

const NONE = Object.fromEntries(JOB_STATES.map((state) => [state, 0])) as Record<JobState, number>;

export class BatchStore {
  readonly #q;

  constructor(db: Database) {
    const { raw } = db;
    this.#q = {
      insert: raw.prepare('INSERT INTO batches (id, title, size, created_at) VALUES (?, ?, ?, ?)'),
      newest: raw.prepare<
        [number],
        { id: BatchId; title: string; size: number; stop_after_at: number | null; created_at: number }
      >('SELECT * FROM batches ORDER BY id DESC LIMIT ?'),
      counts: raw.prepare<[BatchId], { state: JobState; n: number }>(
        'SELECT state, count(*) AS n FROM jobs WHERE batch_id = ? GROUP BY state',
      ),
      known: raw.prepare<[BatchId], 1>('SELECT 1 FROM batches WHERE id = ?').pluck(),
      of: raw
        .prepare<[string], BatchId>(
          'SELECT DISTINCT batch_id FROM jobs WHERE batch_id IS NOT NULL AND id IN (SELECT value FROM json_each(?))',
        )
        .pluck(),
      stop: raw.prepare(
        'UPDATE batches SET stop_after_at = coalesce(stop_after_at, ?) WHERE id IN (SELECT value FROM json_each(?))',
      ),
      reopen: raw.prepare('UPDATE batches SET stop_after_at = NULL WHERE id = ? AND stop_after_at IS NOT NULL'),
      submission: raw.prepare<[string], { job_ids: string; batch_id: BatchId | null }>(
        'SELECT job_ids, batch_id FROM submissions WHERE token = ?',
      ),
      remember: raw.prepare('INSERT INTO submissions (token, job_ids, batch_id, at) VALUES (?, ?, ?, ?)'),
    };
  }

  insert(id: BatchId, title: string, size: number, now: number): void {
    this.#q.insert.run(id, title, size, now);
  }
  isKnown(id: BatchId): boolean {
    return this.#q.known.get(id) === 1;
  }
  /** The batches that any of these jobs belong to. */
  of(ids: readonly JobId[]): BatchId[] {
    return this.#q.of.all(JSON.stringify(ids));
  }
  /** Nothing more of these is claimed. */
  stop(ids: readonly BatchId[]): void {
    this.#q.stop.run(Date.now(), JSON.stringify(ids));
  }
  /** True if it had been stopped. */
  reopen(id: BatchId): boolean {
    return this.#q.reopen.run(id).changes > 0;
  }

  /** What a token was given for. */
  submission(token: string): { ids: JobId[]; batchId: BatchId | null } | undefined {
    const row = this.#q.submission.get(token);
    return row === undefined ? undefined : { ids: JSON.parse(row.job_ids) as JobId[], batchId: row.batch_id };
  }
  remember(token: string, ids: readonly JobId[], batchId: BatchId | null, now: number): void {
    this.#q.remember.run(token, JSON.stringify(ids), batchId, now);
  }

  /** The newest batches. */
  list(limit: number): BatchView[] {
    return this.#q.newest.all(limit).map((row) => {
      const counts = { ...NONE };
      for (const { state, n } of this.#q.counts.all(row.id)) counts[state] = n;
      return {
        id: row.id,
        title: row.title,
        size: row.size,
        stopAfter: row.stop_after_at !== null,
        createdAt: row.created_at,
        state: stateOf(counts),
        counts,
      };
    });
  }
}

/** `running` while any job is open; then `cancelled` if anything was, else `failed` if anything failed, else `done`. */
function stateOf(counts: BatchView['counts']): BatchView['state'] {
  if (JOB_STATES.some((state) => !isTerminal(state) && counts[state] > 0)) return 'running';
  if (counts.cancelled > 0) return 'cancelled';
  return counts.failed > 0 ? 'failed' : 'done';
}
