/**
 * What one run tells and leaves behind: status messages, progress of its nodes, outputs; as frames and as a history entry (reference §3.6, §4.3).
 * Who gets a frame is decided by the client id (§4.2). Runs nothing.
 */
import type { RunHost } from './exec.ts';
import type { HistoryEntry, NodeMeta, StatusMessage, UiOutput } from './types.ts';

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
    const stamped = { prompt_id: this.#promptId, ...data, timestamp: this.#host.now() };
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
