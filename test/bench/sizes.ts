/** Sizes of what was built, read off `dist/`: preload, first load of the window, main bundles, the app without its runtime. */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { root } from '../suites.ts';
import { atMost } from './measure.ts';
import type { Row } from './measure.ts';

const dist = join(root, 'dist');
const KIB = 1_024;

export const take = (): Promise<Row[]> => {
  const rows: Row[] = [windowRow(), unpackedRow()];
  const preload = ['desktop/preload.cjs', 'desktop/preload.js']
    .map((file) => join(dist, file))
    .find((file) => existsSync(file));
  const main = join(dist, 'desktop', 'main.js');
  rows.push(
    preload === undefined
      ? notBuilt('preload', '≤ 10 KB')
      : atMost({ measure: 'preload', atMost: 10, unit: 'KB', value: statSync(preload).size / KIB }),
  );
  for (const [name, file] of [
    ['main bundle, desktop', main],
    ['main bundle, host', join(dist, 'host', 'host.js')],
    ['CLI verb bundle', join(dist, 'cli', 'switchyard.js')],
  ] as const) {
    rows.push(existsSync(file) ? bundleRow(name, file) : notBuilt(name, 'told; without the renderer’s libraries'));
  }
  return Promise.resolve(rows);
};

/** What the page loads before anything was clicked: its HTML, and the scripts and styles that name. */
function windowRow(): Row {
  const html = readFileSync(join(dist, 'renderer', 'index.html'), 'utf8');
  const first = [...html.matchAll(/(?:src|href)="\.?\/?(assets\/[^"]+\.(?:js|css))"/g)].map((match) =>
    join(dist, 'renderer', match[1] ?? ''),
  );
  const all = readdirSync(join(dist, 'renderer', 'assets'))
    .filter((file) => /\.(?:js|css)$/.test(file))
    .map((file) => join(dist, 'renderer', 'assets', file));
  const gzipped = (files: readonly string[]): number =>
    files.reduce((sum, file) => sum + gzipSync(readFileSync(file)).length, 0) / KIB;
  return atMost({
    measure: 'first renderer bundle, gzipped',
    atMost: 250,
    unit: 'KB',
    value: gzipped(first),
    note: `${String(first.length)} files of ${String(all.length)}; all of the window: ${String(Math.round(gzipped(all)))} KB gzipped`,
    numbers: { allKb: gzipped(all) },
  });
}

function unpackedRow(): Row {
  const targets = ['renderer', 'host', 'cli', 'desktop'].filter((target) => existsSync(join(dist, target)));
  const mib = targets.reduce((sum, target) => sum + bytesBelow(join(dist, target)), 0) / KIB / KIB;
  return {
    measure: 'dist/ without source maps',
    required: 'told',
    reached: `${mib.toFixed(1)} MB`,
    ok: null,
    note: `${targets.join(', ')}; the packaged app is measured by npm run package:check`,
    numbers: { mib },
  };
}

const bytesBelow = (path: string): number =>
  statSync(path).isDirectory()
    ? readdirSync(path).reduce((sum, name) => sum + bytesBelow(join(path, name)), 0)
    : path.endsWith('.map')
      ? 0
      : statSync(path).size;

/** The window's libraries must not be in what runs without a window. */
function bundleRow(measure: string, file: string): Row {
  const text = readFileSync(file, 'utf8');
  const found = [
    'react.transitional.element',
    '__SECRET_INTERNALS_DO_NOT_USE',
    '__CLIENT_INTERNALS_DO_NOT_USE',
    'createPortal(',
    'data-radix-',
  ].filter((trace) => text.includes(trace));
  const kb = statSync(file).size / KIB;
  return {
    measure,
    required: 'without the renderer’s libraries',
    reached: `${kb.toFixed(0)} KB`,
    ok: found.length === 0,
    note: found.length === 0 ? '' : `has ${found.join(', ')}`,
    numbers: { kb },
  };
}

const notBuilt = (measure: string, required: string): Row => ({
  measure,
  required,
  reached: 'not built',
  ok: null,
  note: '',
  numbers: {},
});
