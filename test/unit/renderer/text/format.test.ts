/** Lengths of time as people read them; keys as they are looked up. */
import { expect, test } from 'vitest';
import { approach, clock, duration, range, roughly, seconds } from '../../../../renderer/text/format.ts';
import { hotkeyOf } from '../../../../renderer/hooks/use-hotkeys.ts';

test('a clock has a fixed width', () => {
  expect([0, 41_900, 725_000, 3_729_000].map(clock)).toEqual(['0:00', '0:41', '12:05', '1:02:09']);
});

test('durations never say more than is known', () => {
  expect([3, 400, 1_250, 41_000, 112_000, 120_000, 7_500_000].map(duration)).toEqual([
    '3 ms',
    '0.4 s',
    '1.3 s',
    '41 s',
    '1 min 52 s',
    '2 min',
    '2 h 5 min',
  ]);
  expect([600, 12_300].map(seconds)).toEqual(['0.6 s', '12 s']);
});

test('guesses are rounded, ranges share their unit', () => {
  expect([4_000, 58_000, 61_000, 960_000].map(roughly)).toEqual(['4 s', '1 min', '1 min', '16 min']);
  expect(range(35_000, 50_000)).toEqual({ text: '35–50 s', exact: true });
  expect(range(45_000, 90_000)).toEqual({ text: '45 s–2 min', exact: true });
  expect(range(118_000, 122_000)).toEqual({ text: '2 min', exact: false });
  expect(approach(90_000)).toBe('≈ 1:30');
  expect(approach(960_000)).toBe('≈ 16 min');
});

const press = { ctrlKey: false, metaKey: false, altKey: false, shiftKey: false };
test('a key press has one name', () => {
  expect(hotkeyOf({ ...press, key: 'n' })).toBe('n');
  expect(hotkeyOf({ ...press, key: '?', shiftKey: true })).toBe('?');
  expect(hotkeyOf({ ...press, key: ' ' })).toBe('space');
  expect(hotkeyOf({ ...press, key: 'ArrowDown', shiftKey: true })).toBe('shift+arrowdown');
  expect(hotkeyOf({ ...press, key: 'Backspace', ctrlKey: true, shiftKey: true })).toBe('mod+shift+backspace');
});
