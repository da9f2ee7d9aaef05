/**
 * The SwarmUI engine behind real sockets: `startSwarmServer(options)` on 127.0.0.1, with the transport rules of §1
 * (methods, content type and length, session, error ids, redirects, Origin) and switches for faults.
 *
 * `const swarm = await startSwarmServer({ backends: [{ address: comfy.url }] })` →
 * `{ url, port, engine, faults, restart(), cutSockets(), goDown(), comeUp(), close() }`. Port 0 (default) takes a free one.
 * What routes mean is in swarm-routes-*.ts, not here.
 */
import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import type { WebSocket } from 'ws';
import { httpRoutes } from './routes.ts';
import { handleApi, jsonAnswer } from './http.ts';
import { SwarmEngine } from './engine.ts';
import { serveFile } from './files.ts';
import { noFaults, takeFault } from './faults.ts';
import type { Faults } from './faults.ts';
import { callerOf, pathOf, readBody } from './request.ts';
import { PASSTHROUGH, Passthrough } from './passthrough.ts';
import type { SwarmOptions } from './types.ts';
import { delay } from './wait.ts';
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
  const faults = noFaults();
  const connections = new Set<Socket>();
  let passthrough = new Passthrough(engine.core);
  let routes = httpRoutes(engine.core);
  let server = listenable();
  const sockets = new WebSocketServer({ noServer: true, perMessageDeflate: false, maxPayload: 0 });
  const open = new Set<WebSocket>();

  function listenable(): Server {
    const made = createServer((request, response) => {
      handle(request, response).catch(() => response.destroy());
    });
    made.on('connection', (socket) => {
      connections.add(socket);
      socket.on('close', () => connections.delete(socket));
    });
    made.on('upgrade', (request, socket, head) => {
      upgrade(request, socket, head);
    });
    made.keepAliveTimeout = 60_000;
    return made;
  }

  /** Rules that come before any route; true = answered. */
  function gate(request: IncomingMessage): { status: number; text: string } | null {
    if (request.headers.origin === 'null') return { status: 500, text: '' };
    const secret = options.networkAuthorization;
    if (secret !== undefined && secret !== '' && request.headers.authorization !== secret)
      return { status: 401, text: 'Unauthorized' };
    return null;
  }

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = pathOf(request);
    const body = await readBody(request);
    const refused = gate(request);
    if (refused !== null) {
      response.writeHead(
        refused.status,
        refused.text === '' ? { 'content-length': '0' } : { 'content-type': 'text/plain' },
      );
      response.end(refused.text);
      return;
    }
    const fault = takeFault(faults, path);
    if (fault?.kind === 'delay') await delay(fault.ms);
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
    const path = pathOf(request);
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

  const listen = (port: number): Promise<void> =>
    new Promise((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, '127.0.0.1', () => {
        server.removeListener('error', reject);
        resolve();
      });
    });
  const stopListening = async (): Promise<void> => {
    const done = new Promise<void>((resolve) => {
      server.close(() => {
        resolve();
      });
    });
    for (const socket of connections) socket.destroy();
    await done;
  };

  await listen(options.port ?? 0);
  const port = (server.address() as AddressInfo).port;
  const cutSockets = (): void => {
    for (const socket of open) socket.terminate();
  };
  const reopen = async (): Promise<void> => {
    if (server.listening) return;
    server = listenable();
    await listen(port);
  };

  // Answers, then stops half a second later (§7.3).
  engine.onShutdown = () => {
    setTimeout(() => {
      engine.kill();
      cutSockets();
      if (server.listening) void stopListening();
    }, 500);
  };

  return {
    url: `http://127.0.0.1:${String(port)}`,
    port,
    engine,
    faults,
    cutSockets,
    goDown: stopListening,
    comeUp: reopen,
    async restart(downMs = 0) {
      engine.kill();
      cutSockets();
      await stopListening();
      if (downMs > 0) await delay(downMs);
      engine.reboot();
      passthrough = new Passthrough(engine.core);
      routes = httpRoutes(engine.core);
      await reopen();
    },
    async close() {
      engine.kill();
      cutSockets();
      sockets.close();
      if (server.listening) await stopListening();
    },
  };
}

function redirect(response: ServerResponse, location: string): void {
  response.writeHead(302, { location, 'content-length': '0' });
  response.end();
}
