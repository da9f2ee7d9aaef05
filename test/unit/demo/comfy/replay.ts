/**
 * Plays a recorded scenario against a server: same requests, each sent when the clients have received what they had received then, and gives
 * back both traffics in comparable form. Values that differ from run to run (ids, times, counters) are reduced to their kind.
 */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { ComfySocket, http, parseTolerant } from '../../../conformance/comfy-client.ts';
import type { Frame } from '../../../conformance/comfy-client.ts';

type Json = Record<string, unknown>;

interface Line {
  readonly dir: 'http-req' | 'http-res' | 'ws-open' | 'ws-send' | 'ws-recv' | 'ws-bin' | 'ws-close' | 'note';
  readonly client?: string;
  readonly method?: string;
  readonly path?: string;
  readonly body?: unknown;
  readonly body_raw?: string;
  readonly status?: number;
  readonly content_type?: string;
  readonly data?: unknown;
  readonly data_raw?: string;
  readonly headers?: Record<string, string>;
}

export interface Traffic {
  /** Per client: what it was told of each prompt, in order, and the counts of its `status` frames. */
  readonly clients: Record<
    string,
    { readonly counts: readonly number[]; readonly prompts: readonly (readonly string[])[] }
  >;
  /** Each answer: request line, status, shape of the body. */
  readonly answers: readonly string[];
}

const folder = fileURLToPath(new URL('../../../recordings/comfyui-0.8.0/', import.meta.url));

export function readRecording(name: string): Line[] {
  return readFileSync(`${folder}${name}.jsonl`, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Line);
}

/** The recording itself in comparable form. */
export function recordedTraffic(lines: readonly Line[]): Traffic {
  const frames = new Map<string, ReplayFrame[]>();
  for (const line of lines) {
    const client = line.client ?? '';
    if (line.dir === 'ws-open') frames.set(client, []);
    if (line.dir === 'ws-recv')
      frames.get(socketOf(lines, line))?.push(fromText(line.data ?? parseTolerant(line.data_raw ?? '')));
    if (line.dir === 'ws-bin')
      frames
        .get(client)
        ?.push({ type: `binary ${Number.parseInt((line.data as { hex64: string }).hex64.slice(0, 8), 16)}`, data: {} });
  }
  const answers = lines
    .filter((l) => l.dir === 'http-res')
    .map((l) => answerLine(l.method ?? '', l.path ?? '', l.status ?? 0, l.body ?? parseTolerant(l.body_raw ?? '')));
  return { clients: summarise(frames), answers };
}

/** A client's later sockets appear as `submitter2`, `submitter3` in `ws-open`, but their frames under `submitter`: the newest open one got them. */
function socketOf(lines: readonly Line[], frame: Line): string {
  const at = lines.indexOf(frame);
  const name = frame.client ?? '';
  const opened = lines.slice(0, at).filter((l) => l.dir === 'ws-open' && (l.client ?? '').replace(/\d+$/, '') === name);
  return opened.at(-1)?.client ?? name;
}

/** Runs the same scenario against the server at `url`. */
export async function replay(lines: readonly Line[], url: string): Promise<Traffic> {
  const sockets = new Map<string, ComfySocket>();
  const ids = new Map<string, string>();
  const answers: string[] = [];
  const seen = new Map<string, number>();
  const translate = (text: string): string =>
    [...ids].reduce((all, [theirs, ours]) => all.replaceAll(theirs, ours), text);
  const caughtUp = async (): Promise<void> => {
    for (const [name, count] of seen) {
      const socket = sockets.get(name);
      if (socket && socket.closed === undefined)
        await socket.until(
          (frames) => frames.filter((f) => f.kind === 'text').length >= count,
          `${count} frames of ${name}`,
        );
    }
  };
  for (const [index, line] of lines.entries()) {
    const client = line.client ?? '';
    if (line.dir === 'ws-open') {
      await caughtUp();
      const flags = lines[index + 1]?.dir === 'ws-send' ? (lines[index + 1]?.data as { data: Json }).data : undefined;
      sockets.set(
        client,
        await ComfySocket.open(
          url,
          new URL(line.path ?? '', 'http://x').searchParams.get('clientId') ?? '',
          flags ? { flags } : {},
        ),
      );
    } else if (line.dir === 'ws-recv') {
      const name = socketOf(lines, line);
      seen.set(name, (seen.get(name) ?? 0) + 1);
    } else if (line.dir === 'ws-close') {
      await caughtUp();
      await sockets.get(client)?.close();
    } else if (line.dir === 'http-req') {
      await caughtUp();
      const recorded = lines
        .slice(index)
        .find((l) => l.dir === 'http-res' && l.client === client && l.path === line.path);
      const body =
        line.body === null || line.body === undefined
          ? undefined
          : typeof line.body === 'string'
            ? translate(line.body)
            : (JSON.parse(translate(JSON.stringify(line.body))) as unknown);
      const reply = await http(url, line.method ?? 'GET', translate(line.path ?? '/'), body, line.headers ?? {});
      const theirs = ((recorded?.body ?? parseTolerant(recorded?.body_raw ?? '')) as Json | null)?.['prompt_id'];
      const ours = (reply.json as Json | undefined)?.['prompt_id'];
      if (typeof theirs === 'string' && theirs.length > 10 && typeof ours === 'string') ids.set(theirs, ours);
      answers.push(
        answerLine(
          line.method ?? '',
          line.path ?? '',
          reply.status,
          reply.type.startsWith('image/') ? picture : (reply.json ?? reply.text),
        ),
      );
    }
  }
  const frames = new Map([...sockets].map(([name, socket]) => [name, socket.frames.map(fromFrame)]));
  for (const socket of sockets.values()) await socket.close();
  return { clients: summarise(frames), answers };
}

/** Stands for the bytes of a picture, which are not compared. */
const picture = { picture: true };

interface ReplayFrame {
  readonly type: string;
  readonly data: Json;
}

const fromText = (value: unknown): ReplayFrame => {
  const { type, data } = value as { type: string; data: Json };
  return { type, data };
};

const fromFrame = (frame: Frame): ReplayFrame =>
  frame.kind === 'text' ? { type: frame.type, data: frame.data } : { type: `binary ${frame.event}`, data: {} };

/** Per prompt in order of appearance: frame types with their shapes; steps of a sampler fold into one entry. */
function summarise(all: ReadonlyMap<string, readonly ReplayFrame[]>): Traffic['clients'] {
  const clients: Record<string, { counts: number[]; prompts: string[][] }> = {};
  for (const [name, frames] of all) {
    const counts: number[] = [];
    const prompts = new Map<string, string[]>();
    let current = '';
    for (const { type, data } of frames) {
      if (type === 'status') {
        counts.push((data['status'] as { exec_info: { queue_remaining: number } }).exec_info.queue_remaining);
        continue;
      }
      current = typeof data['prompt_id'] === 'string' ? data['prompt_id'] : current;
      const list = prompts.get(current) ?? [];
      prompts.set(current, list);
      list.push(`${type} ${shape(data)}`);
    }
    clients[name] = { counts, prompts: [...prompts.values()].map(foldSteps) };
  }
  return clients;
}

/** Repeats of the same few frames become one, so that "how many steps before the interrupt came" does not matter. */
function foldSteps(list: readonly string[]): string[] {
  const out: string[] = [];
  for (const entry of list) {
    out.push(entry);
    for (const length of [1, 2, 3]) {
      const tail = out.slice(-length).join('\n');
      if (
        out.length >= 2 * length &&
        out.slice(-2 * length, -length).join('\n') === tail &&
        /progress|binary/.test(tail)
      )
        out.splice(-length);
    }
  }
  return out;
}

function answerLine(method: string, path: string, status: number, body: unknown): string {
  const isPicture = typeof body === 'object' && body !== null && 'hex64' in body;
  // The machine behind the server is not what is compared: its keys are.
  const told =
    path === '/system_stats'
      ? shape(body).replaceAll(/:(?:"[^"]*"|null|true|false|n|s|_)/g, ':_')
      : shape(isPicture ? picture : body);
  return `${method} ${path.replaceAll(/[0-9a-f-]{36}/g, 'ID')} ${status} ${told}`;
}

/** Texts worth comparing as they are; all others count as "a string". */
const exact = new Set([
  'type',
  'status',
  'status_str',
  'state',
  'class_type',
  'node_type',
  'exception_type',
  'exception_message',
  'message',
  'mediaType',
  'filename',
  'details',
  'node',
  'display_node',
  'node_id',
  'error',
]);
/** Depend on where and how long the server ran. */
const free = new Set(['traceback', 'has_more', 'total', 'argv', 'create_time', 'timestamp', 'value', 'max']);

/** The kind of a value, written down: keys, exact words, and types elsewhere. */
export function shape(value: unknown, key = ''): string {
  if (free.has(key)) return '_';
  if (value === null || value === undefined) return 'null';
  if (typeof value === 'boolean') return String(value);
  if (typeof value === 'number') return 'n';
  if (typeof value === 'string') return exact.has(key) ? JSON.stringify(value.replace(/_\d{5}_/, '_N_')) : 's';
  if (Array.isArray(value)) {
    const items = value.map((v) => shape(v, key));
    return `[${(key === 'current_outputs' || key === 'errors' ? items.sort() : items).join(',')}]`;
  }
  const entries = Object.entries(value as Json)
    .map(([k, v]) => [/^[0-9a-f]{8}-[0-9a-f]{4}-/.test(k) ? 'ID' : k, shape(v, k)] as const)
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([k, v]) => `${k}:${v}`).join(',')}}`;
}
