/**
 * One WebSocket at a time to one address, replaced on request. Named states; a replaced socket is an orphan whose late
 * events nobody hears; the old one is closed before the new one opens (C12: closing an old socket silences a newer one
 * with the same client id). Pings, and ends a socket that is silent. Does not decide when to come back: the server link
 * does, because a lookup must come first (architecture §9).
 */
import { WebSocket } from 'ws';
import type { RawData } from 'ws';
import { AppError } from '../../../shared/errors.ts';
import { abortReason, raceAbort } from '../../../shared/util/async.ts';
import { bytesOf, dial } from './dial.ts';
import type { Trace } from './trace.ts';

/** `waiting`: for the socket before to be closed. */
export type SocketState = 'idle' | 'waiting' | 'opening' | 'open' | 'closed';

const PING_MS = 10_000;
const SILENCE_MS = 25_000;
const CLOSE_MS = 1_000;
const MAX_FRAME_BYTES = 256 * 1024 * 1024;

export interface SocketOptions {
  /** Text as it came, binary as bytes. */
  readonly onFrame: (frame: string | Uint8Array) => void;
  readonly trace?: Trace;
  readonly pingMs?: number;
  readonly silenceMs?: number;
}

export class ReconnectingSocket {
  readonly #options: SocketOptions;
  #current: WebSocket | null = null;
  #state: SocketState = 'idle';
  #lastHeard = 0;
  #pings = new Map<string, () => void>();
  #pingCount = 0;

  constructor(options: SocketOptions) {
    this.#options = options;
  }

  get state(): SocketState {
    return this.#state;
  }

  /**
   * Closes what stands, then opens `url`. Resolves once it is open with a promise of its loss, which never rejects.
   * `first` is sent as the first frame. Throws AppError, or the signal's reason.
   */
  async open(
    url: string,
    headers: Readonly<Record<string, string>>,
    first: string | null,
    signal: AbortSignal,
  ): Promise<{ lost: Promise<AppError> }> {
    this.#state = 'waiting';
    await this.#closeCurrent();
    if (signal.aborted) throw abortReason(signal);
    this.#state = 'opening';
    const opened: PromiseWithResolvers<void> = Promise.withResolvers();
    const lost = Promise.withResolvers<AppError>();
    let failure: AppError | null = null;
    const socket = dial({
      url,
      headers,
      maxBytes: MAX_FRAME_BYTES,
      named: 'the event stream',
      failed: (error) => {
        failure ??= error;
        opened.reject(failure);
      },
    });
    this.#current = socket;
    const path = url.replace(/^\w+:\/\/[^/]*/, '');

    socket.on('open', () => {
      if (socket !== this.#current) return;
      this.#state = 'open';
      this.#lastHeard = performance.now();
      this.#options.trace?.add({ dir: 'ws-open', client: 'switchyard', path });
      if (first !== null) this.#send(socket, first);
      opened.resolve();
    });
    socket.on('message', (data: RawData, isBinary: boolean) => {
      if (socket !== this.#current) return;
      this.#lastHeard = performance.now();
      const bytes = bytesOf(data);
      const frame = isBinary ? bytes : bytes.toString('utf8');
      this.#options.trace?.add({ dir: isBinary ? 'ws-bin' : 'ws-recv', client: 'switchyard', data: frame });
      this.#options.onFrame(frame);
    });
    socket.on('pong', (data) => {
      if (socket !== this.#current) return;
      this.#lastHeard = performance.now();
      this.#pings.get(data.toString())?.();
    });
    const watch = this.#watch(socket);
    socket.on('close', (code) => {
      clearInterval(watch);
      if (socket === this.#current) {
        this.#current = null;
        this.#state = 'closed';
        this.#options.trace?.add({ dir: 'ws-close', client: 'switchyard', data: { code } });
      }
      const error =
        failure ??
        new AppError('server_unreachable', `the event stream closed (${String(code)})`, {
          details: { closeCode: code },
        });
      opened.reject(error);
      lost.resolve(error);
    });

    try {
      await raceAbort(opened.promise, signal);
    } catch (error) {
      socket.terminate();
      throw error;
    }
    return { lost: lost.promise };
  }

  /**
   * True once everything the server sent before this call has been heard: a ping's answer comes behind it in order.
   * False when no answer came within `ms` or the socket changed.
   */
  async fence(ms: number): Promise<boolean> {
    const socket = this.#current;
    if (socket?.readyState !== WebSocket.OPEN) return false;
    this.#pingCount += 1;
    const name = `fence-${String(this.#pingCount)}`;
    const answered = Promise.withResolvers<boolean>();
    this.#pings.set(name, () => {
      answered.resolve(true);
    });
    const gone = (): void => {
      answered.resolve(false);
    };
    const timer = setTimeout(gone, ms);
    socket.once('close', gone);
    socket.ping(name);
    const heard = await answered.promise;
    clearTimeout(timer);
    socket.off('close', gone);
    this.#pings.delete(name);
    return heard && socket === this.#current;
  }

  async close(): Promise<void> {
    await this.#closeCurrent();
    this.#state = 'closed';
  }

  #watch(socket: WebSocket): NodeJS.Timeout {
    return setInterval(() => {
      if (socket.readyState !== WebSocket.OPEN) return;
      if (performance.now() - this.#lastHeard > (this.#options.silenceMs ?? SILENCE_MS)) socket.terminate();
      else socket.ping();
    }, this.#options.pingMs ?? PING_MS);
  }

  #send(socket: WebSocket, text: string): void {
    this.#options.trace?.add({ dir: 'ws-send', client: 'switchyard', data: text });
    socket.send(text);
  }

  /** A proper close, so that the server forgets the old socket before it learns of a new one; cut when it takes long. */
  async #closeCurrent(): Promise<void> {
    const socket = this.#current;
    if (socket === null) return;
    const closed: PromiseWithResolvers<void> = Promise.withResolvers();
    socket.once('close', () => {
      closed.resolve();
    });
    if (socket.readyState === WebSocket.CLOSED) return;
    const timer = setTimeout(() => {
      socket.terminate();
    }, CLOSE_MS);
    if (socket.readyState === WebSocket.CONNECTING) socket.terminate();
    else socket.close(1000);
    await closed.promise;
    clearTimeout(timer);
    this.#current = null;
  }
}
