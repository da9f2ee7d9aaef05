/**
 * The queue summary: counts and order of everything open. Sent at most 4 times a second, and at least every 2 s while
 * anything is open.
 */
import type { QueueSummary } from '../../../shared/contract.ts';
import { toWire } from '../../../shared/errors.ts';
import type { AppError } from '../../../shared/errors.ts';
import type { JobId } from '../../../shared/ids.ts';
import type { JobState } from '../../../shared/job-machine.ts';
import type { Board, TroubleOf } from './board.ts';
import type { Foreign } from './foreign.ts';

const EVERY_MS = 250;
const AT_LEAST_MS = 2_000;

export class Summary {
  readonly #board: Board;
  readonly #foreign: Foreign;
  readonly #q;
  #timer: NodeJS.Timeout | null = null;
  #beat: NodeJS.Timeout | null = null;
  #lastSent = -Infinity;
  readonly #trouble = new Map<TroubleOf, AppError>();

  constructor(board: Board, foreign: Foreign) {
    this.#board = board;
    this.#foreign = foreign;
    const { raw } = board.db;
    this.#q = {
      counts: raw.prepare<[], { state: JobState; held: 0 | 1; n: number }>(
        'SELECT state, held, count(*) AS n FROM jobs WHERE ended_at IS NULL GROUP BY state, held',
      ),
      cancelling: raw.prepare<[], number>('SELECT count(*) FROM cancel_requests WHERE settled_at IS NULL').pluck(),
      running: raw
        .prepare<[], JobId>("SELECT id FROM jobs WHERE ended_at IS NULL AND state = 'running' ORDER BY position, id")
        .pluck(),
      waiting: raw
        .prepare<[], JobId>(
          "SELECT id FROM jobs INDEXED BY jobs_unended WHERE ended_at IS NULL AND state IN ('queued','submitting','accepted') ORDER BY position, id LIMIT 100",
        )
        .pluck(),
      servers: raw
        .prepare<[], number>(
          `SELECT count(*) FROM servers s WHERE EXISTS (SELECT 1 FROM jobs j WHERE j.state = 'queued' AND j.server_id = s.id)
            OR EXISTS (SELECT 1 FROM attempts a INDEXED BY attempts_one_open_per_key WHERE a.closed_at IS NULL AND a.server_id = s.id)`,
        )
        .pluck(),
    };
  }

  now(): QueueSummary {
    const by = { running: 0, collecting: 0, waiting: 0, held: 0 };
    for (const row of this.#q.counts.all()) {
      if (row.state === 'running') by.running += row.n;
      else if (row.state === 'collecting') by.collecting += row.n;
      else by.waiting += row.n;
      if (row.held === 1) by.held += row.n;
    }
    const trouble = this.#trouble.get('database') ?? this.#trouble.get('outputs');
    return {
      at: Date.now(),
      running: by.running,
      waiting: by.waiting,
      held: by.held,
      collecting: by.collecting,
      cancelling: this.#q.cancelling.get() ?? 0,
      foreign: this.#foreign.count(),
      servers: this.#q.servers.get() ?? 0,
      paused: this.#board.settings.flag('queue.paused'),
      runningIds: this.#q.running.all(),
      waitingIds: this.#q.waiting.all(),
      waitingTotal: by.waiting,
      trouble: trouble === undefined ? null : toWire(trouble),
    };
  }

  setTrouble(of: TroubleOf, error: AppError | null): void {
    if (error?.message === this.#trouble.get(of)?.message) return;
    if (error === null) this.#trouble.delete(of);
    else this.#trouble.set(of, error);
    this.soon();
  }

  /** Something changed. */
  soon(): void {
    if (this.#timer !== null || this.#board.signal.aborted) return;
    this.#timer = setTimeout(
      () => {
        this.#timer = null;
        this.#send();
      },
      Math.max(0, this.#lastSent + EVERY_MS - performance.now()),
    );
  }

  close(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    if (this.#beat !== null) clearTimeout(this.#beat);
  }

  #send(): void {
    if (this.#board.signal.aborted) return;
    this.#lastSent = performance.now();
    if (this.#beat !== null) clearTimeout(this.#beat);
    this.#beat = null;
    let isOpen = true;
    try {
      const summary = this.now();
      isOpen = summary.running + summary.waiting + summary.collecting > 0;
      this.#board.events.emit('queue.summary', summary);
    } catch (error) {
      this.#board.log.error('the queue could not be counted; it is tried again', { error });
    }
    if (isOpen) {
      this.#beat = setTimeout(() => {
        this.#send();
      }, AT_LEAST_MS);
    }
  }
}
