/**
 * HTTP to one server: an agent of its own, deadlines, abort, size caps, credentials for its own origin only, errors as
 * AppError. Never retries, never follows a redirect, never sends an Origin (C14). Knows no product: what a status or a
 * body means is its caller's business, except 401 and 403.
 */
import { Agent, request } from 'undici';
import type { Dispatcher } from 'undici';
import { AppError } from '../../../shared/errors.ts';
import { isForbiddenHost } from './address-guard.ts';
import { CONNECT, failedToConnect, freshConnection } from './connecting.ts';
import { Deadline } from './deadline.ts';
import type { Delivery } from './error.ts';
import type { Trace } from './trace.ts';

/** Long on purpose: an interpreter lock or a garbage collection stalls a server for seconds (C15). Slow is not offline. */
const ANSWER_MS = 15_000;
const MAX_BYTES = 64 * 1024 * 1024;
const CONNECTIONS = 6;

export interface HttpRequest {
  readonly method: 'GET' | 'POST';
  /** With its query; appended to the base address. */
  readonly path: string;
  /** Sent as JSON. */
  readonly json?: unknown;
  readonly signal?: AbortSignal;
  /** Until the whole answer is there; for `open` until its headers are. Default 15 s. */
  readonly timeoutMs?: number;
  readonly maxBytes?: number;
  /** Further headers of this request alone. */
  readonly headers?: Readonly<Record<string, string>>;
  /**
   * A connection of its own, so that "no connection stood" can be proven and no pooled one can be closing under the
   * request (the keep-alive race).
   */
  readonly fresh?: boolean;
}

export interface HttpAnswer {
  readonly status: number;
  readonly contentType: string;
  readonly text: string;
  /** Where a redirect points; it is never followed. */
  readonly location: string | null;
  readonly cookies: readonly string[];
}

export interface HttpStream {
  readonly status: number;
  readonly contentType: string;
  /** Null when not told. */
  readonly bytes: number | null;
  readonly body: AsyncIterable<Uint8Array>;
}

interface HttpClientOptions {
  /** Scheme, host, port and perhaps a path, without a trailing slash. */
  readonly baseUrl: string;
  /** Headers that sign us in; asked before each request, sent to this server only. */
  readonly credentials?: () => Promise<Readonly<Record<string, string>>>;
  readonly trace?: Trace;
  readonly onAnswer?: (tookMs: number) => void;
}

export class HttpClient {
  readonly #options: HttpClientOptions;
  readonly #agent: Agent;
  readonly #origin: string;
  readonly #prefix: string;
  /** Requests on connections of their own, by what lets go of them. */
  readonly #fresh = new Set<() => void>();

  constructor(options: HttpClientOptions) {
    this.#options = options;
    const url = new URL(options.baseUrl);
    if (isForbiddenHost(url.hostname))
      throw new AppError('invalid_request', 'this address is not used', { details: { host: url.hostname } });
    this.#origin = url.origin;
    this.#prefix = url.pathname === '/' ? '' : url.pathname;
    this.#agent = new Agent({
      connections: CONNECTIONS,
      pipelining: 1,
      allowH2: false,
      connect: CONNECT,
      keepAliveTimeout: 4_000,
    });
  }

  /**
   * One request and its whole answer, whatever its status; 401 and 403 throw `server_auth`. Throws AppError with
   * `details.delivery` (error.ts), or the signal's reason.
   */
  async send(options: HttpRequest): Promise<HttpAnswer> {
    const began = performance.now();
    using deadline = new Deadline(options.signal, options.timeoutMs ?? ANSWER_MS);
    const call = await this.#call(options, deadline);
    try {
      const chunks: Buffer[] = [];
      for await (const chunk of readChunks(call.answer, options.maxBytes ?? MAX_BYTES, what(options)))
        chunks.push(chunk);
      const text = Buffer.concat(chunks).toString('utf8');
      const tookMs = performance.now() - began;
      this.#options.onAnswer?.(tookMs);
      const location = headerOf(call.answer, 'location');
      const answer = {
        status: call.answer.statusCode,
        contentType: headerOf(call.answer, 'content-type'),
        text,
        location: location === '' ? null : location,
        cookies: [call.answer.headers['set-cookie'] ?? []].flat(),
      };
      this.#traceAnswer(options, answer.status, answer.contentType, tookMs, text);
      refuseUnauthorised(answer.status, what(options), text);
      return answer;
    } catch (error) {
      throw deadline.explain(error, what(options), 'unsure');
    } finally {
      await call.done();
    }
  }

  /** For big bodies: answers once the headers are there. The caller reads the body to its end, or aborts. */
  async open(options: HttpRequest): Promise<HttpStream> {
    const deadline = new Deadline(options.signal, options.timeoutMs ?? ANSWER_MS);
    const began = performance.now();
    const call = await this.#call(options, deadline);
    deadline.stopTimer();
    const { answer } = call;
    this.#traceAnswer(
      options,
      answer.statusCode,
      headerOf(answer, 'content-type'),
      performance.now() - began,
      '[stream]',
    );
    if (answer.statusCode === 401 || answer.statusCode === 403) {
      await answer.body.dump().catch(() => undefined);
      deadline[Symbol.dispose]();
      refuseUnauthorised(answer.statusCode, what(options), '');
    }
    const length = Number.parseInt(headerOf(answer, 'content-length'), 10);
    return {
      status: answer.statusCode,
      contentType: headerOf(answer, 'content-type'),
      bytes: Number.isFinite(length) ? length : null,
      body: streamed(readChunks(answer, options.maxBytes ?? Infinity, what(options)), deadline, what(options)),
    };
  }

  /** What is sent on a connection of its own is not cut (bytes sent can't be unsent): it only keeps the process alive no more. */
  async close(): Promise<void> {
    for (const letGo of this.#fresh) letGo();
    await this.#agent.destroy();
  }

  async #call(
    options: HttpRequest,
    deadline: Deadline,
  ): Promise<{ answer: Dispatcher.ResponseData; done: () => Promise<void> }> {
    const own = options.fresh === true ? freshConnection(this.#origin) : null;
    const letGo = (): void => {
      own?.letGo();
      deadline.letGo();
    };
    if (own !== null) this.#fresh.add(letGo);
    const done = async (): Promise<void> => {
      this.#fresh.delete(letGo);
      await own?.client.destroy();
    };
    const path = `${this.#prefix}${options.path}`;
    try {
      const headers: Record<string, string> = {
        accept: '*/*',
        ...(await this.#options.credentials?.()),
        ...options.headers,
      };
      const body = options.json === undefined ? null : JSON.stringify(options.json);
      if (body !== null) headers['content-type'] = 'application/json';
      this.#options.trace?.add({ dir: 'http-req', client: 'switchyard', method: options.method, path, body });
      const answer = await request(`${this.#origin}${path}`, {
        method: options.method,
        headers,
        body,
        signal: deadline.signal,
        dispatcher: own?.client ?? this.#agent,
        headersTimeout: 0,
        bodyTimeout: 60_000,
      });
      return { answer, done };
    } catch (error) {
      await done();
      // A pooled connection can't prove anything: only a failed connect says that nothing was taken.
      const delivery: Delivery =
        own === null ? (failedToConnect(error) ? 'not-sent' : 'unsure') : own.stood() ? 'unsure' : 'not-sent';
      deadline[Symbol.dispose]();
      throw deadline.explain(error, what(options), delivery);
    }
  }

  #traceAnswer(options: HttpRequest, status: number, contentType: string, tookMs: number, body: string): void {
    this.#options.trace?.add({
      dir: 'http-res',
      client: 'switchyard',
      method: options.method,
      path: `${this.#prefix}${options.path}`,
      status,
      content_type: contentType,
      took_ms: Math.round(tookMs * 10) / 10,
      body,
    });
  }
}

const what = (options: HttpRequest): string => `${options.method} ${options.path.split('?')[0] ?? ''}`;

function headerOf(answer: Dispatcher.ResponseData, name: string): string {
  const value = answer.headers[name];
  return Array.isArray(value) ? (value[0] ?? '') : (value ?? '');
}

function refuseUnauthorised(status: number, named: string, text: string): void {
  if (status === 401 || status === 403)
    throw new AppError('server_auth', `${named}: the server answers ${String(status)}`, {
      details: { status, sample: text.slice(0, 300) },
    });
}

async function* readChunks(answer: Dispatcher.ResponseData, maxBytes: number, named: string): AsyncGenerator<Buffer> {
  let size = 0;
  for await (const chunk of answer.body as AsyncIterable<Buffer>) {
    size += chunk.byteLength;
    if (size > maxBytes)
      throw new AppError('server_protocol', `${named}: the answer is larger than ${String(maxBytes)} bytes`, {
        details: { maxBytes },
      });
    yield chunk;
  }
}

/** A body for the caller to read, at its own pace. */
async function* streamed(
  chunks: AsyncIterable<Uint8Array>,
  deadline: Deadline,
  named: string,
): AsyncGenerator<Uint8Array> {
  try {
    yield* chunks;
  } catch (error) {
    throw deadline.explain(error, named, 'unsure');
  } finally {
    deadline[Symbol.dispose]();
  }
}
