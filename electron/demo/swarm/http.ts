/** `POST /API/{Route}`: the order of checks and the answers of swarmui §1.1 and §1.2 (swarmui rec 01, 02). */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Refusal } from './call.ts';
import type { Route } from './call.ts';
import type { SwarmCore } from './core.ts';
import type { SwarmLife } from './life.ts';
import { isObject, textOf } from './values.ts';
import { callerOf } from './request.ts';
import { getNewSession, login, socketRoutes } from './routes-user.ts';
import type { SwarmSession } from './sessions.ts';
import type { JsonObject } from './types.ts';
import type { SwarmUser } from './users.ts';

const INVALID_SESSION = {
  error: 'Invalid session ID. You may need to refresh the page.',
  error_id: 'invalid_session_id',
};
const MAX_BYTES = 209_715_200;

export function jsonAnswer(
  response: ServerResponse,
  status: number,
  body: object,
  headers: Record<string, string> = {},
): void {
  const bytes = Buffer.from(JSON.stringify(body));
  response.writeHead(status, {
    'content-type': 'application/json',
    'content-length': String(bytes.length),
    'cache-control': 'no-store',
    ...headers,
  });
  response.end(bytes);
}

export async function handleApi(
  core: SwarmLife,
  routes: ReadonlyMap<string, Route>,
  request: IncomingMessage,
  name: string,
  body: Buffer,
  response: ServerResponse,
): Promise<void> {
  const fail = (status: number, error_id: string, error: string): void => {
    jsonAnswer(response, status, { error_id, error });
  };
  try {
    const mediaType = (request.headers['content-type'] ?? '').split(';')[0]?.trim().toLowerCase() ?? '';
    if (mediaType !== 'application/json' && !mediaType.endsWith('+json')) {
      fail(400, 'basic_api', 'Wrong content type');
      return;
    }
    const length = Number(request.headers['content-length'] ?? 0);
    if (!(length > 0) || length >= MAX_BYTES) {
      fail(400, 'basic_api', 'bad content length');
      return;
    }
    const json: unknown = JSON.parse(body.toString('utf8'));
    if (!isObject(json)) throw new Error('not an object');
    const caller = callerOf(request);
    const userAgent = request.headers['user-agent'] ?? null;
    const lower = name.toLowerCase();
    if (lower === 'getnewsession') {
      jsonAnswer(response, 200, getNewSession(core, caller, json));
      return;
    }
    if (lower === 'login') {
      const { body: result, cookie } = login(core, json, userAgent);
      jsonAnswer(response, 200, result, cookie === null ? {} : { 'set-cookie': cookie });
      return;
    }
    const found = sessionOf(core, json, request);
    if (found.kind === 'error') {
      jsonAnswer(response, found.status, found.body);
      return;
    }
    const { session, user } = found;
    const route = routes.get(lower);
    if (route === undefined) {
      if (socketRoutes.some((one) => one.name.toLowerCase() === lower))
        fail(400, 'bad_request_method', 'API route needs websocket, request is HTTP');
      else fail(400, 'bad_route', 'Unknown API route');
      return;
    }
    if (route.permission !== null && !user.may(route.permission)) {
      fail(400, 'bad_permissions', 'You lack a required permission.');
      return;
    }
    const { session_id: _session, ...input } = json;
    const result = await route.run({ core, session, user, input, caller, userAgent });
    if (core.isAlive()) jsonAnswer(response, 200, result);
    else response.destroy();
  } catch (problem) {
    if (problem instanceof Refusal) jsonAnswer(response, 200, problem.body);
    else fail(400, 'internal_error', 'An internal error occurred');
  }
}

export type FoundSession =
  | { readonly kind: 'found'; readonly session: SwarmSession; readonly user: SwarmUser }
  | { readonly kind: 'error'; readonly status: number; readonly body: object };

/** The body's `session_id`, and only if that key is absent the header (swarmui §2). Also marks the user as active. */
export function sessionOf(core: SwarmCore, json: JsonObject, request: IncomingMessage): FoundSession {
  const header = core.can.sessionHeader ? request.headers['x-session-id'] : undefined;
  const id = 'session_id' in json ? json['session_id'] : header;
  if (id === undefined)
    return { kind: 'error', status: 400, body: { error_id: 'basic_api', error: 'missing session id' } };
  const session = core.findSession(textOf(id));
  if (session === null) return { kind: 'error', status: 401, body: INVALID_SESSION };
  const user = core.disk.users.getOrMake(session.user.id);
  session.lastUsedMs = Date.now();
  user.lastActiveMs = Date.now();
  return { kind: 'found', session, user };
}
