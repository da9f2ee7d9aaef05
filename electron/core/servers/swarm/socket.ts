/**
 * One generation request on one WebSocket of its own (§3.3): opens it, sends once, hears everything to the end. Closing
 * it stops nothing on the server (S4). Does not read what it hears, and never reconnects: nothing re-streams (§3.4).
 */
import type { IncomingMessage } from 'node:http';
import { WebSocket } from 'ws';
import type { RawData } from 'ws';
import { AppError } from '../../../../shared/errors.ts';
import { deferred } from '../../../../shared/util/async.ts';
import { networkError } from '../../net/net-error.ts';

const OPEN_MS = 15_000;
/** Outputs may come as data URLs: a video of 150 MB is 200 MB of text (§1.4). */
const MAX_FRAME_BYTES = 512 * 1024 * 1024;
/** The server closes 2 s after its last word; then we do. */
const TAIL_MS = 5_000;

export interface SwarmSocketOptions {
  /** Of the server, with path prefix, without a trailing slash. */
  readonly baseUrl: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly onMessage: (bytes: Buffer) => void;
  /** Once, when nothing more will be heard. */
  readonly onClose: (error: AppError) => void;
}

export class SwarmSocket {
  readonly #socket: WebSocket;
  readonly #opened = deferred();
  #failure: AppError | null = null;
  #tail: NodeJS.Timeout | null = null;
  #heardAt = performance.now();

  constructor(options: SwarmSocketOptions) {
    const url = `${options.baseUrl.replace(/^http/, 'ws')}/API/GenerateText2ImageWS`;
    const socket = new WebSocket(url, {
      headers: { ...options.headers },
      perMessageDeflate: false,
      maxPayload: MAX_FRAME_BYTES,
      handshakeTimeout: OPEN_MS,
      followRedirects: false,
    });
    this.#socket = socket;
    this.#opened.promise.catch(() => undefined); // Whoever waits in `open` hears it; after a `terminate` nobody does.
    socket.on('open', () => {
      this.#opened.resolve();
    });
    socket.on('unexpected-response', (_request, response: IncomingMessage) => {
      response.resume();
      const status = response.statusCode ?? 0;
      this.#failure = new AppError(
        status === 401 || status === 403 ? 'server_auth' : 'server_protocol',
        `the generation socket is answered with ${String(status)}`,
        { details: { status, delivery: 'not-sent' } },
      );
      socket.terminate();
    });
    socket.on('error', (error) => {
      this.#failure ??= networkError(
        error,
        'the generation socket',
        socket.readyState === WebSocket.CONNECTING ? 'not-sent' : 'unsure',
      );
    });
    socket.on('message', (data: RawData) => {
      this.#heardAt = performance.now();
      options.onMessage(asBuffer(data));
    });
    for (const sign of ['ping', 'pong'] as const) {
      socket.on(sign, () => {
        this.#heardAt = performance.now();
      });
    }
    socket.on('close', (code) => {
      if (this.#tail !== null) clearTimeout(this.#tail);
      const error =
        this.#failure ??
        new AppError('server_unreachable', `the generation socket closed (${String(code)})`, {
          details: { closeCode: code, delivery: 'unsure' },
        });
      this.#opened.reject(error);
      options.onClose(error);
    });
  }

  /** Ms since anything was heard; SwarmUI sends a pong every 30 s on its own (§1.4). */
  get silentMs(): number {
    return performance.now() - this.#heardAt;
  }

  /** Throws AppError when no socket came to stand: then nothing of the request was sent. */
  async open(): Promise<void> {
    await this.#opened.promise;
  }

  /** Once. Resolves when the bytes are handed to the system; throws when they may or may not have left. */
  async send(request: Readonly<Record<string, unknown>>): Promise<void> {
    const sent = deferred();
    this.#socket.send(JSON.stringify(request), (error) => {
      // Node's own socket says null where ws's types say undefined.
      if (error instanceof Error) sent.reject(networkError(error, 'the generation request', 'unsure'));
      else sent.resolve();
    });
    await sent.promise;
  }

  /** All was said: the server will close in 2 s, and if it does not, we do. */
  finish(): void {
    this.#tail ??= setTimeout(() => {
      this.#socket.terminate();
    }, TAIL_MS);
  }

  /** At once; what runs on the server runs on. */
  terminate(): void {
    this.#socket.terminate();
  }
}

function asBuffer(data: RawData): Buffer {
  if (Buffer.isBuffer(data)) return data;
  return Array.isArray(data) ? Buffer.concat(data) : Buffer.from(data);
}
