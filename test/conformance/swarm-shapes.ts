/**
 * Reduces a SwarmUI stream to what must be equal between a recording and the engine: the kinds of messages and the counters, not
 * ids, times or pictures. Runs of `gen_progress` become one word; previews are left out, since they depend on the node.
 */
import { progressOf } from './swarm-client.ts';
import type { Message } from './swarm-client.ts';

export function shapeOf(message: Message): string | null {
  if ('status' in message) {
    const { waiting_gens, loading_models, waiting_backends, live_gens } = message['status'] as Record<string, number>;
    return `status ${String(waiting_gens)} ${String(loading_models)} ${String(waiting_backends)} ${String(live_gens)}`;
  }
  const progress = progressOf(message);
  if (progress !== undefined) {
    if ('metadata' in progress) return `running ${String(progress['batch_index'])}`;
    return 'preview' in progress ? null : 'progress';
  }
  if ('image' in message) return `image ${String(message['batch_index'])} ${typeof message['request_id']}`;
  if ('raw_backend_data' in message) return null;
  if ('error' in message) return `error ${JSON.stringify(message['error']).split('Possible reason')[0] ?? ''}`;
  return JSON.stringify(message);
}

export function shapes(messages: readonly Message[]): string[] {
  const out: string[] = [];
  for (const message of messages) {
    const shape = shapeOf(message);
    if (shape === null || (shape === 'progress' && out.at(-1) === 'progress')) continue;
    out.push(shape);
  }
  return out;
}

/** The end every settled request has in common. */
export const TAIL = ['{"keep_alive":true}', '{"discard_indices":[]}', '{"socket_intention":"close"}', 'status 0 0 0 0'];
export const TAIL_AFTER_PARAMETER_ERROR = ['{"socket_intention":"close"}', 'status 0 0 0 0'];

/** How a stream of one image begins: until it waits, until it holds a slot, until it runs. */
export const WAITING = ['status 1 0 0 0', 'status 1 0 1 0'];
export const HANDED = [...WAITING, 'status 1 0 0 0', 'status 1 0 0 1'];
export const RUNNING = [...HANDED, 'running 0', 'progress'];
export const INTERRUPTED = 'error "Generation session interrupted."';
