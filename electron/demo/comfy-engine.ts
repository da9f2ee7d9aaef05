/**
 * An honest ComfyUI without models: queue, one worker with its phases, interrupt flag, history, cache, events. The demo runs on it and every
 * test uses it as the server. No sockets here: comfy-server.ts puts it behind HTTP and WebSocket. Written from the protocol reference; the
 * behaviours that matter to a client are real by default, rare ones are quirks (comfy-types.ts).
 *
 * For tests:
 *   const hold = engine.pauseAt('popped', { promptId });  await hold.reached;  …  hold.release();
 *   engine.addForeign(graph)            another person's prompt           engine.log / executionsOf(id) / outcomesOf(id)
 *   engine.seen('step', id)             resolves when it happened         engine.requests   every HTTP request with its body
 *   engine.restart()                    memory lost, sockets cut          engine.clearHistory(), freeze(), unfreeze(), quirks (mutable)
 */
import { artNodes } from './comfy-nodes-art.ts';
import { probeNodes } from './comfy-nodes-probe.ts';
import { PromptRun, type RunHost } from './comfy-exec.ts';
import { FileStore } from './comfy-files.ts';
import { Holds } from './comfy-holds.ts';
import { canonicalUuid } from './comfy-jobs.ts';
import type { NodeClass, NodeResult } from './comfy-node.ts';
import { type Picture, seededRandom } from './comfy-pictures.ts';
import { previewFrames } from './comfy-previews.ts';
import { type Dict, isDict, PyError, pyFloat, pyStr, pyTruthy } from './comfy-py.ts';
import { PromptQueue } from './comfy-queue.ts';
import type {
  ComfyEngineOptions, ComfyQuirks, ComfyVersion, ExtraData, Graph, Hold, HoldFilter, HoldPoint, LogEntry, LogEvent, QueueItem, RequestEntry,
} from './comfy-types.ts';
import { validatePrompt } from './comfy-validate.ts';
import { binaryFrame, uint32, Wire } from './comfy-wire.ts';

export interface Reply {
  readonly status: number;
  readonly body: unknown;
}

const realQuirks: ComfyQuirks = {
  lostInterruptAtPickup: true, silentOldSocket: true, stalledReaderFreezesAll: true, duplicateKillsWorker: true,
  interruptedIsFailed: false, interruptIgnoresId: false, interruptStallMsPerWaiting: 0, framesBeforeReply: false, dropReplyAfterAccept: false,
  slowLoopMs: 0, deleteDoesNothing: false,
};

/** Taken out of `extra_data` by 0.8.0 and newer, served to everybody by 0.3.64 (reference §3.2). */
const secretKeys = ['auth_token_comfy_org', 'api_key_comfy_org'] as const;

class Stopped extends Error {}

export class ComfyEngine {
  readonly version: ComfyVersion;
  /** Changeable at any time. */
  readonly quirks: ComfyQuirks;
  readonly classes: ReadonlyMap<string, NodeClass>;
  readonly files = new FileStore();
  readonly log: LogEntry[] = [];
  readonly requests: RequestEntry[] = [];
  readonly wire: Wire;
  readonly deviceName: string;
  stepMs: number;
  speed: number;
  queue: PromptQueue;

  readonly #holds = new Holds();
  readonly #now: () => number;
  readonly #random: () => number;
  readonly #previewFormat: 'jpeg' | 'png';
  readonly #previews: boolean;
  readonly #watchers = new Set<() => void>();
  #cache = new Map<string, NodeResult>();
  #counter = 0;
  #interrupt = false;
  /** Stays that of the last started prompt until the next one starts. */
  #clientId: string | null = null;
  #lastNode: string | null = null;
  #life = new AbortController();
  #wake = Promise.withResolvers<undefined>();
  #mutex: Promise<void> | undefined;
  #working: Promise<void>;

  constructor(options: ComfyEngineOptions = {}) {
    this.version = options.version ?? '0.8.0';
    this.quirks = { ...realQuirks, ...options.quirks };
    this.speed = options.speed ?? 1;
    this.stepMs = options.stepMs ?? 20;
    this.deviceName = options.deviceName ?? 'Demo GPU';
    this.#now = options.now ?? Date.now;
    this.#random = seededRandom(options.seed ?? 1);
    this.#previewFormat = options.previewFormat ?? 'png';
    this.#previews = options.previews ?? true;
    this.classes = new Map([...artNodes, ...probeNodes].map((node) => [node.name, node]));
    this.wire = new Wire(this.quirks);
    this.queue = this.#newQueue();
    this.#working = this.#work(this.#life.signal);
  }

  // ---- for tests ----

  pauseAt(point: HoldPoint, filter: HoldFilter = {}): Hold {
    return this.#holds.add(point, filter);
  }

  /** How many times a prompt of this id was started. */
  executionsOf(promptId: string): number {
    return this.log.filter((e) => e.promptId === promptId && e.event === 'start').length;
  }

  /** How its executions ended, in order. */
  outcomesOf(promptId: string): readonly LogEvent[] {
    return this.log.filter((e) => e.promptId === promptId && (e.event === 'success' || e.event === 'error' || e.event === 'interrupted')).map((e) => e.event);
  }

  /** Resolves with the log entry as soon as there is one; with `count`, with the count-th. */
  async seen(event: LogEvent, promptId?: string, count = 1): Promise<LogEntry> {
    const find = (): LogEntry | undefined => this.log.filter((e) => e.event === event && (promptId === undefined || e.promptId === promptId))[count - 1];
    return this.#until(find);
  }

  /** Resolves when nothing waits or runs. */
  async idle(): Promise<void> {
    await this.#until(() => (this.queue.remaining === 0 ? true : undefined));
  }

  async #until<T>(find: () => T | undefined): Promise<T> {
    const known = find();
    if (known !== undefined) return known;
    return new Promise((resolve) => {
      const look = (): void => {
        const value = find();
        if (value === undefined) return;
        this.#watchers.delete(look);
        resolve(value);
      };
      this.#watchers.add(look);
    });
  }

  /** Queues another person's prompt. Throws if the graph is refused. */
  addForeign(graph: Graph, options: { clientId?: string | null; number?: number; promptId?: string; extraData?: ExtraData } = {}): { promptId: string; number: number } {
    const body: Dict = { prompt: structuredClone(graph), client_id: options.clientId === undefined ? 'someone-else' : options.clientId };
    if (options.number !== undefined) body['number'] = options.number;
    if (options.promptId !== undefined) body['prompt_id'] = options.promptId;
    if (options.extraData !== undefined) body['extra_data'] = structuredClone(options.extraData);
    const reply = this.submit(body);
    const answer = reply.body as { prompt_id?: string; number?: number };
    if (reply.status !== 200 || answer.prompt_id === undefined || answer.number === undefined) throw new Error(`foreign prompt refused: ${JSON.stringify(reply.body)}`);
    return { promptId: answer.prompt_id, number: answer.number };
  }

  /** Kill and start again: sockets cut (1006), queue, history, cache and counter gone. Files on disk stay, as in reality. */
  restart(): void {
    this.#write('restart', '');
    this.#stop();
    this.queue = this.#newQueue();
    this.#cache = new Map();
    this.#counter = 0;
    this.#interrupt = false;
    this.#clientId = null;
    this.#lastNode = null;
    this.#mutex = undefined;
    this.#life = new AbortController();
    this.#working = this.#work(this.#life.signal);
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
    this.#stop();
    await this.#working;
  }

  #stop(): void {
    this.#life.abort(new Stopped());
    this.#holds.releaseAll();
    this.wire.thaw();
    this.wire.cut();
    this.#wake.resolve(undefined);
    this.#wake = Promise.withResolvers<undefined>();
  }

  // ---- what the routes call ----

  /** `POST /prompt` with a parsed body (reference §3.3). Throws PyError where the real server answers 500. */
  submit(body: unknown): Reply {
    const has = (name: string): boolean => (isDict(body) ? name in body : Array.isArray(body) && body.includes(name));
    const json: Dict = isDict(body) ? body : {};
    let number: number;
    if (has('number')) number = pyFloat(json['number']);
    else {
      number = pyTruthy(json['front']) ? -this.#counter : this.#counter;
      this.#counter += 1;
    }
    if (!has('prompt')) return refused({ type: 'no_prompt', message: 'No prompt provided', details: 'No prompt provided', extra_info: {} });
    const given = json['prompt_id'];
    if (this.version === 'new' && given !== undefined && given !== null && !(typeof given === 'string' && canonicalUuid.test(given))) {
      return refused({ type: 'invalid_prompt_id', message: 'prompt_id must be a canonical UUID', details: pyStr(given), extra_info: {} });
    }
    const promptId = !has('prompt_id') || (this.version === 'new' && given === null) ? this.mintUuid() : pyStr(given);
    const verdict = validatePrompt(json['prompt'], this.classes, this.version, json['partial_execution_targets']);
    const extra = 'extra_data' in json ? json['extra_data'] : {};
    if (has('client_id')) {
      if (!isDict(extra)) throw new PyError('TypeError', 'object does not support item assignment');
      extra['client_id'] = json['client_id'];
    }
    if (!verdict.ok) return { status: 400, body: { error: verdict.error, node_errors: verdict.nodeErrors } };
    if (!isDict(extra)) throw new PyError('TypeError', 'object does not support item assignment');
    if (this.version !== '0.3.64') {
      for (const secret of secretKeys) delete extra[secret];
      extra['create_time'] = this.#now();
    }
    this.#put([number, promptId, verdict.graph, extra, verdict.outputs]);
    return { status: 200, body: { prompt_id: promptId, number, node_errors: verdict.nodeErrors } };
  }

  #put(item: QueueItem): void {
    this.queue.put(item);
    this.#write('queued', item[1]);
    this.#notify();
  }

  /** `POST /queue` (reference §3.4). */
  editQueue(body: unknown): void {
    const json = needDict(body);
    if (pyTruthy(json['clear'])) for (const item of this.queue.clear()) this.#write('cleared', item[1]);
    if ('delete' in json) {
      const ids = json['delete'];
      if (typeof ids !== 'string' && !Array.isArray(ids)) throw new PyError('TypeError', 'object is not iterable');
      for (const id of ids) this.#delete(id);
    }
  }

  #delete(id: unknown): boolean {
    if (this.quirks.deleteDoesNothing || typeof id !== 'string') return false;
    const gone = this.queue.deletePending(id);
    if (gone) this.#write('deleted', id);
    return gone;
  }

  /** `POST /interrupt` with a parsed body; `undefined` = none or not JSON (reference §3.5). */
  async interrupt(body: unknown): Promise<void> {
    const id = needDict(body === undefined ? {} : body)['prompt_id'];
    if (!pyTruthy(id) || this.quirks.interruptIgnoresId) {
      this.#setInterrupt();
      return;
    }
    const promptId = pyStr(id);
    const runs = this.queue.runningIds.includes(promptId);
    const stallMs = this.queue.pending.length * this.quirks.interruptStallMsPerWaiting;
    if (stallMs > 0) {
      // The copy is made under the queue's lock on the only loop: nothing is served, and no prompt starts or ends meanwhile.
      this.#mutex = this.wire.stall(stallMs);
      await this.#mutex;
      this.#mutex = undefined;
    }
    if (!runs) {
      this.#write('interrupt-ignored', promptId);
      return;
    }
    await this.#holds.pass('interrupt-checked', promptId);
    this.#setInterrupt();
  }

  /** Cancel endpoint of newer servers: check and flag under one lock (reference §3.8). */
  cancelJob(promptId: string): boolean {
    if (this.queue.runningIds.includes(promptId)) {
      this.#setInterrupt();
      return true;
    }
    return this.#delete(promptId);
  }

  #setInterrupt(): void {
    this.#interrupt = true;
    this.#write('interrupt-set', this.queue.runningIds[0] ?? '');
  }

  /** `POST /history`. */
  editHistory(body: unknown): void {
    const json = needDict(body);
    if (pyTruthy(json['clear'])) this.queue.history.clear();
    if ('delete' in json) {
      const ids = json['delete'];
      if (typeof ids !== 'string' && !Array.isArray(ids)) throw new PyError('TypeError', 'object is not iterable');
      for (const id of ids) this.queue.history.delete(String(id));
    }
  }

  /** A new socket: what it is told first (reference §4.1, §4.5). */
  greeting(sid: string): readonly (readonly [type: string, data: Dict])[] {
    const first = ['status', { status: this.#info(), sid }] as const;
    return this.#clientId === sid && this.#lastNode !== null ? [first, ['executing', { node: this.#lastNode }]] : [first];
  }

  features(): Dict {
    const flags = { supports_preview_metadata: true, max_upload_size: 104857600 };
    return this.version === '0.3.64' ? flags : { ...flags, extension: { manager: { supports_v4: true } } };
  }

  mintUuid(): string {
    const hex = this.mintHex();
    return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20)}`;
  }

  /** 32 hex digits from the engine's seed. */
  mintHex(): string {
    return Array.from({ length: 8 }, () => Math.floor(this.#random() * 65536).toString(16).padStart(4, '0')).join('');
  }

  /** For the server: stops where a test holds `POST /prompt` between storing and answering. */
  async beforePromptReply(promptId: string): Promise<void> {
    await this.#holds.pass('before-prompt-reply', promptId);
  }

  #info(): Dict {
    return { exec_info: { queue_remaining: this.queue.remaining } };
  }

  // ---- the worker ----

  #newQueue(): PromptQueue {
    return new PromptQueue(() => { this.wire.sendJson('status', { status: this.#info() }, null); this.#notifyWatchers(); }, this.version, this.quirks.duplicateKillsWorker);
  }

  #notify(): void {
    const wake = this.#wake;
    this.#wake = Promise.withResolvers<undefined>();
    // A turn of the loop later: as with the real worker thread, the answer to the POST may come first or last.
    setImmediate(() => { wake.resolve(undefined); });
  }

  async #work(life: AbortSignal): Promise<void> {
    try {
      while (!life.aborted) {
        if (this.queue.pending.length === 0) {
          await this.#wake.promise;
          continue;
        }
        await this.#pass('before-pop', this.queue.inRunOrder()[0]?.[1] ?? '', life);
        while (this.#mutex) await this.#mutex;
        life.throwIfAborted();
        let taken;
        try {
          taken = this.queue.get();
        } catch (error) {
          if (!(error instanceof PyError)) throw error;
          this.#write('worker-died', '');
          return;
        }
        if (taken) await this.#runOne(taken.task, taken.item, life);
      }
    } catch (error) {
      if (!(error instanceof Stopped)) throw error;
    }
  }

  async #runOne(task: number, item: QueueItem, life: AbortSignal): Promise<void> {
    const promptId = item[1];
    if (!this.quirks.lostInterruptAtPickup) this.#interrupt = false;
    this.#write('popped', promptId);
    await this.#pass('popped', promptId, life);
    if (this.quirks.lostInterruptAtPickup) this.#interrupt = false;
    const client = item[3]['client_id'];
    this.#clientId = client === undefined || client === null ? null : pyStr(client);
    const result = await new PromptRun(this.#hostFor(item, life), item).run();
    await this.#pass('before-task-done', promptId, life);
    while (this.#mutex) await this.#mutex;
    life.throwIfAborted();
    this.queue.taskDone(task, result);
    await this.#pass('after-history', promptId, life);
    if (this.#clientId !== null) this.wire.sendJson('executing', { node: null, prompt_id: promptId }, this.#clientId);
    this.#notifyWatchers();
  }

  async #pass(point: HoldPoint, promptId: string, life: AbortSignal, nodeId?: string): Promise<void> {
    await this.#holds.pass(point, promptId, nodeId);
    life.throwIfAborted();
  }

  #hostFor(item: QueueItem, life: AbortSignal): RunHost {
    const promptId = item[1];
    const clientId = this.#clientId;
    const method = item[3]['preview_method'];
    const wantsPreviews = method === undefined ? this.#previews : method !== 'none';
    return {
      classes: this.classes, cache: this.#cache, keepsOldCache: this.version === 'new', stepMs: this.stepMs, clientId,
      setLastNode: (nodeId) => { this.#lastNode = nodeId; },
      now: this.#now,
      sleep: (ms) => sleep(ms / this.speed, life),
      send: (type, data, to) => { this.wire.sendJson(type, data, to); },
      sendText: (nodeId, text) => {
        const id = Buffer.from(nodeId, 'utf8');
        const prompt = this.version === 'new' && this.wire.flag(clientId, 'supports_progress_text_metadata') ? Buffer.from(promptId, 'utf8') : undefined;
        this.wire.sendBinary(binaryFrame(3, ...(prompt ? [uint32(prompt.length), prompt] : []), uint32(id.length), id, Buffer.from(text, 'utf8')), clientId);
      },
      sendPreview: (nodeId: string, picture: () => Picture, when: 'before' | 'after') => {
        const modern = this.wire.flag(clientId, 'supports_preview_metadata');
        if (!wantsPreviews || (when === 'before') !== modern) return;
        this.wire.sendBinary(previewFrames(modern, this.#previewFormat, nodeId, promptId, picture()), clientId);
      },
      hold: (point, nodeId) => this.#pass(point, promptId, life, nodeId),
      log: (event, nodeId) => { this.#write(event, promptId, nodeId); },
      takeInterrupt: () => {
        const was = this.#interrupt;
        this.#interrupt = false;
        return was;
      },
      save: (file) => {
        const reference = this.files.next(file.prefix, file.extension, file.type);
        this.files.put(reference, file.contentType, file.bytes);
        return reference;
      },
    };
  }

  #write(event: LogEvent, promptId: string, node?: string): void {
    this.log.push(node === undefined ? { event, promptId, at: this.#now() } : { event, promptId, node, at: this.#now() });
    this.#notifyWatchers();
  }

  #notifyWatchers(): void {
    for (const look of [...this.#watchers]) look();
  }
}

function needDict(body: unknown): Dict {
  if (!isDict(body)) throw new PyError('AttributeError', "object has no attribute 'get'");
  return body;
}

const refused = (error: Dict): Reply => ({ status: 400, body: { error, node_errors: {} } });

function sleep(ms: number, life: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = (): void => {
      clearTimeout(timer);
      reject(life.reason instanceof Error ? life.reason : new Stopped());
    };
    const timer = setTimeout(() => {
      life.removeEventListener('abort', stop);
      resolve();
    }, ms);
    life.addEventListener('abort', stop, { once: true });
    if (life.aborted) stop();
  });
}
