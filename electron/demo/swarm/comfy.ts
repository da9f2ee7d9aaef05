/**
 * How the SwarmUI engine reaches one ComfyUI: plain HTTP routes and pooled WebSockets, as the real server does with a
 * `comfyui_api` backend. A socket goes back to the pool with whatever ComfyUI still sends to it: those unread frames are
 * what the next job on that socket reads first (swarmui §3.2, rec 43). Decides nothing about jobs.
 */
import { randomUUID } from 'node:crypto';
import { WebSocket } from 'ws';
import type { JsonObject } from './types.ts';
import { ABORTED, orAborted } from './wait.ts';

export interface ComfyAnswer {
  /** 200 etc.; a refused connection rejects instead */
  readonly status: number;
  readonly contentType: string;
  readonly bytes: Buffer;
  /** parsed body, or null if it is no JSON */
  readonly json: unknown;
}

export interface ComfyFrame {
  readonly binary: boolean;
  readonly bytes: Buffer;
}

/** A frame, or why there is none: the signal came first, or the socket is gone. */
export type NextFrame = ComfyFrame | typeof ABORTED | 'closed';

export interface ComfySocket {
  /** the `client_id` of prompts whose frames come here */
  readonly id: string;
  readonly open: boolean;
  next(signal: AbortSignal): Promise<NextFrame>;
}

/** The narrow door to a ComfyUI. */
export interface ComfyBackend {
  readonly address: string;
  send(
    method: 'GET' | 'POST',
    path: string,
    body?: Buffer | JsonObject,
    headers?: Record<string, string>,
  ): Promise<ComfyAnswer>;
  /** an idle pooled socket, or a new connection */
  lease(): Promise<ComfySocket>;
  /** @param reuse false: closed instead of pooled, so that nobody reads its leftovers */
  giveBack(socket: ComfySocket, reuse: boolean): void;
  /** cuts everything at once, as a dying process does; open HTTP calls reject */
  close(): void;
}

class PooledSocket implements ComfySocket {
  readonly id: string;
  readonly ws: WebSocket;
  readonly #frames: ComfyFrame[] = [];
  #wake: (() => void) | null = null;

  constructor(id: string, ws: WebSocket) {
    this.id = id;
    this.ws = ws;
    ws.on('message', (data, binary) => {
      this.#frames.push({ binary, bytes: toBuffer(data) });
      this.#wake?.();
    });
    ws.on('close', () => this.#wake?.());
    ws.on('error', () => this.#wake?.());
  }

  get open(): boolean {
    return this.ws.readyState === WebSocket.OPEN;
  }

  async next(signal: AbortSignal): Promise<NextFrame> {
    for (;;) {
      if (signal.aborted) return ABORTED;
      const frame = this.#frames.shift();
      if (frame !== undefined) return frame;
      if (!this.open) return 'closed';
      const bell: PromiseWithResolvers<void> = Promise.withResolvers();
      this.#wake = () => {
        bell.resolve();
      };
      const result = await orAborted(bell.promise, signal);
      this.#wake = null;
      if (result === ABORTED) return ABORTED;
    }
  }
}

export function toBuffer(data: Buffer | ArrayBuffer | Buffer[]): Buffer {
  if (Buffer.isBuffer(data)) return data;
  return Array.isArray(data) ? Buffer.concat(data) : Buffer.from(data);
}

/** @param address e.g. `http://127.0.0.1:8188` */
export function connectComfy(address: string): ComfyBackend {
  const life = new AbortController();
  const sockets = new Set<PooledSocket>();
  const idle: PooledSocket[] = [];
  const base = new URL(address.endsWith('/') ? address : `${address}/`);

  return {
    address,
    async send(method, path, body, headers = {}) {
      const isJson = body !== undefined && !Buffer.isBuffer(body);
      const response = await fetch(new URL(path.replace(/^\//, ''), base), {
        method,
        headers: { ...(isJson ? { 'content-type': 'application/json' } : {}), ...headers },
        ...(body === undefined ? {} : { body: isJson ? JSON.stringify(body) : new Uint8Array(body) }),
        signal: life.signal,
      });
      const bytes = Buffer.from(await response.arrayBuffer());
      const contentType = response.headers.get('content-type') ?? '';
      return { status: response.status, contentType, bytes, json: parseJson(bytes, contentType) };
    },
    async lease() {
      for (let pooled = idle.shift(); pooled !== undefined; pooled = idle.shift()) {
        if (pooled.open) return pooled;
        sockets.delete(pooled);
      }
      const id = randomUUID();
      const url = new URL(`ws?clientId=${id}`, base);
      url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
      const ws = new WebSocket(url, { perMessageDeflate: false, maxPayload: 0 });
      const socket = new PooledSocket(id, ws);
      sockets.add(socket);
      await new Promise<void>((resolve, reject) => {
        ws.once('open', resolve);
        ws.once('error', reject);
        ws.once('close', () => {
          reject(new Error('ComfyUI closed the socket during its handshake'));
        });
      });
      return socket;
    },
    giveBack(socket, reuse) {
      const own = [...sockets].find((candidate) => candidate === socket);
      if (own === undefined) return;
      if (own.open && reuse) idle.push(own);
      else {
        sockets.delete(own);
        own.ws.terminate();
      }
    },
    close() {
      life.abort();
      for (const socket of sockets) socket.ws.terminate();
      sockets.clear();
      idle.length = 0;
    },
  };
}

function parseJson(bytes: Buffer, contentType: string): unknown {
  if (!contentType.includes('json')) return null;
  try {
    return JSON.parse(bytes.toString('utf8')) as unknown;
  } catch {
    return null;
  }
}
