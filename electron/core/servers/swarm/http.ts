/**
 * SwarmUI's routes, one typed function each; no retries, no decisions. All throw AppError (or the signal's reason).
 * Answers of `POST /API/…` are judged by their body: most refusals are HTTP 200, `bad_permissions` is 400
 * (swarmui §1.2).
 */
import type { z } from 'zod';
import { AppError } from '../../../../shared/errors.ts';
import { assert } from '../../../../shared/util/assert.ts';
import type { HttpAnswer, HttpClient, HttpStream } from '../../net/http-client.ts';
import { deliveryOf } from '../../net/error.ts';
import { readValue } from '../answers.ts';
import {
  AddedBackendSchema,
  BackendsSchema,
  ImagesSchema,
  ModelsSchema,
  ParamsSchema,
  RefusalSchema,
  ResourcesSchema,
  SessionSchema,
  StatusSchema,
  UsersSchema,
} from './schemas.ts';
import type { SwarmBackend, SwarmFile, SwarmResources, SwarmSession, SwarmStatus, SwarmUserCounts } from './schemas.ts';

/** 650 files with their metadata take 0.5 s when not cached (swarmui §3.5); slow disks more. */
const LIST_MS = 60_000;
const LARGE_BYTES = 256 * 1024 * 1024;
const FREE_MS = 60_000;

type Input = Readonly<Record<string, unknown>>;

export class SwarmHttp {
  readonly #http: HttpClient;

  constructor(http: HttpClient) {
    this.#http = http;
  }

  /**
   * Whether SwarmUI answers here, without a side effect: its root redirects to its page (swarmui §7.1). Throws
   * `server_auth` for network authorization, `server_unsupported` for anything else that answers.
   */
  async fingerprint(signal: AbortSignal): Promise<void> {
    const answer = await this.#http.send({ method: 'GET', path: '/', signal, maxBytes: LARGE_BYTES });
    if (answer.status >= 300 && answer.status < 400 && /(^|\/)Text2Image$/i.test(answer.location ?? '')) return;
    throw new AppError('server_unsupported', 'this is not a SwarmUI server', {
      details: { status: answer.status, location: answer.location },
    });
  }

  /**
   * Any refusal here means that we are not let in: it is HTTP 200 without an id when authorization is on
   * (swarmui §1.6).
   */
  async newSession(signal: AbortSignal): Promise<SwarmSession> {
    const answer = await this.#post('GetNewSession', {}, signal);
    const refusal = refusalOf(answer.json);
    if (refusal !== null)
      throw new AppError('server_auth', `GetNewSession: ${refusal.message}`, {
        details: { errorId: refusal.id, reason: 'login-needed' },
      });
    return readValue(SessionSchema, answer.json, 'GetNewSession');
  }

  /** The value of the `swarm_token` cookie. Refusals are HTTP 200 with an `error_id` only (swarmui §1.2). */
  async login(username: string, password: string, signal: AbortSignal): Promise<string> {
    const answer = await this.#post('Login', { username, password }, signal);
    const refusal = refusalOf(answer.json);
    if (refusal !== null)
      throw new AppError('server_auth', `Login: ${refusal.message}`, {
        details: { errorId: refusal.id, reason: refusal.id ?? 'refused' },
      });
    const cookie = answer.cookies
      .map((line) => /^swarm_token=([^;]+)/.exec(line)?.[1])
      .find((value) => value !== undefined);
    if (cookie === undefined)
      throw new AppError('server_protocol', 'Login: accepted, but no token came', {
        details: { status: answer.status },
      });
    return decodeURIComponent(cookie);
  }

  async currentStatus(session: string, signal: AbortSignal): Promise<SwarmStatus> {
    return await this.#read(StatusSchema, 'GetCurrentStatus', session, {}, signal);
  }

  async globalStatus(session: string, signal: AbortSignal): Promise<SwarmStatus> {
    return await this.#read(StatusSchema, 'GetGlobalStatus', session, {}, signal);
  }

  async connectedUsers(session: string, signal: AbortSignal): Promise<SwarmUserCounts[]> {
    return (await this.#read(UsersSchema, 'ListConnectedUsers', session, {}, signal)).users;
  }

  /** Remote children of Swarm-to-Swarm backends included (ids below 0). */
  async backends(session: string, signal: AbortSignal): Promise<SwarmBackend[]> {
    return await this.#read(BackendsSchema, 'ListBackends', session, { nonreal: true, full_data: true }, signal);
  }

  async resources(session: string, signal: AbortSignal): Promise<SwarmResources> {
    return await this.#read(ResourcesSchema, 'GetServerResourceInfo', session, {}, signal);
  }

  /**
   * Cancels everything of this one session, and nothing of any other (S3). Answers success also when nothing ran.
   * Never abortable: bytes sent can't be unsent, and the session must not be used again before the answer.
   */
  async interrupt(session: string): Promise<void> {
    assert(session !== '', 'an interrupt needs its session');
    await this.#call('InterruptAll', session, { other_sessions: false });
  }

  /** Cancels every session of the session's own user: web pages included. */
  async interruptOwnUser(session: string): Promise<void> {
    await this.#call('InterruptAll', session, { other_sessions: true });
  }

  async interruptUser(session: string, name: string): Promise<void> {
    assert(name !== '', 'whose work?');
    await this.#call('AdminInterruptUser', session, { name });
  }

  /** Outputs of the session's user, newest first, as deep as the usual folders go. */
  async listImages(session: string, signal: AbortSignal): Promise<SwarmFile[]> {
    const input = { path: '', depth: 6, sortBy: 'Date', sortReverse: false };
    return (await this.#read(ImagesSchema, 'ListImages', session, input, signal, LIST_MS)).files;
  }

  async params(session: string, signal: AbortSignal): Promise<z.output<typeof ParamsSchema>> {
    return await this.#read(ParamsSchema, 'ListT2IParams', session, {}, signal, LIST_MS);
  }

  /** Reads the model folders again; ignored by the server within 10 s of the last time (swarmui §5). */
  async refreshedParams(session: string, signal: AbortSignal): Promise<z.output<typeof ParamsSchema>> {
    return await this.#read(ParamsSchema, 'TriggerRefresh', session, { strong: true }, signal, LIST_MS);
  }

  async models(session: string, signal: AbortSignal): Promise<z.output<typeof ModelsSchema>['files']> {
    const input = {
      path: '',
      depth: 10,
      subtype: 'Stable-Diffusion',
      sortBy: 'Name',
      sortReverse: false,
      allowRemote: true,
    };
    return (await this.#read(ModelsSchema, 'ListModels', session, input, signal, LIST_MS)).files;
  }

  async freeMemory(session: string, signal: AbortSignal): Promise<void> {
    await this.#call('FreeBackendMemory', session, { system_ram: true }, signal, FREE_MS);
  }

  /** Waits for a free slot, so it can take minutes, and for ever when all are lost (S13). */
  async restartBackend(session: string, id: number, signal: AbortSignal): Promise<void> {
    await this.#call('RestartBackends', session, { backend: String(id) }, signal, 24 * 3_600_000);
  }

  /**
   * With lost slots the answer may never come, though the backend is gone at once (swarmui §4.4): callers don't wait
   * for it.
   */
  async deleteBackend(session: string, id: number, signal: AbortSignal): Promise<void> {
    await this.#call('DeleteBackend', session, { backend_id: id }, signal, 24 * 3_600_000);
  }

  async addBackend(session: string, type: string, signal: AbortSignal): Promise<number> {
    return (await this.#read(AddedBackendSchema, 'AddNewBackend', session, { type_id: type }, signal)).id;
  }

  async editBackend(session: string, id: number, title: string, settings: Input, signal: AbortSignal): Promise<void> {
    await this.#call('EditBackend', session, { backend_id: id, title, settings }, signal, FREE_MS);
  }

  /** An output file. `path` as the stream or the listing names it, not encoded. */
  async view(path: string, signal: AbortSignal): Promise<HttpStream> {
    const encoded = path
      .split('/')
      .map((part) => encodeURIComponent(part))
      .join('/');
    return await this.#http.open({ method: 'GET', path: `/${encoded}`, signal, timeoutMs: 30_000 });
  }

  async #read<Schema extends z.ZodType>(
    schema: Schema,
    route: string,
    session: string,
    input: Input,
    signal: AbortSignal,
    timeoutMs?: number,
  ): Promise<z.output<Schema>> {
    return readValue(schema, await this.#call(route, session, input, signal, timeoutMs), route);
  }

  async #call(
    route: string,
    session: string,
    input: Input,
    signal?: AbortSignal,
    timeoutMs?: number,
  ): Promise<unknown> {
    const answer = await this.#post(route, { session_id: session, ...input }, signal, timeoutMs);
    const refusal = refusalOf(answer.json);
    if (refusal !== null) throw refusalError(route, answer.status, refusal);
    return answer.json;
  }

  /** JSON there and back. The body has its length and no nulls; a redirect where JSON was expected is no answer. */
  async #post(
    route: string,
    json: Input,
    signal?: AbortSignal,
    timeoutMs?: number,
  ): Promise<HttpAnswer & { json: unknown }> {
    const request = {
      method: 'POST',
      path: `/API/${route}`,
      json: withoutNulls(json),
      maxBytes: LARGE_BYTES,
      ...(signal === undefined ? {} : { signal }),
      ...(timeoutMs === undefined ? {} : { timeoutMs }),
    } as const;
    let answer: HttpAnswer;
    try {
      answer = await this.#http.send(request);
    } catch (error) {
      throw sessionProblem(route, error) ?? error;
    }
    if (answer.status >= 300 && answer.status < 400) {
      throw new AppError('server_protocol', `${route}: a redirect where JSON was expected`, {
        details: { status: answer.status, location: answer.location },
      });
    }
    try {
      return { ...answer, json: JSON.parse(answer.text) as unknown };
    } catch (error) {
      throw new AppError('server_protocol', `${route}: the answer is not JSON`, {
        details: { status: answer.status, sample: answer.text.slice(0, 300) },
        cause: error,
      });
    }
  }
}

/** JSON `null` is not "absent" for SwarmUI (swarmui §1.3): such keys are left out. */
export function withoutNulls(input: Input): Record<string, unknown> {
  return Object.fromEntries(Object.entries(input).filter(([, value]) => value !== null && value !== undefined));
}

interface Refusal {
  readonly id: string | null;
  readonly message: string;
}

/** Null when the answer holds neither `error` nor `error_id`: HTTP 200 says nothing (swarmui §1.2). */
function refusalOf(json: unknown): Refusal | null {
  const parsed = RefusalSchema.safeParse(json);
  if (!parsed.success) return null;
  const { error, error_id: id } = parsed.data;
  return error === undefined && id === undefined ? null : { id: id ?? null, message: error ?? id ?? '' };
}

/** Which of our errors a refusal is; its `error_id` is kept in `details.errorId`. */
function refusalError(route: string, status: number, refusal: Refusal): AppError {
  const details = { errorId: refusal.id, status, route };
  switch (refusal.id) {
    case 'bad_permissions':
    case 'invalid_session_id':
      return new AppError('server_auth', `${route}: ${refusal.message}`, {
        details: { ...details, reason: refusal.id },
      });
    case 'bad_route':
      return new AppError('server_unsupported', `${route}: this server has no such route`, { details });
    default:
      return new AppError('server_rejected', `${route}: ${refusal.message}`.slice(0, 2_000), { details });
  }
}

/** HTTP 401 is either an unknown session (JSON) or the network authorization (text): told by the body. */
function sessionProblem(route: string, error: unknown): AppError | null {
  if (!(error instanceof AppError) || error.code !== 'server_auth') return null;
  const sample = typeof error.details?.['sample'] === 'string' ? error.details['sample'] : '';
  if (!sample.includes('invalid_session_id')) {
    return new AppError('server_auth', `${route}: the server wants its network authorization`, {
      details: { status: 401, reason: 'network-authorization' },
    });
  }
  return refusalError(route, 401, { id: 'invalid_session_id', message: 'this session is not known to the server' });
}

export const hasErrorId = (error: unknown, id: string): boolean =>
  error instanceof AppError && error.details?.['errorId'] === id;
/** Refused, or no connection at all: the server process is not there. */
export const isGone = (error: unknown): boolean =>
  error instanceof AppError && error.code === 'server_unreachable' && deliveryOf(error) === 'not-sent';
