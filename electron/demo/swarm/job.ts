/**
 * One prompt handed over to a ComfyUI and followed to its end, with every window in which a cancel goes wrong
 * (swarmui §4.2, §4.4; order of the backend calls as in swarmui rec 12, 14, 16, 42). Makes no SwarmUI messages: it
 * reports what it reads.
 */
import type { SwarmBackend } from './backends.ts';
import type { ComfyBackend, ComfySocket } from './comfy.ts';
import type { SwarmCore } from './core.ts';
import { JobError } from './types.ts';
import type { JsonObject, Where } from './types.ts';
import { isObject, textOf } from './values.ts';
import { sleep } from '../../../shared/util/async.ts';
import { ABORTED, orAborted } from './wait.ts';

export type JobEnd =
  | 'done'
  /** the interrupt was noticed while following the prompt */
  | 'interrupted'
  /** an HTTP call to ComfyUI was cancelled: swallowed, no message (swarmui §4.2) */
  | 'silent';

export interface JobHooks {
  readonly where: Where;
  readonly interrupted: AbortSignal;
  /** a model load: not a generation, nobody hears of it */
  readonly isLoad?: boolean;
  readonly onRaw?: (bytes: Buffer) => void;
  /** done nodes, all nodes, fraction of the current one (may be NaN) */
  readonly onProgress?: (done: number, all: number, current: number) => void;
  /** also frames of other jobs, as long as `started` is false (swarmui §3.2, rec 43) */
  readonly onPreview?: (png: boolean, bytes: Buffer, done: number, all: number, current: number) => void;
  /** `node` produced it, and `main` says whether it counts as a result */
  readonly onImage?: (bytes: Buffer, main: boolean) => void;
}

/** One hand-over, from the leased socket on. */
interface Handing {
  readonly core: SwarmCore;
  readonly comfy: ComfyBackend;
  readonly socket: ComfySocket;
  readonly graph: JsonObject;
  readonly hooks: JobHooks;
}

/** Known from the answer to `POST /prompt` on. */
type Known = Where & { readonly promptId: string };

interface Frame {
  readonly type: string;
  readonly data: JsonObject;
}

/** @throws JobError with a sentence; any other error means "Something went wrong while generating images." */
export async function runPrompt(
  core: SwarmCore,
  backend: SwarmBackend,
  graph: JsonObject,
  hooks: JobHooks,
): Promise<JobEnd> {
  const { interrupted } = hooks;
  const comfy = backend.comfy;
  if (comfy === null) throw new Error('backend has no address');
  const goneAlready = (): boolean => interrupted.aborted;
  if (goneAlready()) return 'silent';
  const socket = await comfy.lease();
  try {
    const where: Where = { ...hooks.where, backend: backend.id };
    if (hooks.isLoad !== true) await core.pass('before-post', where);
    if (goneAlready()) return 'silent';
    return await handOver({ core, comfy, socket, graph, hooks }, where);
  } finally {
    comfy.giveBack(socket, core.quirks.stalePreviews);
  }
}

async function handOver(handing: Handing, where: Where): Promise<JobEnd> {
  const { core, comfy, socket, graph, hooks } = handing;
  const post = async (): Promise<JsonObject> => {
    const answer = await comfy.send('POST', '/prompt', { prompt: graph, client_id: socket.id });
    const body = isObject(answer.json) ? answer.json : {};
    if (hooks.isLoad !== true) {
      await core.pass('posting-prompt', { ...where, promptId: textOf(body['prompt_id']) });
      if (core.timing.postWindowMs > 0) await sleep(core.timing.postWindowMs);
    }
    return body;
  };
  if (hooks.isLoad !== true) core.log('post', where);
  const posting = post();
  const answer = await orAborted(posting, hooks.interrupted);
  if (answer === ABORTED) {
    // The HTTP call is given up, but ComfyUI has the prompt or will have it: an orphan (swarmui rec 16).
    const late = posting.catch(() => null).then((body) => textOf(body?.['prompt_id']));
    if (core.quirks.earlyCancelOrphans) {
      void late.then((promptId) => {
        if (promptId !== '') core.log('orphan', { ...where, promptId });
      });
    } else await takeBack(handing, true, { ...where, promptId: await late });
    return 'silent';
  }
  if (answer['error'] !== undefined) throw new JobError(`ComfyUI errored: ${JSON.stringify(answer, null, 2)}`);
  const known: Known = { ...where, promptId: String(answer['prompt_id']) };
  if (hooks.isLoad !== true) core.log('accepted', known);
  if (hooks.isLoad !== true) await core.pass('accepted', known);
  const end = await follow(handing, known);
  if (end !== 'done') return end;
  return fetchOutputs(handing, known);
}

/** Reads frames until the prompt's own end. */
async function follow(handing: Handing, where: Known): Promise<JobEnd> {
  const { core, socket, graph, hooks } = handing;
  const all = Object.keys(graph).length;
  let started = false;
  let done = 0;
  let current = 0;
  let node = '';
  let receiving = false;
  const progress = (): void => hooks.onProgress?.(done, all, current);
  for (;;) {
    const raw = await socket.next(hooks.interrupted);
    if (raw === ABORTED) return stopNow(handing, started, where);
    if (raw === 'closed') throw new Error('the backend closed its socket');
    if (raw.binary) {
      hooks.onRaw?.(raw.bytes);
      const bytes = raw.bytes.subarray(8);
      if (started && receiving) hooks.onImage?.(bytes, isResultNode(node));
      else hooks.onPreview?.(raw.bytes.readUInt32BE(4) === 2, bytes, done, all, current);
      continue;
    }
    const frame = parseFrame(raw.bytes);
    const own = frame.data['prompt_id'] === where.promptId;
    if (!started && own && frame.type === 'execution_start') {
      if (
        hooks.isLoad !== true &&
        (await orAborted(core.pass('exec-start-unread', where), hooks.interrupted)) === ABORTED
      ) {
        return stopNow(handing, false, where);
      }
      started = true;
      if (hooks.isLoad !== true) core.log('exec-start', where);
    }
    hooks.onRaw?.(raw.bytes);
    if (!started) continue;
    switch (frame.type) {
      case 'execution_cached':
        done = Array.isArray(frame.data['nodes']) ? frame.data['nodes'].length : 0;
        progress();
        if (hooks.isLoad !== true) await orAborted(core.pass('executing', where), hooks.interrupted);
        break;
      case 'executing':
        if (frame.data['node'] === null || frame.data['node'] === undefined) {
          if (own) {
            if (hooks.isLoad !== true) core.log('exec-end', where);
            return 'done';
          }
          break;
        }
        node = textOf(frame.data['node']);
        done = Math.min(done + 1, all);
        current = 0;
        receiving = false;
        progress();
        break;
      case 'progress': {
        const max = Number(frame.data['max']);
        current = Number(frame.data['value']) / max;
        receiving = max === 12345 || max === 12346;
        progress();
        break;
      }
      case 'executed':
        done = all;
        current = 1;
        progress();
        break;
      case 'execution_error':
        throw new JobError(`ComfyUI execution error: ${String(frame.data['exception_message'])}`);
      default:
        break;
    }
  }
}

/** What the real server does at once on an interrupt; it does not wait for ComfyUI to obey (swarmui §4.2). */
async function stopNow(handing: Handing, started: boolean, where: Known): Promise<JobEnd> {
  const { core, comfy } = handing;
  await takeBack(handing, started || !core.quirks.earlyCancelOrphans, where);
  if (!core.quirks.endsBeforeComfyStops) {
    while (core.isAlive() && (await isListed(comfy, where.promptId))) await sleep(10);
  }
  return 'interrupted';
}

async function takeBack({ core, comfy }: Handing, interrupt: boolean, where: Known): Promise<void> {
  const { promptId } = where;
  if (promptId === '') return;
  core.log('comfy-delete', where);
  await comfy.send('POST', '/queue', { delete: [promptId] });
  if (interrupt) {
    core.log(core.can.targetedInterrupt ? 'comfy-interrupt' : 'comfy-interrupt-global', where);
    await comfy.send('POST', '/interrupt', core.can.targetedInterrupt ? { prompt_id: promptId } : {});
  }
  await comfy.send('POST', '/history', { delete: [promptId] });
}

async function isListed(comfy: ComfyBackend, promptId: string): Promise<boolean> {
  const queue = (await comfy.send('GET', '/queue')).json;
  return JSON.stringify(queue).includes(promptId);
}

/** Saved files of the prompt come from ComfyUI's history; then the entry is deleted there (swarmui §8.3). */
async function fetchOutputs({ core, comfy, hooks }: Handing, where: Known): Promise<JobEnd> {
  const { promptId } = where;
  const fetching = (async (): Promise<void> => {
    const history = (await comfy.send('GET', `/history/${promptId}`)).json;
    if (hooks.isLoad !== true) await core.pass('downloading', where);
    for (const file of filesOf(history, promptId)) {
      const query = new URLSearchParams(file).toString();
      const answer = await comfy.send('GET', `/view?${query}`);
      if (hooks.interrupted.aborted) return;
      if (answer.status === 200) hooks.onImage?.(answer.bytes, true);
    }
    await comfy.send('POST', '/history', { delete: [promptId] });
  })();
  return (await orAborted(fetching, hooks.interrupted)) === ABORTED ? 'silent' : 'done';
}

function filesOf(history: unknown, promptId: string): Record<string, string>[] {
  const entry = isObject(history) ? history[promptId] : null;
  const outputs = isObject(entry) && isObject(entry['outputs']) ? entry['outputs'] : {};
  return Object.values(outputs).flatMap((output) => {
    const images = isObject(output) && Array.isArray(output['images']) ? (output['images'] as unknown[]) : [];
    return images
      .filter(isObject)
      .filter((image) => image['type'] === 'output')
      .map((image) => ({
        filename: String(image['filename']),
        subfolder: textOf(image['subfolder']),
        type: String(image['type']),
      }));
  });
}

/** Node 9 or 100 to 49999 is a result, any other sender an intermediate (swarmui §3.1). */
function isResultNode(node: string): boolean {
  const number = Number(node);
  return number === 9 || (number >= 100 && number < 50_000);
}

function parseFrame(bytes: Buffer): Frame {
  const text = bytes.toString('utf8').replace(/\bNaN\b|-?\bInfinity\b/g, 'null');
  const json: unknown = JSON.parse(text);
  if (!isObject(json)) return { type: '', data: {} };
  return { type: String(json['type']), data: isObject(json['data']) ? json['data'] : {} };
}
