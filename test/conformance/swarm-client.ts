/**
 * A plain SwarmUI client for the conformance suite and the engine's unit tests: HTTP calls, one socket per stream, everything
 * received is kept. Independent of the application's own adapter on purpose.
 */
import { request as httpRequest } from 'node:http';
import { WebSocket } from 'ws';

export type Message = Record<string, unknown>;

export interface Answer {
  readonly status: number;
  readonly contentType: string;
  readonly location: string | null;
  readonly text: string;
  readonly json: Message;
  readonly bytes: Buffer;
}

/** Polls until `test` gives something. @throws Error with `what` after `deadlineMs` */
export async function until<T>(
  what: string,
  test: () => T | undefined | Promise<T | undefined>,
  deadlineMs = 8000,
): Promise<T> {
  const end = performance.now() + deadlineMs;
  for (;;) {
    const value = await test();
    if (value !== undefined) return value;
    if (performance.now() > end) throw new Error(`waited in vain for ${what}`);
    await new Promise((resolve) => {
      setTimeout(resolve, 5);
    });
  }
}

/** One `GenerateText2ImageWS` socket and all that came over it. */
export class Stream {
  readonly messages: Message[] = [];
  closeCode: number | null = null;
  readonly socket: WebSocket;

  constructor(socket: WebSocket) {
    this.socket = socket;
    socket.on('message', (data) => {
      this.messages.push(JSON.parse((data as Buffer).toString('utf8')) as Message);
    });
    socket.on('close', (code) => {
      this.closeCode = code;
    });
    socket.on('error', () => undefined);
  }

  send(body: Message): void {
    this.socket.send(JSON.stringify(body));
  }

  /** Resolves with the first message that fits, past or future. */
  see(what: string, test: (message: Message) => boolean, deadlineMs?: number): Promise<Message> {
    return until(what, () => this.messages.find(test), deadlineMs);
  }

  claimed(): Promise<Message> {
    return this.see('the first status', (message) => 'status' in message);
  }

  /** `gen_progress` with `metadata`: the only sign that it runs */
  running(): Promise<Message> {
    return this.see('gen_progress with metadata', (message) => progressOf(message)?.['metadata'] !== undefined);
  }

  counters(test: (counters: Record<string, number>) => boolean): Promise<Message> {
    return this.see('a status', (message) => 'status' in message && test(message['status'] as Record<string, number>));
  }

  ended(deadlineMs?: number): Promise<Message> {
    return this.see('socket_intention', (message) => message['socket_intention'] === 'close', deadlineMs);
  }

  closed(deadlineMs?: number): Promise<number> {
    return until('the close of the stream', () => this.closeCode ?? undefined, deadlineMs);
  }

  images(): string[] {
    return this.messages
      .filter((message) => typeof message['image'] === 'string')
      .map((message) => String(message['image']));
  }

  errors(): string[] {
    return this.messages.filter((message) => 'error' in message).map((message) => String(message['error']));
  }
}

export function progressOf(message: Message): Message | undefined {
  return message['gen_progress'] as Message | undefined;
}

export class SwarmClient {
  readonly url: string;
  readonly #headers: Record<string, string>;
  readonly streams: Stream[] = [];

  constructor(url: string, headers: Record<string, string> = { 'user-agent': 'conformance' }) {
    this.url = url;
    this.#headers = headers;
  }

  /** Headers go out exactly as given; `transfer-encoding` replaces the length, as a chunked client would send. */
  request(
    method: string,
    path: string,
    init: { body?: string | Message; headers?: Record<string, string> } = {},
  ): Promise<Answer> {
    const body = init.body === undefined || typeof init.body === 'string' ? init.body : JSON.stringify(init.body);
    const headers = new Headers({
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...this.#headers,
      ...init.headers,
    });
    if (!headers.has('transfer-encoding')) headers.set('content-length', String(Buffer.byteLength(body ?? '')));
    return new Promise((resolve, reject) => {
      const request = httpRequest(this.url + path, { method, headers: Object.fromEntries(headers) }, (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () => {
          const bytes = Buffer.concat(chunks);
          const text = bytes.toString('utf8');
          resolve({
            status: response.statusCode ?? 0,
            contentType: response.headers['content-type'] ?? '',
            location: response.headers.location ?? null,
            text,
            json: parsed(text),
            bytes,
          });
        });
      });
      request.on('error', reject);
      request.end(body);
    });
  }

  call(route: string, body: Message = {}, headers: Record<string, string> = {}): Promise<Answer> {
    return this.request('POST', `/API/${route}`, { body, headers });
  }

  async newSession(headers: Record<string, string> = {}): Promise<string> {
    const answer = await this.call('GetNewSession', {}, headers);
    if (typeof answer.json['session_id'] !== 'string') throw new Error(`no session: ${answer.text}`);
    return answer.json['session_id'];
  }

  async open(path: string, headers: Record<string, string> = {}): Promise<Stream> {
    const socket = new WebSocket(this.url.replace('http', 'ws') + path, {
      headers: { ...this.#headers, ...headers },
      perMessageDeflate: false,
    });
    const stream = new Stream(socket);
    this.streams.push(stream);
    await new Promise<void>((resolve, reject) => {
      socket.once('open', resolve);
      socket.once('error', reject);
    });
    return stream;
  }

  async generate(session: string, body: Message): Promise<Stream> {
    const stream = await this.open('/API/GenerateText2ImageWS');
    stream.send({ session_id: session, images: 1, ...body });
    return stream;
  }

  async interrupt(session: string, others = false): Promise<void> {
    const answer = await this.call('InterruptAll', { session_id: session, other_sessions: others });
    if (answer.json['success'] !== true) throw new Error(`InterruptAll: ${answer.text}`);
  }

  /** Prompt ids in the queue of the backend, as the passthrough shows them. */
  async comfyQueue(): Promise<{ running: string[]; pending: string[]; text: string }> {
    const { json, text } = await this.request('GET', '/ComfyBackendDirect/queue');
    const ids = (key: string): string[] => ((json[key] ?? []) as unknown[][]).map((item) => String(item[1]));
    return { running: ids('queue_running'), pending: ids('queue_pending'), text };
  }

  close(): void {
    for (const stream of this.streams) stream.socket.terminate();
  }
}

/** Empty if it is no JSON: the caller then looks at the text. */
function parsed(text: string): Message {
  try {
    return JSON.parse(text) as Message;
  } catch {
    return {};
  }
}

/** The graph of the recordings: `ProbeSleep` with these options into `SwarmSaveImageWS`. */
export function probeGraph(options: Message = {}, meta?: Message): string {
  const extra = meta === undefined ? {} : { _meta: meta };
  const graph = {
    '9': { class_type: 'SwarmSaveImageWS', inputs: { images: ['10', 0] }, ...extra },
    '10': { class_type: 'ProbeSleep', inputs: { steps: 6, ms: 20, seed: '<seed>', ...options }, ...extra },
  };
  return JSON.stringify(graph).replace('"<seed>"', '${seed}');
}
