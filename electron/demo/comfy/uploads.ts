/** `GET /view` and `POST /upload/image` over the in-memory folders (comfyui §3.9). */
import { createHash } from 'node:crypto';
import type { FileStore } from './files.ts';
import type { FileRef } from './node.ts';
import { PyError } from './py.ts';
import type { RouteReply, RouteRequest } from './types.ts';

/** `&preview=` answers the original: re-encoding is the server's taste, a client must not rely on it. */
export function viewFile(files: FileStore, query: URLSearchParams): RouteReply {
  const name = query.get('filename');
  if (name === null) return { status: 404, text: '' };
  if (name === '' || name.startsWith('/') || name.includes('..')) return { status: 400, text: '' };
  const type = query.get('type') ?? 'output';
  if (type !== 'output' && type !== 'input' && type !== 'temp') return { status: 400, text: '' };
  const subfolder = query.get('subfolder') ?? '';
  if (subfolder.split(/[\\/]/).includes('..') || subfolder.startsWith('/')) return { status: 403, text: '' };
  // The real server takes the base name: folders belong into `subfolder`.
  const file: FileRef = { filename: name.slice(name.lastIndexOf('/') + 1), subfolder, type };
  const found = files.get(file);
  return found
    ? { status: 200, bytes: found.bytes, type: found.contentType, filename: file.filename }
    : { status: 404, text: '' };
}

export function storeUpload(files: FileStore, request: RouteRequest): RouteReply {
  const parts = parseMultipart(request.body, request.contentType);
  const image = parts.get('image');
  if (image?.filename === undefined || image.filename === '') return { status: 400, text: '' };
  const type = parts.get('type')?.data.toString('utf8') ?? 'input';
  if (type !== 'input' && type !== 'temp' && type !== 'output') throw new PyError('TypeError', 'bad upload type');
  const subfolder = parts.get('subfolder')?.data.toString('utf8') ?? '';
  if (subfolder.split(/[\\/]/).includes('..') || image.filename.includes('..')) return { status: 400, text: '' };
  const overwrite = ['true', '1'].includes(parts.get('overwrite')?.data.toString('utf8') ?? '');
  const { data } = image;
  let name = image.filename;
  for (let copy = 1; !overwrite; copy++) {
    const present = files.get({ filename: name, subfolder, type });
    if (!present || digest(present.bytes) === digest(data)) break;
    const dot = image.filename.lastIndexOf('.');
    name =
      dot < 0 ? `${image.filename} (${copy})` : `${image.filename.slice(0, dot)} (${copy})${image.filename.slice(dot)}`;
  }
  files.put({ filename: name, subfolder, type }, image.type ?? 'application/octet-stream', () => data);
  return { status: 200, json: { name, subfolder, type } };
}

const digest = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

interface Part {
  readonly filename: string | undefined;
  readonly type: string | undefined;
  readonly data: Buffer;
}

function parseMultipart(body: Buffer, contentType: string): Map<string, Part> {
  const parts = new Map<string, Part>();
  const boundary = /boundary="?([^";]+)"?/.exec(contentType)?.[1];
  if (boundary === undefined) return parts;
  const mark = Buffer.from(`--${boundary}`);
  for (let at = body.indexOf(mark); at >= 0;) {
    const next = body.indexOf(mark, at + mark.length);
    if (next < 0) break;
    const section = body.subarray(at + mark.length + 2, next - 2);
    at = next;
    const split = section.indexOf('\r\n\r\n');
    if (split < 0) continue;
    const head = section.subarray(0, split).toString('utf8');
    const name = /name="([^"]*)"/.exec(head)?.[1];
    if (name !== undefined) {
      parts.set(name, {
        filename: /filename="([^"]*)"/.exec(head)?.[1],
        type: /content-type: *([^\r\n]+)/i.exec(head)?.[1],
        data: Buffer.from(section.subarray(split + 4)),
      });
    }
  }
  return parts;
}
