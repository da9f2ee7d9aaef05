/**
 * One generation request on one WebSocket of its own (swarmui §3.3): opens it, sends once, hears everything to the end.
 * Closing it stops nothing on the server (S4). Does not read what it hears, and never reconnects: nothing re-streams
 * (swarmui §3.4).
 */
import type { RawData, WebSocket } from 'ws';
import { AppError } from '../../../../shared/errors.ts';
import { bytesOf, dial } from '../../net/dial.ts';
import { networkError } from '../../net/error.ts';

/** Outputs may come as data URLs: a video of 150 MB is 200 MB of text (swarmui §1.4). */
const MAX_FRAME_BYTES = 512 * 1024 * 1024;
/** The server closes 2 s after its last word; then we do. */
const TAIL_MS = 5_000;

interface SwarmSocketOptions {
  /** Of the server, with path prefix, without a trailing slash. */
  readonly baseUrl: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly onMessage: (bytes: Buffer) => void;
  /** Once, when nothing more will be heard. */
  readonly onClose: (error: AppError) => void;
}

export class SwarmSocket {
  readonly #socket: WebSocket;
  readonly #opened: PromiseWithResolvers<void> = Promise.withResolvers();
  #failure: AppError | null = null;
  #tail: NodeJS.Timeout | null = null;
  #heardAt = performance.now();

  constructor(options: SwarmSocketOptions) {
    const socket = dial({
      url: `${options.baseUrl}/API/GenerateText2ImageWS`,
      headers: options.headers,
      maxBytes: MAX_FRAME_BYTES,
      named: 'the generation socket',
      failed: (error) => {
        this.#failure ??= error;
      },
    });
    this.#socket = socket;
    this.#opened.promise.catch(() => undefined); // Whoever waits in `open` hears it; after a `terminate` nobody does.
    socket.on('open', () => {
      this.#opened.resolve();
    });
    socket.on('message', (data: RawData) => {
      this.#heardAt = performance.now();
      options.onMessage(bytesOf(data));
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

  /** Ms since anything was heard; SwarmUI sends a pong every 30 s on its own (swarmui §1.4). */
  get silentMs(): number {
    return performance.now() - this.#heardAt;
  }

  /** Throws AppError when no socket came to stand: then nothing of the request was sent. */
  async open(): Promise<void> {
    await this.#opened.promise;
  }

  /** Once. Resolves when the bytes are handed to the system; throws when they may or may not have left. */
  async send(request: Readonly<Record<string, unknown>>): Promise<void> {
    const sent: PromiseWithResolvers<void> = Promise.withResolvers();
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
