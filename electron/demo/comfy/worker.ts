/**
 * One life of the server process: everything in its memory (queue, history, counter, cache, interrupt flag) and its single worker with the
 * phases a prompt passes (C5, comfyui §5). A restart is a new Worker. Outside view and verbs: engine.ts.
 */
import { sleep } from '../../../shared/util/async.ts';
import { PromptRun } from './exec.ts';
import type { FileStore } from './files.ts';
import type { Holds } from '../base/holds.ts';
import type { EngineLog } from './log.ts';
import type { NodeClass, NodeResult } from './node.ts';
import type { Picture } from './pictures.ts';
import { previewFrame } from './previews.ts';
import { PyError, pyStr } from './py.ts';
import { PromptQueue } from './queue.ts';
import type { RunHost } from './report.ts';
import type { ComfyQuirks, ComfyVersion, HoldPoint, Passage, QueueItem } from './types.ts';
import { binaryFrame, uint32 } from './wire.ts';
import type { Wire } from './wire.ts';

/** What the worker shares with its engine and with the lives before and after it. */
export interface WorkerSetting {
  readonly version: ComfyVersion;
  readonly quirks: ComfyQuirks;
  readonly classes: ReadonlyMap<string, NodeClass>;
  readonly files: FileStore;
  readonly holds: Holds<HoldPoint, Passage>;
  readonly log: EngineLog;
  readonly wire: Wire;
  readonly previews: boolean;
  readonly stepMs: () => number;
  readonly speed: () => number;
}

class Stopped extends Error {}

export class Worker {
  readonly queue: PromptQueue;
  /** Number of the next prompt that brings none. */
  counter = 0;
  /** Set by interrupts; cleared by the check that sees it and by the start of a prompt. */
  interruptFlag = false;
  /** Stays that of the last started prompt until the next one starts. */
  clientId: string | null = null;
  lastNode: string | null = null;

  readonly #setting: WorkerSetting;
  readonly #cache = new Map<string, NodeResult>();
  readonly #life = new AbortController();
  readonly #done: Promise<void>;
  #wake: PromiseWithResolvers<void> = Promise.withResolvers();
  /** While set, the queue's lock is held: nothing starts or ends. */
  #lock: Promise<void> | undefined;

  constructor(setting: WorkerSetting) {
    this.#setting = setting;
    this.queue = new PromptQueue(() => {
      setting.wire.sendJson('status', { status: this.info() }, null);
      setting.log.changed();
    }, setting.version);
    this.#done = this.#work();
  }

  info(): { exec_info: { queue_remaining: number } } {
    return { exec_info: { queue_remaining: this.queue.remaining } };
  }

  /** Throws PyError for an item the heap cannot order; it is stored all the same, and the worker not woken. */
  put(item: QueueItem): void {
    this.queue.put(item);
    this.#setting.log.write('queued', item[1]);
    const wake = this.#wake;
    this.#wake = Promise.withResolvers();
    // A turn of the loop later: as with the real worker thread, the answer to the POST may come first or last.
    setImmediate(() => {
      wake.resolve();
    });
  }

  async holdLock(until: Promise<void>): Promise<void> {
    this.#lock = until;
    await until;
    this.#lock = undefined;
  }

  /** Ends this life at once, in the middle of whatever runs. */
  async stop(): Promise<void> {
    this.#life.abort(new Stopped());
    this.#setting.holds.releaseAll();
    this.#wake.resolve();
    await this.#done;
  }

  async #work(): Promise<void> {
    const { signal } = this.#life;
    try {
      while (!signal.aborted) {
        if (this.queue.pending.length === 0) await this.#wake.promise;
        else if (!(await this.#runNext())) return;
      }
    } catch (error) {
      if (!(error instanceof Stopped)) throw error;
    }
  }

  /** False: the worker died (comfyui rec 27); HTTP and sockets go on. */
  async #runNext(): Promise<boolean> {
    await this.#pass('before-pop', this.queue.pending[0]?.[1] ?? '');
    await this.#unlocked();
    let taken: { task: number; item: QueueItem } | undefined;
    try {
      taken = this.queue.get();
    } catch (error) {
      if (!(error instanceof PyError)) throw error;
      this.#setting.log.write('worker-died', '');
      return false;
    }
    if (taken) await this.#runOne(taken.task, taken.item);
    return true;
  }

  async #runOne(task: number, item: QueueItem): Promise<void> {
    const { quirks, log, wire } = this.#setting;
    const promptId = item[1];
    if (!quirks.lostInterruptAtPickup) this.interruptFlag = false;
    log.write('popped', promptId);
    await this.#pass('popped', promptId);
    if (quirks.lostInterruptAtPickup) this.interruptFlag = false;
    const client = item[3]['client_id'];
    this.clientId = client === undefined || client === null ? null : pyStr(client);
    const result = await new PromptRun(this.#hostFor(item), item).run();
    await this.#pass('before-task-done', promptId);
    await this.#unlocked();
    this.queue.taskDone(task, result);
    await this.#pass('after-history', promptId);
    if (this.clientId !== null) wire.sendJson('executing', { node: null, prompt_id: promptId }, this.clientId);
    log.changed();
  }

  async #pass(point: HoldPoint, promptId: string, nodeId?: string): Promise<void> {
    await this.#setting.holds.pass(point, { promptId, nodeId });
    this.#life.signal.throwIfAborted();
  }

  async #unlocked(): Promise<void> {
    while (this.#lock) await this.#lock;
    this.#life.signal.throwIfAborted();
  }

  #hostFor(item: QueueItem): RunHost {
    const { version, classes, files, log, wire, previews, stepMs, speed } = this.#setting;
    const promptId = item[1];
    const { clientId } = this;
    const method = item[3]['preview_method'];
    const wantsPreviews = method === undefined ? previews : method !== 'none';
    return {
      classes,
      cache: this.#cache,
      keepsOldCache: version === 'new',
      recordsAllCached: version === '0.3.64',
      stepMs: stepMs(),
      clientId,
      setLastNode: (nodeId) => {
        this.lastNode = nodeId;
      },
      sleep: (ms) => sleep(ms / speed(), this.#life.signal),
      send: (type, data, to) => {
        wire.sendJson(type, data, to);
      },
      sendText: (nodeId, text) => {
        wire.sendBinary(
          textFrame(
            nodeId,
            text,
            version === 'new' && wire.flag(clientId, 'supports_progress_text_metadata') ? promptId : undefined,
          ),
          clientId,
        );
      },
      sendPreview: (nodeId: string, picture: () => Picture, when: 'before' | 'after') => {
        const modern = wire.flag(clientId, 'supports_preview_metadata');
        if (!wantsPreviews || (when === 'before') !== modern) return;
        wire.sendBinary(previewFrame(modern, nodeId, promptId, picture()), clientId);
      },
      hold: (point, nodeId) => this.#pass(point, promptId, nodeId),
      log: (event, nodeId) => {
        log.write(event, promptId, nodeId);
      },
      takeInterrupt: () => {
        const was = this.interruptFlag;
        this.interruptFlag = false;
        return was;
      },
      save: ({ prefix, extension, type, contentType, bytes }) => {
        const reference = files.next(prefix, extension, type);
        files.put(reference, contentType, bytes);
        return reference;
      },
    };
  }
}

/** Binary type 3 (comfyui §4.6); with `promptId` in the form of newer servers. */
function textFrame(nodeId: string, text: string, promptId: string | undefined): Uint8Array {
  const sized = (value: string): Uint8Array[] => [uint32(Buffer.byteLength(value)), Buffer.from(value, 'utf8')];
  return binaryFrame(
    3,
    ...(promptId === undefined ? [] : sized(promptId)),
    ...sized(nodeId),
    Buffer.from(text, 'utf8'),
  );
}
