/**
 * The queue itself: submit, order, hold, pause, notes. Every change is one transaction; nothing here talks to a server.
 * Jobs that are made of jobs are again.ts.
 */
import { createHash } from 'node:crypto';
import type { z } from 'zod';
import type { QueueSummary } from '../../../shared/queue.ts';
import { describe, specOf } from '../../../shared/kinds/kinds.ts';
import { AppError } from '../../../shared/errors.ts';
import { newBatchId, newJobId } from '../../../shared/ids.ts';
import type { BatchId, JobId, PayloadId, ServerId } from '../../../shared/ids.ts';
import { isTerminal } from '../../../shared/job-machine.ts';
import type { JobView, SubmitJobsSchema } from '../../../shared/job.ts';
import type { NewJob } from '../db/job-store.ts';
import type { MoveTo } from '../db/order-store.ts';
import type { Board } from './board.ts';
import type { Summary } from './summary.ts';

export type Submit = z.output<typeof SubmitJobsSchema>;

const MAX_VIEWS = 1_000;

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
      const server = servers.existing(asked.serverId);
      if (server.kind !== asked.payload.kind)
        throw new AppError('invalid_request', `a ${asked.payload.kind} payload can't run on a ${server.kind} server`);
    }
    const graph = specOf(asked.payload).graph(asked.payload);
    if (graph !== null && Object.keys(graph).length === 0)
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
    return { jobs: views.many(answer.ids.slice(0, MAX_VIEWS)), batchId: answer.batchId };
  }

  move(ids: readonly JobId[], to: MoveTo): JobView[] {
    const { db, order, jobs } = this.#board;
    const unique = [...new Set(ids)];
    const told = db.tx(() => {
      this.#mustBeQueued(unique);
      if (typeof to !== 'string') {
        const anchor = 'before' in to ? to.before : to.after;
        if (unique.includes(anchor)) throw new AppError('invalid_request', "a job can't be moved to its own place");
        jobs.existing(anchor);
      }
      // Where places had to be numbered again, every open job has a new one.
      return order.move(unique, to) ? order.all() : unique;
    });
    return this.told(told, unique);
  }

  hold(ids: readonly JobId[], held: boolean): JobView[] {
    const { db, order } = this.#board;
    db.tx(() => {
      this.#mustBeQueued(ids);
      order.hold(ids, held);
    });
    return this.told(ids, ids);
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
      jobs.existing(id);
      jobs.setNote(id, note);
    });
    feed.changed(id);
    return views.one(id);
  }

  /** After the commit: it is told, and what may be claimed now is looked for. Answers the first thousand that were asked about. */
  told(changed: readonly JobId[], asked: readonly JobId[]): JobView[] {
    this.#board.feed.changedAll(changed);
    this.#ports.kick(null);
    return this.#board.views.many(asked.slice(0, MAX_VIEWS));
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
}
