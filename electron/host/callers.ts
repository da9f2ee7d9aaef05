/**
 * Who is asking, once the guards let the request through: the credential it brings (L5, L7, L8), and what that
 * credential may do (architecture §16). Decides; answers nothing itself.
 */
import type { CallContext, CallSpec } from '../../shared/contract-types.ts';
import { AppError } from '../../shared/errors.ts';
import type { Auth, Session } from './auth.ts';
import { valuesOf } from '../listen/guards.ts';
import type { Asked, Refusal, Way } from '../listen/guards.ts';

export type Caller = { by: 'token'; over: Way['over'] } | { by: 'session'; session: Session };

const CSRF_PREFIX = 'csrf.';

/**
 * `changes` asks a session for its CSRF token as well, in `X-App-CSRF` or, for a socket, as a subprotocol `csrf.<token>`:
 * a cookie alone also comes with requests that other pages of this machine make.
 */
export function identify(
  asked: Asked,
  way: Way,
  auth: Auth,
  options: { changes: boolean; socket?: boolean },
): Caller | Refusal {
  const authorizations = valuesOf(asked, 'authorization');
  if (authorizations.length > 0) {
    const token = /^Bearer ([\w.~+/=-]{1,200})$/.exec(authorizations[0] ?? '')?.[1];
    if (authorizations.length === 1 && token !== undefined && auth.isToken(token))
      return { by: 'token', over: way.over };
    return { status: 401, reason: 'this token is not known' };
  }
  // Cookies are for pages, and no page uses the private socket.
  const cookies = way.over === 'private' ? [] : valuesOf(asked, 'cookie');
  if (cookies.length === 0) return { status: 401, reason: 'a token or a session is needed' };
  const session = cookies.length === 1 ? auth.sessionOf(cookies[0] ?? '') : null;
  if (session === null) return { status: 401, reason: 'there is no such session' };
  if (!options.changes) return { by: 'session', session };
  const given =
    options.socket === true
      ? protocolsOf(asked)
          .filter((name) => name.startsWith(CSRF_PREFIX))
          .map((name) => name.slice(CSRF_PREFIX.length))
      : valuesOf(asked, 'x-app-csrf');
  return given.length === 1 && auth.isCsrf(session, given[0] ?? '')
    ? { by: 'session', session }
    : { status: 403, reason: 'the CSRF token is missing or wrong' };
}

/** Tells a wrong credential, which is counted, from none. */
export function broughtCredential(asked: Asked): boolean {
  return (
    valuesOf(asked, 'authorization').length > 0 ||
    valuesOf(asked, 'cookie').some((cookie) => cookie.includes('switchyard_'))
  );
}

export function protocolsOf(asked: Asked): string[] {
  return valuesOf(asked, 'sec-websocket-protocol').flatMap((value) => value.split(',').map((name) => name.trim()));
}

/** This machine: the private socket, or the window that was launched here. A token over TCP may come from anywhere. */
function isThisMachine(caller: Caller): boolean {
  return caller.by === 'session' || caller.over === 'private';
}

export function mayCall(caller: Caller): (name: string, spec: CallSpec) => true | AppError {
  return (name, spec) => {
    if (spec.reach === 'any' || isThisMachine(caller)) return true;
    return new AppError('not_allowed', `${name} is only served to this machine: its own window or private socket`, {
      details: { call: name, reach: spec.reach },
    });
  };
}

export function faceOf(caller: Caller, over: 'socket' | 'http'): CallContext['face'] {
  if (caller.by === 'session') return 'window';
  return over === 'socket' && caller.over === 'private' ? 'cli' : 'api';
}

/** A reply as this caller may see it: where things are kept is only told on this machine. */
export function replyFor(caller: Caller): (call: string, value: unknown) => unknown {
  return (call, value) => {
    if (call !== 'app.info' || isThisMachine(caller) || typeof value !== 'object' || value === null) return value;
    return { ...value, dataDir: null, movedAside: null };
  };
}
