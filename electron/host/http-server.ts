/**
 * The host's face to the network: which paths there are, and for each request the guards (guards.ts), the credential
 * (callers.ts), then whoever answers. One server on 127.0.0.1 (and [::1] where there is one), one on the private socket.
 */
import { randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { AppError } from '../../shared/errors.ts';
import type { Auth } from './auth.ts';
import { broughtCredential, identify } from './callers.ts';
import type { Caller } from './callers.ts';
import type { ControlApi } from './control-api.ts';
import { BadAuthLimit, LIMITS, checkRequest, valuesOf } from './guards.ts';
import type { Asked, Refusal, RouteKind, Way } from './guards.ts';
import { contentSecurityPolicy, headersFor } from './headers.ts';
import type { Sockets } from './sockets.ts';
import type { StaticFiles } from './static-files.ts';

/** What may be asked of the host itself, over the private socket only. */
export interface HostControl {
  /** `GET /host/status` */
  status(): Record<string, unknown>;
  /** `POST /host/launch`: an address that opens one window, once. */
  launchUrl(): string;
}

export interface HttpServerOptions {
  auth: Auth;
  files: StaticFiles;
  api: ControlApi;
  sockets: (onRefused: (asked: Asked, refusal: Refusal, address: string) => Refusal) => Sockets;
  media: (request: Request) => Promise<Response>;
  control: HostControl;
  onBug: (error: unknown, where: string) => void;
  onRefused?: (refusal: Refusal, way: Way['over']) => void;
}

export interface HttpServer {
  /** Binds loopback only (L1); resolves to the port. `wanted` is tried first, 0 or a taken one gives a random one unless `exact`. */
  listen(wanted: number, exact: boolean): Promise<number>;
  listenPrivate(path: string): Promise<void>;
  close(): Promise<void>;
}

interface Route {
  kind: RouteKind;
  /** Null where no credential is asked for. */
  answer: (context: Answering) => Promise<void> | void;
  open?: boolean;
  onlyPrivate?: boolean;
}

interface Answering {
  asked: Asked;
  url: URL;
  way: Way;
  caller: Caller | null;
  request: IncomingMessage;
  response: ServerResponse;
}

export function createHttpServer(options: HttpServerOptions): HttpServer {
  const { auth, files } = options;
  const badAuth = new BadAuthLimit();
  const servers: Server[] = [];

  const onRefused = (asked: Asked, refusal: Refusal, address: string, way: Way['over']): Refusal => {
    options.onRefused?.(refusal, way);
    const counts = refusal.status === 401 && (broughtCredential(asked) || asked.target.startsWith('/launch'));
    return counts && badAuth.failed(address) ? { status: 429, reason: 'too many wrong credentials; wait a minute' } : refusal;
  };
  const sockets = options.sockets((asked, refusal, address) => onRefused(asked, refusal, address, address === 'private' ? 'private' : 'loopback'));

  const sendJson = (response: ServerResponse, status: number, value: unknown, headers: Record<string, string>): void => {
    response.writeHead(status, { ...headers, 'content-type': 'application/json; charset=utf-8' });
    response.end(JSON.stringify(value));
  };

  const refuse = (response: ServerResponse, refusal: Refusal): void => {
    const code = refusal.status === 404 ? 'not_found' : refusal.status === 400 || refusal.status === 415 || refusal.status === 413 ? 'invalid_request' : 'not_allowed';
    const extra: Record<string, string> = refusal.status === 429 ? { 'retry-after': '60' } : {};
    // What was refused is not read to its end either.
    sendJson(response, refusal.status, { error: { code, message: refusal.reason } }, { ...headersFor(null), ...extra, connection: 'close' });
  };

  const page = ({ asked, response }: Answering): void => {
    const nonce = randomBytes(16).toString('base64');
    const html = files.page(nonce);
    const headers = { ...headersFor('shell'), 'content-security-policy': contentSecurityPolicy(nonce, `ws://${valuesOf(asked, 'host')[0] ?? ''}`) };
    response.writeHead(html === null ? 503 : 200, { ...headers, 'content-type': 'text/html; charset=utf-8' });
    response.end(asked.method === 'HEAD' ? undefined : (html ?? '<!doctype html><title>Switchyard</title><p>The window has not been built: run npm start.</p>'));
  };

  const launch = ({ asked, url, response, request }: Answering): void => {
    const cookie = auth.redeem(url.searchParams.get('code') ?? '');
    if (cookie === null) {
      refuse(response, onRefused(asked, { status: 401, reason: 'this link was used already or is too old: open Switchyard again' }, request.socket.remoteAddress ?? '', 'loopback'));
      return;
    }
    response.writeHead(302, { ...headersFor('launch'), 'set-cookie': cookie, location: '/' });
    response.end();
  };

  const media = async ({ asked, url, request, response }: Answering): Promise<void> => {
    const range = request.headers.range;
    const answer = await options.media(new Request(url, { method: asked.method, ...(range === undefined ? {} : { headers: { range } }) }));
    response.writeHead(answer.status, { ...Object.fromEntries(answer.headers), ...headersFor('media') });
    if (answer.body === null || asked.method === 'HEAD') {
      response.end();
      await answer.body?.cancel();
      return;
    }
    await pipeline(Readable.fromWeb(answer.body as import('node:stream/web').ReadableStream), response);
  };

  const routeOf = (method: string, path: string): Route | undefined => {
    if (path === '/') return { kind: 'shell', open: true, answer: page };
    if (path === '/launch') return { kind: 'launch', open: true, answer: launch };
    if (path === '/session') {
      return {
        kind: 'api-read',
        answer: ({ caller, response }) => {
          if (caller?.by === 'session') sendJson(response, 200, { csrf: caller.session.csrf }, headersFor('api-read'));
          else refuse(response, { status: 403, reason: 'a token has no session' });
        },
      };
    }
    if (path.startsWith('/media/')) return { kind: 'media', answer: media };
    if (path === '/api/openapi.json') {
      return {
        kind: 'api-read',
        answer: ({ response }) => {
          response.writeHead(200, { ...headersFor('api-read'), 'content-type': 'application/json; charset=utf-8' });
          response.end(options.api.openApi());
        },
      };
    }
    if (path === '/host/status') return { kind: 'api-read', onlyPrivate: true, answer: ({ response }) => sendJson(response, 200, options.control.status(), headersFor('api-read')) };
    if (path === '/host/launch') return { kind: 'api-change', onlyPrivate: true, answer: ({ response }) => sendJson(response, 200, { url: options.control.launchUrl() }, headersFor('api-change')) };
    if (path === '/host/revoke') {
      return {
        kind: 'api-change',
        onlyPrivate: true,
        answer: ({ response }) => {
          auth.revoke(null);
          sendJson(response, 200, {}, headersFor('api-change'));
        },
      };
    }
    if (path.startsWith('/api/')) {
      const name = path.slice('/api/'.length);
      return {
        kind: 'api-change',
        answer: async ({ caller, request, response }) => {
          if (caller !== null) await options.api.answer(name, caller, request, response, headersFor('api-change'));
        },
      };
    }
    const file = files.get(path);
    if (file === undefined) return undefined;
    return {
      kind: 'static',
      open: true,
      answer: async ({ response }) => {
        const cache = file.immutable ? { 'cache-control': 'public, max-age=31536000, immutable' } : {};
        response.writeHead(200, { ...headersFor('static'), ...cache, 'content-type': file.type, 'content-length': String(file.bytes) });
        if (method === 'HEAD') response.end();
        else await pipeline(file.open(), response);
      },
    };
  };

  const handle = async (request: IncomingMessage, response: ServerResponse, way: Way): Promise<void> => {
    const asked: Asked = { method: request.method ?? '', target: request.url ?? '', rawHeaders: request.rawHeaders };
    const path = asked.target.split('?', 1)[0] ?? '';
    const found = routeOf(asked.method, path);
    const route = found?.onlyPrivate === true && way.over !== 'private' ? undefined : found;
    // Unknown paths pass the same guards first: a stranger learns nothing from the difference.
    const early = checkRequest(asked, way, route?.kind ?? 'static');
    if (early !== null) {
      refuse(response, onRefused(asked, early, request.socket.remoteAddress ?? '', way.over));
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
        refuse(response, onRefused(asked, known, request.socket.remoteAddress ?? '', way.over));
        return;
      }
      caller = known;
    }
    await route.answer({ asked, url: new URL(asked.target, 'http://host'), way, caller, request, response });
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
          const hungUp = error instanceof Error && 'code' in error && (error.code === 'ERR_STREAM_PREMATURE_CLOSE' || error.code === 'ECONNRESET');
          if (!hungUp) options.onBug(error, request.url?.split('?', 1)[0] ?? '');
          if (response.headersSent) response.destroy();
          else sendJson(response, 500, { error: { code: 'bug', message: 'Switchyard failed to answer this; its log says why' } }, { ...headersFor(null), connection: 'close' });
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
      await listening(six, { host: '::1', port, exclusive: true, ipv6Only: true }).catch(() => servers.splice(servers.indexOf(six), 1));
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
  if (code === 'EADDRINUSE') return new AppError('conflict', `port ${String(port)} of 127.0.0.1 is used by another program`, { cause: error });
  return new AppError('not_allowed', `port ${String(port)} of 127.0.0.1 can't be used (${String(code)})`, { cause: error });
}

function portOf(server: Server): number {
  return (server.address() as AddressInfo | null)?.port ?? 0;
}

function listening(server: Server, where: { host: string; port: number; exclusive: true; ipv6Only?: true } | { path: string }): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(where, () => {
      server.removeListener('error', reject);
      resolve();
    });
  });
}
