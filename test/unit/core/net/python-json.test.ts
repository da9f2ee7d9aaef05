/** Python's JSON: bare NaN and Infinity outside strings become null, everything else is as JSON.parse says. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { parsePythonJson } from '../../../../electron/core/net/python-json.ts';

it.each([
  ['{"a": NaN, "b": [Infinity, -Infinity, 1]}', { a: null, b: [null, null, 1] }],
  ['{"text": "NaN and -Infinity", "n": NaN}', { text: 'NaN and -Infinity', n: null }],
  [String.raw`{"quote": "a \" NaN \\", "n": -Infinity}`, { quote: String.raw`a " NaN ` + '\\', n: null }],
  ['NaN', null],
  ['[]', []],
])('reads %s', (text, value) => {
  expect(parsePythonJson(text)).toEqual(value);
});

it.each(['', '{', 'NaNa', '{"a": NaN', '"unclosed NaN', 'Infinity Infinity'])('refuses %j', (text) => {
  expect(() => parsePythonJson(text)).toThrow(SyntaxError);
});

it('never touches what is in strings', () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.string(), (value, text) => {
      const json = `{"nan": NaN, "value": ${JSON.stringify(value)}, "text": ${JSON.stringify(`NaN${text}Infinity`)}}`;
      expect(parsePythonJson(json)).toEqual({
        nan: null,
        value: JSON.parse(JSON.stringify(value)),
        text: `NaN${text}Infinity`,
      });
    }),
  );
});

it('reads large texts in one pass', () => {
  const big = `{"n": NaN, "s": "${'x\\"'.repeat(500_000)}"}`;
  expect(parsePythonJson(big)).toMatchObject({ n: null });
});
