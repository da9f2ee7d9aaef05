/**
 * Who may speak to a port of ours: the checks of architecture §16.1 as pure functions over what a request says of
 * itself, in the order they are applied. Each answers a Refusal or null. Holds no secrets and touches no socket
 * (ports.ts).
 */
import type { IncomingMessage } from 'node:http';

export interface Refusal {
  status: 400 | 401 | 403 | 404 | 405 | 413 | 415 | 421 | 429 | 503;
  /** For logs and scripts; never an echo of what was sent. */
  reason: string;
}

/** What is looked at. `rawHeaders` as Node gives it: name, value, name, value… so that doubled headers are seen. */
export interface Asked {
  method: string;
  target: string;
  rawHeaders: readonly string[];
}

export function askedOf(request: IncomingMessage): Asked {
  return { method: request.method ?? '', target: request.url ?? '', rawHeaders: request.rawHeaders };
}

/** How the request came: the TCP port on loopback, or the private socket, which no browser can reach. */
export type Way = { over: 'loopback'; port: number } | { over: 'private' };

export type RouteKind = 'shell' | 'static' | 'launch' | 'api-read' | 'api-change' | 'media' | 'socket';

export const LIMITS = {
  headersTimeoutMs: 5_000,
  requestTimeoutMs: 30_000,
  headerBytes: 16 * 1024,
  /**
   * A request's JSON and a WebSocket message, both only read after authorisation. Not 1 MiB: the contract takes 100,000
   * ids (4 MB) in one call, and a workflow may carry a picture.
   */
  bodyBytes: 8 * 1024 * 1024,
  sockets: 32,
  connections: 256,
  /** Refused credentials a minute and address before the next wrong ones are answered 429. */
  badAuthPerMinute: 10,
} as const;

const refuse = (status: Refusal['status'], reason: string): Refusal => ({ status, reason });

/** All values of a header, in order. */
export function valuesOf(asked: Asked, name: string): string[] {
  const values: string[] = [];
  for (let index = 0; index + 1 < asked.rawHeaders.length; index += 2) {
    if (asked.rawHeaders[index]?.toLowerCase() === name) values.push(asked.rawHeaders[index + 1] ?? '');
  }
  return values;
}

/** L2: origin-form target only, and exactly one Host that names this port on this machine in its plainest form. */
function checkHost(asked: Asked, way: Way): Refusal | null {
  if (!asked.target.startsWith('/') || asked.target.startsWith('//'))
    return refuse(421, 'the request must name a path');
  if (way.over === 'private') return null;
  const hosts = valuesOf(asked, 'host');
  if (hosts.length !== 1) return refuse(421, 'exactly one Host is needed');
  return ownHosts(way.port).includes(hosts[0] ?? '') ? null : refuse(421, 'this Host is not served here');
}

/** The only forms of this machine's name that are answered to. */
function ownHosts(port: number): string[] {
  const names = ['127.0.0.1', 'localhost', '[::1]'];
  const withPort = names.map((name) => `${name}:${String(port)}`);
  return port === 80 ? [...withPort, ...names] : withPort;
}

/** L3: an Origin, where there is one, is exactly the origin of the Host the request is for. */
function checkOrigin(asked: Asked, way: Way): Refusal | null {
  const origins = valuesOf(asked, 'origin');
  if (origins.length === 0) return null;
  if (way.over === 'private') return refuse(403, 'no page may use the private socket');
  const host = valuesOf(asked, 'host')[0] ?? '';
  return origins.length === 1 && origins[0] === `http://${host}` ? null : refuse(403, 'another origin may not ask');
}

/**
 * L4: what a browser says of where the request comes from. Only opening the page itself may start elsewhere: `/` holds
 * nothing secret, and `/launch` is worth nothing without its code.
 */
function checkFetchSite(asked: Asked, kind: RouteKind): Refusal | null {
  const sites = valuesOf(asked, 'sec-fetch-site');
  if (sites.length === 0) return null;
  if (sites.length === 1 && sites[0] === 'same-origin') return null;
  const opensPage =
    asked.method === 'GET' &&
    valuesOf(asked, 'sec-fetch-mode')[0] === 'navigate' &&
    valuesOf(asked, 'sec-fetch-dest')[0] === 'document';
  if ((kind === 'shell' || kind === 'launch') && opensPage && sites.length === 1) return null;
  return refuse(403, 'another site may not ask');
}

/** L9: nothing here is for other origins, so nobody needs to ask beforehand. */
function checkMethod(asked: Asked, kind: RouteKind): Refusal | null {
  if (asked.method === 'OPTIONS') return refuse(403, 'no other origin is allowed anything');
  // Method override headers are never read: the method is the method.
  const allowed =
    kind === 'api-change'
      ? ['POST']
      : kind === 'static' || kind === 'shell' || kind === 'media'
        ? ['GET', 'HEAD']
        : ['GET'];
  return allowed.includes(asked.method) ? null : refuse(405, `only ${allowed.join(' or ')}`);
}

/** L7, its first half: a change is JSON, which no form can send. */
function checkJson(asked: Asked): Refusal | null {
  const types = valuesOf(asked, 'content-type');
  const plain = types.length === 1 ? (types[0] ?? '').toLowerCase().replace(/\s/g, '') : '';
  return plain === 'application/json' || plain === 'application/json;charset=utf-8'
    ? null
    : refuse(415, 'content-type must be application/json');
}

/** Everything before credentials, in order: L2, L9 and the method, L3, L4, L7's content type. */
export function checkRequest(asked: Asked, way: Way, kind: RouteKind): Refusal | null {
  return (
    checkHost(asked, way) ??
    checkMethod(asked, kind) ??
    checkOrigin(asked, way) ??
    checkFetchSite(asked, kind) ??
    (kind === 'api-change' ? checkJson(asked) : null)
  );
}

/** L10: counts refused credentials per address; who brings the right ones is never kept waiting. */
export class BadAuthLimit {
  readonly #times = new Map<string, number[]>();
  readonly #now: () => number;

  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /** Notes a refusal of wrong credentials; answers it, or 429 where there have been too many in the last minute. */
  answerTo(refusal: Refusal, address: string): Refusal {
    return this.#failed(address) ? { status: 429, reason: 'too many wrong credentials; wait a minute' } : refusal;
  }

  #failed(address: string): boolean {
    const now = this.#now();
    const recent = (this.#times.get(address) ?? []).filter((at) => now - at < 60_000);
    recent.push(now);
    if (this.#times.size > 1_000) this.#times.clear();
    this.#times.set(address, recent.slice(-LIMITS.badAuthPerMinute - 1));
    return recent.length > LIMITS.badAuthPerMinute;
  }
}
