/**
 * A bare ComfyUI client for tests of servers: no retries, no interpretation, every frame kept. Knows the wire only
 * (comfyui §1, §4); it shares no code with the adapter under test elsewhere, on purpose.
 */
import { WebSocket } from 'ws';

export interface TextFrame {
  readonly kind: 'text';
  readonly type: string;
  readonly data: Record<string, unknown>;
  readonly raw: string;
}
export interface BinaryFrame {
  readonly kind: 'binary';
  /** 1 preview, 3 text, 4 preview with metadata. */
  readonly event: number;
  readonly bytes: Buffer;
}
export type Frame = TextFrame | BinaryFrame;

export interface HttpReply {
  readonly status: number;
  readonly type: string;
  readonly text: string;
  /** Parsed, with NaN and Infinity as null; undefined where it is no JSON. */
  readonly json: unknown;
  readonly bytes: Buffer;
}

/** Bare NaN and Infinity tokens outside strings become null. */
export function parseTolerant(text: string): unknown {
  const clean = text.replace(/"(?:[^"\\]|\\.)*"|-?\b(?:NaN|Infinity)\b/g, (m) => (m.startsWith('"') ? m : 'null'));
  try {
    return JSON.parse(clean) as unknown;
  } catch {
    return undefined;
  }
}

/** One request. `body`: an object is sent as JSON, a string as it is. */
export async function http(
  url: string,
  method: string,
  path: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<HttpReply> {
  const init: RequestInit = { method, headers };
  if (body !== undefined) init.body = typeof body === 'string' ? body : JSON.stringify(body);
  const response = await fetch(url + path, init);
  const bytes = Buffer.from(await response.arrayBuffer());
  const text = bytes.toString('utf8');
  return {
    status: response.status,
    type: response.headers.get('content-type') ?? '',
    text,
    json: parseTolerant(text),
    bytes,
  };
}

export class ComfySocket {
  readonly clientId: string;
  readonly frames: Frame[] = [];
  /** Close code, once closed. */
  closed: number | undefined;
  readonly #socket: WebSocket;
  readonly #watchers = new Set<() => void>();

  private constructor(socket: WebSocket, clientId: string) {
    this.#socket = socket;
    this.clientId = clientId;
    socket.on('message', (data: Buffer, isBinary: boolean) => {
      this.frames.push(isBinary ? binary(data) : text(data.toString('utf8')));
      for (const look of [...this.#watchers]) look();
    });
    socket.on('close', (code: number) => {
      this.closed = code;
      for (const look of [...this.#watchers]) look();
    });
    socket.on('error', () => undefined);
  }

  /** Resolves once the first `status` is there. */
  static async open(
    url: string,
    clientId: string,
    options: { flags?: Record<string, unknown>; headers?: Record<string, string> } = {},
  ): Promise<ComfySocket> {
    const address = `${url.replace(/^http/, 'ws')}/ws${clientId === '' ? '' : `?clientId=${encodeURIComponent(clientId)}`}`;
    const socket = new WebSocket(address, { perMessageDeflate: false, headers: options.headers ?? {} });
    const self = new ComfySocket(socket, clientId);
    await new Promise<void>((resolve, reject) => {
      socket.once('open', resolve);
      socket.once('error', reject);
    });
    if (options.flags) socket.send(JSON.stringify({ type: 'feature_flags', data: options.flags }));
    await self.until((frames) => frames.some((f) => f.kind === 'text' && f.type === 'status'));
    return self;
  }

  /** Text frames, of one type or of one prompt if asked. */
  texts(filter: { type?: string; promptId?: string } = {}): TextFrame[] {
    return this.frames
      .filter((f): f is TextFrame => f.kind === 'text')
      .filter(
        (f) =>
          (filter.type === undefined || f.type === filter.type) &&
          (filter.promptId === undefined || f.data['prompt_id'] === filter.promptId),
      );
  }

  binaries(event?: number): BinaryFrame[] {
    return this.frames
      .filter((f): f is BinaryFrame => f.kind === 'binary')
      .filter((f) => event === undefined || f.event === event);
  }

  /** `queue_remaining` of every `status` so far. */
  get counts(): number[] {
    return this.texts({ type: 'status' }).map(
      (f) => (f.data['status'] as { exec_info: { queue_remaining: number } }).exec_info.queue_remaining,
    );
  }

  /** Resolves when `ready(frames)`; rejects after a deadline that only ends a hang. */
  async until(ready: (frames: readonly Frame[]) => boolean, what = 'frames', deadlineMs = 30_000): Promise<void> {
    if (ready(this.frames)) return;
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#watchers.delete(look);
        reject(
          new Error(
            `waited for ${what}; last frames: ${this.frames
              .slice(-5)
              .map((f) => (f.kind === 'text' ? f.raw.slice(0, 160) : `binary ${f.event}`))
              .join(' | ')}`,
          ),
        );
      }, deadlineMs);
      const look = (): void => {
        if (!ready(this.frames)) return;
        clearTimeout(timer);
        this.#watchers.delete(look);
        resolve();
      };
      this.#watchers.add(look);
    });
  }

  /** Resolves at a text frame of `type` (about `promptId`, the `count`-th). */
  async seen(type: string, promptId?: string, count = 1): Promise<TextFrame> {
    const found = (): TextFrame | undefined =>
      this.texts(promptId === undefined ? { type } : { type, promptId })[count - 1];
    await this.until(() => found() !== undefined, `${type} of ${promptId ?? 'any prompt'}`);
    const frame = found();
    if (!frame) throw new Error('unreachable');
    return frame;
  }

  /** Resolves at the end of a prompt: `executing` with `node: null`. */
  async ended(promptId: string, count = 1): Promise<void> {
    await this.until(
      () => this.texts({ type: 'executing', promptId }).filter((f) => f.data['node'] === null).length >= count,
      `the end of ${promptId}`,
    );
  }

  async closedBy(): Promise<number> {
    await this.until(() => this.closed !== undefined, 'the close');
    return this.closed ?? 0;
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  async close(): Promise<void> {
    if (this.closed !== undefined) return;
    const gone = new Promise<void>((resolve) => {
      this.#socket.once('close', () => {
        resolve();
      });
    });
    this.#socket.close();
    await gone;
  }
}

function text(raw: string): TextFrame {
  const parsed = parseTolerant(raw) as { type?: string; data?: Record<string, unknown> } | undefined;
  return { kind: 'text', type: parsed?.type ?? '?', data: parsed?.data ?? {}, raw };
}

function binary(bytes: Buffer): BinaryFrame {
  return { kind: 'binary', event: bytes.readUInt32BE(0), bytes };
}
