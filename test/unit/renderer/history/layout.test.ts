/** Places of headings and rows: what stands between two heights is exactly what a walk over the whole list would give. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { itemsBetween, makeLayout, topOfDay, topOfRow } from '../../../../renderer/history/layout.ts';

const heights = { day: 34, row: 56 };
const sectionsOf = (rows: readonly number[]) => rows.map((count, index) => ({ day: 1_000 - index, rows: count }));

it('finds by search what a walk finds', () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 1, max: 9 }), { maxLength: 12 }),
      fc.nat(4_000),
      fc.nat(900),
      (rows, top, height) => {
        const layout = makeLayout(sectionsOf(rows), heights);
        const walked: unknown[] = [];
        let y = 0;
        let index = 0;
        for (const section of layout.sections) {
          if (y + heights.day > top && y < top + height) walked.push({ type: 'day', day: section.day, top: y });
          y += heights.day;
          for (let row = 0; row < section.rows; row += 1) {
            if (y + heights.row > top && y < top + height) walked.push({ type: 'row', index, top: y });
            expect(topOfRow(layout, index)).toBe(y);
            y += heights.row;
            index += 1;
          }
        }
        expect(layout.height).toBe(y);
        expect(itemsBetween(layout, top, top + height)).toEqual(walked);
      },
    ),
  );
});

it('a million rows in one jump', () => {
  const layout = makeLayout(sectionsOf(Array.from({ length: 1_000 }, () => 1_000)), heights);
  expect(itemsBetween(layout, 30_000_000, 30_000_800).length).toBeLessThan(18);
  expect(topOfDay(layout, 500)).toBe(layout.sections[500]?.top);
  expect(topOfDay(layout, -5)).toBe(layout.height);
});
