/**
 * The `app://ui` scheme: the built window by exact path, and media by id, with the same headers and policy as the host's
 * HTTP. No path of a request ever becomes a path on disk: it is looked up in the list of built files (host/static-files.ts).
 */
import { randomBytes } from 'node:crypto';
import { readFile, realpath } from 'node:fs/promises';
import { isAbsolute, join, relative } from 'node:path';
import type { CustomScheme, Protocol } from 'electron';
import { MEDIA_PATH } from '../../../shared/media.ts';
import { contentSecurityPolicy, headersFor } from '../../listen/headers.ts';
import { readStaticFiles } from '../../host/static-files.ts';
import type { StaticFiles } from '../../host/static-files.ts';
import { APP_HOST, APP_SCHEME } from './urls.ts';

/** To be registered before the app is ready. Without `corsEnabled` other origins could read ours (CVE-2026-70604). */
export const SCHEMES: CustomScheme[] = [
  {
    scheme: APP_SCHEME,
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
];

export interface ProtocolOptions {
  /** Where the built window is. */
  rendererDir: string;
  media: (request: Request) => Promise<Response>;
  onBug: (error: unknown, where: string) => void;
}

/** Answers every request of the scheme; never rejects. */
export function createAppHandler(options: ProtocolOptions): (request: Request) => Promise<Response> {
  const { rendererDir, media, onBug } = options;
  const files = readStaticFiles(rendererDir);

  const answer = async (request: Request): Promise<Response> => {
    if (request.method !== 'GET' && request.method !== 'HEAD') return plain(405, 'only GET or HEAD');
    const path = safePath(request.url);
    if (path === null) return plain(404, 'there is nothing here');
    if (path.startsWith(MEDIA_PATH)) return mediaAnswer(media, path, request);
    if (path === '/' || path === '/index.html') return pageAnswer(files, request);
    const file = files.get(path);
    const bytes = file === undefined ? null : await readInside(rendererDir, path);
    if (file === undefined || bytes === null) return plain(404, 'there is nothing here');
    return new Response(request.method === 'HEAD' ? null : bytes, {
      headers: {
        ...headersFor('static'),
        'content-type': file.type,
        'content-length': String(bytes.byteLength),
        ...(file.immutable ? { 'cache-control': 'public, max-age=31536000, immutable' } : {}),
      },
    });
  };
  return async (request) => {
    try {
      return await answer(request);
    } catch (error) {
      onBug(error, 'app protocol');
      return plain(500, 'Switchyard failed to answer this; its log says why');
    }
  };
}

function pageAnswer(files: StaticFiles, request: Request): Response {
  const nonce = randomBytes(16).toString('base64');
  const html = files.page(nonce);
  const headers = {
    ...headersFor('shell'),
    'content-security-policy': contentSecurityPolicy(nonce, null),
    'content-type': 'text/html; charset=utf-8',
  };
  if (html === null) return new Response('The window has not been built.', { status: 503, headers });
  return new Response(request.method === 'HEAD' ? null : html, { headers });
}

/** Takes over the scheme for as long as the app lives. */
export function serveApp(protocol: Pick<Protocol, 'handle'>, handler: (request: Request) => Promise<Response>): void {
  protocol.handle(APP_SCHEME, handler);
}

/**
 * The path of a request as it is written, or null for any that is not plainly a path of ours: another host, a sign-in, an
 * escape of any kind. Nothing is decoded, so nothing can be decoded twice.
 */
export function safePath(url: string): string | null {
  const raw = /^app:\/\/([^/?#]*)([^?#]*)/.exec(url);
  if (raw?.[1] !== APP_HOST) return null;
  const path = raw[2] === undefined || raw[2] === '' ? '/' : raw[2];
  if (!/^\/[\w./-]*$/.test(path)) return null;
  return path.split('/').some((part) => part === '..' || part === '.') || path.includes('//') ? null : path;
}

/** Null when the file is gone, or a link leads out of the folder. */
async function readInside(directory: string, path: string): Promise<Uint8Array<ArrayBuffer> | null> {
  try {
    const [root, file] = await Promise.all([realpath(directory), realpath(join(directory, path))]);
    const inside = relative(root, file);
    if (inside === '' || inside.startsWith('..') || isAbsolute(inside)) return null;
    return new Uint8Array(await readFile(file));
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw error;
  }
}

async function mediaAnswer(media: ProtocolOptions['media'], path: string, request: Request): Promise<Response> {
  const range = request.headers.get('range');
  const asked = new Request(`http://host${path}`, {
    method: request.method,
    ...(range === null ? {} : { headers: { range } }),
  });
  const answer = await media(asked);
  const headers = new Headers(answer.headers);
  for (const [name, value] of Object.entries(headersFor('media'))) headers.set(name, value);
  return new Response(answer.body, { status: answer.status, headers });
}

function plain(status: number, text: string): Response {
  return new Response(text, { status, headers: { ...headersFor(null), 'content-type': 'text/plain; charset=utf-8' } });
}
