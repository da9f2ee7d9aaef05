/**
 * Fetches outputs and has them stored; the row turns `stored` when the file has its name. Idempotent: what is stored is
 * not fetched again. An unreachable server is waited for; only its own word makes a file missing.
 */
import { AppError, isAbort, toAppError } from '../../../shared/errors.ts';
import type { JobId, ServerId } from '../../../shared/ids.ts';
import { isTerminal } from '../../../shared/job-machine.ts';
import type { JobView } from '../../../shared/job.ts';
import { sleep } from '../../../shared/util/async.ts';
import type { OutputRow } from '../db/output-store.ts';
import type { Board } from './board.ts';
import type { Facts } from './facts.ts';
import type { Live } from './live.ts';
import type { OutputFiles } from './output-files.ts';
import { sweepFiles } from './sweep.ts';

const RETRY_MS = [500, 1_000, 2_000, 5_000, 10_000, 30_000] as const;
const pauseAfter = (tries: number): number => RETRY_MS[Math.min(tries, RETRY_MS.length - 1)] ?? 30_000;
export class Collector {
  readonly #board: Board;
  readonly #facts: Facts;
  readonly #live: Live;
  readonly #files: OutputFiles;
  readonly #running = new Map<JobId, Promise<void>>();
  readonly #given = new Set<JobId>();
  #sweeping: Promise<void> = Promise.resolve();

  constructor(board: Board, facts: Facts, live: Live, files: OutputFiles) {
    this.#board = board;
    this.#facts = facts;
    this.#live = live;
    this.#files = files;
  }

  collect(jobId: JobId): void {
    if (this.#running.has(jobId) || this.#board.signal.aborted) return;
    const run = this.#surely(jobId).finally(() => this.#running.delete(jobId));
    this.#running.set(jobId, run);
  }

  /** What could not be written down is tried again. An abort (its link went) leaves it to `resume`. */
  async #surely(jobId: JobId): Promise<void> {
    for (let tries = 0; ; tries += 1) {
      try {
        await this.#run(jobId);
        return;
      } catch (error) {
        if (isAbort(error)) return;
        this.#board.failed('collecting failed; it is taken up again', error, { job: jobId });
        await sleep(pauseAfter(tries), this.#board.signal).catch(() => undefined);
        if (this.#board.signal.aborted) return;
      }
    }
  }

  /** Jobs found collecting at start: one whose files were all stored before the process died needs no server to end. */
  start(): void {
    for (const jobId of this.#board.reads.collecting()) this.collect(jobId);
  }

  /** Everything still expected from a server; called whenever its link is online. */
  resume(serverId: ServerId): void {
    for (const jobId of this.#board.outputs.waitingFrom(serverId)) this.collect(jobId);
  }

  /** "Stop waiting for its files". */
  stopWaiting(id: JobId): JobView {
    const { views } = this.#board;
    if (views.one(id).state !== 'collecting') throw new AppError('conflict', 'it is not waiting for files');
    this.giveUp(id);
    return views.one(id);
  }

  /** What is missing of a job that has ended is asked for again. */
  refetch(id: JobId): JobView {
    const { db, feed, jobs, outputs, views } = this.#board;
    if (!isTerminal(views.one(id).state)) throw new AppError('conflict', 'its files are still being fetched');
    db.tx(() => {
      if (outputs.expectAgain(id) > 0) jobs.touch(id);
    });
    feed.changed(id);
    this.collect(id);
    return views.one(id);
  }

  /** The end of waiting, also for what is awaited of a removed server. */
  giveUp(jobId: JobId): void {
    this.#given.add(jobId);
    const { outputs, db } = this.#board;
    db.tx(() => {
      for (const row of outputs.expectedOf(jobId)) outputs.markMissing(row.id);
      this.#board.jobs.touch(jobId);
    });
    this.#board.trouble('outputs', null);
    this.#finish(jobId);
    this.#given.delete(jobId);
  }

  /** Begins to remove files of no row, half-written ones too; called once at start. */
  sweep(): void {
    const { outputs, signal, log } = this.#board;
    this.#sweeping = sweepFiles(this.#files.root, {
      filesOf: (jobId) => outputs.filesOf([jobId]),
      isBusy: (jobId) => this.#running.has(jobId),
      signal,
    }).then(
      (count) => {
        if (count > 0) log.info('files of no job were removed', { count });
      },
      (error: unknown) => {
        log.warn('files of no job could not be removed', { error });
      },
    );
  }

  async close(): Promise<void> {
    await Promise.allSettled([...this.#running.values(), this.#sweeping]);
  }

  async #run(jobId: JobId): Promise<void> {
    const { outputs, jobs, feed, db, settings } = this.#board;
    const start = jobs.get(jobId);
    if (start?.state === 'cancelled' && settings.get().discardPartial) {
      const files = db.tx(() => {
        jobs.touch(jobId);
        return outputs.dropPartial(jobId);
      });
      this.#files.remove(files);
      feed.changed(jobId);
      return;
    }
    // Read again each time: a file that is asked for again while another is fetched is fetched too.
    for (let row = outputs.expectedOf(jobId)[0]; row !== undefined; row = outputs.expectedOf(jobId)[0]) {
      await this.#fetch(row);
      const { stored, expected, missing } = outputs.countsOf(jobId);
      this.#live.collecting(jobId, stored, stored + expected + missing);
      feed.changed(jobId);
    }
    this.#finish(jobId);
  }

  #finish(jobId: JobId): void {
    const { outputs, jobs, feed } = this.#board;
    const job = jobs.get(jobId);
    const counts = outputs.countsOf(jobId);
    if (job === undefined || counts.expected > 0) return;
    if (job.state === 'collecting') {
      const attempt = this.#board.attempts.lastOf(jobId) ?? null;
      this.#board.point('before-end-commit');
      this.#facts.apply(
        jobId,
        counts.stored > 0
          ? { type: 'collected' }
          : { type: 'collectFailed', stored: 0, givenUp: this.#given.has(jobId) },
        attempt,
      );
    } else if (isTerminal(job.state)) feed.changed(jobId);
  }

  /** Ends when the file is stored or the server says that there is none. */
  async #fetch(row: OutputRow): Promise<void> {
    const { links, outputs, db, jobs, signal, log } = this.#board;
    for (let tries = 0; ; tries += 1) {
      if (this.#given.has(row.job_id) || outputs.byId(row.id)?.state !== 'expected') return;
      const link = links.get(row.server_id);
      if (link === undefined) {
        if (this.#board.servers.get(row.server_id) === undefined) {
          this.#missing(row, 'its server was removed');
          return;
        }
        // Switched off by the user, or not yet set up at start: its files wait with it.
        await this.#board.feed.wait(row.job_id, 2_000, signal);
        continue;
      }
      await link.whenOnline(signal);
      try {
        const body = await link.adapter.readOutput(
          { ordinal: row.ordinal, nodeId: row.node_id, remote: row.remote_ref, name: row.name, media: row.media },
          signal,
        );
        const stored = await this.#files.store(row, jobs.get(row.job_id)?.created_at ?? Date.now(), body);
        db.tx(() => {
          outputs.markStored(row.id, stored);
          jobs.touch(row.job_id);
        });
        this.#board.trouble('outputs', null);
        return;
      } catch (error) {
        if (isAbort(error)) throw error;
        const app = toAppError(error);
        if (app.code === 'outputs_unavailable') {
          this.#missing(row, app.message);
          return;
        }
        log.warn('an output could not be fetched yet', { job: row.job_id, output: row.id, error: app });
        if (app.code === 'storage') this.#board.trouble('outputs', app);
        await sleep(pauseAfter(tries), signal);
      }
    }
  }

  #missing(row: OutputRow, why: string): void {
    const { db, outputs, jobs, log } = this.#board;
    db.tx(() => {
      outputs.markMissing(row.id);
      jobs.touch(row.job_id);
    });
    log.warn('an output is missing', { job: row.job_id, output: row.id, why });
  }
}
