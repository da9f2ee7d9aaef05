/**
 * The queue itself: submit, order, hold, pause, put back, run again, forget. Every change is one transaction; nothing
 * here talks to a server.
 */
import { createHash } from 'node:crypto';
import type { z } from 'zod';
import { describe } from '../../../shared/describe.ts';
import { AppError } from '../../../shared/errors.ts';
import { newBatchId, newJobId } from '../../../shared/ids.ts';
import type { BatchId, JobId, PayloadId, ServerId } from '../../../shared/ids.ts';
import { isTerminal } from '../../../shared/job-machine.ts';
import { JobInfoSchema, JobPatchSchema } from '../../../shared/job.ts';
import type { JobPatch, JobPayload, JobView, SubmitJobsSchema } from '../../../shared/job.ts';
import { findSeeds } from '../../../shared/workflow/inputs.ts';
import type { NewJob } from '../db/job-store.ts';
import { outcomeOf, parseColumn } from '../db/rows.ts';
import type { JobRow } from '../db/rows.ts';
import type { Board } from './board.ts';

export type Submit = z.output<typeof SubmitJobsSchema>;
export type MoveTo = 'front' | 'end' | { before: JobId } | { after: JobId };

export class Queue {
  readonly #board: Board;
  readonly #kick: (serverId: ServerId | null) => void;
  readonly #q;

  constructor(board: Board, kick: (serverId: ServerId | null) => void) {
    this.#board = board;
    this.#kick = kick;
    const { raw } = board.db;
    this.#q = {
      submission: raw.prepare<[string], { job_ids: string; batch_id: BatchId | null }>(
        'SELECT job_ids, batch_id FROM submissions WHERE token = ?',
      ),
      remember: raw.prepare('INSERT INTO submissions (token, job_ids, batch_id, at) VALUES (?, ?, ?, ?)'),
      hold: raw.prepare(
        "UPDATE jobs SET held = @held, rev = rev + 1 WHERE state = 'queued' AND held <> @held AND id IN (SELECT value FROM json_each(@ids))",
      ),
      notQueued: raw
        .prepare<[string], JobId>(
          "SELECT id FROM jobs WHERE state <> 'queued' AND id IN (SELECT value FROM json_each(?))",
        )
        .pluck(),
      known: raw
        .prepare<[string], number>('SELECT count(*) FROM jobs WHERE id IN (SELECT value FROM json_each(?))')
        .pluck(),
      putBackAs: raw.prepare<[JobId], JobId>('SELECT id FROM jobs WHERE put_back_of = ?').pluck(),
      note: raw.prepare('UPDATE jobs SET note = ?, rev = rev + 1 WHERE id = ?'),
      ftsNote: raw.prepare(
        "UPDATE history_fts SET note = coalesce(?, '') WHERE rowid = (SELECT end_seq FROM jobs WHERE id = ?)",
      ),
      payload: raw.prepare<[PayloadId], string>('SELECT body FROM payloads WHERE id = ?').pluck(),
      reopenBatch: raw.prepare('UPDATE batches SET stop_after_at = NULL WHERE id = ? AND stop_after_at IS NOT NULL'),
      runningOf: raw.prepare<[BatchId], JobId>("SELECT id FROM jobs WHERE batch_id = ? AND state = 'running'").pluck(),
    };
  }

  submit(asked: Submit): { jobs: JobView[]; batchId: BatchId | null } {
    const { db, jobs, order, views, servers } = this.#board;
    if (asked.serverId !== null) {
      const server = servers.get(asked.serverId);
      if (server === undefined)
        throw new AppError('not_found', 'there is no such server', { details: { id: asked.serverId } });
      if (server.kind !== asked.payload.kind)
        throw new AppError('invalid_request', `a ${asked.payload.kind} payload can't run on a ${server.kind} server`);
    }
    if (asked.payload.kind === 'comfy' && Object.keys(asked.payload.graph).length === 0)
      throw new AppError('invalid_request', 'the workflow has no node');
    const body = JSON.stringify(asked.payload);
    const payloadId = createHash('sha256').update(body).digest('hex') as PayloadId;
    const now = Date.now();

    const answer = db.tx(() => {
      const before = asked.clientToken === undefined ? undefined : this.#q.submission.get(asked.clientToken);
      if (before !== undefined)
        return { ids: JSON.parse(before.job_ids) as JobId[], batchId: before.batch_id, fresh: false };
      const batchId = asked.jobs.length > 1 ? newBatchId() : null;
      const place = asked.at === 'front' ? order.atFront(asked.jobs.length) : order.atEnd(asked.jobs.length);
      const made = asked.jobs.map((one, index): NewJob => {
        const { info, prompt, title } = describe(asked.payload, one.patch ?? null, asked.source ?? null);
        return {
          id: newJobId(),
          batchId,
          batchIndex: batchId === null ? null : index,
          kind: asked.payload.kind,
          serverId: asked.serverId,
          title: one.title ?? title ?? asked.title ?? 'Untitled',
          info: JSON.stringify(info),
          prompt,
          payloadId,
          patch: one.patch === undefined ? null : JSON.stringify(one.patch),
          note: asked.note ?? null,
          position: place.from + place.gap * index,
          held: asked.held ?? false,
          putBackOf: null,
          runAgainOf: null,
        };
      });
      const batch =
        batchId === null
          ? null
          : { id: batchId, title: asked.title ?? made[0]?.title ?? 'Untitled', size: made.length };
      const half = Math.ceil(made.length / 2);
      jobs.insert({ id: payloadId, body }, batch, made.slice(0, half), now);
      if (made.length > 1) this.#board.point('mid-batch');
      jobs.insert(null, null, made.slice(half), now);
      const ids = made.map((one) => one.id);
      if (asked.clientToken !== undefined) this.#q.remember.run(asked.clientToken, JSON.stringify(ids), batchId, now);
      this.#board.point('before-enqueue-commit');
      return { ids, batchId, fresh: true };
    });
    this.#board.point('after-enqueue-commit');
    if (answer.fresh) {
      this.#board.feed.changedAll(answer.ids);
      this.#kick(asked.serverId);
      this.#board.log.info('jobs accepted', {
        count: answer.ids.length,
        kind: asked.payload.kind,
        batch: answer.batchId,
      });
    }
    return { jobs: views.many(answer.ids.slice(0, 1_000)), batchId: answer.batchId };
  }

  move(ids: readonly JobId[], to: MoveTo): JobView[] {
    const { db, order, views, feed, jobs } = this.#board;
    const unique = [...new Set(ids)];
    const told = db.tx(() => {
      this.#mustBeQueued(unique);
      if (typeof to !== 'string') {
        const anchor = 'before' in to ? to.before : to.after;
        if (unique.includes(anchor)) throw new AppError('invalid_request', "a job can't be moved to its own place");
        if (jobs.get(anchor) === undefined)
          throw new AppError('not_found', 'there is no such job', { details: { id: anchor } });
      }
      // Where places had to be numbered anew, every open job has a new one.
      return order.move(unique, to) ? order.all() : unique;
    });
    feed.changedAll(told);
    this.#kick(null);
    return views.many(unique.slice(0, 1_000));
  }

  hold(ids: readonly JobId[], held: boolean): JobView[] {
    const { db, views, feed } = this.#board;
    db.tx(() => {
      this.#mustBeQueued(ids);
      this.#q.hold.run({ held: held ? 1 : 0, ids: JSON.stringify(ids) });
    });
    feed.changedAll(ids);
    if (!held) this.#kick(null);
    return views.many(ids.slice(0, 1_000));
  }

  /** Same payload, batch, server, seeds and place; a second call returns the same jobs. */
  putBack(ids: readonly JobId[]): JobView[] {
    const { db, views, feed, jobs } = this.#board;
    const made: JobId[] = [];
    const answer = db.tx(() =>
      ids.map((id) => {
        const already = this.#q.putBackAs.get(id);
        if (already !== undefined) return already;
        const job = this.#existing(id);
        const cancel = this.#board.cancels.newestOf(id);
        const outcome = cancel === undefined ? null : outcomeOf(cancel);
        if (job.state !== 'cancelled' || outcome?.outcome !== 'cancelled' || outcome.reach === 'running') {
          throw new AppError('conflict', 'only what was cancelled before it ran can be put back', {
            details: { id, state: job.state },
          });
        }
        if (job.batch_id !== null && this.#q.reopenBatch.run(job.batch_id).changes > 0) {
          // It no longer is the last one of its batch, and says so.
          for (const running of this.#q.runningOf.all(job.batch_id)) {
            jobs.touch(running);
            made.push(running);
          }
        }
        const copy = this.#copy(job, (one) => this.#payload(one), {
          position: job.position,
          putBackOf: id,
          runAgainOf: null,
          patch: job.patch,
          batchId: job.batch_id,
          batchIndex: job.batch_index,
        });
        jobs.insert(null, null, [copy], Date.now());
        // The old row now reads "Put back": its view changed too.
        jobs.touch(id);
        made.push(copy.id, id);
        return copy.id;
      }),
    );
    feed.changedAll(made);
    this.#kick(null);
    return views.many(answer.slice(0, 1_000));
  }

  /** New jobs at the end of the queue; `new` seeds are random over every seed the payload has. */
  runAgain(ids: readonly JobId[], seeds: 'same' | 'new'): JobView[] {
    const { db, views, feed, jobs, order } = this.#board;
    const made = db.tx(() => {
      const sources = ids.map((id) => this.#existing(id));
      const open = sources.find((job) => !isTerminal(job.state));
      if (open !== undefined)
        throw new AppError('conflict', 'it has not ended yet', { details: { id: open.id, state: open.state } });
      const place = order.atEnd(sources.length);
      const payloads = new Map<PayloadId, JobPayload>();
      const payloadOf = (job: JobRow): JobPayload => {
        const payload = payloads.get(job.payload_id) ?? this.#payload(job);
        payloads.set(job.payload_id, payload);
        return payload;
      };
      const copies = sources.map((job, index) =>
        this.#copy(job, payloadOf, {
          position: place.from + place.gap * index,
          putBackOf: null,
          runAgainOf: job.id,
          patch: seeds === 'new' ? this.#reseeded(job, payloadOf(job)) : job.patch,
          batchId: null,
          batchIndex: null,
        }),
      );
      jobs.insert(null, null, copies, Date.now());
      return copies.map((copy) => copy.id);
    });
    feed.changedAll(made);
    this.#kick(null);
    return views.many(made.slice(0, 1_000));
  }

  pause(paused: boolean, serverId: ServerId | undefined): void {
    const { settings, servers, log } = this.#board;
    if (serverId === undefined) settings.setFlag('queue.paused', paused);
    else if (servers.update(serverId, { paused }) === undefined)
      throw new AppError('not_found', 'there is no such server', { details: { id: serverId } });
    log.info(paused ? 'paused' : 'resumed', { server: serverId ?? 'all' });
    if (!paused) this.#kick(serverId ?? null);
  }

  setNote(id: JobId, note: string | null): JobView {
    const { db, views, feed } = this.#board;
    db.tx(() => {
      this.#existing(id);
      this.#q.note.run(note, id);
      this.#q.ftsNote.run(note, id);
    });
    feed.changed(id);
    return views.one(id);
  }

  #existing(id: JobId): JobRow {
    const job = this.#board.jobs.get(id);
    if (job === undefined) throw new AppError('not_found', 'there is no such job', { details: { id } });
    return job;
  }

  #mustBeQueued(ids: readonly JobId[]): void {
    const list = JSON.stringify(ids);
    if ((this.#q.known.get(list) ?? 0) < new Set(ids).size)
      throw new AppError('not_found', 'there is no such job', { details: { ids: ids.slice(0, 10) } });
    const others = this.#q.notQueued.all(list);
    if (others.length > 0)
      throw new AppError('conflict', 'it is on a server already, or has ended', {
        details: { ids: others.slice(0, 10) },
      });
  }

  #copy(
    job: JobRow,
    payloadOf: (job: JobRow) => JobPayload,
    change: Pick<NewJob, 'position' | 'putBackOf' | 'runAgainOf' | 'patch' | 'batchId' | 'batchIndex'>,
  ): NewJob {
    // A server that is gone can't be named by a new job: it becomes one for any server of its kind.
    const server =
      job.server_id !== null && this.#board.servers.get(job.server_id) !== undefined ? job.server_id : null;
    const info =
      change.patch === job.patch
        ? job.info
        : JSON.stringify(describe(payloadOf(job), this.#patch(change.patch), sourceOf(job)).info);
    return {
      id: newJobId(),
      kind: job.kind,
      serverId: server,
      title: job.title,
      info,
      prompt: job.prompt,
      payloadId: job.payload_id,
      note: job.note,
      held: false,
      ...change,
    };
  }

  #payload(job: JobRow): JobPayload {
    return JSON.parse(this.#q.payload.get(job.payload_id) ?? '{}') as JobPayload;
  }

  #patch(text: string | null): JobPatch | null {
    return text === null ? null : parseColumn(JobPatchSchema, text, 'jobs.patch');
  }

  #reseeded(job: JobRow, payload: JobPayload): string {
    const patch: JobPatch = { ...this.#patch(job.patch) };
    const random = (): number => Math.floor(Math.random() * 2 ** 48);
    if (payload.kind === 'swarm')
      return JSON.stringify({ ...patch, params: { ...patch.params, seed: random() % 2 ** 31 } });
    const set = { ...patch.set };
    for (const { nodeId, input } of findSeeds(payload.graph)) set[nodeId] = { ...set[nodeId], [input]: random() };
    return JSON.stringify({ ...patch, set });
  }
}

function sourceOf(job: JobRow): string | null {
  return parseColumn(JobInfoSchema, job.info, 'jobs.info').source;
}
