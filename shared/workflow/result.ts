/** What reading a workflow can answer, as types only: a graph, "that is the other format", or a reason. No sentences. */
import type { ComfyGraph } from './graph.ts';

/** Where the graph was found. */
export type WorkflowOrigin = 'json' | 'png' | 'webp' | 'jpeg';

export interface ReadWorkflow {
  type: 'workflow';
  /** File name as the artist knows it. */
  name: string;
  origin: WorkflowOrigin;
  graph: ComfyGraph;
  /** Numbers too large to be kept exactly (beyond 2^53), as `node.input`; a server would get a neighbour of them. */
  inexact: readonly string[];
}

/** A graph as ComfyUI's editor saves it: it has no values a server could run without the editor. */
export interface UiFormat {
  type: 'ui-format';
  name: string;
  origin: WorkflowOrigin;
}

export const REFUSAL_REASONS = [
  'empty',
  'too-large',
  'unreadable',
  'unknown-file',
  'broken-image',
  'image-without-workflow',
  'image-with-other-parameters',
  'not-json',
  'not-a-workflow',
  'broken-node',
  'too-many-nodes',
] as const;
export type RefusalReason = (typeof REFUSAL_REASONS)[number];

export interface Refused {
  type: 'refused';
  name: string;
  reason: RefusalReason;
  /** The node id, the generator's name or the parser's words; never needed to understand the reason. */
  detail: string | null;
}

export type ReadResult = ReadWorkflow | UiFormat | Refused;

/** Files above this are not read (a 16-bit 8K PNG stays below it). */
export const MAX_FILE_BYTES = 128 * 1024 * 1024;
/** Graph texts above this are not parsed: far more than any graph, and a compressed chunk can't grow past it. */
export const MAX_GRAPH_CHARS = 24 * 1024 * 1024;
export const MAX_NODES = 5_000;
/** Deeper JSON than this is nobody's workflow, and recursion over it would be dangerous further on. */
export const MAX_DEPTH = 64;
