/**
 * The window's built files as a manifest: read once, looked up by exact path, so that no path of a request ever becomes a
 * path on disk (L11). Also the page itself, whose style nonce is new with every answer.
 */
import { createReadStream, existsSync, readFileSync, readdirSync, statSync } from 'node:fs';
import type { ReadStream } from 'node:fs';
import { join } from 'node:path';

const TYPES: Readonly<Record<string, string>> = {
  html: 'text/html; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  css: 'text/css; charset=utf-8',
  json: 'application/json; charset=utf-8',
  map: 'application/json; charset=utf-8',
  svg: 'image/svg+xml',
  png: 'image/png',
  webp: 'image/webp',
  ico: 'image/x-icon',
  woff2: 'font/woff2',
  webmanifest: 'application/manifest+json',
  txt: 'text/plain; charset=utf-8',
};

export interface StaticFile {
  type: string;
  bytes: number;
  /** Its name changes with its content. */
  immutable: boolean;
  open(): ReadStream;
}

export interface StaticFiles {
  /** `path` as it is in the request, without query; `undefined` for everything not built. */
  get(path: string): StaticFile | undefined;
  /** The page with this nonce, or null when the window has not been built. */
  page(nonce: string): string | null;
}

export function readStaticFiles(directory: string): StaticFiles {
  const files = new Map<string, StaticFile>();
  const names = existsSync(directory) ? readdirSync(directory, { recursive: true, encoding: 'utf8' }) : [];
  for (const name of names) {
    const file = join(directory, name);
    const stats = statSync(file);
    const type = TYPES[name.slice(name.lastIndexOf('.') + 1)];
    const path = `/${name.replaceAll('\\', '/')}`;
    if (!stats.isFile() || type === undefined || path === '/index.html') continue;
    files.set(path, {
      type,
      bytes: stats.size,
      immutable: /-[\w-]{8}\.\w+(\.map)?$/.test(path),
      open: () => createReadStream(file),
    });
  }
  const pageFile = join(directory, 'index.html');
  const html = existsSync(pageFile) ? readFileSync(pageFile, 'utf8') : null;
  return {
    get: (path) => files.get(path),
    page: (nonce) => html?.replace('</head>', `<meta name="csp-nonce" content="${nonce}" />\n</head>`) ?? null,
  };
}
