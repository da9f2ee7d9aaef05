/**
 * What the parts of the queue share: the stores, the links, the feed of changes and the named points of a crash test.
 * Holds no rule of its own; who may do what is in queue.ts, scheduler.ts, facts.ts and canceller.ts.
 */
import type { Events } from '../../../shared/contract.ts';
import type { AppError } from '../../../shared/errors.ts';
import type { JobId, ServerId } from '../../../shared/ids.ts';
import type { JobView } from '../../../shared/job.ts';
import { Wake } from '../../../shared/util/async.ts';
import type { Emitter } from '../../../shared/util/emitter.ts';
import type { AttemptStore } from '../db/attempt-store.ts';
import type { BatchStore } from '../db/batch-store.ts';
import type { CancelStore } from '../db/cancel-store.ts';
import type { Database } from '../db/database.ts';
import type { ForeignStore } from '../db/foreign-store.ts';
import type { HistoryStore } from '../db/history-store.ts';
import type { JobReads } from '../db/job-reads.ts';
import type { JobStore } from '../db/job-store.ts';
import type { JobViews } from '../db/job-views.ts';
import type { OrderStore } from '../db/order-store.ts';
import type { OutputStore } from '../db/output-store.ts';
import type { AttemptRow } from '../db/rows.ts';
import type { ServerStore } from '../db/server-store.ts';
import type { SettingsStore } from '../db/settings-store.ts';
import type { Fields, Log } from '../log.ts';
import type { AttemptRef } from '../servers/adapter.ts';
import type { ServerLink } from '../servers/link.ts';

/** What the queue needs of a server link: all but its beginning and its end. */
export type LinkPort = Omit<ServerLink, 'start' | 'close'>;
export interface Links {
  get(id: ServerId): LinkPort | undefined;
  all(): Iterable<LinkPort>;
}

/** The moments at which the crash tests kill the process (architecture §18). */
export type PointName =
  | 'before-enqueue-commit'
  | 'mid-batch'
  | 'after-enqueue-commit'
  | 'after-claim'
  | 'after-accept'
  | 'running'
  | 'after-cancel-row'
  | 'before-end-commit'
  | 'mid-collect'
  | 'mid-migration';

/** Waits that a test may shorten; the product never does. */
export interface Timing {
  /** architecture §8.3: how long, and over how many answered looks, an unsure submit must stay absent. */
  settleWindowMs: number;
  settleLooks: number;
  /** architecture §8.4: between the two looks that must both find nothing. */
  absentAgainMs: number;
  /** architecture §9: silence after which an open attempt is looked up. */
  watchdogMs: number;
  /** How long a dispatch pauses after a server refused the connection while its link still reads online. */
  notSentPauseMs: number;
}
export const PRODUCT_TIMING: Timing = {
  settleWindowMs: 10_000,
  settleLooks: 5,
  absentAgainMs: 3_000,
  watchdogMs: 10_000,
  notSentPauseMs: 1_000,
};

/** What can't be written: the database, or the files of outputs. One may be well while the other is not. */
export type TroubleOf = 'database' | 'outputs';

export interface Board {
  /** Transactions. What is in them is the stores' to say. */
  readonly db: Pick<Database, 'tx'>;
  readonly jobs: JobStore;
  readonly reads: JobReads;
  readonly attempts: AttemptStore;
  readonly batches: BatchStore;
  readonly cancels: CancelStore;
  readonly outputs: OutputStore;
  readonly views: JobViews;
  readonly order: OrderStore;
  readonly history: HistoryStore;
  readonly servers: ServerStore;
  readonly foreign: ForeignStore;
  readonly settings: SettingsStore;
  readonly links: Links;
  readonly events: Emitter<Events>;
  readonly feed: Feed;
  readonly log: Log;
  readonly timing: Timing;
  /** Aborted when the core closes. */
  readonly signal: AbortSignal;
  readonly point: (name: PointName) => void;
  /** Something that keeps work from going on (a full disk); null when it is over. Shown in the summary. */
  trouble(of: TroubleOf, error: AppError | null): void;
  /** Work that failed and is taken up again: said in the log, and shown where it is the database that can't be written. */
  failed(message: string, error: unknown, fields?: Fields): void;
}

/**
 * Turns "these jobs changed" into `job.changed` events, in slices, after the work that changed them is committed; and
 * lets a loop wait for the next change of one job.
 */
export class Feed {
  readonly #views: JobViews;
  readonly #events: Emitter<Events>;
  readonly #pending = new Set<JobId>();
  readonly #wakes = new Map<JobId, { wake: Wake; waiting: number }>();
  #scheduled = false;
  #closed = false;
  readonly #onChange: () => void;
  readonly #onError: (error: unknown) => void;
  static readonly slice = 200;

  /** `onChange` hears of every change. */
  constructor(events: Emitter<Events>, views: JobViews, onChange: () => void, onError: (error: unknown) => void) {
    this.#events = events;
    this.#views = views;
    this.#onChange = onChange;
    this.#onError = onError;
  }

  /** Call after the commit. Waiters are woken at once; the event follows within the same turn of the loop. */
  changed(...ids: readonly JobId[]): void {
    this.changedAll(ids);
  }

  /** The same for any number: a hundred thousand arguments are more than a call can take. */
  changedAll(ids: readonly JobId[]): void {
    for (const id of ids) {
      this.#pending.add(id);
      this.#wakes.get(id)?.wake.wake();
    }
    if (!this.#closed) this.#onChange();
    this.#schedule();
  }

  /** Resolves at the next change of the job, or after `ms`. */
  async wait(id: JobId, ms: number, signal: AbortSignal): Promise<void> {
    const entry = this.#wakes.get(id) ?? { wake: new Wake(), waiting: 0 };
    this.#wakes.set(id, entry);
    entry.waiting += 1;
    try {
      await entry.wake.wait(ms, signal);
    } finally {
      entry.waiting -= 1;
      if (entry.waiting === 0) this.#wakes.delete(id);
    }
  }

  /** Wakes whoever waits for the job, without a change. */
  poke(id: JobId): void {
    this.#wakes.get(id)?.wake.wake();
  }

  close(): void {
    this.#closed = true;
  }

  #schedule(): void {
    if (this.#scheduled || this.#closed) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      this.#flush();
    });
  }

  #flush(): void {
    if (this.#closed || this.#pending.size === 0) return;
    const slice: JobId[] = [];
    for (const id of this.#pending) {
      slice.push(id);
      this.#pending.delete(id);
      if (slice.length === Feed.slice) break;
    }
    for (const view of this.#read(slice)) this.#events.emit('job.changed', view);
    if (this.#pending.size > 0) this.#schedule();
  }

  /** One row that can't be read must keep nobody from hearing of the others. */
  #read(slice: readonly JobId[]): JobView[] {
    try {
      return this.#views.many(slice);
    } catch (error) {
      if (slice.length > 1) return slice.flatMap((id) => this.#read([id]));
      this.#onError(error);
      return [];
    }
  }
}

export function attemptRef(row: AttemptRow, cancels: CancelStore): AttemptRef {
  return {
    attemptId: row.id,
    jobId: row.job_id,
    remoteKey: row.remote_key,
    startedAt: row.started_at,
    serverBoot: row.server_boot,
    stopSent: cancels.wasSent(row.job_id),
  };
}
