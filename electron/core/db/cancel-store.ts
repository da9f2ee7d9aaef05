/**
 * SQL for cancel requests and their trail. A request is one row; it is settled once, by JobStore in the transaction
 * that ends its job, or as it is asked. Writes no job.
 */
import type { Asker, CancelMode, CancelOutcome, CancelStep, TrailStep } from '../../../shared/cancel.ts';
import { newRequestId } from '../../../shared/ids.ts';
import type { JobId, RequestId } from '../../../shared/ids.ts';
import type { Database } from './database.ts';
import type { CancelRow } from './rows.ts';

export interface Asking {
  mode: CancelMode;
  by: Asker;
  note: string | null;
}

/** A request that had its outcome when it was asked. */
export interface Settled {
  jobId: JobId;
  requestId: RequestId;
  outcome: CancelOutcome;
}

interface Noted {
  id: RequestId;
  at: number;
  since: number;
  step: CancelStep;
  route: string | null;
  detail: string | null;
}
const NOTED_MS = 100;

export class CancelStore {
  readonly #db: Database;
  readonly #q;
  /** Monotonic time of each open request, ms; after a restart wall time has to do. */
  readonly #askedMono = new Map<RequestId, number>();
  #noted: Noted[] = [];
  #timer: NodeJS.Timeout | null = null;

  constructor(db: Database) {
    this.#db = db;
    const { raw } = db;
    this.#q = {
      byId: raw.prepare<[RequestId], CancelRow>('SELECT * FROM cancel_requests WHERE id = ?'),
      openOf: raw.prepare<[JobId], CancelRow>('SELECT * FROM cancel_requests WHERE job_id = ? AND settled_at IS NULL'),
      newestOf: raw.prepare<[JobId], CancelRow>(
        'SELECT * FROM cancel_requests WHERE job_id = ? ORDER BY rowid DESC LIMIT 1',
      ),
      open: raw.prepare<[], CancelRow>(
        'SELECT * FROM cancel_requests WHERE settled_at IS NULL ORDER BY requested_at, id',
      ),
      openCount: raw.prepare<[], number>('SELECT count(*) FROM cancel_requests WHERE settled_at IS NULL').pluck(),
      settle: raw.prepare(
        'UPDATE cancel_requests SET outcome = ?, detail = ?, settled_at = ?, took_ms = ? WHERE id = ? AND settled_at IS NULL',
      ),
      raise: raw.prepare(
        "UPDATE cancel_requests SET mode = 'stop' WHERE id = ? AND mode = 'if-waiting' AND settled_at IS NULL",
      ),
      insert: raw.prepare(
        'INSERT INTO cancel_requests (id, job_id, mode, requested_at, requested_by, note) VALUES (?, ?, ?, ?, ?, ?)',
      ),
      insertSettled:
        raw.prepare(`INSERT INTO cancel_requests (id, job_id, mode, requested_at, requested_by, note, outcome, detail, settled_at, took_ms)
        SELECT value ->> 1, value ->> 0, @mode, @at, @by, @note, @outcome, @detail, @at, 0 FROM json_each(@pairs)`),
      stepOfEach: raw.prepare(
        'INSERT INTO cancel_steps (request_id, seq, at, since_ms, step) SELECT value ->> 1, @seq, @at, 0, @step FROM json_each(@pairs)',
      ),
      sent: raw
        .prepare<[JobId], 1>(
          "SELECT 1 FROM cancel_requests c JOIN cancel_steps s ON s.request_id = c.id WHERE c.job_id = ? AND c.settled_at IS NULL AND s.step = 'sent' LIMIT 1",
        )
        .pluck(),
      step: raw.prepare(`INSERT INTO cancel_steps (request_id, seq, at, since_ms, step, route, detail)
        SELECT @id, coalesce((SELECT max(seq) FROM cancel_steps WHERE request_id = @id), 0) + 1, @at, @since, @step, @route, @detail
        WHERE EXISTS (SELECT 1 FROM cancel_requests WHERE id = @id)`),
    };
  }

  openOf(jobId: JobId): CancelRow | undefined {
    return this.#q.openOf.get(jobId);
  }

  /** A stop of the job's open request has gone out, by this process or one before it. */
  wasSent(jobId: JobId): boolean {
    return this.#q.sent.get(jobId) === 1;
  }

  /** By the order of writing: the clock may have been set back in between. */
  newestOf(jobId: JobId): CancelRow | undefined {
    return this.#q.newestOf.get(jobId);
  }

  /** Every open request, oldest first. */
  open(): CancelRow[] {
    return this.#q.open.all();
  }

  openCount(): number {
    return this.#q.openCount.get() ?? 0;
  }

  /** Requests that are settled as they are asked, kept for the trail: what they mean for their jobs is the caller's to write. */
  askSettled(ids: readonly JobId[], asking: Asking, outcome: CancelOutcome, now: number): Settled[] {
    const made = ids.map((jobId): Settled => ({ jobId, requestId: newRequestId(), outcome }));
    const pairs = JSON.stringify(made.map(({ jobId, requestId }) => [jobId, requestId]));
    this.#q.insertSettled.run({
      pairs,
      ...asking,
      at: now,
      outcome: outcome.outcome,
      detail: JSON.stringify(outcome),
    });
    this.#q.stepOfEach.run({ pairs, at: now, seq: 1, step: 'requested' satisfies CancelStep });
    this.#q.stepOfEach.run({ pairs, at: now, seq: 2, step: 'settled' satisfies CancelStep });
    return made;
  }

  /** A request that something on a server has to answer. Call inside `tx`; at most one is open per job. */
  ask(jobId: JobId, asking: Asking, now: number): RequestId {
    const id = newRequestId();
    this.#q.insert.run(id, jobId, asking.mode, now, asking.by, asking.note);
    this.#askedMono.set(id, performance.now());
    this.step(id, 'requested', null, null);
    return id;
  }

  /** An open `if-waiting` request becomes `stop`; true if it did. */
  raise(id: RequestId): boolean {
    const raised = this.#q.raise.run(id).changes === 1;
    if (raised) this.step(id, 'raised', null, null);
    return raised;
  }

  settle(id: RequestId, outcome: CancelOutcome, now: number): void {
    const since = this.#since(id, now);
    this.#q.settle.run(outcome.outcome, JSON.stringify(outcome), now, since, id);
    if (outcome.outcome === 'cancelled' && outcome.reach !== 'local')
      this.step(id, 'seen-stopped', null, outcome.evidence);
    this.step(id, 'settled', null, null);
    this.#askedMono.delete(id);
  }

  /** Adds to the trail; also after the request is settled ("it arrived after all"). */
  step(id: RequestId, step: CancelStep, route: string | null, detail: string | null): void {
    this.#write([...this.#noted, this.#made(id, step, route, detail)]);
  }

  /**
   * As `step`, for what only explains ("looked", "heard"): written with the next step that counts, or a tenth of a second
   * later. Each commit is a sync of the disk, and the stop is waiting for it.
   */
  note(id: RequestId, step: CancelStep, route: string | null, detail: string | null): void {
    this.#noted.push(this.#made(id, step, route, detail));
    this.#timer ??= setTimeout(() => {
      try {
        this.flush();
      } catch {
        // A full disk: what is noted stays noted, and goes with the next step that can be written.
      }
    }, NOTED_MS);
  }

  /** Writes what was only noted. Call before the database is closed. */
  flush(): void {
    this.#write(this.#noted);
  }

  /** A step that can't be written is its caller's to repeat; it must not stand in the way of those of other requests. */
  #write(steps: readonly Noted[]): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    if (steps.length === 0) return;
    this.#db.tx(() => {
      for (const one of steps) this.#q.step.run(one);
    });
    this.#noted = [];
  }

  #made(id: RequestId, step: CancelStep, route: string | null, detail: string | null): Noted {
    const at = Date.now();
    return { id, at, since: this.#since(id, at), step, route, detail };
  }

  trailOf(jobId: JobId): { by: Asker; note: string | null; steps: TrailStep[] }[] {
    this.flush();
    const requests = this.#db.raw
      .prepare<[JobId], CancelRow>('SELECT * FROM cancel_requests WHERE job_id = ? ORDER BY rowid')
      .all(jobId);
    const steps = this.#db.raw.prepare<[RequestId], TrailStep>(
      'SELECT step, at, since_ms AS sinceMs, route, detail FROM cancel_steps WHERE request_id = ? ORDER BY seq',
    );
    return requests.map((row) => ({ by: row.requested_by as Asker, note: row.note, steps: steps.all(row.id) }));
  }

  #since(id: RequestId, now: number): number {
    const mono = this.#askedMono.get(id);
    if (mono !== undefined) return Math.round(performance.now() - mono);
    const row = this.#q.byId.get(id);
    return row === undefined ? 0 : Math.max(0, now - row.requested_at);
  }
}
