/**
 * The shapes the ComfyUI engine works with: graphs, queue items, history entries, options, hold points, log entries.
 * No behaviour; that is in engine.ts (queue and worker), exec.ts (one prompt) and server.ts (sockets).
 *
 */

import type { ComfyQuirks } from './quirks.ts';

export type { ComfyQuirks } from './quirks.ts';

/** A ComfyUI version whose observable differences the engine plays (comfyui §9). */
export type ComfyVersion = '0.3.64' | '0.8.0' | 'new';

export interface GraphNode {
  class_type: string;
  inputs: Record<string, unknown>;
  _meta?: Record<string, unknown> | undefined;
}
/** A workflow in API format. */
export type Graph = Record<string, GraphNode>;

export type ExtraData = Record<string, unknown>;

/** What `/queue` lists: `[number, prompt_id, prompt, extra_data, outputs_to_execute]` (comfyui §3.2). */
export type QueueItem = readonly [
  number: number,
  promptId: string,
  prompt: Graph,
  extraData: ExtraData,
  outputs: readonly string[],
];

export type StatusMessage = readonly [event: string, data: Record<string, unknown>];

export interface NodeMeta {
  readonly node_id: string;
  readonly display_node: string;
  readonly parent_node: string | null;
  readonly real_node_id: string;
}

export type UiOutput = Record<string, unknown>;

/** One entry of `/history` (comfyui §3.6). */
export interface HistoryEntry {
  readonly prompt: QueueItem;
  readonly outputs: Record<string, UiOutput>;
  readonly status: {
    readonly status_str: 'success' | 'error';
    readonly completed: boolean;
    readonly messages: readonly StatusMessage[];
  };
  readonly meta: Record<string, NodeMeta>;
}

export interface ComfyEngineOptions {
  /** Which server to be. Default `0.8.0`. */
  readonly version?: ComfyVersion;
  /** Divides every duration: 2 = twice as fast. Default 1. */
  readonly speed?: number;
  /** Milliseconds of one KSampler step. Default 20. */
  readonly stepMs?: number;
  /** Seed of everything that would be random (minted ids, sids). Default 1. */
  readonly seed?: number;
  readonly quirks?: Partial<ComfyQuirks>;
  /** Whether samplers send previews when the prompt does not say (`extra_data.preview_method`). Default true. */
  readonly previews?: boolean;
  /** Named in `/system_stats` as the device. Default "Demo GPU". */
  readonly deviceName?: string;
}

/** Places where the engine can be held still, in the order a prompt passes them. */
export type HoldPoint =
  /** The worker is free and about to take the next waiting prompt (nothing was taken yet). */
  | 'before-pop'
  /** Taken: listed as running, but the interrupt flag is not yet cleared and nothing was sent (C5). */
  | 'popped'
  /** Flag cleared, `execution_start` and `execution_cached` sent, no node begun. */
  | 'started'
  /** `executing` of a node sent; the interrupt check before the node comes next. */
  | 'before-node'
  /** A node finished one step; the interrupt check of the step comes next. */
  | 'before-step-check'
  /** The outcome is decided and sent; the prompt is still listed as running, history has nothing. */
  | 'before-task-done'
  /** History written and running list empty (one lock), `executing: null` not yet sent. */
  | 'after-history'
  /** A targeted interrupt found its prompt running, the flag is not yet set (C6 check-then-set window). */
  | 'interrupt-checked'
  /** `POST /prompt` stored the item, the answer is not yet written. */
  | 'before-prompt-reply';

export interface HoldFilter {
  readonly promptId?: string;
  readonly nodeId?: string;
}

/** Who stands at a hold point. */
export interface Passage {
  readonly promptId: string;
  readonly nodeId?: string | undefined;
}

export type LogEvent =
  | 'queued'
  | 'deleted'
  | 'cleared'
  | 'popped'
  | 'start'
  | 'node'
  | 'step'
  | 'node-done'
  | 'success'
  | 'error'
  | 'interrupted'
  | 'interrupt-set'
  | 'interrupt-ignored'
  | 'worker-died'
  | 'restart';

/** What really happened, for tests to assert on. `at` is wall clock ms. */
export interface LogEntry {
  readonly event: LogEvent;
  readonly promptId: string;
  readonly node?: string;
  readonly at: number;
}

/** One HTTP request as it arrived. `body` is parsed JSON, or the text where it is none. */
export interface RequestEntry {
  readonly method: string;
  readonly path: string;
  readonly query: string;
  readonly body: unknown;
  readonly at: number;
}

export interface RouteRequest {
  readonly method: string;
  /** Without the `/api` prefix; jobs routes keep it. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly body: Buffer;
  readonly contentType: string;
}

export type RouteReply =
  | { readonly status: number; readonly json: unknown }
  /** JSON already written. */
  | { readonly status: number; readonly jsonText: string }
  | { readonly status: number; readonly text: string; readonly type?: string }
  | { readonly status: number; readonly bytes: Uint8Array; readonly type: string; readonly filename?: string };
