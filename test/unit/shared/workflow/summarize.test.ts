/** Titles are what a person would have written on the row. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { batchTitle, shorten, titleOf } from '../../../../shared/workflow/summarize.ts';

it.each([
  ['harbour at dawn, long exposure', 'harbour at dawn, long exposure'],
  ['  a\n\n kiosk ,, in snow, ', 'a kiosk, in snow'],
  ['(masterpiece:1.2), [[kiosk]], <lora:snow:0.8>', 'masterpiece, kiosk'],
  ['kiosk \\(red\\)', 'kiosk (red)'],
  ['left BREAK right', 'left, right'],
  ['', ''],
])('%j reads %j', (prompt, title) => {
  expect(titleOf(prompt)).toBe(title);
});

it('a batch is called by its prompt, else by its file', () => {
  expect(batchTitle('harbour, {fog|rain}, dusk', 'flux.json')).toBe('harbour, fog, dusk');
  expect(batchTitle('', 'flux-portrait.json')).toBe('flux-portrait');
});

it('is never longer than asked and cuts no character in two', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', maxLength: 300 }), (text) => {
      const short = shorten(text, 40);
      expect([...short].length).toBeLessThanOrEqual(40);
      expect(() => encodeURIComponent(short)).not.toThrow();
    }),
  );
});
