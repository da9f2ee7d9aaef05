/**
 * The only writer of job states. `advance` applies one fact in one transaction: job, attempt, outputs, cancel request,
 * journal and search index together; `cancelQueued` does the same for many waiting jobs by sets. What a fact does is
 * job-machine.ts's to say, for both. Reads for clients are in job-views.ts, the queue order in order-store.ts.
 */
import type { CancelOutcome } from '../../../shared/cancel.ts';
import { newOutputId } from '../../../shared/ids.ts';
import type { AttemptId, BatchId, JobId, PayloadId, ServerId } from '../../../shared/ids.ts';
import type { JobFact, OutputRef } from '../../../shared/job-fact.ts';
import { advance, isTerminal } from '../../../shared/job-machine.ts';
import type { CloseReason, JobState, Transition } from '../../../shared/job-machine.ts';
import type { Kind } from '../../../shared/job.ts';
import { assert } from '../../../shared/util/assert.ts';
import type { Asking, CancelStore, Settled } from './cancel-store.ts';
import type { Database } from './database.ts';
import type { AttemptRow, CancelRow, JobRow } from './rows.ts';

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

export interface ClaimOf {
  attemptId: AttemptId;
  serverId: ServerId;
  remoteKey: string;
  serverBoot: string | null;
}

/** `changed: false` with `why` where the fact was dropped; the journal keeps it either way. */
export type Advanced =
  | { changed: true; from: JobState; to: JobState; settled: CancelOutcome | null; attemptId: AttemptId | null }
  | { changed: false; why: string };

const WATCH_MS = 10 * 60_000;

export class JobStore {
  readonly #db: Database;
  readonly #cancels: CancelStore;
  /** Monotonic start of running attempts, ms; lost with the process, then wall time has to do. */
  readonly #startedMono = new Map<AttemptId, number>();
  readonly #q;

  constructor(db: Database, cancels: CancelStore) {
    this.#db = db;
    this.#cancels = cancels;
    const { raw } = db;
    this.#q = {
      get: raw.prepare<[JobId], JobRow>('SELECT * FROM jobs WHERE id = ?'),
      openAttempt: raw.prepare<[JobId], AttemptRow>('SELECT * FROM attempts WHERE job_id = ? AND closed_at IS NULL'),
      openCancel: raw.prepare<[JobId], CancelRow>(
        'SELECT * FROM cancel_requests WHERE job_id = ? AND settled_at IS NULL',
      ),
      storedOutputs: raw
        .prepare<[AttemptId], number>("SELECT count(*) FROM outputs WHERE attempt_id = ? AND state = 'stored'")
        .pluck(),
      batchStopped: raw
        .prepare<[JobId], 1>(
          'SELECT 1 FROM jobs j JOIN batches b ON b.id = j.batch_id WHERE j.id = ? AND b.stop_after_at IS NOT NULL',
        )
        .pluck(),
      collateral: raw
        .prepare<[JobId], number>("SELECT count(*) FROM attempts WHERE job_id = ? AND close_reason = 'collateral'")
        .pluck(),
      insertJob:
        raw.prepare(`INSERT INTO jobs (id, batch_id, batch_index, kind, server_id, title, info, prompt, payload_id, patch, note, put_back_of, run_again_of, position, held, created_at)
        VALUES (@id, @batchId, @batchIndex, @kind, @serverId, @title, @info, @prompt, @payloadId, @patch, @note, @putBackOf, @runAgainOf, @position, @held, @createdAt)`),
      insertPayload: raw.prepare('INSERT INTO payloads (id, body) VALUES (?, ?) ON CONFLICT (id) DO NOTHING'),
      insertBatch: raw.prepare('INSERT INTO batches (id, title, size, created_at) VALUES (?, ?, ?, ?)'),
      nextNumber: raw
        .prepare<[JobId], number>('SELECT coalesce(max(number), 0) + 1 FROM attempts WHERE job_id = ?')
        .pluck(),
      insertAttempt: raw.prepare(
        'INSERT INTO attempts (id, job_id, number, server_id, remote_key, server_boot, intent_at) VALUES (?, ?, ?, ?, ?, ?, ?)',
      ),
      accepted: raw.prepare(
        'UPDATE attempts SET accepted_at = coalesce(accepted_at, ?), remote_number = coalesce(?, remote_number), node_errors = coalesce(?, node_errors) WHERE id = ?',
      ),
      started: raw.prepare(
        'UPDATE attempts SET started_at = coalesce(started_at, ?), accepted_at = coalesce(accepted_at, ?) WHERE id = ?',
      ),
      close: raw.prepare(
        'UPDATE attempts SET closed_at = ?, close_reason = ?, watch_until = ? WHERE id = ? AND closed_at IS NULL',
      ),
      insertOutput:
        raw.prepare(`INSERT INTO outputs (id, job_id, attempt_id, ordinal, node_id, remote_ref, name, media, text, state, partial)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (attempt_id, ordinal) DO NOTHING`),
      // Compare-and-swap: no row means that someone else won.
      swap: raw.prepare(`UPDATE jobs SET state = @to, rev = rev + 1, error = coalesce(@error, error),
          started_at = coalesce(@startedAt, started_at), ended_at = @endedAt, end_seq = @endSeq, ran_ms = coalesce(@ranMs, ran_ms),
          on_server_id = coalesce(@serverId, on_server_id)
        WHERE id = @id AND state = @from AND rev = @rev`),
      cancelQueued: raw.prepare(`UPDATE jobs SET state = @to, ended_at = @at, rev = rev + 1, end_seq = @endBase + p.n
        FROM (SELECT value AS id, key + 1 AS n FROM json_each(@ids)) AS p WHERE jobs.id = p.id AND jobs.state = 'queued'`),
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

  openAttempt(id: JobId): AttemptRow | undefined {
    return this.#q.openAttempt.get(id);
  }

  /** Writes payload, batch and jobs together; call inside `tx`. */
  insert(
    payload: { id: PayloadId; body: string } | null,
    batch: { id: BatchId; title: string; size: number } | null,
    jobs: readonly NewJob[],
    now: number,
  ): void {
    if (payload !== null) this.#q.insertPayload.run(payload.id, payload.body);
    if (batch !== null) this.#q.insertBatch.run(batch.id, batch.title, batch.size, now);
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
    const attempt = this.#q.openAttempt.get(id) ?? null;
    if (about.attemptId !== undefined && about.attemptId !== null && attempt?.id !== about.attemptId) {
      return this.#drop(job, fact, about.attemptId, 'another attempt', now);
    }
    const cancel = this.#q.openCancel.get(id) ?? null;
    const answer = advance(
      {
        state: job.state,
        held: job.held === 1,
        openCancel: cancel?.mode ?? null,
        partialOutputs: attempt === null ? 0 : (this.#q.storedOutputs.get(attempt.id) ?? 0),
        // In a batch of which nothing more is to be sent, going back to the queue would be waiting for ever.
        collateralUsed: (this.#q.collateral.get(id) ?? 0) > 0 || this.#q.batchStopped.get(id) === 1,
      },
      fact,
    );
    if (!answer.ok) return this.#drop(job, fact, attempt?.id ?? null, answer.why, now);

    const { transition } = answer;
    let attemptId = attempt?.id ?? null;
    let serverId: ServerId | null = null;
    if (fact.type === 'claim') {
      assert(about.claim !== undefined, 'a claim must bring its attempt');
      const { claim } = about;
      attemptId = claim.attemptId;
      serverId = claim.serverId;
      this.#q.insertAttempt.run(
        claim.attemptId,
        id,
        this.#q.nextNumber.get(id) ?? 1,
        claim.serverId,
        claim.remoteKey,
        claim.serverBoot,
        now,
      );
    }
    if (attemptId !== null) this.#noteOnAttempt(id, attemptId, fact, transition.to, now);
    if (transition.settle !== null && cancel !== null) this.#cancels.settle(cancel.id, transition.settle, now);
    if (transition.close !== null && attemptId !== null) this.#close(attemptId, transition.close, now);
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

  note(id: JobId, fact: string, detail: string | null, attemptId: AttemptId | null = null): void {
    this.#q.journal.run(Date.now(), id, attemptId, fact, null, null, detail);
  }

  #drop(job: JobRow, fact: JobFact, attemptId: AttemptId | null, why: string, now: number): Advanced {
    // A repeated `started` or `accepted` is the normal noise of stream and poll; only real disagreements are kept.
    if (!(why === 'illegal' && (fact.type === 'started' || fact.type === 'accepted'))) {
      this.#q.journal.run(now, job.id, attemptId, fact.type, job.state, null, `dropped: ${why}`);
    } else if (attemptId !== null && fact.type === 'accepted') {
      this.#q.accepted.run(
        now,
        fact.number,
        fact.nodeErrors === null || fact.nodeErrors === undefined ? null : JSON.stringify(fact.nodeErrors),
        attemptId,
      );
    }
    return { changed: false, why };
  }

  #noteOnAttempt(id: JobId, attemptId: AttemptId, fact: JobFact, to: JobState, now: number): void {
    if (fact.type === 'accepted') {
      this.#q.accepted.run(
        now,
        fact.number,
        fact.nodeErrors === null || fact.nodeErrors === undefined ? null : JSON.stringify(fact.nodeErrors),
        attemptId,
      );
    } else if (fact.type === 'started') {
      this.#q.started.run(now, now, attemptId);
      this.#startedMono.set(attemptId, performance.now());
    } else if (to !== 'queued' && 'outputs' in fact) {
      // A job that goes back to the queue yields its results from the attempt that follows, and from no other.
      this.#insertOutputs(id, attemptId, fact.outputs, fact.type !== 'finished');
    }
  }

  #insertOutputs(id: JobId, attemptId: AttemptId, outputs: readonly OutputRef[], partial: boolean): void {
    for (const output of outputs) {
      this.#q.insertOutput.run(
        newOutputId(),
        id,
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

  #close(attemptId: AttemptId, reason: CloseReason, now: number): void {
    const watch =
      reason === 'not-sent' || reason === 'not-sent-presumed' || reason === 'vanished' ? now + WATCH_MS : null;
    this.#q.close.run(now, reason, watch, attemptId);
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
      this.#startedMono.delete(attemptId);
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
