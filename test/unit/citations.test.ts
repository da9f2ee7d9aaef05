/** What comments and documents cite is there: sections, facts and recordings of the books in docs/. */
import { readFileSync, readdirSync } from 'node:fs';
import { extname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { root } from '../suites.ts';
import { anchorsOf, citationsIn, staleNamesIn } from '../support/citations.ts';
import type { Book } from '../support/citations.ts';

const read = (file: string): string => readFileSync(join(root, file), 'utf8');
const books: Readonly<Record<string, { book: Book; recordings?: string }>> = {
  'docs/architecture.md': { book: 'architecture' },
  'docs/protocol-comfyui.md': { book: 'comfyui', recordings: 'test/recordings/comfyui-0.8.0' },
  'docs/protocol-swarmui.md': { book: 'swarmui', recordings: 'test/recordings/swarmui-0.9.8.2' },
};
const anchors = new Set(
  Object.entries(books).flatMap(([file, { book, recordings }]) =>
    anchorsOf(book, read(file), recordings === undefined ? [] : readdirSync(join(root, recordings))),
  ),
);

/** These hold examples of what is wrong. */
const own = ['test/unit/citations.test.ts', 'test/support/citations.ts'];
const files = ['.', 'docs', 'electron', 'renderer', 'resources', 'shared', 'test']
  .flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: folder !== '.', encoding: 'utf8' }).map((name) =>
      join(folder, name).replaceAll('\\', '/'),
    ),
  )
  .filter((file) => ['.ts', '.tsx', '.js', '.mjs', '.css', '.sql', '.md'].includes(extname(file)))
  .filter((file) => !file.includes('node_modules') && !own.includes(file));

describe('citations', () => {
  it('are read from all sources', () => {
    expect(files).toEqual(expect.arrayContaining(['README.md', 'shared/errors.ts', 'electron/core/db/schema.sql']));
    expect(anchors).toContain('architecture §7.2');
    for (const fact of ['C1', 'C16', 'S1', 'S18', 'L1', 'L15', 'R3', 'I8', 'Q8']) expect(anchors).toContain(fact);
    for (const rec of ['comfyui rec 29', 'swarmui rec 45']) expect(anchors).toContain(rec);
  });

  it('lead to a heading or a recording', () => {
    const lost = files.flatMap((file) =>
      citationsIn(read(file), books[file]?.book)
        .filter(({ cited }) => cited === null || !anchors.has(cited))
        .map(({ cited, as, line }) => `${file}:${String(line)}: ${cited ?? `${as} names no book`}`),
    );
    expect(lost).toEqual([]);
  });

  it('name no plan that is not here', () => {
    expect(files.flatMap((file) => staleNamesIn(read(file)).map((name) => `${file}: ${name}`))).toEqual([]);
  });
});

describe('reading', () => {
  it.each([
    ['(architecture §7.2)', ['architecture §7.2']],
    ['architecture §8, §12 and §14.', ['architecture §8', 'architecture §12', 'architecture §14']],
    [
      '(swarmui §4.2, §4.4, rec 12, 14; S6, S17)',
      ['swarmui §4.2', 'swarmui §4.4', 'swarmui rec 12', 'swarmui rec 14', 'S6', 'S17'],
    ],
    ['(swarmui §2; S3, S8) and, by the way, §5', ['swarmui §2', 'S3', 'S8', null]],
    ['(S17, swarmui §4.3 no. 1)', ['S17', 'swarmui §4.3']],
    ['(swarmui §4.3 no. 5, rec 40)', ['swarmui §4.3', 'swarmui rec 40']],
    ['comfyui rec 05 to 08', ['comfyui rec 05', 'comfyui rec 08']],
    ['/**\n * as said (architecture\n * §8). More.\n */', ['architecture §8']],
    ['// as said (comfyui §3.2,\n  // §3.4)', ['comfyui §3.2', 'comfyui §3.4']],
    ['facts C1–C16', ['C1', 'C16']],
    ['(RFC 9110 §14.2)', []],
    ['<path d="M1 2 C3 4 L5 6" />', []],
    ['(§4.1)', [null]],
    ['(rec 04)', [null]],
    ['reference §3.1', [null]],
    ['architecture.md §2', [null]],
    ['architecture § "Words"', [null]],
  ])('%j', (text, cited) => {
    expect(citationsIn(text).map((one) => one.cited)).toEqual(cited);
  });

  it('knows the book a text is, and the line of each', () => {
    expect(citationsIn('one\n_rec 09_ and §3.4, C3; architecture §7.2', 'comfyui')).toEqual([
      { cited: 'comfyui rec 09', as: 'rec 09', line: 2 },
      { cited: 'comfyui §3.4', as: '§3.4', line: 2 },
      { cited: 'C3', as: 'C3', line: 2 },
      { cited: 'architecture §7.2', as: '§7.2', line: 2 },
    ]);
  });

  it('finds what a book has', () => {
    const text = '## 7. Cancelling\n### 7.2 ComfyUI\n#### L1 Loopback\n**I1** only …\n## Facts\nsee 8.1, C9';
    expect(anchorsOf('architecture', text, ['04-x.jsonl', 'README.md'])).toEqual([
      'architecture §7',
      'architecture §7.2',
      'L1',
      'I1',
      'architecture rec 04',
    ]);
  });

  it.each(['quality.md L12', 'see product.md', 'reference swarm §4.3', 'Reference §1', 'recording 28'])(
    '%s is stale',
    (text) => {
      expect(staleNamesIn(text)).toHaveLength(1);
    },
  );
});
