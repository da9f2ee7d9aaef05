/**
 * The SwarmUI engine behind real sockets: `startSwarmServer(options)` on 127.0.0.1, with the transport rules of
 * swarmui §1 (methods, content type and length, session, error ids, redirects, Origin) and switches for faults.
 *
 * `const swarm = await startSwarmServer({ backends: [{ address: comfy.url }] })` →
 * `{ url, port, engine, faults, restart(), cutSockets(), goDown(), comeUp(), close() }`. Port 0 (default) takes a free one.
 * What routes mean is in routes-*.ts.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { WebSocketServer } from 'ws';
import type { WebSocket } from 'ws';
import { Listener } from '../base/listener.ts';
import { httpRoutes } from './routes.ts';
import { handleApi, jsonAnswer } from './http.ts';
import { SwarmEngine } from './engine.ts';
import { serveFile } from './files.ts';
import { Faults } from './faults.ts';
import { callerOf } from './request.ts';
import { PASSTHROUGH, Passthrough } from './passthrough.ts';
import type { SwarmOptions } from './types.ts';
import { sleep } from '../../../shared/util/async.ts';
import { serveApiSocket } from './ws.ts';

export interface SwarmServerOptions extends SwarmOptions {
  readonly port?: number;
}

export interface SwarmServerHandle {
  /** e.g. `http://127.0.0.1:7801`, no slash at the end */
  readonly url: string;
  readonly port: number;
  readonly engine: SwarmEngine;
  readonly faults: Faults;
  /** Kills the process (clients see 1006) and starts it again on the same port after `downMs` (default 0). */
  restart(downMs?: number): Promise<void>;
  /** Cuts all WebSockets (1006); their generations go on. */
  cutSockets(): void;
  /** Refuses connections, and cuts those that are open, until `comeUp`. The process lives on. */
  goDown(): Promise<void>;
  /** Listens again on the same port. */
  comeUp(): Promise<void>;
  close(): Promise<void>;
}

export async function startSwarmServer(options: SwarmServerOptions = {}): Promise<SwarmServerHandle> {
  const engine = new SwarmEngine(options);
  const faults = new Faults();
  let passthrough = new Passthrough(engine.core);
  let routes = httpRoutes(engine.core);
  const listener = new Listener({
    host: '127.0.0.1',
    keepAliveMs: 60_000,
    request: (request, response) => {
      handle(request, response).catch(() => response.destroy());
    },
    upgrade,
  });
  const sockets = new WebSocketServer({ noServer: true, perMessageDeflate: false, maxPayload: 0 });
  const open = new Set<WebSocket>();

  /** Rules that come before any route; true = answered. */
  function gate(request: IncomingMessage): { status: number; text: string } | null {
    if (request.headers.origin === 'null') return { status: 500, text: '' };
    const secret = options.networkAuthorization;
    if (secret !== undefined && secret !== '' && request.headers.authorization !== secret)
      return { status: 401, text: 'Unauthorized' };
    return null;
  }

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = request.url ?? '/';
    const body = await buffer(request);
    const refused = gate(request);
    if (refused !== null) {
      response.writeHead(
        refused.status,
        refused.text === '' ? { 'content-length': '0' } : { 'content-type': 'text/plain' },
      );
      response.end(refused.text);
      return;
    }
    const fault = faults.take(path);
    if (fault?.kind === 'cut') {
      response.destroy();
      return;
    }
    if (fault?.kind === 'redirect') {
      redirect(response, fault.location);
      return;
    }
    if (fault?.kind === 'answer') {
      jsonAnswer(response, fault.status, fault.body);
      return;
    }
    if (fault?.kind === 'drop-reply') {
      Object.assign(response, { writeHead: () => response, write: () => true, end: () => response.destroy() });
    }
    const core = engine.core;
    const bare = path.split('?')[0] ?? '/';
    if (/^\/api\//i.test(bare)) {
      if (request.method !== 'POST') redirect(response, '/Error/NoGetAPI');
      else await handleApi(core, routes, request, bare.slice(5), body, response);
      return;
    }
    if (request.method === 'HEAD') {
      response.writeHead(405, { 'content-length': '0' });
      response.end();
    } else if (bare === '/') redirect(response, 'Text2Image');
    else if (bare.startsWith(`${PASSTHROUGH}/`))
      await passthrough.serve(request, path, body, callerOf(request), response);
    else if (!serveFile(core, request, path, response)) redirect(response, '/Error/404');
  }

  function upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const refused = gate(request);
    const path = request.url ?? '/';
    const reject = (status: number): void => {
      socket.end(
        `HTTP/1.1 ${String(status)} ${status === 401 ? 'Unauthorized' : 'Error'}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`,
      );
    };
    if (refused !== null) {
      reject(refused.status);
      return;
    }
    const isApi = /^\/api\//i.test(path);
    const isPassthrough = path.startsWith(`${PASSTHROUGH}/`);
    if (!isApi && !isPassthrough) {
      reject(404);
      return;
    }
    if (isPassthrough && passthrough.allowed(request, callerOf(request)) === null) {
      reject(401);
      return;
    }
    sockets.handleUpgrade(request, socket, head, (client) => {
      open.add(client);
      client.on('close', () => open.delete(client));
      client.on('error', () => open.delete(client));
      if (isPassthrough) passthrough.bridge(client, request, path);
      else serveApiSocket(engine.core, routes, client, request, (path.split('?')[0] ?? '').slice(5), socket);
    });
  }

  await listener.up(options.port);
  const cutSockets = (): void => {
    for (const socket of open) socket.terminate();
  };
  // Answers, then stops half a second later (swarmui §7.3).
  engine.onShutdown = () => {
    setTimeout(() => {
      engine.kill();
      cutSockets();
      void listener.down();
    }, 500);
  };

  return {
    url: listener.url,
    port: listener.port,
    engine,
    faults,
    cutSockets,
    goDown: () => listener.down(),
    comeUp: () => listener.up(),
    async restart(downMs = 0) {
      engine.kill();
      cutSockets();
      await listener.down();
      if (downMs > 0) await sleep(downMs);
      engine.reboot();
      passthrough = new Passthrough(engine.core);
      routes = httpRoutes(engine.core);
      await listener.up();
    },
    async close() {
      engine.kill();
      cutSockets();
      sockets.close();
      await listener.down();
    },
  };
}

function redirect(response: ServerResponse, location: string): void {
  response.writeHead(302, { location, 'content-length': '0' });
  response.end();
}
