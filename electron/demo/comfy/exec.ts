/**
 * Runs one prompt: node order, cache, progress frames, interrupt checks, and the four ways a prompt ends (comfyui §4.3,
 * §4.4). The queue before and the bookkeeping after it are engine.ts; what nodes do is in nodes-*.ts.
 */
import { GraphPlan } from './graph.ts';
import { NodeFailure } from './node.ts';
import type { NodeClass, NodeContext, NodeResult } from './node.ts';
import { pyDumps } from './py.ts';
import type { Graph, HistoryEntry, QueueItem, UiOutput } from './types.ts';
import { RunReport } from './report.ts';
import type { RunHost } from './report.ts';
import { isLink } from './check.ts';

class Interrupted extends Error {}

const blockedKey = Symbol('blocked');
interface Blocked {
  readonly [blockedKey]: string | null;
}
const isBlocked = (v: unknown): v is Blocked => typeof v === 'object' && v !== null && blockedKey in v;

/** One execution of one queue item. Use once. */
export class PromptRun {
  readonly #host: RunHost;
  readonly #id: string;
  readonly #graph: Graph;
  readonly #item: QueueItem;
  readonly #executed: string[] = [];
  readonly #report: RunReport;
  readonly #plan: GraphPlan;
  /** Results of nodes that must not be cached. */
  readonly #local = new Map<string, NodeResult>();

  constructor(host: RunHost, item: QueueItem) {
    this.#host = host;
    this.#item = item;
    this.#id = item[1];
    this.#graph = item[2];
    this.#plan = new GraphPlan(item[2]);
    this.#report = new RunReport(host, item[1]);
  }

  /** Resolves with what history keeps. Rejects only when the server itself stops. */
  async run(): Promise<Omit<HistoryEntry, 'prompt'>> {
    const host = this.#host;
    this.#report.message('execution_start', {});
    host.log('start');
    const cached = this.#prepareCache();
    this.#report.message('execution_cached', { nodes: cached });
    await host.hold('started');
    let completed = true;
    let at = '';
    try {
      for (at of this.#plan.order(this.#item[4], (id) => this.#cached(id) !== undefined)) {
        await this.#runNode(at);
        this.#executed.push(at);
      }
      this.#report.message('execution_success', {});
      host.log('success');
    } catch (error) {
      if (error instanceof Interrupted) this.#endInterrupted(at);
      else if (error instanceof NodeFailure) this.#endFailed(at, error);
      else throw error;
      completed = false;
    }
    host.setLastNode(null);
    return this.#report.entry(completed);
  }

  /** Drops what the previous prompt left and this one does not use; names the nodes that need not run again. */
  #prepareCache(): string[] {
    const { cache, keepsOldCache } = this.#host;
    const ids = Object.keys(this.#graph);
    const used = new Set(ids.map((id) => this.#plan.signature(id)));
    if (!keepsOldCache) for (const key of cache.keys()) if (!used.has(key)) cache.delete(key);
    return ids.filter((id) => cache.has(this.#plan.signature(id)));
  }

  #cached(id: string): NodeResult | undefined {
    return this.#host.cache.get(this.#plan.signature(id));
  }

  async #runNode(id: string): Promise<void> {
    const host = this.#host;
    const node = this.#graph[id];
    const definition = node && host.classes.get(node.class_type);
    if (!node || !definition) throw new NodeFailure('KeyError', `'${id}'`);
    const cached = this.#cached(id);
    if (cached) {
      this.#serveCached(id, cached);
      return;
    }
    this.#report.progress(id, 0, 1);
    if (host.clientId !== null) {
      host.setLastNode(id);
      host.send('executing', { node: id, display_node: id, prompt_id: this.#id }, host.clientId);
    }
    host.log('node', id);
    const inputs = this.#inputsOf(id);
    const blocker = Object.values(inputs).find(isBlocked);
    if (blocker) {
      this.#serveBlocked(id, node.class_type, blocker);
      return;
    }
    await host.hold('before-node', id);
    this.#checkInterrupt();
    const result = await definition.run(this.#contextOf(id), inputs);
    if (definition.notCached !== true) host.cache.set(this.#plan.signature(id), keepBlocker(result, definition));
    else this.#local.set(id, keepBlocker(result, definition));
    if (result.ui) {
      this.#report.record(id, result.ui);
      this.#sendExecuted(id, result.ui);
    }
    this.#report.finish(id);
    host.log('node-done', id);
  }

  #serveCached(id: string, cached: NodeResult): void {
    const { clientId, recordsAllCached } = this.#host;
    this.#sendExecuted(id, cached.ui ?? null);
    // Unrecorded, history ends with empty outputs (comfyui §3.6).
    if (cached.ui && (clientId !== null || recordsAllCached)) this.#report.record(id, cached.ui);
    this.#report.finish(id);
  }

  #sendExecuted(id: string, output: UiOutput | null): void {
    const { clientId } = this.#host;
    if (clientId === null) return;
    this.#host.send('executed', { node: id, display_node: id, output, prompt_id: this.#id }, clientId);
  }

  #serveBlocked(id: string, classType: string, blocker: Blocked): void {
    const message = blocker[blockedKey];
    if (message !== null) {
      this.#host.send(
        'execution_error',
        {
          prompt_id: this.#id,
          node_id: id,
          node_type: classType,
          executed: [...this.#executed],
          exception_message: `Execution Blocked: ${message}`,
          exception_type: 'ExecutionBlocked',
          traceback: [],
          current_inputs: [],
          current_outputs: [],
        },
        this.#host.clientId,
      );
    }
    const slots = this.#host.classes.get(classType)?.output.length ?? 0;
    this.#host.cache.set(this.#plan.signature(id), {
      outputs: Array.from({ length: slots }, () => ({ [blockedKey]: null })),
    });
    this.#report.finish(id);
  }

  #inputsOf(id: string): Record<string, unknown> {
    const inputs: Record<string, unknown> = {};
    for (const [name, value] of Object.entries(this.#graph[id]?.inputs ?? {})) {
      inputs[name] = isLink(value)
        ? (this.#cached(value[0]) ?? this.#local.get(value[0]))?.outputs?.at(value[1])
        : value;
    }
    return inputs;
  }

  #checkInterrupt(): void {
    if (this.#host.takeInterrupt()) throw new Interrupted();
  }

  #contextOf(id: string): NodeContext {
    const host = this.#host;
    return {
      promptId: this.#id,
      nodeId: id,
      stepMs: host.stepMs,
      sleep: (ms) => host.sleep(ms),
      text: (text) => host.sendText(id, text),
      save: (file) => host.save(file),
      metadata: () => this.#metadata(),
      step: async (value, max, preview) => {
        await host.hold('before-step-check', id);
        this.#checkInterrupt();
        this.#report.progress(id, value, max);
        if (preview) host.sendPreview(id, preview, 'before');
        host.send('progress', { value, max, prompt_id: this.#id, node: id }, host.clientId);
        if (preview) host.sendPreview(id, preview, 'after');
        host.log('step', id);
      },
    };
  }

  #metadata(): Record<string, string> {
    const texts: Record<string, string> = { prompt: pyDumps(this.#graph) };
    const info = this.#item[3]['extra_pnginfo'];
    if (typeof info === 'object' && info !== null)
      for (const [key, value] of Object.entries(info)) texts[key] = pyDumps(value);
    return texts;
  }

  #endInterrupted(nodeId: string): void {
    this.#host.log('interrupted', nodeId);
    const where = { node_id: nodeId, node_type: this.#classOf(nodeId), executed: [...this.#executed] };
    this.#report.message('execution_interrupted', where, { toAll: true });
  }

  #endFailed(nodeId: string, failure: NodeFailure): void {
    this.#host.log('error', nodeId);
    this.#report.message('execution_error', {
      node_id: nodeId,
      node_type: this.#classOf(nodeId),
      executed: [...this.#executed],
      exception_message: `${failure.message}\n`,
      exception_type: failure.type,
      traceback: [
        '  File "execution.py", line 518, in execute\n',
        '  File "execution.py", line 329, in get_output_data\n',
        '  File "custom_nodes/__init__.py", line 59, in run\n',
      ],
      current_inputs: Object.fromEntries(
        Object.entries(this.#inputsOf(nodeId)).map(([name, value]) => [name, [shown(value)]]),
      ),
      current_outputs: Object.keys(this.#graph).reverse(),
    });
  }

  #classOf(nodeId: string): string {
    return this.#graph[nodeId]?.class_type ?? '';
  }
}

/** Scalars as they are, everything else by its kind, as the real server's error report does. */
function shown(value: unknown): unknown {
  if (value === null || ['number', 'boolean', 'string'].includes(typeof value)) return value;
  return Array.isArray(value) ? `[${value.length} items]` : `<${typeof value}>`;
}

/** A node that blocks hands the blocker to everything downstream of it. */
function keepBlocker(result: NodeResult, definition: NodeClass): NodeResult {
  const { blocked } = result;
  if (!blocked) return result;
  return { ...result, outputs: definition.output.map(() => ({ [blockedKey]: blocked.message })) };
}
