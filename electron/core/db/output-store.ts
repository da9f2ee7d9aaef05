/** SQL for outputs: what is still expected, what was stored, what is missing. Files themselves are the collector's. */
import { newOutputId } from '../../../shared/ids.ts';
import type { AttemptId, JobId, OutputId, ServerId } from '../../../shared/ids.ts';
import type { OutputMedia, OutputRef } from '../../../shared/job-fact.ts';
import type { Database } from './database.ts';

export interface OutputRow {
  id: OutputId;
  job_id: JobId;
  attempt_id: AttemptId;
  server_id: ServerId;
  ordinal: number;
  node_id: string | null;
  remote_ref: string;
  name: string;
  media: OutputMedia;
  state: 'expected' | 'stored' | 'missing';
  file: string | null;
  mime: string | null;
}

export interface StoredFile {
  /** Relative to the outputs folder. */
  file: string;
  sha256: string;
  bytes: number;
  mime: string | null;
  width: number | null;
  height: number | null;
}

export class OutputStore {
  readonly #q;

  constructor(db: Database) {
    const { raw } = db;
    const from = 'SELECT o.*, a.server_id FROM outputs o JOIN attempts a ON a.id = o.attempt_id';
    this.#q = {
      byId: raw.prepare<[OutputId], OutputRow>(`${from} WHERE o.id = ?`),
      expectedOf: raw.prepare<[JobId], OutputRow>(
        `${from} WHERE o.job_id = ? AND o.state = 'expected' ORDER BY o.ordinal`,
      ),
      waiting: raw
        .prepare<[ServerId], JobId>(
          `SELECT DISTINCT o.job_id FROM outputs o INDEXED BY outputs_expected CROSS JOIN attempts a ON a.id = o.attempt_id WHERE o.state = 'expected' AND a.server_id = ?`,
        )
        .pluck(),
      counts: raw.prepare<[JobId], { expected: number; stored: number; missing: number }>(
        "SELECT coalesce(sum(state = 'expected'), 0) AS expected, coalesce(sum(state = 'stored'), 0) AS stored, coalesce(sum(state = 'missing'), 0) AS missing FROM outputs WHERE job_id = ?",
      ),
      insert:
        raw.prepare(`INSERT INTO outputs (id, job_id, attempt_id, ordinal, node_id, remote_ref, name, media, text, state, partial)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (attempt_id, ordinal) DO NOTHING`),
      storedOf: raw
        .prepare<[AttemptId], number>("SELECT count(*) FROM outputs WHERE attempt_id = ? AND state = 'stored'")
        .pluck(),
      stored: raw.prepare(
        "UPDATE outputs SET state = 'stored', file = @file, sha256 = @sha256, bytes = @bytes, mime = @mime, width = @width, height = @height WHERE id = @id AND state <> 'stored'",
      ),
      missing: raw.prepare("UPDATE outputs SET state = 'missing' WHERE id = ? AND state = 'expected'"),
      expectAgain: raw.prepare("UPDATE outputs SET state = 'expected' WHERE job_id = ? AND state = 'missing'"),
      filesOf: raw
        .prepare<[string], string>(
          'SELECT file FROM outputs WHERE file IS NOT NULL AND job_id IN (SELECT value FROM json_each(?))',
        )
        .pluck(),
      dropPartial: raw.prepare<[JobId], { file: string | null }>(
        'DELETE FROM outputs WHERE job_id = ? AND partial = 1 RETURNING file',
      ),
    };
  }

  byId(id: OutputId): OutputRow | undefined {
    return this.#q.byId.get(id);
  }
  expectedOf(jobId: JobId): OutputRow[] {
    return this.#q.expectedOf.all(jobId);
  }
  /** Jobs with outputs still to be fetched from a server. */
  waitingFrom(serverId: ServerId): JobId[] {
    return this.#q.waiting.all(serverId);
  }
  countsOf(jobId: JobId): { expected: number; stored: number; missing: number } {
    return this.#q.counts.get(jobId) ?? { expected: 0, stored: 0, missing: 0 };
  }
  /** What an attempt has made: files are to be fetched, text is here already. */
  expect(jobId: JobId, attemptId: AttemptId, outputs: readonly OutputRef[], partial: boolean): void {
    for (const output of outputs) {
      this.#q.insert.run(
        newOutputId(),
        jobId,
        attemptId,
        output.ordinal,
        output.nodeId,
        output.remote,
        output.name,
        output.media,
        output.text ?? null,
        output.text === undefined ? 'expected' : 'stored',
        partial ? 1 : 0,
      );
    }
  }
  /** How many of an attempt are stored. */
  storedOf(attemptId: AttemptId): number {
    return this.#q.storedOf.get(attemptId) ?? 0;
  }
  /** Only after the file has its final name. */
  markStored(id: OutputId, stored: StoredFile): void {
    this.#q.stored.run({ id, ...stored });
  }
  markMissing(id: OutputId): void {
    this.#q.missing.run(id);
  }
  /** Missing outputs are to be tried again; how many. */
  expectAgain(jobId: JobId): number {
    return this.#q.expectAgain.run(jobId).changes;
  }
  filesOf(ids: readonly JobId[]): string[] {
    return this.#q.filesOf.all(JSON.stringify(ids));
  }
  /** Forgets partial results; answers their files. */
  dropPartial(jobId: JobId): string[] {
    return this.#q.dropPartial.all(jobId).flatMap((row) => (row.file === null ? [] : [row.file]));
  }
}
