/**
 * What happens when the queue ends: free memory where the user asked for it. Notifications are the faces' business,
 * they hear of the same moment by `queue.summary`.
 */
import { isAbort } from '../../../shared/errors.ts';
import type { Board } from './board.ts';

export class WhenDone {
  readonly #board: Board;
  #hadWork;

  constructor(board: Board) {
    this.#board = board;
    this.#hadWork = board.reads.hasWork();
  }

  /** Call after each end and each submit. */
  check(): void {
    if (this.#board.reads.hasWork()) {
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
}
