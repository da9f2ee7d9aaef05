/** `GET /View/…` and `/Output/…`: saved images, ranges, small previews, refusals (swarmui §3.5, rec 25, 39). */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { SwarmCore } from './core.ts';
import { jsonAnswer } from './http.ts';
import { callerOf } from './request.ts';

/** A valid JPEG of one pixel: the engine cannot shrink pictures, and the real preview is a JPEG. */
const TINY_JPEG = Buffer.from(
  '/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAP//////////////////////////////////////////////////////////////////////////////////////wAALCAABAAEBAREA/8QAFAABAAAAAAAAAAAAAAAAAAAAAP/EABQQAQAAAAAAAAAAAAAAAAAAAAD/2gAIAQEAAD8AP//Z',
  'base64',
);

/** @returns false if the path is not one of these */
export function serveFile(core: SwarmCore, request: IncomingMessage, path: string, response: ServerResponse): boolean {
  const [bare = '', query = ''] = path.split('?');
  const match = /^\/(View|Output)\/(.+)$/.exec(bare);
  if (match === null || request.method !== 'GET') return false;
  const user = core.disk.users.identify(callerOf(request));
  if (user === null) {
    jsonAnswer(response, 400, { error: 'invalid or unauthorized', error_id: 'invalid_user' });
    return true;
  }
  let rest: string;
  try {
    rest = decodeURIComponent(match[2] ?? '');
  } catch {
    jsonAnswer(response, 400, { error: 'bad path', error_id: 'bad_path' });
    return true;
  }
  let owner = user.id;
  if (match[1] === 'View') {
    owner = rest.split('/')[0] ?? '';
    rest = rest.slice(owner.length + 1);
    if (owner !== user.id && !user.may('view_others_outputs')) {
      jsonAnswer(response, 400, { error: 'unauthorized', error_id: 'unauthorized' });
      return true;
    }
  }
  const image = core.disk.outputs.get(owner, rest);
  if (image === null) {
    jsonAnswer(response, 404, { error: '404, file not found.', error_id: 'file_not_found' });
    return true;
  }
  const preview = new URLSearchParams(query).get('preview') === 'true';
  const bytes = preview ? TINY_JPEG : image.bytes;
  const headers = { 'content-type': preview ? 'image/jpg' : 'image/png', 'cache-control': 'private, max-age=30' };
  const range = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '');
  if (range === null) {
    response.writeHead(200, { ...headers, 'content-length': String(bytes.length) });
    response.end(bytes);
    return true;
  }
  const from = Number(range[1]);
  const to = Math.min(range[2] === '' ? Infinity : Number(range[2]), bytes.length - 1);
  const part = bytes.subarray(from, to + 1);
  response.writeHead(206, {
    ...headers,
    'content-range': `bytes ${String(from)}-${String(to)}/${String(bytes.length)}`,
    'content-length': String(part.length),
  });
  response.end(part);
  return true;
}
