/** Links between nodes of a graph, and what a node is called. No roles and no values here. */
import type { ComfyGraph } from './graph.ts';
import type { Json } from '../schema.ts';

export interface Link {
  nodeId: string;
  slot: number;
}

/** A link is `[node id, slot]`; some exporters write the id as a number. */
export function linkOf(value: Json | undefined): Link | null {
  if (!Array.isArray(value) || value.length !== 2) return null;
  const [nodeId, slot] = value;
  if (typeof slot !== 'number' || (typeof nodeId !== 'string' && typeof nodeId !== 'number')) return null;
  return { nodeId: String(nodeId), slot };
}

export const isLink = (value: Json | undefined): boolean => linkOf(value) !== null;

/** The title its author gave it, else its class. */
export function nodeTitle(graph: ComfyGraph, nodeId: string): string {
  const node = graph[nodeId];
  const title = node?._meta?.['title'];
  return typeof title === 'string' && title.trim() !== '' ? title.trim() : (node?.class_type ?? nodeId);
}
