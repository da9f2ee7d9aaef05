/**
 * The queue itself: submit, order, hold, pause, put back, run again, forget. Every change is one transaction; nothing
 * here talks to a server.
 */
import { createHash } from 'node:crypto';
import type { z } from 'zod';
import type { QueueSummary } from '../../../shared/contract.ts';
import { describe } from '../../../shared/describe.ts';
import { AppError } from '../../../shared/errors.ts';
import { newBatchId, newJobId } from '../../../shared/ids.ts';
import type { BatchId, JobId, PayloadId, ServerId } from '../../../shared/ids.ts';
import { isTerminal } from '../../../shared/job-machine.ts';
import { JobInfoSchema, JobPatchSchema } from '../../../shared/job.ts';
import type { JobPatch, JobPayload, JobView, SubmitJobsSchema } from '../../../shared/job.ts';
import { findSeeds } from '../../../shared/workflow/inputs.ts';
import type { NewJob } from '../db/job-store.ts';
import type { MoveTo } from '../db/order-store.ts';
import { outcomeOf, parseColumn } from '../db/rows.ts';
import type { JobRow } from '../db/rows.ts';
import type { Board } from './board.ts';
import type { Summary } from './summary.ts';

export type Submit = z.output<typeof SubmitJobsSchema>;

export interface QueuePorts {
  /** Something may be claimable on this server, or (null) anywhere. */
  kick(serverId: ServerId | null): void;
  pauseServer(serverId: ServerId, paused: boolean): void;
  readonly summary: Summary;
}

export class Queue {
  readonly #board: Board;
  readonly #ports: QueuePorts;

  constructor(board: Board, ports: QueuePorts) {
    this.#board = board;
    this.#ports = ports;
  }

  submit(asked: Submit): { jobs: JobView[]; batchId: BatchId | null } {
    const { db, jobs, batches, order, views, servers } = this.#board;
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
      const before = asked.clientToken === undefined ? undefined : batches.submission(asked.clientToken);
      if (before !== undefined) return { ...before, fresh: false };
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
      if (batchId !== null) batches.insert(batchId, asked.title ?? made[0]?.title ?? 'Untitled', made.length, now);
      const half = Math.ceil(made.length / 2);
      jobs.insert(made.slice(0, half), now, { id: payloadId, body });
      if (made.length > 1) this.#board.point('mid-batch');
      jobs.insert(made.slice(half), now);
      const ids = made.map((one) => one.id);
      if (asked.clientToken !== undefined) batches.remember(asked.clientToken, ids, batchId, now);
      this.#board.point('before-enqueue-commit');
      return { ids, batchId, fresh: true };
    });
    this.#board.point('after-enqueue-commit');
    if (answer.fresh) {
      this.#board.feed.changedAll(answer.ids);
      this.#ports.kick(asked.serverId);
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
    this.#ports.kick(null);
    return views.many(unique.slice(0, 1_000));
  }

  hold(ids: readonly JobId[], held: boolean): JobView[] {
    const { db, order, views, feed } = this.#board;
    db.tx(() => {
      this.#mustBeQueued(ids);
      order.hold(ids, held);
    });
    feed.changedAll(ids);
    if (!held) this.#ports.kick(null);
    return views.many(ids.slice(0, 1_000));
  }

  /** Same payload, batch, server, seeds and place; a second call returns the same jobs. */
  putBack(ids: readonly JobId[]): JobView[] {
    const { db, views, feed, jobs, reads, batches } = this.#board;
    const made: JobId[] = [];
    const answer = db.tx(() =>
      ids.map((id) => {
        const already = reads.putBackAs(id);
        if (already !== undefined) return already;
        const job = this.#existing(id);
        const cancel = this.#board.cancels.newestOf(id);
        const outcome = cancel === undefined ? null : outcomeOf(cancel);
        if (job.state !== 'cancelled' || outcome?.outcome !== 'cancelled' || outcome.reach === 'running') {
          throw new AppError('conflict', 'only what was cancelled before it ran can be put back', {
            details: { id, state: job.state },
          });
        }
        if (job.batch_id !== null && batches.reopen(job.batch_id)) {
          // It no longer is the last one of its batch, and says so.
          for (const { id: open, state } of reads.openOfBatches([job.batch_id])) {
            if (state !== 'running') continue;
            jobs.touch(open);
            made.push(open);
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
        jobs.insert([copy], Date.now());
        // The old row now reads "Put back": its view changed too.
        jobs.touch(id);
        made.push(copy.id, id);
        return copy.id;
      }),
    );
    feed.changedAll(made);
    this.#ports.kick(null);
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
      jobs.insert(copies, Date.now());
      return copies.map((copy) => copy.id);
    });
    feed.changedAll(made);
    this.#ports.kick(null);
    return views.many(made.slice(0, 1_000));
  }

  /** The whole queue, or one server. */
  pause(paused: boolean, serverId: ServerId | undefined): QueueSummary {
    const { settings, log } = this.#board;
    if (serverId === undefined) settings.setFlag('queue.paused', paused);
    else this.#ports.pauseServer(serverId, paused);
    log.info(paused ? 'paused' : 'resumed', { server: serverId ?? 'all' });
    if (!paused) this.#ports.kick(serverId ?? null);
    this.#ports.summary.soon();
    return this.#ports.summary.now();
  }

  /** Resolves when the job has ended. */
  async awaitEnd(id: JobId, signal: AbortSignal): Promise<JobView> {
    const either = AbortSignal.any([signal, this.#board.signal]);
    for (;;) {
      const job = this.#board.views.one(id);
      if (isTerminal(job.state)) return job;
      await this.#board.feed.wait(id, 30_000, either);
    }
  }

  setNote(id: JobId, note: string | null): JobView {
    const { db, jobs, views, feed } = this.#board;
    db.tx(() => {
      this.#existing(id);
      jobs.setNote(id, note);
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
    const found = this.#board.reads.targets(ids);
    if (found.length < ids.length)
      throw new AppError('not_found', 'there is no such job', { details: { ids: ids.slice(0, 10) } });
    const others = found.filter((job) => job.state !== 'queued');
    if (others.length > 0)
      throw new AppError('conflict', 'it is on a server already, or has ended', {
        details: { ids: others.slice(0, 10).map((job) => job.id) },
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
    return JSON.parse(this.#board.reads.payload(job.payload_id) ?? '{}') as JobPayload;
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
