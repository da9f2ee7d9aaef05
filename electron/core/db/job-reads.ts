/** What the queue asks about its jobs: which of them, in what state, for whom, and how long they took. Read-only SQL. */
import type { BatchId, JobId, PayloadId, ServerId } from '../../../shared/ids.ts';
import type { JobState } from '../../../shared/job-machine.ts';
import type { Database } from './database.ts';

/** One open or ended job of a scope, with what a preview and a summary must know. */
export interface Target {
  id: JobId;
  state: JobState;
  title: string;
  /** Where it is, or would go. */
  serverId: ServerId | null;
}

export class JobReads {
  readonly #q;

  constructor(db: Database) {
    const { raw } = db;
    const target =
      'SELECT j.id, j.state, j.title, coalesce((SELECT a.server_id FROM attempts a WHERE a.job_id = j.id AND a.closed_at IS NULL), j.server_id) AS serverId FROM';
    this.#q = {
      targets: raw.prepare<[string], Target>(`${target} json_each(?) x JOIN jobs j ON j.id = x.value`),
      open: raw.prepare<[], Target>(`${target} jobs j WHERE j.ended_at IS NULL ORDER BY j.position, j.id`),
      openOfBatches: raw.prepare<[string], Target>(
        `${target} jobs j WHERE j.batch_id IN (SELECT value FROM json_each(?)) AND j.ended_at IS NULL ORDER BY j.position, j.id`,
      ),
      collecting: raw.prepare<[], JobId>("SELECT id FROM jobs WHERE ended_at IS NULL AND state = 'collecting'").pluck(),
      boundTo: raw.prepare<[ServerId], JobId>("SELECT id FROM jobs WHERE state = 'queued' AND server_id = ?").pluck(),
      putBackAs: raw.prepare<[JobId], JobId>('SELECT id FROM jobs WHERE put_back_of = ?').pluck(),
      payload: raw.prepare<[PayloadId], string>('SELECT body FROM payloads WHERE id = ?').pluck(),
      counts: raw.prepare<[], { state: JobState; held: 0 | 1; n: number }>(
        'SELECT state, held, count(*) AS n FROM jobs WHERE ended_at IS NULL GROUP BY state, held',
      ),
      running: raw
        .prepare<[], JobId>("SELECT id FROM jobs WHERE ended_at IS NULL AND state = 'running' ORDER BY position, id")
        .pluck(),
      waiting: raw
        .prepare<[number], JobId>(
          "SELECT id FROM jobs INDEXED BY jobs_unended WHERE ended_at IS NULL AND state IN ('queued','submitting','accepted') ORDER BY position, id LIMIT ?",
        )
        .pluck(),
      servers: raw
        .prepare<[], number>(
          `SELECT count(*) FROM servers s WHERE EXISTS (SELECT 1 FROM jobs j WHERE j.state = 'queued' AND j.server_id = s.id)
            OR EXISTS (SELECT 1 FROM attempts a INDEXED BY attempts_one_open_per_key WHERE a.closed_at IS NULL AND a.server_id = s.id)`,
        )
        .pluck(),
      hasWork: raw
        .prepare<[], 0 | 1>(
          "SELECT EXISTS (SELECT 1 FROM jobs WHERE ended_at IS NULL AND state = 'queued' AND held = 0) OR EXISTS (SELECT 1 FROM attempts WHERE closed_at IS NULL)",
        )
        .pluck(),
      runs: raw
        .prepare<[PayloadId, ServerId], number>(
          "SELECT ran_ms FROM jobs WHERE payload_id = ? AND on_server_id = ? AND state = 'done' AND ran_ms IS NOT NULL ORDER BY ended_at DESC LIMIT 20",
        )
        .pluck(),
    };
  }

  /** Those that exist, ended ones too. */
  targets(ids: readonly JobId[]): Target[] {
    return this.#q.targets.all(JSON.stringify(ids));
  }
  /** Every open job, in queue order. */
  open(): Target[] {
    return this.#q.open.all();
  }
  openOfBatches(ids: readonly BatchId[]): Target[] {
    return this.#q.openOfBatches.all(JSON.stringify(ids));
  }
  collecting(): JobId[] {
    return this.#q.collecting.all();
  }
  /** Queued jobs that name this server. */
  boundTo(serverId: ServerId): JobId[] {
    return this.#q.boundTo.all(serverId);
  }
  putBackAs(id: JobId): JobId | undefined {
    return this.#q.putBackAs.get(id);
  }
  payload(id: PayloadId): string | undefined {
    return this.#q.payload.get(id);
  }
  /** How many open jobs there are, by state and hold. */
  counts(): { state: JobState; held: 0 | 1; n: number }[] {
    return this.#q.counts.all();
  }
  running(): JobId[] {
    return this.#q.running.all();
  }
  /** The first that do not run yet, in queue order. */
  waiting(limit: number): JobId[] {
    return this.#q.waiting.all(limit);
  }
  /** How many servers have, or are named by, an open job. */
  serverCount(): number {
    return this.#q.servers.get() ?? 0;
  }
  /** Asked at every change: never a count over a long queue. */
  hasWork(): boolean {
    return this.#q.hasWork.get() === 1;
  }
  /** How long the last 20 runs took, ms. */
  runs(payloadId: PayloadId, serverId: ServerId): number[] {
    return this.#q.runs.all(payloadId, serverId);
  }
}
