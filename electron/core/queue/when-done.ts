/**
 * What happens when the queue ends: free memory where the user asked for it. Notifications are the faces' business,
 * they hear of the same moment by `queue.summary`.
 */
import { isAbort } from '../../../shared/errors.ts';
import type { Board } from './board.ts';

export class WhenDone {
  readonly #board: Board;
  readonly #open;
  #hadWork = false;

  constructor(board: Board) {
    this.#board = board;
    this.#open = board.db.raw
      .prepare<[], 0 | 1>(
        "SELECT EXISTS (SELECT 1 FROM jobs WHERE ended_at IS NULL AND state = 'queued' AND held = 0) OR EXISTS (SELECT 1 FROM attempts WHERE closed_at IS NULL)",
      )
      .pluck();
    this.#hadWork = this.#hasWork();
  }

  /** Call after each end and each submit. */
  check(): void {
    if (this.#hasWork()) {
      this.#hadWork = true;
      return;
    }
    if (!this.#hadWork) return;
    this.#hadWork = false;
    this.#board.log.info('the queue is done');
    if (!this.#board.settings.get().freeMemoryWhenDone) return;
    for (const link of this.#board.links.all()) {
      if (!link.online) continue;
      link.adapter.freeMemory(this.#board.signal).catch((error: unknown) => {
        if (!isAbort(error)) this.#board.log.warn('memory could not be freed', { server: link.id, error });
      });
    }
  }

  /** Asked at every change: never a count over a long queue. */
  #hasWork(): boolean {
    return this.#open.get() === 1;
  }
}
