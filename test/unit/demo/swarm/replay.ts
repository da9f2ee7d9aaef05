/**
 * Plays the client side of a SwarmUI recording against the demo engine and gives back, stream by stream and answer by answer, what the
 * real server said and what the engine says, reduced to shapes. Waits for recorded messages to have come before it acts, as the
 * recording client did, and keeps its pauses up to a limit; judges nothing.
 */
import { readFileSync } from 'node:fs';
import { dayOf } from '../../../../electron/demo/swarm/outputs.ts';
import type { ComfyServerHandle } from '../../../../electron/demo/comfy/server.ts';
import type { SwarmServerHandle } from '../../../../electron/demo/swarm/server.ts';
import { SwarmClient, until } from '../../../conformance/swarm-client.ts';
import type { Answer, Message, Stream } from '../../../conformance/swarm-client.ts';
import { shapes } from '../../../conformance/swarm-shapes.ts';

interface Line {
  readonly t_ms: number;
  readonly dir: string;
  readonly client?: string;
  readonly method?: string;
  readonly path?: string;
  readonly headers?: Record<string, string>;
  readonly body?: unknown;
  readonly status?: number | null;
  readonly data?: unknown;
}

export interface Compared {
  readonly what: string;
  readonly recorded: unknown;
  readonly engine: unknown;
}

interface Track {
  readonly name: string;
  readonly live: Stream;
  readonly recorded: Message[];
  close: { recorded: number | null; live: number | null } | null;
}

const folder = new URL('../../../recordings/swarmui-0.9.8.2/', import.meta.url);

export async function replay(
  file: string,
  swarm: SwarmServerHandle,
  comfy: ComfyServerHandle,
  longestPauseMs = 120,
): Promise<Compared[]> {
  const lines = readFileSync(new URL(file, folder), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Line);
  const client = new SwarmClient(swarm.url, {});
  const direct = new SwarmClient(comfy.url, {});
  /** recorded ids and file names → the engine's */
  const names = new Map<string, string>([['2026-11-21', dayOf(new Date())]]);
  const tracks: Track[] = [];
  const latest = new Map<string, Track>();
  const compared: Compared[] = [];
  const asked = new Map<string, Promise<Answer>>();
  const lastHeaders = new Map<string, Record<string, string>>();
  let lastNote = '';
  let before = lines[0]?.t_ms ?? 0;

  const own = async <T>(value: T): Promise<T> => {
    let text = JSON.stringify(value);
    for (const id of text.match(/\b0{30}\d{10}\b/g) ?? []) if (!names.has(id)) names.set(id, await client.newSession());
    for (const { live, recorded } of tracks) {
      const images = live.images();
      recorded
        .flatMap((message) => (typeof message['image'] === 'string' ? [message['image']] : []))
        .forEach((image, index) => {
          names.set(image.split('/').at(-1) ?? '', images[index]?.split('/').at(-1) ?? '');
        });
    }
    for (const [recorded, engine] of names) if (recorded !== '') text = text.replaceAll(recorded, engine);
    return JSON.parse(text) as T;
  };
  const caughtUp = async (): Promise<void> => {
    for (const { name, live, recorded } of tracks) {
      if (name === 'PW' || live.closeCode !== null) continue;
      await until(
        `${name} to have received what the recording had`,
        () => (shapes(live.messages).length >= shapes(recorded).length ? true : undefined),
        4000,
      );
    }
  };

  for (const line of lines) {
    const name = line.client ?? '';
    const acts = line.dir === 'http-req' || line.dir === 'ws-open' || line.dir === 'ws-send' || line.dir === 'note';
    if (acts) {
      await caughtUp();
      const pause = Math.min(longestPauseMs, Math.max(0, line.t_ms - before));
      if (pause > 1) {
        await new Promise((resolve) => {
          setTimeout(resolve, pause);
        });
      }
    }
    before = line.t_ms;
    const track = latest.get(name);
    if (line.dir === 'note') {
      lastNote = String(line.data);
      await note(lastNote, track ?? latest.get('A'), swarm, comfy);
    }
    if (line.dir === 'ws-open') {
      // The recording leaves this one header out.
      const headers: Record<string, string> =
        lastNote === 'session in header of the handshake' ? { 'X-Session-ID': await client.newSession() } : {};
      const opened: Track = { name, live: await client.open(line.path ?? '', headers), recorded: [], close: null };
      tracks.push(opened);
      latest.set(name, opened);
    }
    if (line.dir === 'ws-send') track?.live.send(await own(line.data as Message));
    if (line.dir === 'ws-recv') track?.recorded.push(line.data as Message);
    if (line.dir === 'ws-close' && track !== undefined) {
      const { code } = line.data as { code: number | null };
      if (code === null) track.live.socket.terminate();
      else track.close = { recorded: code, live: await track.live.closed(5000) };
    }
    if (line.dir === 'http-req') {
      const via = name === 'comfy' ? direct : client;
      const body = line.body === null || line.body === undefined ? undefined : await own(line.body as Message | string);
      const path = await own(line.path ?? '');
      lastHeaders.set(name, line.headers ?? {});
      const headers = await own(line.headers ?? {});
      asked.set(
        `${name} ${line.path ?? ''}`,
        via.request(line.method ?? 'GET', path, { ...(body === undefined ? {} : { body }), headers }),
      );
    }
    if (line.dir === 'http-res' && line.status !== null) {
      const path = line.path ?? '';
      const recorded = [line.status, bodyShape(path, line.body)];
      const seen = (answer: Answer | undefined): unknown[] => [
        answer?.status,
        bodyShape(path, answer?.contentType.includes('json') === true ? answer.json : null),
      ];
      let answer = await asked.get(`${name} ${path}`);
      // How soon ComfyUI lets go of a prompt is not SwarmUI's: look again for a while.
      const patience = performance.now() + 2000;
      while (
        path.endsWith('/queue') &&
        JSON.stringify(seen(answer)) !== JSON.stringify(recorded) &&
        performance.now() < patience
      ) {
        await new Promise((resolve) => {
          setTimeout(resolve, 20);
        });
        const via = name === 'comfy' ? direct : client;
        if (line.method === 'GET')
          answer = await via.request('GET', path, { headers: await own(lastHeaders.get(name) ?? {}) });
        else break;
      }
      const made = (line.body as Message | null)?.['session_id'];
      if (typeof made === 'string') names.set(made, String(answer?.json['session_id']));
      pairPrompts(line.body, answer?.json, names);
      compared.push({ what: `${String(line.t_ms)} ${name} ${path}`, recorded, engine: seen(answer) });
    }
  }
  for (const { name, live, recorded, close } of tracks) {
    if (name === 'PW') continue;
    compared.push({
      what: `stream ${name}`,
      recorded: shapes(recorded),
      engine: shapes(live.messages).slice(0, close === null ? shapes(recorded).length : undefined),
    });
    if (close !== null) compared.push({ what: `close ${name}`, recorded: close.recorded, engine: close.live });
  }
  client.close();
  return compared;
}

async function note(
  text: string,
  track: Track | undefined,
  swarm: SwarmServerHandle,
  comfy: ComfyServerHandle,
): Promise<void> {
  if (text.startsWith('TCP connection destroyed')) track?.live.socket.terminate();
  if (text.startsWith('client sent a close frame')) track?.live.socket.close(1000);
  if (text === 'retry of B once the load has ended')
    await swarm.engine.until((log) => log.findLast((entry) => entry.kind === 'load-end'));
  if (text === 'ComfyUI process killed') await comfy.goDown();
  if (text === 'ComfyUI started again') await comfy.restart();
}

/** Prompt ids of a queue listing, in their order. */
function pairPrompts(recorded: unknown, engine: unknown, names: Map<string, string>): void {
  const ids = (body: unknown): string[] => {
    const { queue_running: running = [], queue_pending: pending = [] } = (body ?? {}) as Record<string, unknown[][]>;
    return [...running, ...pending].map((item) => String(item[1]));
  };
  const live = ids(engine);
  ids(recorded).forEach((id, index) => {
    names.set(id, live[index] ?? id);
  });
}

/** What must be equal in a body: errors and counters exactly, lists by their size, anything else by its keys. */
function bodyShape(path: string, body: unknown): unknown {
  if (typeof body !== 'object' || body === null) return null;
  const object = body as Record<string, unknown>;
  if ('bytes' in object) return null;
  if (path.startsWith('/View') || path.startsWith('/Output')) return object;
  if (path.endsWith('/queue') && 'queue_running' in object)
    return [(object['queue_running'] as unknown[]).length, (object['queue_pending'] as unknown[]).length];
  if ('error' in object || 'error_id' in object || 'success' in object) return object;
  if ('status' in object) return { counters: object['status'], backend: object['backend_status'] };
  if (path.startsWith('/API/ListBackends'))
    return Object.values(object).map((backend) => Object.keys(backend as object));
  if (path.startsWith('/API/')) return Object.keys(object);
  return null;
}
