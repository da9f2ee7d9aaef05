/** What the house's own check counts: circles of imports, and lines of code. */
import { expect, it } from 'vitest';
import { circlesOf } from '../support/circles.ts';
import { codeLinesOf, linesOf } from '../support/lines.ts';

const source = (path: string, ...imports: string[]) => ({
  path,
  text: imports.map((name) => `import '${name}';`).join('\n'),
});

it('finds circles, and each only once', () => {
  expect(
    circlesOf([
      source('a/one.ts', './two.ts'),
      source('a/two.ts', '../b/three.ts', './four.ts'),
      source('b/three.ts', '../a/one.ts'),
      source('a/four.ts', 'zod'),
      source('a/self.ts', './self.ts'),
    ]),
  ).toEqual([['a/one.ts', 'a/two.ts', 'b/three.ts'], ['a/self.ts']]);
});

it('a diamond is not a circle', () => {
  const files = [
    source('a.ts', './b.ts', './c.ts'),
    source('b.ts', './d.ts'),
    source('c.ts', './d.ts'),
    source('d.ts', './gone.ts'),
  ];
  expect(circlesOf(files)).toEqual([]);
});

it('a circle through types only is one too', () => {
  expect(
    circlesOf([
      { path: 'a.ts', text: "import type { B } from './b.ts';" },
      { path: 'b.ts', text: "export type B = import('./a.ts').A;" },
    ]),
  ).toEqual([['a.ts', 'b.ts']]);
});

it('counts code, not blank lines and comments', () => {
  const text = '/** A doc. */\n\n// more\nexport const a = {\n  // of b\n  b: `one\n\ntwo`,\n}; // end\n/* last */\n';
  expect(linesOf(text)).toBe(10);
  expect(codeLinesOf(text, 'a.ts')).toBe(4);
  expect(
    codeLinesOf('/** Doc. */\nexport const a = () => (\n  <b>\n    {/* none */}\n    x\n  </b>\n);\n', 'a.tsx'),
  ).toBe(6);
});
