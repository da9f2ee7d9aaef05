/** What the documents say is there, is there: links, npm scripts, verbs, options, calls. Does not read their prose. */
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { GLOBAL_OPTIONS, VERBS } from '../../electron/cli/verbs.ts';
import { CALL_NAMES, contract } from '../../shared/contract.ts';
import { root } from '../suites.ts';

const folders = ['.', 'docs', 'electron', 'renderer', 'resources', 'shared', 'test'];
const files = folders.flatMap((folder) =>
  readdirSync(join(root, folder), { recursive: folder !== '.', encoding: 'utf8' })
    .filter((name) => name.endsWith('.md') && !name.includes('node_modules'))
    .map((name) => join(folder, name)),
);
const read = (file: string): string => readFileSync(join(root, file), 'utf8');
/** A heading's name in a link, as GitHub makes it. */
const anchorOf = (heading: string): string =>
  heading
    .toLowerCase()
    .replace(/[^\p{L}\d _-]/gu, '')
    .replaceAll(' ', '-');
const all = (text: string, pattern: RegExp): string[] => [...text.matchAll(pattern)].map((match) => match[1] ?? '');

describe.each(files)('%s', (file) => {
  const text = read(file);

  it('links to what is there', () => {
    const targets = all(text, /\]\(([^)\s]+)\)/g)
      .filter((target) => !/^[a-z]+:/.test(target))
      .map((target) => target.split('#', 1)[0] ?? '');
    expect(targets.filter((target) => target !== '' && !existsSync(join(root, dirname(file), target)))).toEqual([]);
  });

  it('links to headings that are there', () => {
    const lost = [...text.matchAll(/\]\(([^)\s#:]*)#([^)\s]+)\)/g)].filter(([, target = '', anchor]) => {
      const headings = all(read(target === '' ? file : join(dirname(file), target)), /^#+ (.+)$/gm);
      return !headings.some((heading) => anchorOf(heading) === anchor);
    });
    expect(lost.map(([link]) => link)).toEqual([]);
  });

  it('names npm scripts there are', () => {
    const { scripts } = JSON.parse(read('package.json')) as { scripts: object };
    const named = [...all(text, /npm run (?:-s )?([\w:]+)/g), ...all(text, /`(test:\w+|package:\w+)`/g)];
    expect(named.filter((name) => !Object.hasOwn(scripts, name))).toEqual([]);
  });
});

describe('the command line', () => {
  const options = new Set(VERBS.flatMap((verb) => Object.keys({ ...GLOBAL_OPTIONS, ...verb.options })));
  const host = ['window', 'browser', 'port', 'demo'];

  it('has every option its document names', () => {
    const named = all(read('docs/cli.md'), /--([a-z][a-z-]*)/g);
    expect(named.filter((name) => !options.has(name) && !host.includes(name))).toEqual([]);
  });

  it('is told with every verb', () => {
    const text = read('docs/cli.md');
    const words = VERBS.flatMap((verb) => verb.name.split(' '));
    expect(words.filter((word) => !new RegExp(`\\b${word}\\b`).test(text))).toEqual([]);
  });
});

describe('the control API', () => {
  const text = read('docs/control-api.md');

  it('has every call its document names, and tells all that are not for tokens', () => {
    const named = all(text, /(?:`|\/api\/)((?:jobs|cancel|servers|outputs|queue|history|foreign|settings)\.\w+)/g);
    const topics = Object.keys(contract.events);
    expect(named.filter((name) => !CALL_NAMES.some((call) => call === name) && !topics.includes(name))).toEqual([]);
    const kept = CALL_NAMES.filter((name) => contract.calls[name].reach === 'this-machine');
    expect(kept.filter((name) => !text.includes(`\`${name}\``))).toEqual([]);
  });
});
