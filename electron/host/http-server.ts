/**
 * The host's face to the network: which paths there are, and for each request the guards (guards.ts), the credential
 * (callers.ts), then whoever answers. One server on 127.0.0.1 (and [::1] where there is one), one on the private socket.
 */
import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { AppError } from '../../shared/errors.ts';
import type { ErrorCode } from '../../shared/errors.ts';
import { broughtCredential, identify } from './callers.ts';
import type { Caller } from './callers.ts';
import { BadAuthLimit, LIMITS, checkRequest } from '../listen/guards.ts';
import type { Asked, Refusal, Way } from '../listen/guards.ts';
import { headersFor } from '../listen/headers.ts';
import { createRoutes, sendJson } from './routes.ts';
import type { RouteOptions } from './routes.ts';
import type { Sockets } from './sockets.ts';

const CODES: Readonly<Partial<Record<Refusal['status'], ErrorCode>>> = {
  400: 'invalid_request',
  404: 'not_found',
  413: 'invalid_request',
  415: 'invalid_request',
};

export interface HttpServerOptions extends RouteOptions {
  sockets: (onRefused: (asked: Asked, refusal: Refusal, address: string) => Refusal) => Sockets;
  onBug: (error: unknown, where: string) => void;
  onRefused?: (refusal: Refusal, way: Way['over']) => void;
}

export interface HttpServer {
  /** Binds loopback only (L1); resolves to the port. `wanted` is tried first, 0 or a taken one gives a random one unless `exact`. */
  listen(wanted: number, exact: boolean): Promise<number>;
  listenPrivate(path: string): Promise<void>;
  close(): Promise<void>;
}

export function createHttpServer(options: HttpServerOptions): HttpServer {
  const { auth } = options;
  const routeOf = createRoutes(options);
  const badAuth = new BadAuthLimit();
  const servers: Server[] = [];

  const onRefused = (asked: Asked, refusal: Refusal, address: string, way: Way['over']): Refusal => {
    options.onRefused?.(refusal, way);
    const counts = refusal.status === 401 && (broughtCredential(asked) || asked.target.startsWith('/launch'));
    return counts && badAuth.failed(address)
      ? { status: 429, reason: 'too many wrong credentials; wait a minute' }
      : refusal;
  };
  const sockets = options.sockets((asked, refusal, address) =>
    onRefused(asked, refusal, address, address === 'private' ? 'private' : 'loopback'),
  );

  const refuse = (response: ServerResponse, refusal: Refusal): void => {
    const code = CODES[refusal.status] ?? 'not_allowed';
    const extra: Record<string, string> = refusal.status === 429 ? { 'retry-after': '60' } : {};
    // What was refused is not read to its end either.
    const headers = { ...headersFor(null), ...extra, connection: 'close' };
    sendJson(response, refusal.status, { error: { code, message: refusal.reason } }, headers);
  };

  const handle = async (request: IncomingMessage, response: ServerResponse, way: Way): Promise<void> => {
    const asked: Asked = { method: request.method ?? '', target: request.url ?? '', rawHeaders: request.rawHeaders };
    const refuseAndCount = (refusal: Refusal): void => {
      refuse(response, onRefused(asked, refusal, request.socket.remoteAddress ?? '', way.over));
    };
    const found = routeOf(asked.target.split('?', 1)[0] ?? '');
    const route = found?.onlyPrivate === true && way.over !== 'private' ? undefined : found;
    // Unknown paths pass the same guards first: a stranger learns nothing from the difference.
    const early = checkRequest(asked, way, route?.kind ?? 'static');
    if (early !== null) {
      refuseAndCount(early);
      return;
    }
    if (route === undefined) {
      refuse(response, { status: 404, reason: 'there is nothing here' });
      return;
    }
    let caller: Caller | null = null;
    if (route.open !== true) {
      const known = identify(asked, way, auth, { changes: route.kind === 'api-change' });
      if ('status' in known) {
        refuseAndCount(known);
        return;
      }
      caller = known;
    }
    const url = new URL(asked.target, 'http://host');
    await route.answer({ asked, url, caller, request, response, refuse: refuseAndCount });
  };

  const serve = (way: (server: Server) => Way): Server => {
    const server = createServer(
      {
        headersTimeout: LIMITS.headersTimeoutMs,
        requestTimeout: LIMITS.requestTimeoutMs,
        connectionsCheckingInterval: 1_000,
        maxHeaderSize: LIMITS.headerBytes,
        keepAliveTimeout: 10_000,
        // A missing or doubled Host is ours to refuse (421), with our headers on the answer.
        requireHostHeader: false,
      },
      (request, response) => {
        response.on('error', () => response.destroy());
        handle(request, response, way(server)).catch((error: unknown) => {
          const hungUp =
            error instanceof Error &&
            'code' in error &&
            (error.code === 'ERR_STREAM_PREMATURE_CLOSE' || error.code === 'ECONNRESET');
          if (!hungUp) options.onBug(error, request.url?.split('?', 1)[0] ?? '');
          if (response.headersSent) response.destroy();
          else
            sendJson(
              response,
              500,
              { error: { code: 'bug', message: 'Switchyard failed to answer this; its log says why' } },
              { ...headersFor(null), connection: 'close' },
            );
        });
      },
    );
    server.maxConnections = LIMITS.connections;
    server.on('upgrade', (request, socket, head) => {
      sockets.upgrade(request, socket, head, way(server));
    });
    servers.push(server);
    return server;
  };

  const loopback = (server: Server): Way => ({ over: 'loopback', port: portOf(server) });

  return {
    async listen(wanted, exact) {
      const four = serve(loopback);
      try {
        await listening(four, { host: '127.0.0.1', port: wanted, exclusive: true });
      } catch (error) {
        if (exact || wanted === 0) throw portProblem(error, wanted);
        await listening(four, { host: '127.0.0.1', port: 0, exclusive: true });
      }
      const port = portOf(four);
      const six = serve(loopback);
      // No IPv6 here, or its port is taken: 127.0.0.1 is the address we tell anyway.
      await listening(six, { host: '::1', port, exclusive: true, ipv6Only: true }).catch(() =>
        servers.splice(servers.indexOf(six), 1),
      );
      return port;
    },
    async listenPrivate(path) {
      await listening(
        serve(() => ({ over: 'private' })),
        { path },
      );
    },
    async close() {
      sockets.close();
      await Promise.all(
        servers.map(
          (server) =>
            new Promise<void>((resolve) => {
              server.close(() => {
                resolve();
              });
              server.closeIdleConnections();
              setTimeout(() => {
                server.closeAllConnections();
              }, 1_000).unref();
            }),
        ),
      );
    },
  };
}

function portProblem(error: unknown, port: number): AppError {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code === 'EADDRINUSE')
    return new AppError('conflict', `port ${String(port)} of 127.0.0.1 is used by another program`, { cause: error });
  return new AppError('not_allowed', `port ${String(port)} of 127.0.0.1 can't be used (${String(code)})`, {
    cause: error,
  });
}

function portOf(server: Server): number {
  return (server.address() as AddressInfo | null)?.port ?? 0;
}

function listening(
  server: Server,
  where: { host: string; port: number; exclusive: true; ipv6Only?: true } | { path: string },
): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(where, () => {
      server.removeListener('error', reject);
      resolve();
    });
  });
}
