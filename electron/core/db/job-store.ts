/**
 * The only writer of job states. `advance` applies one fact in one transaction: job, attempt, outputs, cancel request,
 * journal and search index together; `cancelQueued` does the same for many waiting jobs by sets. What a fact does is
 * job-machine.ts's to say, for both. Reads for clients are in job-views.ts, the queue order in order-store.ts.
 */
import type { CancelOutcome } from '../../../shared/cancel.ts';
import { AppError } from '../../../shared/errors.ts';
import type { AttemptId, BatchId, JobId, PayloadId, ServerId } from '../../../shared/ids.ts';
import type { JobFact } from '../../../shared/job-fact.ts';
import { advance, isTerminal } from '../../../shared/job-machine.ts';
import type { JobState, Transition } from '../../../shared/job-machine.ts';
import type { Kind } from '../../../shared/job.ts';
import { assert } from '../../../shared/util/assert.ts';
import type { AttemptStore, ClaimOf } from './attempt-store.ts';
import type { Asking, CancelStore, Settled } from './cancel-store.ts';
import type { Database } from './database.ts';
import type { OutputStore } from './output-store.ts';
import type { AttemptRow, JobRow } from './rows.ts';

/** A new job, ready to be written. */
export interface NewJob {
  id: JobId;
  batchId: BatchId | null;
  batchIndex: number | null;
  kind: Kind;
  serverId: ServerId | null;
  title: string;
  info: string;
  prompt: string;
  payloadId: PayloadId;
  patch: string | null;
  note: string | null;
  position: number;
  held: boolean;
  putBackOf: JobId | null;
  runAgainOf: JobId | null;
}

/** `changed: false` with `why` where the fact was dropped; the journal keeps it either way. */
export type Advanced =
  | { changed: true; from: JobState; to: JobState; settled: CancelOutcome | null; attemptId: AttemptId | null }
  | { changed: false; why: string };

export class JobStore {
  readonly #db: Database;
  readonly #cancels: CancelStore;
  readonly #attempts: AttemptStore;
  readonly #outputs: OutputStore;
  /** Monotonic start of running attempts, ms; lost with the process, then wall time has to do. */
  readonly #startedMono = new Map<AttemptId, number>();
  readonly #q;

  constructor(db: Database, cancels: CancelStore, attempts: AttemptStore, outputs: OutputStore) {
    this.#db = db;
    this.#cancels = cancels;
    this.#attempts = attempts;
    this.#outputs = outputs;
    const { raw } = db;
    this.#q = {
      get: raw.prepare<[JobId], JobRow>('SELECT * FROM jobs WHERE id = ?'),
      // In a batch of which nothing more is to be sent, going back to the queue would be waiting for ever.
      mayNotReturn: raw
        .prepare<{ id: JobId }, 0 | 1>(
          `SELECT EXISTS (SELECT 1 FROM attempts WHERE job_id = @id AND close_reason = 'collateral')
            OR EXISTS (SELECT 1 FROM jobs j JOIN batches b ON b.id = j.batch_id WHERE j.id = @id AND b.stop_after_at IS NOT NULL)`,
        )
        .pluck(),
      insertJob:
        raw.prepare(`INSERT INTO jobs (id, batch_id, batch_index, kind, server_id, title, info, prompt, payload_id, patch, note, put_back_of, run_again_of, position, held, created_at)
        VALUES (@id, @batchId, @batchIndex, @kind, @serverId, @title, @info, @prompt, @payloadId, @patch, @note, @putBackOf, @runAgainOf, @position, @held, @createdAt)`),
      insertPayload: raw.prepare('INSERT INTO payloads (id, body) VALUES (?, ?) ON CONFLICT (id) DO NOTHING'),
      // Compare-and-swap: no row means that someone else won.
      swap: raw.prepare(`UPDATE jobs SET state = @to, rev = rev + 1, error = coalesce(@error, error),
          started_at = coalesce(@startedAt, started_at), ended_at = @endedAt, end_seq = @endSeq, ran_ms = coalesce(@ranMs, ran_ms),
          on_server_id = coalesce(@serverId, on_server_id)
        WHERE id = @id AND state = @from AND rev = @rev`),
      cancelQueued: raw.prepare(`UPDATE jobs SET state = @to, ended_at = @at, rev = rev + 1, end_seq = @endBase + p.n
        FROM (SELECT value AS id, key + 1 AS n FROM json_each(@ids)) AS p WHERE jobs.id = p.id AND jobs.state = 'queued'`),
      note: raw.prepare('UPDATE jobs SET note = ?, rev = rev + 1 WHERE id = ?'),
      ftsNote: raw.prepare(
        "UPDATE history_fts SET note = coalesce(?, '') WHERE rowid = (SELECT end_seq FROM jobs WHERE id = ?)",
      ),
      touch: raw.prepare('UPDATE jobs SET rev = rev + 1 WHERE id = ?'),
      journal: raw.prepare(
        'INSERT INTO journal (at, job_id, attempt_id, fact, from_state, to_state, detail) VALUES (?, ?, ?, ?, ?, ?, ?)',
      ),
      journalEach: raw.prepare(
        'INSERT INTO journal (at, job_id, fact, from_state, to_state) SELECT @at, value, @fact, @from, @to FROM json_each(@ids)',
      ),
      endSeqs: raw
        .prepare<[number], number>("UPDATE counters SET value = value + ? WHERE name = 'end_seq' RETURNING value")
        .pluck(),
      fts: raw.prepare(`INSERT INTO history_fts (rowid, job_id, title, prompt, note, error)
        SELECT j.end_seq, j.id, j.title, j.prompt, coalesce(j.note, ''), @said FROM json_each(@ids) p JOIN jobs j ON j.id = p.value`),
    };
  }

  get(id: JobId): JobRow | undefined {
    return this.#q.get.get(id);
  }

  /** @throws AppError `not_found`. */
  existing(id: JobId): JobRow {
    const job = this.get(id);
    if (job === undefined) throw new AppError('not_found', 'there is no such job', { details: { id } });
    return job;
  }

  /** Writes jobs and, where it may be new, what they send; call inside `tx`. */
  insert(jobs: readonly NewJob[], now: number, payload?: { id: PayloadId; body: string }): void {
    if (payload !== undefined) this.#q.insertPayload.run(payload.id, payload.body);
    for (const job of jobs) this.#q.insertJob.run({ ...job, held: job.held ? 1 : 0, createdAt: now });
  }

  /**
   * Applies one fact. `attemptId` names the attempt the fact is about: a fact of an attempt that is no longer the open
   * one is dropped. A `claim` brings the attempt it opens.
   */
  advance(id: JobId, fact: JobFact, about: { attemptId?: AttemptId | null; claim?: ClaimOf } = {}): Advanced {
    return this.#db.tx(() => this.#advance(id, fact, about));
  }

  #advance(id: JobId, fact: JobFact, about: { attemptId?: AttemptId | null; claim?: ClaimOf }): Advanced {
    const now = Date.now();
    const job = this.#q.get.get(id);
    if (job === undefined) return { changed: false, why: 'no such job' };
    const attempt = this.#attempts.openOf(id) ?? null;
    if (about.attemptId !== undefined && about.attemptId !== null && attempt?.id !== about.attemptId) {
      return this.#drop(job, fact, about.attemptId, 'another attempt', now);
    }
    const cancel = this.#cancels.openOf(id) ?? null;
    const answer = advance(
      {
        state: job.state,
        held: job.held === 1,
        openCancel: cancel?.mode ?? null,
        partialOutputs: attempt === null ? 0 : this.#outputs.storedOf(attempt.id),
        collateralUsed: this.#q.mayNotReturn.get({ id }) === 1,
      },
      fact,
    );
    if (!answer.ok) return this.#drop(job, fact, attempt?.id ?? null, answer.why, now);

    const { transition } = answer;
    let attemptId = attempt?.id ?? null;
    let serverId: ServerId | null = null;
    if (fact.type === 'claim') {
      assert(about.claim !== undefined, 'a claim must bring its attempt');
      ({ attemptId, serverId } = about.claim);
      this.#attempts.begin(id, about.claim, now);
    }
    if (attemptId !== null) this.#noteOnAttempt(id, attemptId, fact, transition.to, now);
    if (transition.settle !== null && cancel !== null) this.#cancels.settle(cancel.id, transition.settle, now);
    if (transition.close !== null && attemptId !== null) this.#attempts.close(attemptId, transition.close, now);
    this.#write(job, attempt, attemptId, fact, transition, serverId, now);
    this.#q.journal.run(now, id, attemptId, fact.type, job.state, transition.to, detailOf(fact));
    return { changed: true, from: job.state, to: transition.to, settled: transition.settle, attemptId };
  }

  /**
   * Cancels jobs that are still queued, each with a request that is settled at once. Call inside the `tx` that read them
   * as queued. 10,000 take about 0.15 s.
   */
  cancelQueued(ids: readonly JobId[], asking: Asking, now: number): Settled[] {
    if (ids.length === 0) return [];
    const from = 'queued';
    const fact = { type: 'cancelLocal' } as const;
    // Asked once for all: of a queued job this fact asks nothing in which they might differ.
    const answer = advance(
      { state: from, held: false, openCancel: asking.mode, partialOutputs: 0, collateralUsed: false },
      fact,
    );
    assert(answer.ok && answer.transition.settle !== null, 'what is queued can be cancelled here');
    const { to, settle } = answer.transition;
    const settled = this.#cancels.askSettled(ids, asking, settle, now);
    const list = JSON.stringify(ids);
    const endBase = (this.#q.endSeqs.get(ids.length) ?? 0) - ids.length;
    const done = this.#q.cancelQueued.run({ ids: list, to, at: now, endBase });
    assert(done.changes === ids.length, 'a job to be cancelled was not queued');
    this.#q.fts.run({ ids: list, said: asking.note ?? '' });
    this.#q.journalEach.run({ ids: list, at: now, fact: fact.type, from, to });
    return settled;
  }

  /** The row's `rev` rises without a change of state (a cancel was asked, an output arrived). Call inside `tx`. */
  touch(id: JobId): void {
    this.#q.touch.run(id);
  }

  /** Also where the job has ended: search finds the note it has now. Call inside `tx`. */
  setNote(id: JobId, note: string | null): void {
    this.#q.note.run(note, id);
    this.#q.ftsNote.run(note, id);
  }

  /** Adds to the journal what is no fact. */
  log(id: JobId, fact: string, detail: string, attemptId: AttemptId): void {
    this.#q.journal.run(Date.now(), id, attemptId, fact, null, null, detail);
  }

  #drop(job: JobRow, fact: JobFact, attemptId: AttemptId | null, why: string, now: number): Advanced {
    // A repeated `started` or `accepted` is the normal noise of stream and poll; only real disagreements are kept.
    if (!(why === 'illegal' && (fact.type === 'started' || fact.type === 'accepted'))) {
      this.#q.journal.run(now, job.id, attemptId, fact.type, job.state, null, `dropped: ${why}`);
    } else if (attemptId !== null && fact.type === 'accepted') this.#attempts.accepted(attemptId, fact, now);
    return { changed: false, why };
  }

  #noteOnAttempt(id: JobId, attemptId: AttemptId, fact: JobFact, to: JobState, now: number): void {
    if (fact.type === 'accepted') this.#attempts.accepted(attemptId, fact, now);
    else if (fact.type === 'started') {
      this.#attempts.started(attemptId, now);
      this.#startedMono.set(attemptId, performance.now());
    } else if (to !== 'queued' && 'outputs' in fact) {
      // A job that goes back to the queue yields its results from the attempt that follows, and from no other.
      this.#outputs.expect(id, attemptId, fact.outputs, fact.type !== 'finished');
    }
  }

  #write(
    job: JobRow,
    attempt: AttemptRow | null,
    attemptId: AttemptId | null,
    fact: JobFact,
    transition: Transition,
    serverId: ServerId | null,
    now: number,
  ): void {
    const ended = isTerminal(transition.to);
    const leftServer = fact.type === 'finished' || fact.type === 'stopped' || fact.type === 'executionFailed';
    const startedAt = fact.type === 'started' ? now : null;
    let ranMs: number | null = null;
    if (leftServer && attemptId !== null) {
      const mono = this.#startedMono.get(attemptId);
      const wall = attempt?.started_at ?? null;
      if (fact.ranMs !== undefined) ranMs = Math.max(0, Math.round(fact.ranMs));
      else if (mono !== undefined) ranMs = Math.round(performance.now() - mono);
      else if (wall !== null) ranMs = Math.max(0, now - wall);
    }
    const done = this.#q.swap.run({
      id: job.id,
      from: job.state,
      rev: job.rev,
      to: transition.to,
      error: transition.error === null ? null : JSON.stringify(transition.error),
      startedAt,
      endedAt: ended ? now : null,
      endSeq: ended ? this.#q.endSeqs.get(1) : null,
      ranMs,
      serverId,
    });
    assert(done.changes === 1, 'a job changed inside its own transaction');
    if (ended) {
      // The reason that was given for a cancel is found again too.
      const said = [transition.error?.message, this.#cancels.newestOf(job.id)?.note];
      this.#q.fts.run({
        ids: JSON.stringify([job.id]),
        said: said.filter((text) => text !== undefined && text !== null).join('\n'),
      });
    }
    if (transition.close !== null && attemptId !== null) this.#startedMono.delete(attemptId);
  }
}

function detailOf(fact: JobFact): string | null {
  switch (fact.type) {
    case 'stopped':
      return `${fact.reach}, by ${fact.by}, ${fact.evidence}`;
    case 'vanished':
      return fact.cause;
    case 'notSent':
      return fact.evidence;
    case 'rejected':
    case 'executionFailed':
      return fact.error.message;
    case 'finished':
      return `${String(fact.outputs.length)} outputs`;
    case 'accepted':
    case 'started':
    case 'claim':
    case 'cancelLocal':
    case 'collected':
    case 'collectFailed':
      return null;
  }
}
