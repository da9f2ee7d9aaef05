/** The parts under the engine that mirror Python: JSON, heapq. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { heapify, heapPop, heapPush, itemLess } from '../../../../electron/demo/comfy/heap.ts';
import { PyError, pyDumps, pyFloat, pyLoads } from '../../../../electron/demo/comfy/py.ts';
import type { QueueItem } from '../../../../electron/demo/comfy/types.ts';

const item = (number: number, id: string, seed = 0): QueueItem => [
  number,
  id,
  { '1': { class_type: 'X', inputs: { seed } } },
  {},
  ['1'],
];

describe('Python’s JSON', () => {
  it('round-trips every JSON value', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(JSON.stringify(pyLoads(pyDumps(value)))).toBe(JSON.stringify(value));
      }),
    );
  });

  it('writes and reads bare NaN and Infinity, and leaves texts alone', () => {
    const value = { a: [NaN, Infinity, -Infinity], b: 'NaN, "Infinity"', c: 'ü' };
    expect(pyDumps(value)).toBe('{"a": [NaN, Infinity, -Infinity], "b": "NaN, \\"Infinity\\"", "c": "\\u00fc"}');
    expect(pyLoads(pyDumps(value))).toEqual(value);
  });

  it('float() as Python has it', () => {
    expect([pyFloat('7'), pyFloat(true), pyFloat('nan'), pyFloat(' -inf ')]).toEqual([7, 1, NaN, -Infinity]);
    for (const wrong of ['abc', null, []]) expect(() => pyFloat(wrong)).toThrow(PyError);
  });
});

describe('the heap', () => {
  it('gives items out by number, then id, whatever the order they came in', () => {
    const items = fc.uniqueArray(fc.record({ number: fc.integer({ min: -5, max: 5 }), id: fc.uuid() }), {
      selector: (i) => i.id,
    });
    fc.assert(
      fc.property(items, fc.boolean(), (list, atOnce) => {
        const heap: QueueItem[] = [];
        const all = list.map(({ number, id }) => item(number, id));
        if (atOnce) {
          heap.push(...all);
          heapify(heap, itemLess);
        } else for (const one of all) heapPush(heap, one, itemLess);
        const out: QueueItem[] = [];
        for (let next = heapPop(heap, itemLess); next; next = heapPop(heap, itemLess)) out.push(next);
        expect(out).toEqual([...all].sort((a, b) => (itemLess(a, b) ? -1 : 1)));
      }),
    );
  });

  it('equal id and number: a push raises but keeps the item, a pop loses the smallest', () => {
    const heap: QueueItem[] = [];
    heapPush(heap, item(500, 'a', 1), itemLess);
    for (const seed of [2, 3])
      expect(() => {
        heapPush(heap, item(500, 'a', seed), itemLess);
      }).toThrow(PyError);
    expect(heap).toHaveLength(3);
    expect(() => heapPop(heap, itemLess)).toThrow(PyError);
    expect(heap).toHaveLength(2);
  });
});
