import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SCHEMES, createAppHandler, safePath } from '../../../../electron/desktop/window/protocol.ts';
import { fc, test } from '../property.ts';

let folder: string;
let handler: (request: Request) => Promise<Response>;
const media: string[] = [];
const bugs: unknown[] = [];

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'switchyard-protocol-'));
  const ui = join(folder, 'ui');
  mkdirSync(join(ui, 'assets'), { recursive: true });
  writeFileSync(join(ui, 'index.html'), '<html><head></head><body>window</body></html>');
  writeFileSync(join(ui, 'assets', 'main-abcdefgh.js'), 'export {}');
  writeFileSync(join(ui, 'icon.svg'), '<svg/>');
  writeFileSync(join(ui, 'gone.js'), 'gone');
  writeFileSync(join(folder, 'secret.json'), '"secret"');
  symlinkSync(join(folder, 'secret.json'), join(ui, 'link.json'));
  handler = createAppHandler({
    rendererDir: ui,
    media: async (request) => {
      media.push(`${request.method} ${new URL(request.url).pathname} ${request.headers.get('range') ?? ''}`);
      if (request.url.endsWith('boom')) throw new Error('boom');
      return new Response('bytes', {
        status: request.headers.has('range') ? 206 : 200,
        headers: { 'content-type': 'video/mp4', 'content-range': 'bytes 0-4/9' },
      });
    },
    onBug: (error) => bugs.push(error),
  });
  rmSync(join(ui, 'gone.js'));
});
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** Node's Request takes any address; what Electron gives has the same three. */
const ask = (url: string, method = 'GET', headers: Record<string, string> = {}): Promise<Response> =>
  handler({ url, method, headers: new Headers(headers) } as Request);

describe('the window’s files', () => {
  it.each(['app://ui/', 'app://ui', 'app://ui/index.html', 'app://ui/?x=1#queue'])(
    '%s is the page, with the strict policy and a nonce of its own',
    async (url) => {
      const first = await ask(url);
      const html = await first.text();
      const policy = first.headers.get('content-security-policy') ?? '';
      const nonce = /csp-nonce" content="([^"]+)"/.exec(html)?.[1] ?? '';
      expect(first.status).toBe(200);
      expect(policy).toContain(`'nonce-${nonce}'`);
      expect(policy).toContain("default-src 'none'");
      expect(policy).toContain("connect-src 'self'");
      expect(policy).not.toMatch(/unsafe|ws:|http:|\*/);
      expect(await (await ask(url)).text()).not.toBe(html);
    },
  );
  it('are served by exact path with their type, for ever where their name changes with them', async () => {
    const script = await ask('app://ui/assets/main-abcdefgh.js');
    expect(await script.text()).toBe('export {}');
    expect(Object.fromEntries(script.headers)).toMatchObject({
      'content-type': 'text/javascript; charset=utf-8',
      'x-content-type-options': 'nosniff',
      'cache-control': expect.stringContaining('immutable'),
    });
    expect((await ask('app://ui/icon.svg')).headers.get('cache-control')).toBe('no-cache');
    const head = await ask('app://ui/icon.svg', 'HEAD');
    expect([head.status, await head.text()]).toEqual([200, '']);
  });
  it('that are gone, or are a link out of the folder, are not there', async () => {
    expect((await ask('app://ui/gone.js')).status).toBe(404);
    expect((await ask('app://ui/link.json')).status).toBe(404);
  });
  it.each(['POST', 'PUT', 'DELETE', 'OPTIONS'])('%s is refused', async (method) => {
    expect((await ask('app://ui/', method)).status).toBe(405);
  });
  it('never come with a CORS header', async () => {
    for (const url of ['app://ui/', 'app://ui/icon.svg', 'app://ui/media/output/1', 'app://ui/nothing'])
      expect([...(await ask(url)).headers.keys()].filter((name) => name.startsWith('access-control'))).toEqual([]);
  });
});

const escapes = [
  '/../secret.json',
  '/..',
  '/assets/../../secret.json',
  '/..%2fsecret.json',
  '/%2e%2e/secret.json',
  '/%2e%2e%2fsecret.json',
  '/..%252fsecret.json',
  '/%252e%252e/secret.json',
  '/..\\secret.json',
  '/..%5csecret.json',
  '/.\\./secret.json',
  '/assets/..%2f..%2fsecret.json',
  '/\u0000',
  '/icon.svg\u0000.js',
  '/icon.svg%00',
  '/C:/windows/win.ini',
  '/c|/windows',
  '//server/share',
  '/\\\\server\\share',
  '/etc/passwd',
  '/.',
  '/./icon.svg',
  '/assets//main-abcdefgh.js',
  '/assets/',
  '/assets',
  '/ICON.SVG',
  '/icon.svg/',
  '/icon.svg;x',
  '/icon.svg%20',
  '/icon.svg.',
  '/icon.svg::$DATA',
  '/%69con.svg',
  '/link.json',
  '/main.js.map',
  '/package.json',
  '/..;/secret.json',
  '/…/secret.json',
  '/\u2025/secret.json',
  '/\uff0e\uff0e/secret.json',
];

describe('escapes', () => {
  it.each(escapes)('%j leads nowhere', async (path) => {
    const answer = await ask(`app://ui${path}`);
    expect(answer.status).toBe(404);
    expect(await answer.text()).not.toContain('secret');
  });
  it.each([
    'app://evil/',
    'app://ui.evil/',
    'app://ui:80/',
    'app://UI/',
    'app://user@ui/',
    'app:///',
    'app://ui%2f/',
    'https://ui/',
    'file:///etc/passwd',
    'app:ui',
  ])('%s is another host', async (url) => {
    expect((await ask(url)).status).toBe(404);
  });
  test.prop([fc.string({ unit: 'binary', maxLength: 60 })], 2_000)(
    'whatever the path, what is read has no step up and is not decoded',
    (path) => {
      const safe = safePath(`app://ui/${path}`);
      if (safe !== null) expect(safe).toMatch(/^\/(?:(?!\.\.?(?:\/|$))[\w.-]+\/)*(?:(?!\.\.?$)[\w.-]*)$/);
    },
  );
});

describe('media', () => {
  it('are asked of the core by id, with the range, and answered with its part', async () => {
    media.length = 0;
    const answer = await ask('app://ui/media/output/01-ab?v=2', 'GET', { range: 'bytes=0-4' });
    expect(media).toEqual(['GET /media/output/01-ab bytes=0-4']);
    expect([answer.status, answer.headers.get('content-range'), answer.headers.get('x-content-type-options')]).toEqual([
      206,
      'bytes 0-4/9',
      'nosniff',
    ]);
  });
  it('that fail are a bug of ours, and no window breaks', async () => {
    bugs.length = 0;
    expect((await ask('app://ui/media/output/boom')).status).toBe(500);
    expect(bugs).toHaveLength(1);
  });
});

it('the scheme is a secure, standard origin that nobody else may read or extend', () => {
  expect(SCHEMES).toEqual([
    {
      scheme: 'app',
      privileges: {
        standard: true,
        secure: true,
        supportFetchAPI: true,
        corsEnabled: true,
        stream: true,
        codeCache: true,
        bypassCSP: false,
        allowServiceWorkers: false,
        allowExtensions: false,
      },
    },
  ]);
});
