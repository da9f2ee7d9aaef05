/**
 * The engine behind real sockets: HTTP and WebSocket on loopback, origin check, body limit, and switches for everything that can go wrong on
 * the way. What the answers mean is in routes.ts and engine.ts.
 *
 *   const server = await startComfyServer({ version: '0.8.0', stepMs: 10 });
 *   server.url  server.engine
 *   server.failNext('/prompt', 503)   server.dropReplyNext('/prompt')   server.dropRequestNext('/prompt')   server.delayNext('/queue', 500)
 *   server.requireAuthorization('Bearer x')   server.cutSockets()   await server.goDown(); await server.comeUp()   await server.restart()
 *   await server.close()
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import type { WebSocket } from 'ws';
import { sleep } from '../../../shared/util/async.ts';
import { Listener } from '../base/listener.ts';
import { ComfyEngine } from './engine.ts';
import { Faults } from './faults.ts';
import { refusesOrigin } from './origin.ts';
import { isDict, pyDumps } from './py.ts';
import { bare, readable, readBody, write } from './http.ts';
import { answer, serverError } from './routes.ts';
import type { ComfyEngineOptions, RouteReply } from './types.ts';

export type { ComfyEngine } from './engine.ts';
export type * from './types.ts';

export interface ComfyServerOptions extends ComfyEngineOptions {
  /** Default 0: any free port. */
  readonly port?: number;
  /** Default 127.0.0.1; other values must be loopback too. */
  readonly host?: string;
  /** Default 100 MiB, as `features.max_upload_size` says. */
  readonly maxBodyBytes?: number;
}

const loopback = new Set(['127.0.0.1', '::1', 'localhost']);

/** Starts a server. Rejects if the port is taken or `host` is not loopback. */
export async function startComfyServer(options: ComfyServerOptions = {}): Promise<ComfyServerHandle> {
  const host = options.host ?? '127.0.0.1';
  if (!loopback.has(host)) throw new Error(`the demo server listens on loopback only, not on ${host}`);
  const server = new ComfyServerHandle(new ComfyEngine(options), host, options.maxBodyBytes ?? 104857600);
  await server.listen(options.port ?? 0);
  return server;
}

interface Which {
  /** How many of the next requests; default 1. */
  readonly times?: number;
  readonly method?: string;
}

export class ComfyServerHandle {
  readonly engine: ComfyEngine;
  readonly faults = new Faults();
  readonly #maxBodyBytes: number;
  readonly #webSockets = new WebSocketServer({ noServer: true, perMessageDeflate: false, maxPayload: 8 * 1024 * 1024 });
  readonly #listener: Listener;

  constructor(engine: ComfyEngine, host: string, maxBodyBytes: number) {
    this.engine = engine;
    this.#maxBodyBytes = maxBodyBytes;
    this.#listener = new Listener({
      host,
      keepAliveMs: 5_000,
      request: (request, response) => {
        this.#serve(request, response).catch((error: unknown) => {
          // The client left in the middle of its own request.
          if (request.errored !== null) return;
          // A bug of the demo server itself: answer as a crashed handler would and make it visible.
          console.error('demo ComfyUI server:', error);
          if (!response.headersSent) write(response, serverError);
        });
      },
      upgrade: (request, socket, head) => {
        this.#upgrade(request, socket, head);
      },
    });
  }

  /** `http://127.0.0.1:PORT` */
  get url(): string {
    return this.#listener.url;
  }

  get port(): number {
    return this.#listener.port;
  }

  async listen(port: number): Promise<void> {
    await this.#listener.up(port);
  }

  /** The next request to `path` (without `/api`; `*` = any) is answered with `status` and not processed. */
  failNext(path: string, status: number, options: Which & { readonly body?: string } = {}): () => void {
    const { body } = options;
    return this.faults.plan(path, { kind: 'status', status, ...(body === undefined ? {} : { body }) }, options);
  }

  /** The next request to `path` is processed, but its reply is lost. */
  dropReplyNext(path: string, options?: Which): () => void {
    return this.faults.plan(path, { kind: 'drop-reply' }, options);
  }

  /** The next request to `path` is lost before it is processed. */
  dropRequestNext(path: string, options?: Which): () => void {
    return this.faults.plan(path, { kind: 'drop-request' }, options);
  }

  /** The next request to `path` is processed at once and answered `ms` later. */
  delayNext(path: string, ms: number, options?: Which): () => void {
    return this.faults.plan(path, { kind: 'delay', ms }, options);
  }

  /** From now on this exact header is needed (missing: 401, wrong: 403); undefined lifts it. */
  requireAuthorization(header: string | undefined): void {
    this.faults.authorization = header;
  }

  /** Cuts all WebSockets without a close frame (clients see 1006); the engine goes on. */
  cutSockets(): void {
    this.engine.wire.cut();
  }

  /** Stops listening and cuts everything; the engine goes on. Connections are refused until `comeUp`. */
  async goDown(): Promise<void> {
    this.cutSockets();
    await this.#listener.down();
  }

  /** Listens again on the same port. */
  async comeUp(): Promise<void> {
    await this.#listener.up();
  }

  /** Process killed and started again: down, memory lost, up after `downMs` (default 0). */
  async restart(downMs = 0): Promise<void> {
    await this.goDown();
    this.engine.restart();
    if (downMs > 0) await sleep(downMs);
    await this.comeUp();
  }

  async close(): Promise<void> {
    await this.goDown();
    await this.engine.close();
    this.#webSockets.close();
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const method = request.method ?? 'GET';
    const url = new URL(request.url ?? '/', 'http://server');
    const body = await readBody(request, this.#maxBodyBytes);
    if (body === undefined) {
      write(response, { status: 413, text: 'Maximum request body size exceeded', type: 'text/plain; charset=utf-8' });
      return;
    }
    this.engine.record({ method, path: url.pathname, query: url.search, body: readable(body), at: Date.now() });
    const denied = this.#denial(request);
    if (denied !== undefined) {
      write(response, { status: denied, text: '' });
      return;
    }
    const fault = this.faults.take(method, url.pathname);
    if (fault?.kind === 'drop-request') {
      request.socket.destroy();
      return;
    }
    if (fault?.kind === 'status') {
      write(response, { status: fault.status, text: fault.body ?? '', type: 'text/plain; charset=utf-8' });
      return;
    }
    await this.engine.wire.turn();
    const reply = await this.#route(method, url, body, request.headers['content-type'] ?? '');
    await this.engine.wire.turn();
    if (fault?.kind === 'delay') await sleep(fault.ms);
    if (fault?.kind === 'drop-reply') request.socket.destroy();
    else write(response, reply);
  }

  async #route(method: string, url: URL, body: Buffer, contentType: string): Promise<RouteReply> {
    const path = bare(url.pathname);
    const reply = await answer(this.engine, { method, path, query: url.searchParams, body, contentType });
    return reply ?? { status: 404, text: '', type: 'application/octet-stream' };
  }

  /** 401 or 403 if the request may not pass; undefined if it may. */
  #denial(request: IncomingMessage): number | undefined {
    const needed = this.faults.authorization;
    if (needed !== undefined && request.headers.authorization !== needed)
      return request.headers.authorization === undefined ? 401 : 403;
    return refusesOrigin(request.headers, this.engine.version) ? 403 : undefined;
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    socket.on('error', () => {
      socket.destroy();
    });
    const url = new URL(request.url ?? '/', 'http://server');
    const denied = bare(url.pathname) === '/ws' ? this.#denial(request) : 404;
    const fault = this.faults.take('GET', url.pathname);
    const status = denied ?? (fault?.kind === 'status' ? fault.status : undefined);
    if (status !== undefined || fault?.kind === 'drop-request') {
      if (status === undefined) socket.destroy();
      else socket.end(`HTTP/1.1 ${status} Refused\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`);
      return;
    }
    this.#webSockets.handleUpgrade(request, socket, head, (ws) => {
      this.#welcome(ws, url.searchParams.get('clientId') ?? '');
    });
  }

  #welcome(ws: WebSocket, clientId: string): void {
    const engine = this.engine;
    const sid = clientId === '' ? engine.mintHex() : clientId;
    engine.wire.join(sid, ws);
    for (const [type, data] of engine.greeting(sid)) ws.send(pyDumps({ type, data }));
    let first = true;
    ws.on('message', (data, isBinary) => {
      if (isBinary || !first) return;
      const message = readable(
        Buffer.isBuffer(data) ? data : Buffer.concat(Array.isArray(data) ? data : [Buffer.from(data)]),
      );
      if (!isDict(message)) return;
      first = false;
      if (message['type'] !== 'feature_flags') return;
      engine.wire.setFlags(sid, isDict(message['data']) ? message['data'] : {});
      engine.wire.sendJson('feature_flags', engine.features(), sid);
    });
    ws.on('close', () => {
      engine.wire.leave(sid, ws);
    });
    ws.on('error', () => {
      ws.terminate();
    });
  }
}
