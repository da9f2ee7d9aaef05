/**
 * An honest ComfyUI without models: queue, one worker with its phases, interrupt flag, history, cache, events. The demo runs on it and every
 * test uses it as the server. Opens no sockets: server.ts puts it behind HTTP and WebSocket. Written from docs/protocol-comfyui.md; the
 * behaviours that matter to a client are real by default, rare ones are quirks (quirks.ts).
 *
 * For tests:
 *   const hold = engine.pauseAt('popped', { promptId });  await hold.reached;  …  hold.release();
 *   engine.addForeign(graph)          another person's prompt        engine.log, executionsOf(id), outcomesOf(id)
 *   engine.seen('step', id)           resolves when it happened      engine.requests   every HTTP request with its body
 *   engine.restart()                  memory lost, sockets cut       engine.clearHistory(), freeze(), unfreeze(), quirks (mutable)
 */
import { FileStore } from './files.ts';
import { Holds } from '../base/holds.ts';
import type { Hold } from '../base/holds.ts';
import { EngineLog } from './log.ts';
import type { NodeClass } from './node.ts';
import { artNodes } from './nodes-art.ts';
import { probeNodes } from './nodes-probe.ts';
import { seededRandom } from './pictures.ts';
import { isDict, membersOf, needDict, needIterable, PyError, pyStr, pyTruthy } from './py.ts';
import type { Dict } from './py.ts';
import type { PromptQueue } from './queue.ts';
import { realQuirks } from './quirks.ts';
import { readSubmission } from './submit.ts';
import type {
  ComfyEngineOptions,
  ComfyQuirks,
  ComfyVersion,
  ExtraData,
  Graph,
  HoldFilter,
  HoldPoint,
  LogEntry,
  LogEvent,
  Passage,
  RequestEntry,
} from './types.ts';
import { Wire } from './wire.ts';
import { Worker } from './worker.ts';

export interface Reply {
  readonly status: number;
  readonly body: unknown;
}

export interface ForeignOptions {
  /** Default `someone-else`; null = a job without client_id (comfyui §4.2). */
  readonly clientId?: string | null;
  readonly number?: number;
  readonly promptId?: string;
  readonly extraData?: ExtraData;
}

export class ComfyEngine {
  readonly version: ComfyVersion;
  /** Changeable at any time. */
  readonly quirks: ComfyQuirks;
  readonly classes: ReadonlyMap<string, NodeClass>;
  /** The output, temp and input folders; they outlive restarts. */
  readonly files = new FileStore();
  /** Every HTTP request as it arrived; the oldest are dropped beyond 20,000. */
  readonly requests: RequestEntry[] = [];
  readonly wire: Wire;
  readonly deviceName: string;
  /** Milliseconds of one sampler step; changeable, from the next prompt on. */
  stepMs: number;
  /** Divides all durations; changeable at any time. */
  speed: number;

  readonly #log = new EngineLog();
  readonly #holds = new Holds<HoldPoint, Passage>();
  readonly #random: () => number;
  readonly #newWorker: () => Worker;
  #worker: Worker;

  constructor(options: ComfyEngineOptions = {}) {
    this.version = options.version ?? '0.8.0';
    this.quirks = { ...realQuirks, ...options.quirks };
    this.speed = options.speed ?? 1;
    this.stepMs = options.stepMs ?? 20;
    this.deviceName = options.deviceName ?? 'Demo GPU';
    this.#random = seededRandom(options.seed ?? 1);
    this.classes = new Map([...artNodes, ...probeNodes].map((node) => [node.name, node]));
    this.wire = new Wire(this.quirks);
    this.#newWorker = () =>
      new Worker({
        version: this.version,
        quirks: this.quirks,
        classes: this.classes,
        files: this.files,
        holds: this.#holds,
        log: this.#log,
        wire: this.wire,
        previews: options.previews ?? true,
        stepMs: () => this.stepMs,
        speed: () => this.speed,
      });
    this.#worker = this.#newWorker();
  }

  get queue(): PromptQueue {
    return this.#worker.queue;
  }

  /** What really happened, in order. */
  get log(): readonly LogEntry[] {
    return this.#log.entries;
  }

  // ---- for tests ----

  /** Holds the engine still at the first moment that matches. */
  pauseAt(point: HoldPoint, filter: HoldFilter = {}): Hold<Passage> {
    return this.#holds.add(
      point,
      ({ promptId, nodeId }) =>
        (filter.promptId === undefined || filter.promptId === promptId) &&
        (filter.nodeId === undefined || filter.nodeId === nodeId),
    );
  }

  /** How many times a prompt of this id was started. */
  executionsOf(promptId: string): number {
    return this.#log.of('start', promptId).length;
  }

  /** How its executions ended, in order: `success`, `error`, `interrupted`. */
  outcomesOf(promptId: string): readonly LogEvent[] {
    const ends: readonly LogEvent[] = ['success', 'error', 'interrupted'];
    return this.log.filter((e) => e.promptId === promptId && ends.includes(e.event)).map((e) => e.event);
  }

  /** Resolves with the log entry as soon as there is one; with `count`, with the count-th. */
  async seen(event: LogEvent, promptId?: string, count = 1): Promise<LogEntry> {
    return this.#log.seen(event, promptId, count);
  }

  /** Resolves when nothing waits or runs. */
  async idle(): Promise<void> {
    await this.#log.until(() => (this.queue.remaining === 0 ? true : undefined));
  }

  /** Queues another person's prompt. Throws if the graph is refused. */
  addForeign(graph: Graph, options: ForeignOptions = {}): { promptId: string; number: number } {
    const body: Dict = {
      prompt: structuredClone(graph),
      client_id: options.clientId === undefined ? 'someone-else' : options.clientId,
    };
    if (options.number !== undefined) body['number'] = options.number;
    if (options.promptId !== undefined) body['prompt_id'] = options.promptId;
    if (options.extraData !== undefined) body['extra_data'] = structuredClone(options.extraData);
    const answer = this.submit(body).body;
    if (!isDict(answer) || typeof answer['prompt_id'] !== 'string' || typeof answer['number'] !== 'number') {
      throw new Error(`foreign prompt refused: ${JSON.stringify(answer)}`);
    }
    return { promptId: answer['prompt_id'], number: answer['number'] };
  }

  /** Kill and start again: sockets cut (1006), queue, history, cache and counter gone. Files on disk stay, as in reality. */
  restart(): void {
    this.#log.write('restart', '');
    void this.close();
    this.#worker = this.#newWorker();
  }

  clearHistory(): void {
    this.queue.history.clear();
  }

  /** No HTTP answer and no frame until `unfreeze`; sockets stay open, the worker goes on (C15). */
  freeze(): void {
    this.wire.freeze();
  }

  unfreeze(): void {
    this.wire.thaw();
  }

  /** Stops worker and sockets for good. */
  async close(): Promise<void> {
    const stopped = this.#worker.stop();
    this.wire.thaw();
    this.wire.cut();
    await stopped;
  }

  // ---- what the routes call ----

  /** `POST /prompt` with a parsed body (comfyui §3.3). Throws PyError where the real server answers 500. */
  submit(body: unknown): Reply {
    const submission = readSubmission(body, {
      version: this.version,
      classes: this.classes,
      nextNumber: () => this.#worker.counter++,
      mintUuid: () => this.mintUuid(),
    });
    if (!submission.accepted) return { status: 400, body: submission.body };
    const { item, nodeErrors } = submission;
    this.#worker.put(item);
    return { status: 200, body: { prompt_id: item[1], number: item[0], node_errors: nodeErrors } };
  }

  /** `POST /queue` (comfyui §3.4): clear first, then delete. */
  editQueue(body: unknown): void {
    const json = membersOf(body, 'clear', 'delete');
    if (pyTruthy(json['clear'])) for (const item of this.queue.clear()) this.#log.write('cleared', item[1]);
    if ('delete' in json) for (const id of needIterable(json['delete'])) this.#delete(id);
  }

  #delete(id: unknown): boolean {
    if (this.quirks.deleteDoesNothing || typeof id !== 'string' || !this.queue.deletePending(id)) return false;
    this.#log.write('deleted', id);
    return true;
  }

  /** `POST /interrupt` with a parsed body; `undefined` = none or not JSON (comfyui §3.5). */
  async interrupt(body: unknown): Promise<void> {
    const worker = this.#worker;
    const id = needDict(body === undefined ? {} : body)['prompt_id'];
    if (!pyTruthy(id)) {
      this.#setInterrupt(worker);
      return;
    }
    const promptId = pyStr(id);
    const runs = this.queue.runningIds.includes(promptId);
    const stallMs = this.queue.pending.length * this.quirks.interruptStallMsPerWaiting;
    // The copy is made under the queue's lock on the only loop: nothing is served, and no prompt starts or ends meanwhile.
    if (stallMs > 0) await worker.holdLock(this.wire.stall(stallMs));
    if (!runs) {
      this.#log.write('interrupt-ignored', promptId);
      return;
    }
    // No await unless a test holds it: check and flag fall into one turn otherwise.
    const held = this.#holds.at('interrupt-checked', { promptId });
    if (held) await held;
    this.#setInterrupt(worker);
  }

  /** Cancel endpoint of newer servers: check and flag under one lock (comfyui §3.8). True = signalled, not stopped. */
  cancelJob(promptId: string): boolean {
    if (!this.queue.runningIds.includes(promptId)) return this.#delete(promptId);
    this.#setInterrupt(this.#worker);
    return true;
  }

  #setInterrupt(worker: Worker): void {
    worker.interruptFlag = true;
    this.#log.write('interrupt-set', worker.queue.runningIds[0] ?? '');
  }

  /** `POST /history`: clear first, then delete. */
  editHistory(body: unknown): void {
    const json = membersOf(body, 'clear', 'delete');
    if (pyTruthy(json['clear'])) this.clearHistory();
    if (!('delete' in json)) return;
    for (const id of needIterable(json['delete'])) {
      if (typeof id === 'object' && id !== null) throw new PyError('TypeError', 'unhashable type');
      this.queue.history.delete(pyStr(id));
    }
  }

  /** What a new socket is told first (comfyui §4.1, §4.5). */
  greeting(sid: string): readonly (readonly [type: string, data: Dict])[] {
    const { clientId, lastNode } = this.#worker;
    const first = ['status', { status: this.#worker.info(), sid }] as const;
    return clientId === sid && lastNode !== null ? [first, ['executing', { node: lastNode }]] : [first];
  }

  features(): Dict {
    const flags = { supports_preview_metadata: true, max_upload_size: 104857600 };
    return this.version === '0.3.64' ? flags : { ...flags, extension: { manager: { supports_v4: true } } };
  }

  /** For the server: notes a request. */
  record(request: RequestEntry): void {
    this.requests.push(request);
    if (this.requests.length > 20_000) this.requests.splice(0, 1000);
  }

  /** For the server: where a test holds `POST /prompt` between storing and answering. */
  async beforePromptReply(promptId: string): Promise<void> {
    await this.#holds.pass('before-prompt-reply', { promptId });
  }

  mintUuid(): string {
    const hex = this.mintHex();
    return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20)}`;
  }

  /** 32 hex digits from the engine's seed. */
  mintHex(): string {
    const four = (): string =>
      Math.floor(this.#random() * 65536)
        .toString(16)
        .padStart(4, '0');
    return Array.from({ length: 8 }, four).join('');
  }
}
