/**
 * What is sent for an attempt: the parameters of the job, our mark in each node of a raw graph (S18) and in the metadata
 * of every image (S7), and ComfyUI's frames asked for (S16). Pure; sends nothing.
 */
import type { JobPayload } from '../../../../shared/job.ts';
import { assert } from '../../../../shared/util/assert.ts';
import { stringEnd } from '../../net/python-json.ts';
import type { SendAttempt } from '../adapter.ts';
import { withoutNulls } from './http.ts';

/**
 * Keys of ours in `extra_metadata` and in a node's `_meta`. Values are plain words: dates would be rewritten
 * (swarmui §1.3).
 */
export const ATTEMPT_KEY = 'switchyard_attempt';
/** Which installation it is of: another Switchyard's prompts are other people's work. */
export const CLIENT_KEY = 'switchyard_client';
export const IMAGES_KEY = 'switchyard_images';

/** The request object of one attempt. Throws `bug` for a payload of another kind. */
export function requestFor(attempt: SendAttempt, clientId: string): Record<string, unknown> {
  const { payload } = attempt;
  assert(payload.kind === 'swarm', 'this payload is not for SwarmUI');
  const given = payload.params['extra_metadata'];
  const extra = typeof given === 'object' && given !== null && !Array.isArray(given) ? given : {};
  const request = withoutNulls(payload.params);
  return {
    ...Object.fromEntries(
      Object.entries(request).map(([key, value]) => [
        key,
        isNamed(key, RAW) && typeof value === 'string' ? markGraph(value, attempt.attemptId, clientId) : value,
      ]),
    ),
    session_id: attempt.remoteKey,
    images: payload.images,
    forwardrawbackenddata: true,
    extra_metadata: { ...extra, [ATTEMPT_KEY]: attempt.attemptId, [IMAGES_KEY]: String(askedImages(attempt)) },
  };
}

/** Images one whole request should give. A raw graph makes as many as it likes: one per call is the least. */
export function askedImages(attempt: SendAttempt): number {
  return attempt.payload.kind === 'swarm' ? attempt.payload.images * batchSizeOf(attempt) : 1;
}

export function batchSizeOf(attempt: SendAttempt): number {
  if (attempt.payload.kind !== 'swarm' || rawGraphOf(attempt.payload) !== null) return 1;
  const size = Number(paramOf(attempt.payload.params, 'batchsize') ?? 1);
  return Number.isInteger(size) && size > 1 ? size : 1;
}

const RAW = 'comfyworkflowraw';

const rawGraphOf = (payload: JobPayload): string | null => {
  const text = payload.kind === 'swarm' ? paramOf(payload.params, RAW) : null;
  return typeof text === 'string' ? text : null;
};

/** Its prompts will carry our mark: it brings a graph of its own, with nodes that take one. */
export function carriesMark(payload: JobPayload): boolean {
  const text = rawGraphOf(payload);
  return text !== null && (findNodes(text)?.length ?? 0) > 0;
}

/**
 * SwarmUI reads only the letters of a parameter's name, and no difference of case (swarmui §3.1); of several it takes
 * the last.
 */
const isNamed = (key: string, id: string): boolean => key.toLowerCase().replaceAll(/[^a-z]/g, '') === id;
const paramOf = (params: Readonly<Record<string, unknown>>, id: string): unknown =>
  Object.entries(params)
    .filter(([key]) => isNamed(key, id))
    .at(-1)?.[1];

/**
 * Puts the mark into the `_meta` of every node of an API-format graph. The text is edited, not parsed: it may hold
 * `${tags}` outside of strings and numbers beyond 2^53, which must arrive as they are. What is no graph stays as it is.
 */
export function markGraph(text: string, attemptId: string, clientId: string): string {
  const mark = `"${ATTEMPT_KEY}":${JSON.stringify(attemptId)},"${CLIENT_KEY}":${JSON.stringify(clientId)}`;
  const nodes = findNodes(text);
  if (nodes === null) return text;
  let marked = '';
  let from = 0;
  for (const node of nodes) {
    const at = node.metaOpen ?? node.open;
    const empty = node.metaOpen === null ? node.empty : node.metaEmpty;
    marked += text.slice(from, at + 1);
    marked += node.metaOpen === null ? `"_meta":{${mark}}` : mark;
    if (!empty) marked += ',';
    from = at + 1;
  }
  return marked + text.slice(from);
}

interface NodeAt {
  /** Index of the node's opening brace. */
  readonly open: number;
  empty: boolean;
  /** Index of the opening brace of its `_meta`, where it has one. */
  metaOpen: number | null;
  metaEmpty: boolean;
}

/** The objects at depth two of a JSON object; null when braces or strings do not close. `${…}` counts as text. */
function findNodes(text: string): NodeAt[] | null {
  const nodes: NodeAt[] = [];
  const stack: string[] = [];
  let node: NodeAt | null = null;
  let lastString = '';
  let key = '';
  for (let at = 0; at < text.length; at += 1) {
    const char = text[at];
    if (char === '"') {
      const end = stringEnd(text, at);
      if (end === text.length) return null;
      lastString = text.slice(at + 1, end - 1);
      at = end - 1;
    } else if (char === '$' && text[at + 1] === '{') {
      const end = text.indexOf('}', at);
      if (end === -1) return null;
      at = end;
    } else if (char === ':') {
      key = lastString;
    } else if (char === '{' || char === '[') {
      if (char === '{' && stack.length === 1) {
        node = { open: at, empty: isEmptyFrom(text, at), metaOpen: null, metaEmpty: false };
        nodes.push(node);
      } else if (char === '{' && stack.length === 2 && key === '_meta' && node !== null) {
        node.metaOpen = at;
        node.metaEmpty = isEmptyFrom(text, at);
      }
      stack.push(char);
    } else if (char === '}' || char === ']') {
      if (stack.pop() !== (char === '}' ? '{' : '[')) return null;
    }
  }
  return stack.length === 0 && text.trimStart().startsWith('{') ? nodes : null;
}

const isEmptyFrom = (text: string, open: number): boolean =>
  text
    .slice(open + 1)
    .trimStart()
    .startsWith('}');
