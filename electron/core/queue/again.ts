/**
 * Jobs made of jobs: what was cancelled is put back, what has ended runs again. The old ones stay as they are; nothing
 * here talks to a server.
 */
import { describe, specOf } from '../../../shared/kinds/kinds.ts';
import { AppError } from '../../../shared/errors.ts';
import { newJobId } from '../../../shared/ids.ts';
import type { JobId, PayloadId } from '../../../shared/ids.ts';
import { isTerminal } from '../../../shared/job-machine.ts';
import { JobInfoSchema, JobPatchSchema } from '../../../shared/job.ts';
import type { JobPatch, JobPayload, JobView } from '../../../shared/job.ts';
import type { NewJob } from '../db/job-store.ts';
import { outcomeOf, parseColumn } from '../db/rows.ts';
import type { JobRow } from '../db/rows.ts';
import type { Board } from './board.ts';
import type { Queue } from './queue.ts';

export class Again {
  readonly #board: Board;
  readonly #queue: Queue;

  constructor(board: Board, queue: Queue) {
    this.#board = board;
    this.#queue = queue;
  }

  /** Same payload, batch, server, seeds and place; a second call returns the same jobs. */
  putBack(ids: readonly JobId[]): JobView[] {
    const { db, jobs, reads, batches } = this.#board;
    const made: JobId[] = [];
    const answer = db.tx(() =>
      ids.map((id) => {
        const already = reads.putBackAs(id);
        if (already !== undefined) return already;
        const job = jobs.existing(id);
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
    return this.#queue.told(made, answer);
  }

  /** New jobs at the end of the queue; `new` seeds are random over every seed the payload has. */
  runAgain(ids: readonly JobId[], seeds: 'same' | 'new'): JobView[] {
    const { db, jobs, order } = this.#board;
    const made = db.tx(() => {
      const sources = ids.map((id) => jobs.existing(id));
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
    return this.#queue.told(made, made);
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
    const spec = specOf(payload);
    const draw = (): number => Math.floor(Math.random() * 2 ** 48) % spec.seedsBelow;
    return JSON.stringify(spec.reseeded(payload, patch, draw) ?? patch);
  }
}

function sourceOf(job: JobRow): string | null {
  return parseColumn(JobInfoSchema, job.info, 'jobs.info').source;
}
