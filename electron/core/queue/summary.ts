/**
 * The queue summary: counts and order of everything open. Sent at most 4 times a second, and at least every 2 s while
 * anything is open.
 */
import type { QueueSummary } from '../../../shared/queue.ts';
import { toWire } from '../../../shared/errors.ts';
import type { AppError } from '../../../shared/errors.ts';
import type { Board, TroubleOf } from './board.ts';
import type { Foreign } from './foreign.ts';

const EVERY_MS = 250;
const AT_LEAST_MS = 2_000;
/** As many waiting jobs are named; all are counted. */
const MANY_WAITING = 100;

export class Summary {
  readonly #board: Board;
  readonly #foreign: Foreign;
  #timer: NodeJS.Timeout | null = null;
  #beat: NodeJS.Timeout | null = null;
  #lastSent = -Infinity;
  readonly #trouble = new Map<TroubleOf, AppError>();

  constructor(board: Board, foreign: Foreign) {
    this.#board = board;
    this.#foreign = foreign;
  }

  now(): QueueSummary {
    const { reads, cancels, settings } = this.#board;
    const by = { running: 0, collecting: 0, waiting: 0, held: 0 };
    for (const row of reads.counts()) {
      if (row.state === 'running') by.running += row.n;
      else if (row.state === 'collecting') by.collecting += row.n;
      else by.waiting += row.n;
      if (row.held === 1) by.held += row.n;
    }
    const trouble = this.#trouble.get('database') ?? this.#trouble.get('outputs');
    return {
      at: Date.now(),
      ...by,
      cancelling: cancels.openCount(),
      foreign: this.#foreign.count(),
      servers: reads.serverCount(),
      paused: settings.flag('queue.paused'),
      runningIds: reads.running(),
      waitingIds: reads.waiting(MANY_WAITING),
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
