/**
 * What `npm run check` says of the house beyond types and style. Fails on import circles, on files over 300 lines and when
 * too many files name a kind of server. Prints how many lines of code there are and how long the median file is, which
 * may grow with the product.
 */
import { readFileSync, readdirSync } from 'node:fs';
import { join, posix } from 'node:path';
import { circlesOf } from './support/circles.ts';
import type { Source } from './support/circles.ts';
import { MOST_FILES_NAMING_A_KIND, filesNamingAKind } from './support/kinds.ts';
import { codeLinesOf, linesOf } from './support/lines.ts';
import { root } from './suites.ts';

const MAX_LINES = 300;

function sourcesOf(folder: string): Source[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .map((name) => posix.join(folder, name.replaceAll('\\', '/')))
    .filter((path) => /\.tsx?$/.test(path) && !path.includes('/node_modules/'))
    .map((path) => ({ path, text: readFileSync(join(root, path), 'utf8') }));
}

const product = ['shared', 'electron', 'renderer'].flatMap(sourcesOf);
const naming = filesNamingAKind(product);
const faults = [
  ...circlesOf([...product, ...sourcesOf('test')]).map((circle) => `import circle: ${circle.join(' → ')}`),
  ...product
    .filter(({ text }) => linesOf(text) > MAX_LINES)
    .map(({ path, text }) => `${path} has ${linesOf(text)} lines, more than ${MAX_LINES}`),
  ...(naming.length > MOST_FILES_NAMING_A_KIND
    ? [`${naming.length} files name a kind of server, more than ${MOST_FILES_NAMING_A_KIND}: ${naming.join(', ')}`]
    : []),
];
for (const fault of faults) console.error(fault);
if (faults.length > 0) process.exitCode = 1;

const lengths = product.map(({ text }) => linesOf(text)).sort((a, b) => a - b);
const code = product.reduce((sum, { path, text }) => sum + codeLinesOf(text, path), 0);
console.log(
  `${product.length} files, ${code} lines of code, median file ${lengths[Math.floor(lengths.length / 2)] ?? 0} lines, ` +
    `${naming.length} files name a kind`,
);
