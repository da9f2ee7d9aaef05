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
import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { WebSocket, WebSocketServer } from 'ws';
import { sleep } from '../../../shared/util/async.ts';
import { ComfyEngine } from './engine.ts';
import { Faults } from './faults.ts';
import type { FaultAction } from './faults.ts';
import { refusesOrigin } from './origin.ts';
import { isDict, pyDumps } from './py.ts';
import { bare, readable, readBody, write } from './http.ts';
import { answer, serverError } from './routes.ts';
import type { ComfyEngineOptions, Peer, RouteReply } from './types.ts';

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

export interface ComfyServerHandle {
  /** `http://127.0.0.1:PORT` */
  readonly url: string;
  readonly port: number;
  readonly engine: ComfyEngine;
  readonly faults: Faults;
  /** The next request to `path` (without `/api`; `*` = any) is answered with `status` and not processed. */
  failNext(path: string, status: number, options?: { times?: number; method?: string; body?: string }): () => void;
  /** The next request to `path` is processed, but its reply is lost. */
  dropReplyNext(path: string, options?: { times?: number; method?: string }): () => void;
  /** The next request to `path` is lost before it is processed. */
  dropRequestNext(path: string, options?: { times?: number; method?: string }): () => void;
  /** The next request to `path` is processed at once and answered `ms` later. */
  delayNext(path: string, ms: number, options?: { times?: number; method?: string }): () => void;
  /** From now on this exact header is needed (missing: 401, wrong: 403); undefined lifts it. */
  requireAuthorization(header: string | undefined): void;
  /** Cuts all WebSockets without a close frame (clients see 1006); the engine goes on. */
  cutSockets(): void;
  /** Stops listening and cuts everything; the engine goes on. Connections are refused until `comeUp`. */
  goDown(): Promise<void>;
  /** Listens again on the same port. */
  comeUp(): Promise<void>;
  /** Process killed and started again: down, memory lost, up after `downMs` (default 0). */
  restart(downMs?: number): Promise<void>;
  close(): Promise<void>;
}

const loopback = new Set(['127.0.0.1', '::1', 'localhost']);

/** Starts a server. Rejects if the port is taken or `host` is not loopback. */
export async function startComfyServer(options: ComfyServerOptions = {}): Promise<ComfyServerHandle> {
  const host = options.host ?? '127.0.0.1';
  if (!loopback.has(host)) throw new Error(`the demo server listens on loopback only, not on ${host}`);
  const shell = new Shell(new ComfyEngine(options), host, options.maxBodyBytes ?? 104857600);
  await shell.listen(options.port ?? 0);
  return shell.handle();
}

class Shell {
  readonly #engine: ComfyEngine;
  readonly #host: string;
  readonly #maxBodyBytes: number;
  readonly #faults = new Faults();
  readonly #webSockets = new WebSocketServer({ noServer: true, perMessageDeflate: false, maxPayload: 8 * 1024 * 1024 });
  readonly #connections = new Set<Socket>();
  #server: Server | undefined;
  #port = 0;

  constructor(engine: ComfyEngine, host: string, maxBodyBytes: number) {
    this.#engine = engine;
    this.#host = host;
    this.#maxBodyBytes = maxBodyBytes;
  }

  async listen(port: number): Promise<void> {
    const server = createServer((request, response) => {
      this.#serve(request, response).catch((error: unknown) => {
        // The client left in the middle of its own request.
        if (request.errored !== null) return;
        // A bug of the demo server itself: answer as a crashed handler would and make it visible.
        console.error('demo ComfyUI server:', error);
        if (!response.headersSent) write(response, serverError);
      });
    });
    server.on('connection', (socket) => {
      this.#connections.add(socket);
      socket.on('close', () => this.#connections.delete(socket));
    });
    server.on('upgrade', (request, socket, head) => {
      this.#upgrade(request, socket, head);
    });
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, this.#host, () => {
        server.removeListener('error', reject);
        resolve();
      });
    });
    this.#server = server;
    this.#port = (server.address() as AddressInfo).port;
  }

  async #down(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    if (!server) return;
    this.#engine.wire.cut();
    const closed = new Promise<void>((resolve) => {
      server.close(() => {
        resolve();
      });
    });
    for (const socket of this.#connections) socket.destroy();
    await closed;
  }

  handle(): ComfyServerHandle {
    const plan = (path: string, action: FaultAction, options?: { times?: number; method?: string }): (() => void) =>
      this.#faults.plan(path, action, options);
    return {
      url: `http://${this.#host.includes(':') ? `[${this.#host}]` : this.#host}:${this.#port}`,
      port: this.#port,
      engine: this.#engine,
      faults: this.#faults,
      failNext: (path, status, options = {}) =>
        plan(
          path,
          options.body === undefined ? { kind: 'status', status } : { kind: 'status', status, body: options.body },
          options,
        ),
      dropReplyNext: (path, options) => plan(path, { kind: 'drop-reply' }, options),
      dropRequestNext: (path, options) => plan(path, { kind: 'drop-request' }, options),
      delayNext: (path, ms, options) => plan(path, { kind: 'delay', ms }, options),
      requireAuthorization: (header) => {
        this.#faults.authorization = header;
      },
      cutSockets: () => {
        this.#engine.wire.cut();
      },
      goDown: () => this.#down(),
      comeUp: () => this.listen(this.#port),
      restart: async (downMs = 0) => {
        await this.#down();
        this.#engine.restart();
        if (downMs > 0) await sleep(downMs);
        await this.listen(this.#port);
      },
      close: async () => {
        await this.#down();
        await this.#engine.close();
        this.#webSockets.close();
      },
    };
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const method = request.method ?? 'GET';
    const url = new URL(request.url ?? '/', 'http://server');
    const body = await readBody(request, this.#maxBodyBytes);
    if (body === undefined) {
      write(response, { status: 413, text: 'Maximum request body size exceeded', type: 'text/plain; charset=utf-8' });
      return;
    }
    this.#engine.record({ method, path: url.pathname, query: url.search, body: readable(body), at: Date.now() });
    const denied = this.#denial(request);
    if (denied !== undefined) {
      write(response, { status: denied, text: '' });
      return;
    }
    const fault = this.#faults.take(method, url.pathname);
    if (fault?.kind === 'drop-request') {
      request.socket.destroy();
      return;
    }
    if (fault?.kind === 'status') {
      write(response, { status: fault.status, text: fault.body ?? '', type: 'text/plain; charset=utf-8' });
      return;
    }
    await this.#engine.wire.turn();
    const reply = await this.#route(method, url, body, request.headers['content-type'] ?? '');
    await this.#engine.wire.turn();
    if (fault?.kind === 'delay') await sleep(fault.ms);
    if (fault?.kind === 'drop-reply') request.socket.destroy();
    else write(response, reply);
  }

  async #route(method: string, url: URL, body: Buffer, contentType: string): Promise<RouteReply> {
    const path = bare(url.pathname);
    const reply = await answer(this.#engine, { method, path, query: url.searchParams, body, contentType });
    return reply ?? { status: 404, text: '', type: 'application/octet-stream' };
  }

  /** 401 or 403 if the request may not pass; undefined if it may. */
  #denial(request: IncomingMessage): number | undefined {
    const needed = this.#faults.authorization;
    if (needed !== undefined && request.headers.authorization !== needed)
      return request.headers.authorization === undefined ? 401 : 403;
    return refusesOrigin(request.headers, this.#engine.version) ? 403 : undefined;
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    socket.on('error', () => {
      socket.destroy();
    });
    const url = new URL(request.url ?? '/', 'http://server');
    const denied = bare(url.pathname) === '/ws' ? this.#denial(request) : 404;
    const fault = this.#faults.take('GET', url.pathname);
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
    const engine = this.#engine;
    const sid = clientId === '' ? engine.mintHex() : clientId;
    const peer: Peer = {
      sendText: (text) => {
        ws.send(text);
      },
      sendBinary: (bytes) => {
        ws.send(bytes);
      },
      get backlogBytes() {
        return ws.bufferedAmount;
      },
      get open() {
        return ws.readyState === WebSocket.OPEN;
      },
      terminate: () => {
        ws.terminate();
      },
    };
    engine.wire.join(sid, peer);
    for (const [type, data] of engine.greeting(sid)) peer.sendText(pyDumps({ type, data }));
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
      engine.wire.leave(sid, peer);
    });
    ws.on('error', () => {
      ws.terminate();
    });
  }
}
