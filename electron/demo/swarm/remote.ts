/**
 * A backend that is another SwarmUI (swarmui §6.4, rec 41): its children share one session there, and a cancel is
 * noticed only when the next remote message arrives. Speaks the same protocol as any client of that server.
 */
import { WebSocket } from 'ws';
import type { SwarmBackend } from './backends.ts';
import { toBuffer } from './comfy.ts';
import type { SwarmCore } from './core.ts';
import type { ImageMessages } from './image.ts';
import { isObject } from './values.ts';
import type { JobEnd, JobHooks } from './job.ts';
import type { GenInput } from './params.ts';
import { JobError } from './types.ts';
import type { JsonObject } from './types.ts';

export interface RemoteBackend {
  readonly title: string;
  readonly maxUsages: number;
}

export class RemoteSwarm {
  readonly #base: URL;
  readonly #sessions = new Map<number, Promise<string>>();
  readonly #sockets = new Set<WebSocket>();

  constructor(address: string) {
    this.#base = new URL(address.endsWith('/') ? address : `${address}/`);
  }

  /** Opens a session and lists the remote's running backends. */
  async connect(): Promise<RemoteBackend[]> {
    const session = await this.newSession();
    const backends = await this.call('ListBackends', { session_id: session });
    return Object.values(backends)
      .filter(isObject)
      .filter((backend) => backend['status'] === 'running')
      .map((backend) => ({
        title: String(backend['title']),
        maxUsages: Number(backend['max_usages']),
      }));
  }

  /** The one session of a child backend; with `shared` off a new one each time. */
  session(child: number, shared: boolean): Promise<string> {
    if (!shared) return this.newSession();
    const known = this.#sessions.get(child) ?? this.newSession();
    this.#sessions.set(child, known);
    return known;
  }

  async newSession(): Promise<string> {
    const answer = await this.call('GetNewSession', {});
    if (typeof answer['session_id'] !== 'string') throw new Error(`remote swarm refused: ${JSON.stringify(answer)}`);
    return answer['session_id'];
  }

  async call(route: string, body: JsonObject): Promise<JsonObject> {
    const response = await fetch(new URL(`API/${route}`, this.#base), {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'user-agent': 'SwarmUI' },
      body: JSON.stringify(body),
    });
    const json: unknown = await response.json();
    if (!isObject(json)) throw new Error('remote swarm: not an object');
    return json;
  }

  /** Runs one request there; `onMessage` sees each message. Resolves when the remote closed its stream. */
  stream(body: JsonObject, onMessage: (message: JsonObject) => void): Promise<void> {
    const url = new URL('API/GenerateText2ImageWS', this.#base);
    url.protocol = 'ws:';
    const socket = new WebSocket(url, { perMessageDeflate: false, maxPayload: 0 });
    this.#sockets.add(socket);
    return new Promise((resolve, reject) => {
      const fail = (problem: Error): void => {
        reject(problem);
        socket.terminate();
      };
      socket.on('open', () => {
        socket.send(JSON.stringify(body));
      });
      socket.on('message', (data) => {
        try {
          const json: unknown = JSON.parse(toBuffer(data).toString('utf8'));
          if (isObject(json)) onMessage(json);
        } catch (problem) {
          fail(problem instanceof Error ? problem : new Error(String(problem)));
        }
      });
      socket.on('error', fail);
      socket.on('close', (code) => {
        this.#sockets.delete(socket);
        if (code === 1000) resolve();
        else reject(new Error(`remote swarm closed with ${String(code)}`));
      });
    });
  }

  close(): void {
    for (const socket of this.#sockets) socket.terminate();
  }
}

/** One image on a remote Swarm. @throws JobError `Remote swarm gave error: …` */
export async function runRemote(
  core: SwarmCore,
  remote: RemoteSwarm,
  child: SwarmBackend,
  input: GenInput,
  hooks: JobHooks,
  messages: ImageMessages,
): Promise<JobEnd> {
  const session = await remote.session(child.id, core.quirks.swarmToSwarmShared);
  const { extra_metadata: _extra, exactbackendid: _pin, ...parameters } = input.original;
  const body: JsonObject = { ...parameters, session_id: session, images: 1, seed: input.seed, donotsave: true };
  core.log('post', hooks.where);
  await remote.stream(body, (message) => {
    if (hooks.interrupted.aborted)
      void remote.call('InterruptAll', { session_id: session, other_sessions: false }).catch(() => undefined);
    if (typeof message['error'] === 'string') throw new JobError(`Remote swarm gave error: ${message['error']}`);
    const progress = message['gen_progress'];
    if (isObject(progress)) {
      const overall = Number(progress['overall_percent']);
      const current = Number(progress['current_percent']);
      if (typeof progress['preview'] === 'string') messages.preview(progress['preview'], overall, current);
      else messages.progress(overall, current);
    }
    if (typeof message['image'] === 'string') {
      messages.image(Buffer.from(message['image'].slice(message['image'].indexOf(',') + 1), 'base64'), true);
    }
  });
  return hooks.interrupted.aborted ? 'silent' : 'done';
}
