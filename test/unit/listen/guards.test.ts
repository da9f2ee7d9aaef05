/** The limit of wrong credentials; the other guards are tried over raw sockets (integration/host-guards.test.ts). */
import { expect, it } from 'vitest';
import { BadAuthLimit } from '../../../electron/listen/guards.ts';

it('counts failures per address and minute', () => {
  let now = 0;
  const limit = new BadAuthLimit(() => now);
  const status = (address: string): number => limit.answerTo({ status: 401, reason: 'wrong' }, address).status;
  const tries = Array.from({ length: 12 }, () => status('a'));
  expect(tries).toEqual([...Array.from({ length: 10 }, () => 401), 429, 429]);
  expect(status('b')).toBe(401);
  now = 61_000;
  expect(status('a')).toBe(401);
});
