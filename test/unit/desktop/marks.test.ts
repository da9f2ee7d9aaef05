/** The marks of the start. */
import { expect, it } from 'vitest';
import { Marks } from '../../../electron/desktop/marks.ts';

it('marks of the start are in order, the first time counts, and what blocked is named', () => {
  const marks = new Marks();
  marks.mark('loaded');
  marks.sync('files', () => {
    const until = performance.now() + 3;
    while (performance.now() < until);
  });
  marks.mark('ready');
  const before = JSON.parse(marks.line(1024 * 1024)) as Record<string, unknown>;
  marks.mark('loaded');
  expect(JSON.parse(marks.line(1024 * 1024))).toEqual(before);
  expect(Object.keys(before)).toEqual(['loaded', 'ready', 'syncMs', 'rssMiB']);
  expect(before['syncMs']).toEqual({ files: expect.any(Number) });
  expect((before['syncMs'] as { files: number }).files).toBeGreaterThanOrEqual(3);
  expect(before['rssMiB']).toBe(1);
  let told = 0;
  marks.once(['ready', 'interactive'], () => void (told += 1));
  expect(told).toBe(0);
  marks.mark('interactive');
  marks.mark('first-paint');
  expect(told).toBe(1);
});
