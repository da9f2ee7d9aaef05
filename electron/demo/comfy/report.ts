/**
 * What one run tells and leaves behind: status messages, progress of its nodes, outputs; as frames and as a history
 * entry (comfyui §3.6, §4.3). Who gets a frame is decided by the client id (comfyui §4.2). Runs nothing.
 */
import type { NodeClass, NodeContext, NodeResult } from './node.ts';
import type { Picture } from './pictures.ts';
import type { HistoryEntry, HoldPoint, LogEvent, NodeMeta, StatusMessage, UiOutput } from './types.ts';

/** What the engine lends a run. */
export interface RunHost extends Pick<NodeContext, 'sleep' | 'save'> {
  readonly classes: ReadonlyMap<string, NodeClass>;
  readonly cache: Map<string, NodeResult>;
  readonly keepsOldCache: boolean;
  /** 0.3.64 records what came from cache for every job, later ones only for jobs with a client (seen on both). */
  readonly recordsAllCached: boolean;
  readonly stepMs: number;
  /** The socket id that gets the events; null: progress and interruption go to everybody, the rest to nobody. */
  readonly clientId: string | null;
  setLastNode(nodeId: string | null): void;
  /** Sends to that socket; null = to all. */
  send(type: string, data: Record<string, unknown>, to: string | null): void;
  sendText(nodeId: string, text: string): void;
  /** The sampler preview; `when` says whether this is the moment before or after the `progress` frame. */
  sendPreview(nodeId: string, picture: () => Picture, when: 'before' | 'after'): void;
  hold(point: HoldPoint, nodeId?: string): Promise<void>;
  log(event: LogEvent, nodeId?: string): void;
  /** True once if the interrupt flag was set; clears it. */
  takeInterrupt(): boolean;
}

interface NodeProgress {
  readonly value: number;
  readonly max: number;
  readonly state: 'running' | 'finished';
}

export class RunReport {
  readonly #host: RunHost;
  readonly #promptId: string;
  readonly #messages: StatusMessage[] = [];
  readonly #progress = new Map<string, NodeProgress>();
  readonly #outputs: Record<string, UiOutput> = {};
  readonly #meta: Record<string, NodeMeta> = {};

  constructor(host: RunHost, promptId: string) {
    this.#host = host;
    this.#promptId = promptId;
  }

  /** Kept for history in every case; sent to the submitter, and `toAll` when there is none. */
  message(event: string, data: Record<string, unknown>, options: { toAll?: boolean } = {}): void {
    const { clientId } = this.#host;
    const stamped = { prompt_id: this.#promptId, ...data, timestamp: Date.now() };
    this.#messages.push([event, stamped]);
    if (clientId !== null || options.toAll === true) this.#host.send(event, stamped, clientId);
  }

  progress(nodeId: string, value: number, max: number): void {
    this.#progress.set(nodeId, { value, max, state: 'running' });
    this.#sendState();
  }

  finish(nodeId: string): void {
    const max = this.#progress.get(nodeId)?.max ?? 1;
    this.#progress.set(nodeId, { value: max, max, state: 'finished' });
    this.#sendState();
  }

  record(nodeId: string, ui: UiOutput): void {
    this.#outputs[nodeId] = ui;
    this.#meta[nodeId] = { node_id: nodeId, display_node: nodeId, parent_node: null, real_node_id: nodeId };
  }

  entry(completed: boolean): Omit<HistoryEntry, 'prompt'> {
    return {
      outputs: this.#outputs,
      status: { status_str: completed ? 'success' : 'error', completed, messages: this.#messages },
      meta: this.#meta,
    };
  }

  #sendState(): void {
    const identity = (id: string): Record<string, unknown> => ({
      node_id: id,
      prompt_id: this.#promptId,
      display_node_id: id,
      parent_node_id: null,
      real_node_id: id,
    });
    const nodes = Object.fromEntries([...this.#progress].map(([id, state]) => [id, { ...state, ...identity(id) }]));
    this.#host.send('progress_state', { prompt_id: this.#promptId, nodes }, this.#host.clientId);
  }
}
