/** How often the stop procedure looks and interrupts, and how versions are compared. */
import { expect, it } from 'vitest';
import { LookPauses, pauseAfterInterrupt } from '../../../../../electron/core/servers/comfy/cancel.ts';
import { parseVersion } from '../../../../../electron/core/servers/comfy/probe.ts';

it('looks after 300 … 3,000 ms, and once after 60 ms when it has interrupted', () => {
  const pauses = new LookPauses();
  expect([pauses.next(), pauses.next()]).toEqual([300, 600]);
  pauses.interrupted();
  expect([
    pauses.next(),
    pauses.next(),
    pauses.next(),
    pauses.next(),
    pauses.next(),
    pauses.next(),
    pauses.next(),
  ]).toEqual([60, 300, 600, 1_200, 2_400, 3_000, 3_000]);
  pauses.interrupted();
  expect(pauses.next()).toBe(3_000);
});

it.each([
  [0, 0],
  [1, 20],
  [41, 820],
  [650, 13_000],
  [7_000, 60_000],
])('an interrupt of %i ms is followed by a pause of %i ms', (took, pause) => {
  expect(pauseAfterInterrupt(took)).toBe(pause);
});

it.each([
  ['0.3.64', [0, 3, 64]],
  ['v0.8.0', [0, 8, 0]],
  ['0.35', [0, 35, 0]],
  ['1.2.3-rc1', [1, 2, 3]],
  ['unknown', null],
  [null, null],
])('version %s', (text, numbers) => {
  expect(parseVersion(text)).toEqual(numbers);
});
