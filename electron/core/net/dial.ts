/**
 * Begins a WebSocket to a server as every one of ours is begun: to allowed addresses only, never redirected, uncompressed.
 * Says why one came to nothing or broke; what is heard on it is its caller's.
 */
import type { IncomingMessage } from 'node:http';
import { WebSocket } from 'ws';
import type { RawData } from 'ws';
import { AppError } from '../../../shared/errors.ts';
import { guardedLookup } from './address-guard.ts';
import { networkError } from './error.ts';

const OPEN_MS = 15_000;

export interface DialOptions {
  /** `http://…` or `ws://…` */
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Largest message. */
  readonly maxBytes: number;
  /** For errors, e.g. `the event stream`. */
  readonly named: string;
  /** Called before the socket's `close`; the first time says why. */
  readonly failed: (error: AppError) => void;
}

export function dial({ url, headers, maxBytes, named, failed }: DialOptions): WebSocket {
  const socket = new WebSocket(url.replace(/^http/, 'ws'), {
    headers: { ...headers },
    perMessageDeflate: false,
    maxPayload: maxBytes,
    handshakeTimeout: OPEN_MS,
    followRedirects: false,
    lookup: guardedLookup,
  });
  socket.on('unexpected-response', (_request, response: IncomingMessage) => {
    response.resume();
    const status = response.statusCode ?? 0;
    const code = status === 401 || status === 403 ? 'server_auth' : 'server_protocol';
    failed(
      new AppError(code, `${named} is answered with ${String(status)}`, { details: { status, delivery: 'not-sent' } }),
    );
    socket.terminate();
  });
  socket.on('error', (error) => {
    // What a failed socket means for a request is for its caller to say: only that one knows what it had sent.
    failed(networkError(error, named, 'unsure'));
  });
  return socket;
}

export function bytesOf(data: RawData): Buffer {
  if (Buffer.isBuffer(data)) return data;
  return Array.isArray(data) ? Buffer.concat(data) : Buffer.from(data);
}
