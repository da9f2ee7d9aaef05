/** The waits between tries: the table, its jitter, its reset. */
import { expect, it } from 'vitest';
import { Backoff } from '../../../../electron/core/net/backoff.ts';

it('follows the table, repeats its last value, and starts anew after a reset', () => {
  const backoff = new Backoff(() => 0);
  const waits = Array.from({ length: 11 }, () => backoff.next());
  expect(waits).toEqual([500, 1_000, 2_000, 3_000, 5_000, 8_000, 13_000, 21_000, 30_000, 30_000, 30_000]);
  backoff.reset();
  expect(backoff.next()).toBe(500);
});

it('adds up to a fifth', () => {
  expect(new Backoff(() => 0.999).next()).toBe(600);
});
