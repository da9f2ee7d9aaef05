/** What every part of the ComfyUI conformance suite works with: the server under test, its abilities, graphs with fresh seeds, clean-up. */
import { randomUUID } from 'node:crypto';
import { ComfySocket, http } from './comfy-client.ts';
import type { HttpReply } from './comfy-client.ts';

export interface ComfyAbilities {
  /** `/api/jobs` (not on 0.3.64). */
  readonly jobs: boolean;
  /** Cancel endpoints, `cancelled` status, canonical ids only, `missing_node_type` (newest). */
  readonly newest: boolean;
}

export interface ComfyUnderTest {
  readonly url: string;
  readonly abilities: ComfyAbilities;
  /** Kills the server and starts it again; absent where the suite must not do that. */
  readonly restart?: () => Promise<void>;
  close(): Promise<void>;
}

export type Graph = Record<
  string,
  { class_type: string; inputs: Record<string, unknown>; _meta?: Record<string, unknown> }
>;
export type Json = Record<string, unknown>;

/** Never twice the same seed, also against a server that remembers earlier runs: equal graphs come from cache. */
let seeds = Math.floor(Date.now() / 100) % 1_500_000_000;
export const freshSeed = (): number => (seeds += 1);

/** A sampler of `steps` × `ms`, then an output. */
export const sleepGraph = (steps: number, ms: number, more: Json = {}, out: Json = {}): Graph => ({
  '1': { class_type: 'ProbeSleep', inputs: { steps, ms, seed: freshSeed(), preview: false, ...more } },
  '2': { class_type: 'ProbeOut', inputs: { images: ['1', 0], ...out } },
});

/** The same with another first node. */
export const probeGraph = (classType: string, inputs: Json): Graph => ({
  '1': { class_type: classType, inputs: { seed: freshSeed(), ...inputs } },
  '2': { class_type: 'ProbeOut', inputs: { images: ['1', 0] } },
});

export const imageGraph = (more: Json = {}): Graph => ({
  '1': {
    class_type: 'EmptyImage',
    inputs: { width: 64, height: 64, batch_size: 1, color: freshSeed() % 0xffffff, ...more },
  },
  '2': { class_type: 'SaveImage', inputs: { images: ['1', 0], filename_prefix: 'conformance' } },
});

export class ComfyBench {
  readonly server: ComfyUnderTest;
  readonly #sockets: ComfySocket[] = [];

  constructor(server: ComfyUnderTest) {
    this.server = server;
  }

  get can(): ComfyAbilities {
    return this.server.abilities;
  }

  async get(path: string, headers?: Record<string, string>): Promise<HttpReply> {
    return http(this.server.url, 'GET', path, undefined, headers);
  }

  async post(path: string, body?: unknown, headers?: Record<string, string>): Promise<HttpReply> {
    return http(this.server.url, 'POST', path, body, headers);
  }

  async json(path: string): Promise<Json> {
    return (await this.get(path)).json as Json;
  }

  /** A socket of a new client, closed after the test. */
  async socket(
    options: { clientId?: string; flags?: Json; headers?: Record<string, string> } = {},
  ): Promise<ComfySocket> {
    const { clientId = `conformance-${randomUUID()}`, ...rest } = options;
    const socket = await ComfySocket.open(this.server.url, clientId, rest);
    this.#sockets.push(socket);
    return socket;
  }

  /** Posts a graph; throws unless it is accepted. Returns its id. */
  async submit(graph: Graph, from: ComfySocket | undefined, more: Json = {}): Promise<string> {
    const id = randomUUID();
    const body: Json = { prompt: graph, prompt_id: id, ...(from ? { client_id: from.clientId } : {}), ...more };
    const reply = await this.post('/prompt', body);
    if (reply.status !== 200) throw new Error(`not accepted: ${reply.status} ${reply.text.slice(0, 300)}`);
    return id;
  }

  async interrupt(promptId: string): Promise<HttpReply> {
    return this.post('/interrupt', { prompt_id: promptId });
  }

  async remove(...promptIds: string[]): Promise<HttpReply> {
    return this.post('/queue', { delete: promptIds });
  }

  /** Ids as `/queue` lists them. */
  async queue(): Promise<{ running: string[]; pending: string[] }> {
    const listed = await this.json('/queue');
    const ids = (items: unknown): string[] => (items as [number, string][]).map((item) => item[1]);
    return { running: ids(listed['queue_running']), pending: ids(listed['queue_pending']) };
  }

  /** The history entry of a prompt, or undefined. */
  async history(promptId: string): Promise<Json | undefined> {
    return (await this.json(`/history/${promptId}`))[promptId] as Json | undefined;
  }

  /** Names of the status messages in history. */
  async messages(promptId: string): Promise<string[]> {
    const status = (await this.history(promptId))?.['status'] as { messages: [string, Json][] } | undefined;
    return status?.messages.map(([event]) => event) ?? [];
  }

  /** Polls until `ready`; the deadline only ends a hang. */
  async until(ready: () => Promise<boolean>, what: string, deadlineMs = 30_000): Promise<void> {
    const end = Date.now() + deadlineMs;
    while (!(await ready())) {
      if (Date.now() > end) throw new Error(`waited for ${what}`);
      await new Promise((resolve) => {
        setTimeout(resolve, 5);
      });
    }
  }

  async idle(): Promise<void> {
    await this.until(
      async () => ((await this.json('/prompt'))['exec_info'] as { queue_remaining: number }).queue_remaining === 0,
      'an empty queue',
    );
  }

  /** Leaves nothing behind: sockets closed, queue empty. */
  async clean(): Promise<void> {
    for (const socket of this.#sockets.splice(0)) await socket.close();
    await this.post('/queue', { clear: true });
    await this.post('/interrupt');
    await this.idle();
  }
}
