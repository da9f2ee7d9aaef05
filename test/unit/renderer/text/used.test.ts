/** The catalogue holds no sentence that nothing says: every entry of an object in renderer/text is named somewhere in the window. */
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { root } from '../../../suites.ts';

const renderer = join(root, 'renderer');
const sources = readdirSync(renderer, { recursive: true, encoding: 'utf8' })
  .filter((file) => /\.tsx?$/.test(file))
  .map((file) => readFileSync(join(renderer, file), 'utf8'));

/** `queueText.held`, or `text.held` where a file calls the object so; `sampleWords[…]` names all of it. */
const isNamed = (object: string, key: string): boolean =>
  sources.some((source) => {
    const local = new RegExp(`\\b${object} as (\\w+)`).exec(source)?.[1] ?? object;
    return new RegExp(`\\b${local}(\\s*\\.${key}\\b|\\[)`).test(source);
  });

it.each(readdirSync(join(renderer, 'text')))('every entry of %s is said somewhere', async (file) => {
  const exported = (await import(join(renderer, 'text', file))) as Record<string, unknown>;
  const unsaid = Object.entries(exported).flatMap(([object, entries]) =>
    typeof entries === 'object' && entries !== null
      ? Object.keys(entries).flatMap((key) => (isNamed(object, key) ? [] : [`${object}.${key}`]))
      : [],
  );
  expect(unsaid).toEqual([]);
});
