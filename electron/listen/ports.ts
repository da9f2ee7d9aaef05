/**
 * A port of this machine alone: 127.0.0.1 (and [::1] where there is one) and a private socket beside it, with the limits
 * of every port of ours, closed in time. Who may ask is guards.ts; what is answered is its owner's.
 */
import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { AppError } from '../../shared/errors.ts';
import { sendJson } from './answers.ts';
import { LIMITS } from './guards.ts';
import type { Way } from './guards.ts';
import { headersFor } from './headers.ts';

export interface PortsOptions {
  handle: (request: IncomingMessage, response: ServerResponse, way: Way) => Promise<void>;
  upgrade: (request: IncomingMessage, socket: Duplex, head: Buffer, way: Way) => void;
  /** Told when `handle` rejects for another reason than a caller who hung up. */
  onBug: (error: unknown, where: string) => void;
}

export interface Ports {
  /** Binds loopback only (L1); resolves to the port. `wanted` is tried first, 0 or a taken one gives a random one unless `exact`. */
  listen(wanted: number, exact: boolean): Promise<number>;
  listenPrivate(path: string): Promise<void>;
  close(): Promise<void>;
}

export function createPorts({ handle, upgrade, onBug }: PortsOptions): Ports {
  const servers: Server[] = [];

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
          if (!hungUp) onBug(error, request.url?.split('?', 1)[0] ?? '');
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
      upgrade(request, socket, head, way(server));
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
