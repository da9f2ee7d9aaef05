/** A server's refusal of single inputs (`node_errors` of ComfyUI's 400), as node title and sentence. Pure. */
import type { WireError } from '../errors.ts';
import type { ComfyGraph } from './graph.ts';
import { nodeTitle } from './links.ts';

export interface NodeError {
  nodeId: string;
  node: string;
  message: string;
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const textOf = (value: unknown): string => (typeof value === 'string' ? value.trim() : '');

/** Refused inputs in the server's order. Follow-up complaints about links into a broken node are left out when others stand. */
export function nodeErrorsOf(error: WireError, graph: ComfyGraph): NodeError[] {
  const nodes = error.details?.['node_errors'];
  if (!isRecord(nodes)) return [];
  const found: (NodeError & { followUp: boolean })[] = [];
  for (const [nodeId, entry] of Object.entries(nodes)) {
    if (!isRecord(entry) || !Array.isArray(entry['errors'])) continue;
    const node = graph[nodeId] === undefined ? textOf(entry['class_type']) || nodeId : nodeTitle(graph, nodeId);
    for (const fault of entry['errors'] as unknown[]) {
      if (!isRecord(fault)) continue;
      const message = [textOf(fault['message']), textOf(fault['details'])].filter((part) => part !== '').join(': ');
      found.push({ nodeId, node, message, followUp: fault['type'] === 'exception_during_inner_validation' });
    }
  }
  const own = found.filter(({ followUp }) => !followUp);
  return (own.length > 0 ? own : found).map(({ nodeId, node, message }) => ({ nodeId, node, message }));
}
