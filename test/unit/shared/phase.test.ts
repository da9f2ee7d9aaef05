/** Progress: one monotonic fraction below 1, whatever a server reports. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cleanFraction, foldProgress, startProgress } from '../../../shared/phase.ts';
import type { LiveUpdate } from '../../../shared/phase.ts';

const node = fc.constantFrom('1', '2', '3', '4.0.5');
const update: fc.Arbitrary<LiveUpdate> = fc.oneof(
  fc.record({ type: fc.constant('node' as const), node: fc.option(node) }),
  fc.record({
    type: fc.constant('step' as const),
    node: fc.option(node),
    value: fc.oneof(fc.integer({ min: -2, max: 40 }), fc.constant(NaN)),
    max: fc.integer({ min: -1, max: 30 }),
  }),
  fc.record({ type: fc.constant('nodes-cached' as const), nodes: fc.array(node) }),
  fc.record({
    type: fc.constant('fraction' as const),
    overall: fc.oneof(fc.double(), fc.constant(NaN)),
    current: fc.constant(null),
  }),
  fc.record({ type: fc.constant('place' as const), place: fc.option(fc.nat()) }),
);

describe('progress', () => {
  it('never falls, never reaches 1, is never NaN', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 6 }), fc.array(update, { maxLength: 40 }), (total, updates) => {
        let state = startProgress(total);
        for (const one of updates) {
          const next = foldProgress(state, one, new Map([['2', 40]]));
          expect(next.fraction).toBeGreaterThanOrEqual(state.fraction);
          expect(next.fraction).toBeLessThan(1);
          state = next;
        }
      }),
    );
  });

  it("takes a server's own fraction", () => {
    expect(foldProgress(startProgress(0), { type: 'fraction', overall: 0.4, current: null }).fraction).toBe(0.4);
  });

  it('weighs nodes by their usual time', () => {
    const weights = new Map([
      ['1', 1],
      ['2', 99],
    ]);
    const begun = foldProgress(startProgress(2), { type: 'node', node: '1' }, weights);
    const second = foldProgress(begun, { type: 'node', node: '2' }, weights);
    expect(second.fraction).toBeLessThan(0.05);
    expect(foldProgress(second, { type: 'step', node: '2', value: 15, max: 30 }, weights).fraction).toBeGreaterThan(
      0.3,
    );
  });

  it('reads quoted numbers and refuses what is none', () => {
    expect([
      cleanFraction('0.5'),
      cleanFraction('NaN'),
      cleanFraction(-1),
      cleanFraction(7),
      cleanFraction(null),
    ]).toEqual([0.5, null, null, 1, null]);
  });
});
