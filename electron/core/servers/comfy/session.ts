/**
 * One connection to a ComfyUI's event stream at a time: its number, how many status frames it brought, and its end.
 * Reads frames into events and hands them on; knows no prompts.
 */
import { Aborted, raceAbort, Wake } from '../../../../shared/util/async.ts';
import { AppError, isAbort } from '../../../../shared/errors.ts';
import { ReconnectingSocket } from '../../net/reconnecting-socket.ts';
import type { Trace } from '../../net/trace.ts';
import { readBinary, readText } from './frames.ts';
import type { ComfyEvent } from './frames.ts';

/** Must be the first frame a client sends; later ones are ignored (comfyui §4.7). */
const FIRST_FRAME = JSON.stringify({ type: 'feature_flags', data: { supports_preview_metadata: true } });

export interface SessionOptions {
  readonly url: string;
  /** Stable: events go only to the socket whose client id is in the prompt (C11). */
  readonly clientId: string;
  readonly headers: () => Promise<Record<string, string>>;
  readonly trace?: Trace;
  readonly onEvent: (event: ComfyEvent) => void;
  readonly onStatus: (remaining: number | null) => void;
  /** The connection has ended; the epoch is raised already. */
  readonly onEnd: () => void;
}

export class Session {
  readonly #options: SessionOptions;
  readonly #socket: ReconnectingSocket;
  readonly #frame = new Wake();
  #life = new AbortController();
  #number = 0;
  #epoch = 0;
  #frames = 0;
  #remaining: number | null = null;

  constructor(options: SessionOptions) {
    this.#options = options;
    this.#life.abort(new Aborted('Superseded'));
    this.#socket = new ReconnectingSocket({
      onFrame: (frame) => {
        this.#hear(frame);
      },
      ...(options.trace === undefined ? {} : { trace: options.trace }),
    });
  }

  /** Counts connections. */
  get number(): number {
    return this.#number;
  }
  /** Raised at every disconnect. */
  get epoch(): number {
    return this.#epoch;
  }
  /** Status frames heard on this connection; the greeting is the first. */
  get frames(): number {
    return this.#frames;
  }
  /** Count of the newest status frame. */
  get remaining(): number | null {
    return this.#remaining;
  }
  get isOpen(): boolean {
    return !this.#life.signal.aborted;
  }
  /** Aborts when this connection ends. */
  get signal(): AbortSignal {
    return this.#life.signal;
  }

  /** Throws AppError. `lost` resolves when the connection ends for whatever reason. */
  async open(signal: AbortSignal): Promise<{ lost: Promise<AppError> }> {
    this.#end();
    this.#frames = 0;
    this.#remaining = null;
    const url = `${this.#options.url}/ws?clientId=${encodeURIComponent(this.#options.clientId)}`;
    const opened = await this.#socket.open(url, await this.#options.headers(), FIRST_FRAME, signal);
    this.#number += 1;
    const life = new AbortController();
    this.#life = life;
    const lost = opened.lost.then((error) => {
      if (this.#life === life) this.#end();
      return error;
    });
    // The greeting: the server knows our client id from here on.
    for (
      const until = performance.now() + 10_000;
      this.#frames === 0 && performance.now() < until && !life.signal.aborted;
    ) {
      await raceAbort(this.#frame.wait(1_000), signal);
    }
    return { lost };
  }

  /** Resolves at the next status frame or after `ms`. */
  async nextFrame(ms: number, signal: AbortSignal): Promise<void> {
    await this.#frame.wait(ms, signal);
  }

  /** True once everything sent to us before this call was heard. */
  async fence(ms: number): Promise<boolean> {
    return await this.#socket.fence(ms);
  }

  /** Ends this connection; `lost` tells the link, which comes back. */
  async close(): Promise<void> {
    this.#end();
    await this.#socket.close();
  }

  #end(): void {
    if (this.#life.signal.aborted) return;
    this.#epoch += 1;
    this.#life.abort(new Aborted('Superseded'));
    this.#frame.wake();
    this.#options.onEnd();
  }

  #hear(frame: string | Uint8Array): void {
    const event = typeof frame === 'string' ? readText(frame) : readBinary(frame);
    if (event.type === 'status') {
      this.#frames += 1;
      this.#remaining = event.remaining;
      this.#frame.wake();
      this.#options.onStatus(event.remaining);
    }
    this.#options.onEvent(event);
  }
}

/** A shared question ends with its connection; to those who asked, that is a server that can't be asked, not an abort. */
export function unanswered(error: unknown): unknown {
  return isAbort(error) ? new AppError('server_unreachable', 'the connection ended before the answer') : error;
}
