/**
 * The reading end of the host's event stream: a WebSocket over the private socket, by hand, because loading `ws` takes a verb
 * 15 ms and more. Reads text messages, answers pings; sends nothing else.
 */
import type { Socket } from 'node:net';
import { hostError, requestTo, unreachable } from './http-call.ts';
import type { Place } from './http-call.ts';
import type { Stream } from './link.ts';

const TEXT = 0x1;
const CLOSE = 0x8;
const PING = 0x9;
const PONG = 0xa;

/** Resolves when the host has agreed. `onEnd` is told once, and not after `close()`. */
export async function openEventStream(
  place: Place,
  onText: (text: string) => void,
  onEnd: (why: string) => void,
): Promise<Stream> {
  const { socket, rest } = await upgrade(place);
  let ended = false;
  const end = (why: string): void => {
    if (ended) return;
    ended = true;
    socket.destroy();
    onEnd(why);
  };
  const reader = new FrameReader((opcode, payload) => {
    if (ended) return;
    if (opcode === TEXT) onText(payload.toString('utf8'));
    else if (opcode === PING) socket.write(maskedFrame(PONG, payload));
    else if (opcode === CLOSE) end('the host closed it');
  });
  socket.on('data', (part) => {
    reader.push(part);
  });
  socket.once('error', (error) => {
    end(error.message);
  });
  socket.once('close', () => {
    end('the connection was closed');
  });
  reader.push(rest);
  return {
    close: () => {
      if (ended) return;
      ended = true;
      socket.end(maskedFrame(CLOSE, Buffer.from([0x03, 0xe8])));
      socket.destroySoon();
    },
  };
}

/** The connection once the host has agreed to a WebSocket on it, and what came of it already. */
function upgrade(place: Place): Promise<{ socket: Socket; rest: Buffer }> {
  const { promise, resolve, reject } = Promise.withResolvers<{ socket: Socket; rest: Buffer }>();
  const asking = requestTo(place, {
    method: 'GET',
    headers: {
      connection: 'Upgrade',
      upgrade: 'websocket',
      'sec-websocket-version': '13',
      'sec-websocket-key': Buffer.from(crypto.getRandomValues(new Uint8Array(16))).toString('base64'),
    },
  });
  asking.once('upgrade', (_, socket: Socket, rest) => {
    resolve({ socket, rest });
  });
  asking.once('response', ({ statusCode }) => {
    reject(hostError('server_unreachable', `it refused the event stream (${String(statusCode)})`));
    asking.destroy();
  });
  asking.once('error', (error) => {
    reject(unreachable(error));
  });
  asking.end();
  return promise;
}

/** Cuts bytes into frames and joins fragments of one message. */
export class FrameReader {
  readonly #onMessage: (opcode: number, payload: Buffer) => void;
  #got: Buffer = Buffer.alloc(0);
  #parts: Buffer[] = [];
  #opcode = TEXT;

  constructor(onMessage: (opcode: number, payload: Buffer) => void) {
    this.#onMessage = onMessage;
  }

  push(part: Buffer): void {
    this.#got = this.#got.length === 0 ? part : Buffer.concat([this.#got, part]);
    while (this.#one());
  }

  #one(): boolean {
    const got = this.#got;
    if (got.length < 2) return false;
    const short = (got[1] ?? 0) & 0x7f;
    const headBytes = short === 126 ? 4 : short === 127 ? 10 : 2;
    if (got.length < headBytes) return false;
    const length = short === 126 ? got.readUInt16BE(2) : short === 127 ? Number(got.readBigUInt64BE(2)) : short;
    if (got.length < headBytes + length) return false;
    const first = got[0] ?? 0;
    const opcode = first & 0x0f;
    const payload = got.subarray(headBytes, headBytes + length);
    this.#got = got.subarray(headBytes + length);
    if (opcode >= CLOSE) {
      this.#onMessage(opcode, payload);
      return true;
    }
    if (opcode !== 0) this.#opcode = opcode;
    this.#parts.push(payload);
    if ((first & 0x80) !== 0) {
      const whole = Buffer.concat(this.#parts);
      this.#parts = [];
      this.#onMessage(this.#opcode, whole);
    }
    return true;
  }
}

/** A frame as a client must send it: masked. Control frames only, so the payload is short. */
function maskedFrame(opcode: number, payload: Buffer): Buffer {
  const mask = Buffer.from(crypto.getRandomValues(new Uint8Array(4)));
  const short = payload.subarray(0, 125);
  return Buffer.concat([
    Buffer.from([0x80 | opcode, 0x80 | short.length]),
    mask,
    short.map((byte, index) => byte ^ (mask[index % 4] ?? 0)),
  ]);
}
