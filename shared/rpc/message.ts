/**
 * The wire (architecture §10): every message either side may send, and their readers. JSON on every transport. Readers
 * are written by hand so that clients need no schema library; what a call carries is validated in invoke.ts, not here.
 *
 * `mark`/`seen` is how a server learns that a client keeps up on transports that hide their buffers (a MessagePort to a
 * busy page): a client answers `mark{n}` with `seen{n}` once it has handled everything before it.
 */
import type { WireError } from '../errors.ts';

export type ClientMessage =
  | { type: 'call'; id: number; name: string; args: unknown }
  | { type: 'abort'; id: number }
  | { type: 'watch'; topics: readonly string[] }
  | { type: 'unwatch'; topics: readonly string[] }
  | { type: 'seen'; n: number };

export type ServerMessage =
  | { type: 'hello'; contractHash: string; appVersion: string }
  | { type: 'ok'; id: number; value: unknown }
  | { type: 'err'; id: number; error: WireError }
  | { type: 'event'; topic: string; payload: unknown }
  | { type: 'mark'; n: number }
  | { type: 'resync' };

export type Message = ClientMessage | ServerMessage;

type Fields = Record<string, unknown>;

const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const isId = (value: unknown): value is number =>
  typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
const isTopics = (value: unknown): value is string[] =>
  Array.isArray(value) &&
  value.length <= 100 &&
  value.every((topic) => typeof topic === 'string' && topic.length <= 100);
/** Unknown fields are refused, so that a message means the same to every version that accepts it. */
const hasOnly = (fields: Fields, names: readonly string[]): boolean =>
  Object.keys(fields).every((key) => names.includes(key));

/** A client's message, or null for anything that is none. */
export function readClientMessage(value: unknown): ClientMessage | null {
  if (!isFields(value)) return null;
  const { type, id, name, topics, n } = value;
  switch (type) {
    case 'call':
      if (!hasOnly(value, ['type', 'id', 'name', 'args']) || !isId(id) || typeof name !== 'string' || name.length > 100)
        return null;
      return { type, id, name, args: value['args'] };
    case 'abort':
      return hasOnly(value, ['type', 'id']) && isId(id) ? { type, id } : null;
    case 'watch':
    case 'unwatch':
      return hasOnly(value, ['type', 'topics']) && isTopics(topics) ? { type, topics } : null;
    case 'seen':
      return hasOnly(value, ['type', 'n']) && isId(n) ? { type, n } : null;
    default:
      return null;
  }
}

/** The id of a call that can't be read otherwise, so that its caller can be told; null when even that is missing. */
export function idOfBrokenCall(value: unknown): number | null {
  return isFields(value) && value['type'] === 'call' && isId(value['id']) ? value['id'] : null;
}

/** A server's message, or null. Tolerant of unknown fields: a newer host may say more. */
export function readServerMessage(value: unknown): ServerMessage | null {
  if (!isFields(value)) return null;
  const { type, id, n, topic, contractHash, appVersion } = value;
  switch (type) {
    case 'hello':
      return typeof contractHash === 'string' && typeof appVersion === 'string'
        ? { type, contractHash, appVersion }
        : null;
    case 'ok':
      return isId(id) ? { type, id, value: value['value'] } : null;
    case 'err':
      return isId(id) ? { type, id, error: value['error'] as WireError } : null;
    case 'event':
      return typeof topic === 'string' ? { type, topic, payload: value['payload'] } : null;
    case 'mark':
      return isId(n) ? { type, n } : null;
    case 'resync':
      return { type };
    default:
      return null;
  }
}
