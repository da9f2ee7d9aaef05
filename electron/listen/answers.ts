/** What every port of ours says in the same way: JSON, refusals, and the reading of a body that may be only so large. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { AppError } from '../../shared/errors.ts';
import type { ErrorCode } from '../../shared/errors.ts';
import { LIMITS } from './guards.ts';
import type { Refusal } from './guards.ts';
import { headersFor } from './headers.ts';

const CODES: Readonly<Partial<Record<Refusal['status'], ErrorCode>>> = {
  400: 'invalid_request',
  404: 'not_found',
  413: 'invalid_request',
  415: 'invalid_request',
};

export function sendJson(
  response: ServerResponse,
  status: number,
  value: unknown,
  headers: Record<string, string>,
): void {
  response.writeHead(status, { ...headers, 'content-type': 'application/json; charset=utf-8' });
  response.end(JSON.stringify(value));
}

/** What was refused is not read to its end either: the connection is closed. */
export function refuse(response: ServerResponse, refusal: Refusal): void {
  const code = CODES[refusal.status] ?? 'not_allowed';
  const extra: Record<string, string> = refusal.status === 429 ? { 'retry-after': '60' } : {};
  const headers = { ...headersFor(null), ...extra, connection: 'close' };
  sendJson(response, refusal.status, { error: { code, message: refusal.reason } }, headers);
}

/** A refused handshake gets a plain HTTP answer, and its socket is closed. */
export function refuseUpgrade(socket: Duplex, refusal: Refusal): void {
  const body = JSON.stringify({
    error: { code: refusal.status === 400 ? 'invalid_request' : 'not_allowed', message: refusal.reason },
  });
  const headers = {
    ...headersFor('socket'),
    'content-type': 'application/json; charset=utf-8',
    'content-length': String(Buffer.byteLength(body)),
    connection: 'close',
  };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
  socket.end([`HTTP/1.1 ${String(refusal.status)} Refused`, ...lines, '', body].join('\r\n'));
  setTimeout(() => socket.destroy(), 1_000).unref();
}

/** The body is larger than a port of ours takes. */
export class TooLarge extends Error {}

/** An empty body is `{}`. Throws TooLarge, or `invalid_request` for what is no JSON. */
export async function readJson(request: IncomingMessage): Promise<unknown> {
  if (Number(request.headers['content-length'] ?? 0) > LIMITS.bodyBytes) throw new TooLarge();
  const parts: Buffer[] = [];
  let bytes = 0;
  // The socket must outlive a body that is too large: the answer goes out on it.
  for await (const part of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    bytes += part.length;
    if (bytes > LIMITS.bodyBytes) throw new TooLarge();
    parts.push(part);
  }
  const text = Buffer.concat(parts).toString('utf8');
  if (text.trim() === '') return {};
  try {
    return JSON.parse(text) as unknown;
  } catch (_) {
    throw new AppError('invalid_request', 'the body is not JSON');
  }
}
