/**
 * ComfyUI's HTTP routes over the engine: parse, call, answer. Status codes and odd answers as in comfyui §2, §3;
 * sockets, origin check, faults and body limits are server.ts.
 */
import type { ComfyEngine } from './engine.ts';
import { canonicalUuid, jobById, jobsPage } from './jobs.ts';
import { objectInfo } from './node.ts';
import { isDict, needDict, PyError, pyDumps, pyDumpsOnce, pyLoads, pyTruthy } from './py.ts';
import type { QueueItem, RouteReply, RouteRequest } from './types.ts';
import { storeUpload, viewFile } from './uploads.ts';

const empty = (status: number): RouteReply => ({ status, text: '' });

/** What aiohttp answers when a handler raises (comfyui §1). */
export const serverError: RouteReply = {
  status: 500,
  text: '500 Internal Server Error\n\nServer got itself in trouble',
  type: 'text/plain; charset=utf-8',
};

/** Answers one request; undefined = no such route. Errors of the engine's Python side become the 500 text. */
export async function answer(engine: ComfyEngine, request: RouteRequest): Promise<RouteReply | undefined> {
  try {
    return await route(engine, request);
  } catch (error) {
    if (error instanceof PyError) return serverError;
    throw error;
  }
}

/** `*` stands for one more part. */
const knownRoutes: ReadonlyMap<string, readonly string[]> = new Map([
  ['/', ['GET']],
  ['/prompt', ['GET', 'POST']],
  ['/queue', ['GET', 'POST']],
  ['/interrupt', ['POST']],
  ['/history', ['GET', 'POST']],
  ['/history/*', ['GET']],
  ['/view', ['GET']],
  ['/upload/image', ['POST']],
  ['/free', ['POST']],
  ['/system_stats', ['GET']],
  ['/features', ['GET']],
  ['/object_info', ['GET']],
  ['/object_info/*', ['GET']],
  ['/embeddings', ['GET']],
  ['/ws', ['GET']],
]);

const methodNotAllowed: RouteReply = {
  status: 405,
  text: '405: Method Not Allowed',
  type: 'text/plain; charset=utf-8',
};

async function route(engine: ComfyEngine, request: RouteRequest): Promise<RouteReply | undefined> {
  const { method, path, query } = request;
  const json = (): unknown => pyLoads(request.body.toString('utf8'));
  if (path.startsWith('/api/jobs')) return jobs(engine, request);
  const [, first = '', second, ...more] = path.split('/');
  const methods = knownRoutes.get(second === undefined || first === 'upload' ? path : `/${first}/*`);
  if (methods === undefined || more.length > 0 || second === '') return undefined;
  if (method === 'OPTIONS') return empty(200);
  // GET of anything else falls through to the folder of web files: not found.
  if (!methods.includes(method === 'HEAD' ? 'GET' : method)) return method === 'GET' ? undefined : methodNotAllowed;
  switch (`${method === 'HEAD' ? 'GET' : method} /${first}`) {
    case 'GET /prompt':
      return { status: 200, json: { exec_info: { queue_remaining: engine.queue.remaining } } };
    case 'POST /prompt':
      return postPrompt(engine, json());
    case 'GET /queue':
      return { status: 200, jsonText: queueText(engine) };
    case 'POST /queue':
      engine.editQueue(json());
      return empty(200);
    case 'POST /interrupt':
      await engine.interrupt(bodyOrNothing(request.body));
      return empty(200);
    case 'GET /history':
      return history(engine, second, query);
    case 'POST /history':
      engine.editHistory(json());
      return empty(200);
    case 'GET /view':
      return viewFile(engine.files, query);
    case 'POST /upload':
      return storeUpload(engine.files, request);
    case 'POST /free':
      needDict(json());
      return empty(200);
    case 'GET /system_stats':
      return { status: 200, json: systemStats(engine) };
    case 'GET /features':
      return { status: 200, json: engine.features() };
    case 'GET /object_info':
      return {
        status: 200,
        json: Object.fromEntries(
          [...engine.classes.values()]
            .filter((c) => second === undefined || c.name === second)
            .map((c) => [c.name, objectInfo(c)]),
        ),
      };
    case 'GET /ws':
      return {
        status: 400,
        text: 'No WebSocket UPGRADE hdr: None\n Can "Upgrade" only to "WebSocket".',
        type: 'text/plain; charset=utf-8',
      };
    case 'GET /embeddings':
      return { status: 200, json: [] };
    case 'GET /':
      return {
        status: 200,
        text: "<!doctype html><title>ComfyUI</title>A demo server of Switchyard that speaks ComfyUI's protocol.",
        type: 'text/html; charset=utf-8',
      };
    default:
      return undefined;
  }
}

/** Items do not change once queued: a long queue is written once, not at every look. */
function queueText(engine: ComfyEngine): string {
  const list = (items: Iterable<QueueItem>): string => `[${Array.from(items, pyDumpsOnce).join(', ')}]`;
  return `{"queue_running": ${list(engine.queue.running.values())}, "queue_pending": ${list(engine.queue.pending)}}`;
}

/** `undefined` for an empty body or one that is not JSON: the interrupt is global then. */
function bodyOrNothing(body: Buffer): unknown {
  try {
    return pyLoads(body.toString('utf8'));
  } catch (error) {
    if (error instanceof PyError && error.type === 'JSONDecodeError') return undefined;
    throw error;
  }
}

async function postPrompt(engine: ComfyEngine, body: unknown): Promise<RouteReply> {
  const waiting = engine.queue.remaining;
  const { status, body: reply } = engine.submit(body);
  const promptId = isDict(reply) && typeof reply['prompt_id'] === 'string' ? reply['prompt_id'] : undefined;
  if (promptId !== undefined) {
    if (engine.quirks.framesBeforeReply && waiting === 0) await engine.seen('start', promptId);
    await engine.beforePromptReply(promptId);
  }
  return { status, json: reply };
}

function history(engine: ComfyEngine, id: string | undefined, query: URLSearchParams): RouteReply {
  if (id !== undefined) {
    const wanted = decodeURIComponent(id);
    const entry = engine.queue.history.get(wanted);
    return { status: 200, json: entry ? { [wanted]: entry } : {} };
  }
  const whole = (name: string): number | undefined => {
    const text = query.get(name);
    if (text === null) return undefined;
    if (!/^[+-]?\d+$/.test(text)) throw new PyError('ValueError', `invalid literal for int() with base 10: '${text}'`);
    return Number(text);
  };
  const page = Object.entries(engine.queue.historyPage(whole('max_items'), whole('offset') ?? -1));
  return {
    status: 200,
    jsonText: `{${page.map(([key, entry]) => `${pyDumps(key)}: ${pyDumpsOnce(entry)}`).join(', ')}}`,
  };
}

function jobs(engine: ComfyEngine, { method, path, query, body }: RouteRequest): RouteReply | undefined {
  if (engine.version === '0.3.64') return undefined;
  const parts = path.split('/').slice(3).map(decodeURIComponent);
  if (method === 'GET' && parts.length === 0) {
    const { status, body: page } = jobsPage(engine, query);
    return { status, json: page };
  }
  const [id = '', verb] = parts;
  if (parts.length === 0) return methodNotAllowed;
  if (id === '' || parts.length > 2) return undefined;
  if (method === 'GET' && parts.length === 1) {
    const { status, body: job } = jobById(engine, id);
    return { status, json: job };
  }
  if (engine.version !== 'new') return parts.length === 1 || verb === 'cancel' ? methodNotAllowed : undefined;
  if (method === 'POST' && parts.length === 2 && verb === 'cancel') {
    return canonicalUuid.test(id)
      ? { status: 200, json: { cancelled: engine.cancelJob(id) } }
      : { status: 400, json: { error: 'Invalid job id' } };
  }
  if (method === 'POST' && parts.length === 1 && id === 'cancel') {
    const sent = pyLoads(body.toString('utf8'));
    const ids = isDict(sent) ? sent['job_ids'] : undefined;
    if (!Array.isArray(ids)) return { status: 400, json: { error: 'job_ids must be a list', invalid_ids: [] } };
    const wrong = ids.filter((one) => typeof one !== 'string' || !canonicalUuid.test(one));
    if (wrong.length > 0) return { status: 400, json: { error: 'Invalid job ids', invalid_ids: wrong } };
    return { status: 200, json: { cancelled: ids.map((one) => engine.cancelJob(String(one))).some(pyTruthy) } };
  }
  return methodNotAllowed;
}

function systemStats(engine: ComfyEngine): unknown {
  const gib = 1024 ** 3;
  const free = engine.queue.running.size > 0 ? 5.2 * gib : 17.6 * gib;
  return {
    system: {
      os: engine.version === '0.3.64' ? 'posix' : 'linux',
      ram_total: 64 * gib,
      ram_free: 41 * gib,
      comfyui_version: engine.version === 'new' ? '0.35.0' : engine.version,
      required_frontend_version: null,
      installed_templates_version: null,
      required_templates_version: null,
      python_version: '3.11.7 (main)',
      pytorch_version: '2.13.0',
      embedded_python: false,
      argv: ['main.py'],
      ...(engine.version === 'new' ? { deploy_environment: 'local' } : {}),
    },
    devices: [
      {
        name: engine.deviceName,
        type: 'cuda',
        index: 0,
        vram_total: 24 * gib,
        vram_free: Math.round(free),
        torch_vram_total: 20 * gib,
        torch_vram_free: 2 * gib,
      },
    ],
  };
}
