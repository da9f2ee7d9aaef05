/**
 * Fetches, verifies and stores outputs: tmp → fsync → rename, the row turns `stored` after the rename. Idempotent: what
 * is stored is not fetched again. An unreachable server is waited for; only its own word makes a file missing.
 */
import { createHash } from 'node:crypto';
import { mkdirSync, rmSync } from 'node:fs';
import { mkdir, open, rename, rm } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { dirname, extname, join } from 'node:path';
import { AppError, isAbort, toAppError } from '../../../shared/errors.ts';
import type { JobId, ServerId } from '../../../shared/ids.ts';
import { isTerminal } from '../../../shared/job-machine.ts';
import { sleep } from '../../../shared/util/async.ts';
import type { OutputRow, StoredFile } from '../db/output-store.ts';
import type { OutputBody } from '../servers/adapter.ts';
import type { AttemptReads } from '../db/attempt-store.ts';
import type { Board } from './board.ts';
import type { Facts } from './facts.ts';
import type { Live } from './live.ts';
import { sniff } from './sniff.ts';
import { sweepFiles } from './sweep.ts';

const RETRY_MS = [500, 1_000, 2_000, 5_000, 10_000, 30_000] as const;
const pauseAfter = (tries: number): number => RETRY_MS[Math.min(tries, RETRY_MS.length - 1)] ?? 30_000;
/** What a file system says when it can't take a file; none of them is the server's fault. */
const NO_PLACE = new Set([
  'ENOSPC',
  'EDQUOT',
  'EACCES',
  'EPERM',
  'EROFS',
  'ENOTDIR',
  'EEXIST',
  'EISDIR',
  'EIO',
  'EMFILE',
  'ENFILE',
  'ENAMETOOLONG',
]);

export class Collector {
  readonly #board: Board;
  readonly #attempts: AttemptReads;
  readonly #facts: Facts;
  readonly #live: Live;
  readonly #root: string;
  readonly #running = new Map<JobId, Promise<void>>();
  readonly #given = new Set<JobId>();
  #sweeping: Promise<void> = Promise.resolve();

  constructor(board: Board, attempts: AttemptReads, facts: Facts, live: Live, outputsDir: string) {
    this.#board = board;
    this.#attempts = attempts;
    this.#facts = facts;
    this.#live = live;
    this.#root = outputsDir;
    mkdirSync(outputsDir, { recursive: true, mode: 0o700 });
  }

  /** Absolute path of a stored output. */
  pathOf(file: string): string {
    return join(this.#root, file);
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
        this.#board.log.error('collecting failed; it is taken up again', { job: jobId, error });
        const app = toAppError(error);
        if (app.code === 'storage') this.#board.trouble('database', app);
        await sleep(pauseAfter(tries), this.#board.signal).catch(() => undefined);
        if (this.#board.signal.aborted) return;
      }
    }
  }

  /** Jobs found collecting at start: one whose files were all stored before the process died needs no server to end. */
  start(): void {
    for (const jobId of this.#board.db.raw
      .prepare<[], JobId>("SELECT id FROM jobs WHERE ended_at IS NULL AND state = 'collecting'")
      .pluck()
      .all())
      this.collect(jobId);
  }

  /** Everything still expected from a server; called whenever its link is online. */
  resume(serverId: ServerId): void {
    for (const jobId of this.#board.outputs.waitingFrom(serverId)) this.collect(jobId);
  }

  /** "Stop waiting for its files", and the end of a removed server. */
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
    this.#sweeping = sweepFiles(this.#root, {
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

  removeFiles(files: readonly string[]): void {
    for (const file of files) {
      try {
        rmSync(join(this.#root, file), { force: true });
      } catch (error) {
        // Its row is gone already: the sweep at the next start takes it.
        this.#board.log.warn('a file could not be removed yet', { file, error });
      }
    }
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
      this.removeFiles(files);
      feed.changed(jobId);
      return;
    }
    // Read anew each time: a file that is asked for again while another is fetched is fetched too.
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
      const attempt = this.#attempts.lastOf(jobId) ?? null;
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
        const stored = await this.#store(row, body);
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

  async #store(row: OutputRow, body: OutputBody): Promise<StoredFile> {
    const created = new Date(this.#board.jobs.get(row.job_id)?.created_at ?? Date.now());
    const month = `${String(created.getFullYear())}-${String(created.getMonth() + 1).padStart(2, '0')}`;
    const file = `${month}/${row.job_id}/${String(row.ordinal).padStart(3, '0')}-${safeName(row.name)}`;
    const path = join(this.#root, file);
    const tmp = `${path}.part`;
    try {
      await mkdir(dirname(path), { recursive: true, mode: 0o700 });
      const hash = createHash('sha256');
      const head: Uint8Array[] = [];
      let headBytes = 0;
      let bytes = 0;
      const handle = await open(tmp, 'w', 0o600);
      try {
        for await (const chunk of body.body) {
          await writeAll(handle, chunk);
          hash.update(chunk);
          bytes += chunk.byteLength;
          if (headBytes < 65_536) {
            head.push(chunk);
            headBytes += chunk.byteLength;
          }
        }
        if (body.bytes !== null && body.bytes !== bytes)
          throw new AppError('server_protocol', `the file ended after ${String(bytes)} of ${String(body.bytes)} bytes`);
        await handle.sync();
      } finally {
        await handle.close();
      }
      this.#board.point('mid-collect');
      await rename(tmp, path);
      const found = sniff(Buffer.concat(head));
      return {
        file,
        sha256: hash.digest('hex'),
        bytes,
        mime: found?.mime ?? null,
        width: found?.width ?? null,
        height: found?.height ?? null,
      };
    } catch (error) {
      await rm(tmp, { force: true }).catch(() => undefined);
      const code = error instanceof Error && 'code' in error ? error.code : undefined;
      if (typeof code === 'string' && NO_PLACE.has(code))
        throw new AppError('storage', `the file can't be written: ${code}`, { cause: error });
      throw error;
    }
  }
}

/** A single write may take less than it was given, on a disk that is nearly full for one. */
async function writeAll(handle: FileHandle, chunk: Uint8Array): Promise<void> {
  for (let at = 0; at < chunk.byteLength;) at += (await handle.write(chunk, at)).bytesWritten;
}

/** A server's file name as one of ours: no separators, no leading dots, at most 120 characters with its ending kept. */
export function safeName(name: string): string {
  const clean = name
    // eslint-disable-next-line no-control-regex -- control characters are exactly what must not get into a file name
    .replaceAll(/[\u0000-\u001f\u007f<>:"/\\|?*]/g, '_')
    .replace(/^\.+/, '')
    .replace(/[. ]+$/, '');
  if (clean === '') return 'output';
  const ending = extname(clean).slice(0, 12);
  return clean.length <= 120 ? clean : clean.slice(0, 120 - ending.length) + ending;
}
