/**
 * Stored outputs and previews as one function from Request to Response, for every host: `/media/output/<id>` and
 * `/media/preview/<job>`. Things are named by id, never by path; what a file is, is read from its first bytes, never
 * believed. Who may ask is for the host to decide.
 */
import { open, stat } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { SNIFF_BYTES, sniffMedia } from './sniff.ts';

export interface MediaPorts {
  /** The stored file of an output, `file` absolute; null when there is none. */
  output(id: string): { file: string; name: string } | null;
  /** The newest preview of a job. */
  preview(jobId: string): { bytes: Uint8Array } | null;
}

const ID = /^[0-9a-zA-Z-]{1,64}$/;

/** Answers GET and HEAD; never rejects for anything a client can ask. */
export function createMedia(ports: MediaPorts): (request: Request) => Promise<Response> {
  return async (request) => {
    if (request.method !== 'GET' && request.method !== 'HEAD') return plain(405, 'only GET or HEAD');
    const [, media, kind, id, ...rest] = new URL(request.url).pathname.split('/');
    if (media !== 'media' || id === undefined || rest.length > 0 || !ID.test(id))
      return plain(404, 'there is nothing here');
    if (kind === 'preview') return previewOf(ports, id);
    if (kind === 'output') return outputOf(ports, id, request);
    return plain(404, 'there is nothing here');
  };
}

function previewOf(ports: MediaPorts, jobId: string): Response {
  const preview = ports.preview(jobId);
  const mime = preview === null ? null : sniffMedia(preview.bytes.subarray(0, SNIFF_BYTES));
  if (preview === null || mime?.startsWith('image/') !== true) return plain(404, 'there is no preview');
  return new Response(new Uint8Array(preview.bytes), {
    headers: {
      ...HEADERS,
      'content-type': mime,
      'content-length': String(preview.bytes.length),
      'cache-control': 'no-store',
    },
  });
}

async function outputOf(ports: MediaPorts, id: string, request: Request): Promise<Response> {
  const output = ports.output(id);
  if (output === null) return plain(404, 'there is no such output');
  const size = await sizeOf(output.file);
  if (size === null) return plain(404, 'the file is gone');
  const handle = await open(output.file, 'r');
  try {
    const mime = await sniffFile(handle);
    const headers: Record<string, string> = {
      ...HEADERS,
      'content-type': mime ?? 'application/octet-stream',
      'content-disposition': disposition(mime === null ? 'attachment' : 'inline', output.name),
      'accept-ranges': 'bytes',
      // An output never changes once it is stored.
      'cache-control': 'private, max-age=86400, immutable',
    };
    const range = readRange(request.headers.get('range'), size);
    if (range === 'unsatisfiable') {
      await handle.close();
      return new Response(null, { status: 416, headers: { ...headers, 'content-range': `bytes */${String(size)}` } });
    }
    const { start, end } = range ?? { start: 0, end: size - 1 };
    headers['content-length'] = String(end - start + 1);
    if (range !== null) headers['content-range'] = `bytes ${String(start)}-${String(end)}/${String(size)}`;
    if (request.method === 'HEAD' || size === 0) await handle.close();
    const body =
      request.method === 'HEAD' || size === 0
        ? null
        : (Readable.toWeb(handle.createReadStream({ start, end, autoClose: true })) as ReadableStream);
    return new Response(body, { status: range === null ? 200 : 206, headers });
  } catch (error) {
    await handle.close();
    throw error;
  }
}

/** The same on every answer; a file shown on its own may run nothing either. */
const HEADERS = {
  'x-content-type-options': 'nosniff',
  'cross-origin-resource-policy': 'same-origin',
  'content-security-policy':
    "default-src 'none'; img-src 'self'; media-src 'self'; style-src 'unsafe-inline'; frame-ancestors 'none'; sandbox",
} as const;

function plain(status: number, text: string): Response {
  return new Response(text, {
    status,
    headers: { ...HEADERS, 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-store' },
  });
}

async function sizeOf(file: string): Promise<number | null> {
  try {
    const stats = await stat(file);
    return stats.isFile() ? stats.size : null;
  } catch (_) {
    return null;
  }
}

async function sniffFile(handle: FileHandle): Promise<string | null> {
  const head = new Uint8Array(SNIFF_BYTES);
  const { bytesRead } = await handle.read(head, 0, SNIFF_BYTES, 0);
  return sniffMedia(head.subarray(0, bytesRead));
}

/** One byte range (RFC 9110 §14.2). Several at once, other units and nonsense are ignored: the whole file is a right answer. */
export function readRange(
  header: string | null,
  size: number,
): { start: number; end: number } | 'unsatisfiable' | null {
  const match = header === null ? null : /^bytes=(\d{0,15})-(\d{0,15})$/.exec(header.trim());
  const [, from = '', to = ''] = match ?? [];
  if (from === '' && to === '') return null;
  if (from === '') {
    const length = Math.min(Number(to), size);
    return length === 0 ? 'unsatisfiable' : { start: size - length, end: size - 1 };
  }
  const start = Number(from);
  const end = to === '' ? size - 1 : Math.min(Number(to), size - 1);
  if (to !== '' && Number(to) < start) return null;
  return start >= size ? 'unsatisfiable' : { start, end };
}

/** A file name for a download: plain ASCII for old readers, and as it is (RFC 6266, RFC 8187). */
function disposition(kind: 'inline' | 'attachment', name: string): string {
  const base = name.split(/[\\/]/).at(-1) ?? '';
  const clean = base === '' ? 'output' : base;
  const ascii = clean.replace(/[^\w. ()-]/g, '_');
  // Through bytes, because half a surrogate pair can't be encoded.
  const encoded = encodeURIComponent(Buffer.from(clean).toString()).replace(
    /['()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  return `${kind}; filename="${ascii}"; filename*=UTF-8''${encoded}`;
}
