/**
 * Every class that a component names is in its style sheet, and every class of a style sheet is named by a component. The
 * compiler knows neither: a misspelt class is `undefined` on the page, and nothing says so.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { root } from '../../../suites.ts';

const files = readdirSync(join(root, 'renderer'), { recursive: true, encoding: 'utf8' }).map((file) =>
  join(root, 'renderer', file),
);
const sheets = new Map(
  files
    .filter((file) => file.endsWith('.module.css'))
    .map((file) => [file, { classes: classesOf(readFileSync(file, 'utf8')), used: new Set<string>(), open: false }]),
);

function classesOf(css: string): Set<string> {
  const selectors = css.replace(/\/\*[\s\S]*?\*\//g, '').matchAll(/([^{}]+)\{/g);
  return new Set(
    [...selectors].flatMap(([, selector = '']) =>
      selector.trim().startsWith('@') ? [] : [...selector.matchAll(/\.([a-zA-Z][\w-]*)/g)].map(([, name = '']) => name),
    ),
  );
}

const misspelt: string[] = [];
for (const file of files.filter((each) => each.endsWith('.tsx'))) {
  const source = readFileSync(file, 'utf8');
  for (const [, local = '', path = ''] of source.matchAll(/import (\w+) from '(\S+\.module\.css)'/g)) {
    const sheet = sheets.get(resolve(dirname(file), path));
    if (sheet === undefined) throw new Error(`${file} imports ${path}, which is not there`);
    for (const [, spelled, word] of source.matchAll(new RegExp(`\\b${local}\\[(?:'([^']+)'|([^\\]]+))\\]`, 'g'))) {
      // A name that is chosen while it runs may be any class.
      if (word !== undefined) sheet.open = true;
      if (spelled === undefined) continue;
      sheet.used.add(spelled);
      if (!sheet.classes.has(spelled)) misspelt.push(`${relative(root, file)}: ${local}['${spelled}']`);
    }
  }
}

test('no component names a class that its style sheet has not', () => {
  expect(sheets.size).toBeGreaterThan(50);
  expect(misspelt).toEqual([]);
});

test('no style sheet has a class that no component names', () => {
  const unused = [...sheets].flatMap(([file, { classes, used, open }]) =>
    open ? [] : [...classes].filter((name) => !used.has(name)).map((name) => `${relative(root, file)}: .${name}`),
  );
  expect(unused).toEqual([]);
});
