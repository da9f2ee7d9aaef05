/**
 * What a route is, and the ways an argument can be wrong (swarmui §1.2, §1.3). Transport rules (method, content type,
 * session) are in server.ts; the table is in routes.ts.
 */
import type { SwarmLife } from './life.ts';
import type { SwarmSession } from './sessions.ts';
import type { ApiSocket } from './stream.ts';
import type { JsonObject, VersionFeatures } from './types.ts';
import { textOf } from './values.ts';
import type { Caller, SwarmUser } from './users.ts';

export interface Call {
  readonly core: SwarmLife;
  readonly session: SwarmSession;
  readonly user: SwarmUser;
  /** the JSON object sent, without `session_id` */
  readonly input: JsonObject;
  readonly caller: Caller;
  readonly userAgent: string | null;
}

export interface Route {
  readonly name: string;
  /** null: none needed */
  readonly permission: string | null;
  /** a server without this feature does not know the route */
  readonly needs?: keyof VersionFeatures;
  readonly run: (call: Call) => Promise<object> | object;
}

export interface SocketRoute {
  readonly name: string;
  readonly permission: string | null;
  /** @returns an object to send before closing, or nothing if the route has closed the socket itself */
  readonly serve: (call: Call, socket: ApiSocket) => Promise<object | null>;
}

/** Answers with this object and HTTP 200: most domain errors (swarmui §1.1). */
export class Refusal extends Error {
  readonly body: object;

  constructor(body: object) {
    super(JSON.stringify(body));
    this.body = body;
  }
}

type Wanted = 'String' | 'Int32' | 'Boolean';
interface Values {
  String: string;
  Int32: number;
  Boolean: boolean;
}

/**
 * Scalars are stringified, then parsed; null is not "absent" (swarmui §1.3, rec 02).
 * @throws Refusal with the real sentences
 */
export function argument<T extends Wanted>(input: JsonObject, name: string, type: T, fallback?: Values[T]): Values[T] {
  if (!(name in input)) {
    if (fallback === undefined) throw new Refusal({ error: `Missing required parameter '${name}'` });
    return fallback;
  }
  const value = input[name];
  const text = value === null ? '' : typeof value === 'object' ? JSON.stringify(value) : textOf(value);
  const parsed = parse(type, text);
  if (parsed === null)
    throw new Refusal({ error: `Invalid value '${text}' for parameter '${name}', must be type '${type}'` });
  return parsed;
}

function parse<T extends Wanted>(type: T, text: string): Values[T] | null;
function parse(type: Wanted, text: string): string | number | boolean | null {
  if (type === 'String') return text;
  if (type === 'Int32') return /^-?\d+$/.test(text) ? Number(text) : null;
  return /^(true|false)$/i.test(text) ? text.toLowerCase() === 'true' : null;
}
