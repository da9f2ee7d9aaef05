/**
 * The prompt queue and the history, with the operations of ComfyUI's PromptQueue and their exact side effects: when a `status` is due, what
 * a delete leaves behind, what raises (comfyui §3.2 to §3.6, rec 09, 10, 15, 22, 27). Does not run anything.
 */
import { heapify, heapPop, heapPush, itemLess } from './heap.ts';
import type { ComfyVersion, HistoryEntry, QueueItem } from './types.ts';

/** Oldest entries are dropped beyond this (comfyui §3.6). */
const historyLimit = 10_000;

export class PromptQueue {
  /** A heap: listed by `/queue` as it lies, not in run order. */
  pending: QueueItem[] = [];
  readonly running = new Map<number, QueueItem>();
  readonly history = new Map<string, HistoryEntry>();
  #tasks = 0;
  readonly #updated: () => void;
  readonly #version: ComfyVersion;

  /** `updated` is called once per `status` frame that is due. */
  constructor(updated: () => void, version: ComfyVersion) {
    this.#updated = updated;
    this.#version = version;
  }

  /** `queue_remaining`: running and waiting together. */
  get remaining(): number {
    return this.pending.length + this.running.size;
  }

  get runningIds(): readonly string[] {
    return [...this.running.values()].map((item) => item[1]);
  }

  /** Waiting prompts in the order in which they will run. */
  inRunOrder(): QueueItem[] {
    return [...this.pending].sort((a, b) => (this.#orderOf(a, b) ? -1 : this.#orderOf(b, a) ? 1 : 0));
  }

  #orderOf(a: QueueItem, b: QueueItem): boolean {
    return a[0] === b[0] && a[1] === b[1] ? false : itemLess(a, b);
  }

  /** Throws PyError for a second item of equal id and number; the item is stored all the same and no `status` is due. */
  put(item: QueueItem): void {
    heapPush(this.pending, item, itemLess);
    this.#updated();
  }

  /**
   * Takes the next prompt into `running`. Throws PyError when the heap cannot be ordered: the worker dies of it
   * (comfyui rec 27).
   */
  get(): { task: number; item: QueueItem } | undefined {
    const item = heapPop(this.pending, itemLess);
    if (!item) return undefined;
    const task = this.#tasks++;
    this.running.set(task, structuredClone(item));
    this.#updated();
    return { task, item };
  }

  /** Running → history in one step (C7). A later run of the same id replaces the entry and keeps its place. */
  taskDone(task: number, result: Omit<HistoryEntry, 'prompt'>): void {
    const item = this.running.get(task);
    if (!item) return;
    this.running.delete(task);
    if (this.history.size >= historyLimit) {
      const oldest = this.history.keys().next();
      if (oldest.done !== true) this.history.delete(oldest.value);
    }
    this.history.set(item[1], { prompt: item, ...structuredClone(result) });
    this.#updated();
  }

  /** One `status`, also when there was nothing to clear. */
  clear(): QueueItem[] {
    const removed = this.pending;
    this.pending = [];
    this.#updated();
    return removed;
  }

  /** Removes one waiting prompt of that id; two `status` when it was the last one (one in newer servers). */
  deletePending(promptId: string): boolean {
    const index = this.pending.findIndex((item) => item[1] === promptId);
    if (index < 0) return false;
    if (this.pending.length === 1) {
      this.pending = [];
      if (this.#version !== 'new') this.#updated();
    } else {
      this.pending.splice(index, 1);
      heapify(this.pending, itemLess);
    }
    this.#updated();
    return true;
  }

  /** `GET /history` with its parameters; oldest first (comfyui §3.6). */
  historyPage(maxItems: number | undefined, offset: number): Record<string, HistoryEntry> {
    const from = offset < 0 && maxItems !== undefined ? this.history.size - maxItems : offset;
    const page: Record<string, HistoryEntry> = {};
    let index = 0;
    let taken = 0;
    for (const [id, entry] of this.history) {
      if (index >= from) {
        page[id] = entry;
        taken += 1;
        if (maxItems !== undefined && taken >= maxItems) break;
      }
      index += 1;
    }
    return page;
  }
}
