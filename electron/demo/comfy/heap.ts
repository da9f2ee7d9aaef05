/**
 * Python's `heapq` on queue items, operation by operation, because its side effects are part of the protocol: `/queue` lists the heap as it
 * lies (comfyui §3.2), and a comparison that raises leaves the heap half done (comfyui rec 27). Holds no queue of its own.
 */
import { PyError, pyEqual } from './py.ts';
import type { QueueItem } from './types.ts';

/** `a < b` as Python compares the tuples. Throws PyError where two dicts would have to be ordered. */
export function itemLess(a: QueueItem, b: QueueItem): boolean {
  if (a[0] !== b[0]) return a[0] < b[0];
  if (a[1] !== b[1]) return codePointLess(a[1], b[1]);
  for (const index of [2, 3] as const) {
    if (!pyEqual(a[index], b[index]))
      throw new PyError('TypeError', "'<' not supported between instances of 'dict' and 'dict'");
  }
  return a[4].join('\u0000') < b[4].join('\u0000');
}

/** Python orders strings by code point, JavaScript by UTF-16 unit; they differ beyond the BMP only. */
function codePointLess(a: string, b: string): boolean {
  const left = [...a];
  const right = [...b];
  for (let i = 0; i < Math.min(left.length, right.length); i++) {
    const x = left[i]?.codePointAt(0) ?? 0;
    const y = right[i]?.codePointAt(0) ?? 0;
    if (x !== y) return x < y;
  }
  return left.length < right.length;
}

export type Less = (a: QueueItem, b: QueueItem) => boolean;

function at(heap: QueueItem[], index: number): QueueItem {
  const item = heap[index];
  if (item === undefined) throw new RangeError(`heap index ${index} of ${heap.length}`);
  return item;
}

function swap(heap: QueueItem[], a: number, b: number): void {
  const first = at(heap, a);
  heap[a] = at(heap, b);
  heap[b] = first;
}

// Both swap as they go, like CPython's C code: a comparison that raises half-way loses nothing that lies in the heap.
function siftDown(heap: QueueItem[], start: number, from: number, less: Less): void {
  let position = from;
  while (position > start) {
    const parent = (position - 1) >> 1;
    if (!less(at(heap, position), at(heap, parent))) return;
    swap(heap, position, parent);
    position = parent;
  }
}

function siftUp(heap: QueueItem[], from: number, less: Less): void {
  const end = heap.length;
  let position = from;
  while (position < end >> 1) {
    let child = 2 * position + 1;
    if (child + 1 < end && !less(at(heap, child), at(heap, child + 1))) child += 1;
    swap(heap, position, child);
    position = child;
  }
  siftDown(heap, from, position, less);
}

/** Appends, then sifts. If the comparison raises, the item stays appended: that is what the real server does. */
export function heapPush(heap: QueueItem[], item: QueueItem, less: Less): void {
  heap.push(item);
  siftDown(heap, 0, heap.length - 1, less);
}

/** Takes the smallest. If a comparison raises, the smallest is lost: also what the real server does. */
export function heapPop(heap: QueueItem[], less: Less): QueueItem | undefined {
  const last = heap.pop();
  const first = heap[0];
  if (last === undefined || first === undefined) return last;
  heap[0] = last;
  siftUp(heap, 0, less);
  return first;
}

export function heapify(heap: QueueItem[], less: Less): void {
  for (let i = (heap.length >> 1) - 1; i >= 0; i--) siftUp(heap, i, less);
}
