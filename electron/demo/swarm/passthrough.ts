/**
 * `/ComfyBackendDirect/*`: HTTP and WebSocket straight to a ComfyUI backend, with the real one's traps: an interrupt with
 * `{}` is global, a deleted prompt of a SwarmUI job hangs that job (swarmui §8, rec 27 to 30). Cookie modes (`comfy_domulti`) are not modelled.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { WebSocket } from 'ws';
import type { SwarmBackend } from './backends.ts';
import { toBuffer } from './comfy.ts';
import type { SwarmCore } from './core.ts';
import { isObject, textOf } from './values.ts';
import type { Caller, SwarmUser } from './users.ts';

export const PASSTHROUGH = '/ComfyBackendDirect';

const html = (text: string): string =>
  `<!DOCTYPE html>\n<html>\n<head>\n<style>body{background-color:#101010;color:#eeeeee;}</style>\n</head>\n<body>\n<span class="comfy-failed-to-load">${text}</span>\n</body>\n</html>`;

export class Passthrough {
  readonly #core: SwarmCore;
  readonly #sockets = new Set<WebSocket>();

  constructor(core: SwarmCore) {
    this.#core = core;
  }

  async serve(
    request: IncomingMessage,
    path: string,
    body: Buffer,
    caller: Caller,
    response: ServerResponse,
  ): Promise<void> {
    const user = this.allowed(request, caller);
    if (user === null) {
      answer(response, 401, 'text/html', html('Permission denied.'));
      return;
    }
    const backends = this.#chosen(request);
    const first = backends[0];
    if (first === undefined) {
      answer(response, 400, 'text/html', html('No ComfyUI backend available, loading failed.'));
      return;
    }
    const rest = path
      .slice(PASSTHROUGH.length)
      .replace(/^\/?(api\/)?/, (_all, api: string | undefined) => (api === undefined ? '/' : '/api/'));
    const bare = rest.replace(/^\/api\//, '/').split('?')[0] ?? '';
    try {
      if (request.method !== 'POST') {
        const reply = await first.comfy?.send('GET', rest);
        if (reply !== undefined) answer(response, reply.status, reply.contentType, reply.bytes);
        return;
      }
      if (bare === '/interrupt') {
        await this.#interrupt(backends, rest, body, user, response);
        return;
      }
      const contentType = request.headers['content-type'];
      if (bare === '/queue' && contentType === undefined) {
        answer(response, 400, '', '');
        return;
      }
      const headers = contentType === undefined ? {} : { 'content-type': contentType };
      const targets = bare === '/queue' ? backends : [first];
      const replies = [];
      for (const target of targets) replies.push(await target.comfy?.send('POST', rest, body, headers));
      const reply = replies[0];
      this.#core.log('passthrough', { user: user.id, backend: first.id, detail: `POST ${bare}` });
      if (bare === '/queue' || reply === undefined) answer(response, 200, 'application/octet-stream', '');
      else answer(response, reply.status, reply.contentType, reply.bytes);
    } catch {
      answer(response, 500, 'text/html; charset=utf-8', html('Error 500: Internal Server Error'));
    }
  }

  /**
   * Body bytes decide: none → refused; `{}` → global, unless a passthrough socket is open; an id → targeted
   * (swarmui rec 28).
   */
  async #interrupt(
    backends: readonly SwarmBackend[],
    path: string,
    body: Buffer,
    user: SwarmUser,
    response: ServerResponse,
  ): Promise<void> {
    const promptId = promptIdIn(body);
    if (promptId === null || (promptId === '' && this.#sockets.size > 0)) {
      answer(response, 400, '', '');
      return;
    }
    for (const backend of backends) {
      this.#core.log('passthrough', {
        user: user.id,
        backend: backend.id,
        detail: promptId === '' ? 'global interrupt' : 'interrupt',
        ...(promptId === '' ? {} : { promptId }),
      });
      await backend.comfy?.send('POST', path, body, { 'content-type': 'application/json' });
    }
    answer(response, 200, 'application/octet-stream', '');
  }

  /**
   * Bridges one accepted client socket to the backend's own. A close frame of the client is not answered: it sees 1006
   * (swarmui §8.2).
   */
  bridge(client: WebSocket, request: IncomingMessage, path: string): void {
    const backend = this.#chosen(request)[0];
    if (backend === undefined) {
      client.terminate();
      return;
    }
    const url = new URL(
      `.${path.slice(PASSTHROUGH.length)}`,
      backend.address.endsWith('/') ? backend.address : `${backend.address}/`,
    );
    url.protocol = 'ws:';
    const upstream = new WebSocket(url, { perMessageDeflate: false, maxPayload: 0 });
    this.#sockets.add(client);
    const early: { data: Buffer; binary: boolean }[] = [];
    client.on('message', (data, binary) => {
      if (upstream.readyState === WebSocket.OPEN) upstream.send(toBuffer(data), { binary });
      else early.push({ data: toBuffer(data), binary });
    });
    upstream.on('open', () => {
      for (const { data, binary } of early) upstream.send(data, { binary });
    });
    upstream.on('message', (data, binary) => {
      client.send(toBuffer(data), { binary });
    });
    const end = (): void => {
      this.#sockets.delete(client);
      client.terminate();
      upstream.terminate();
    };
    client.on('close', end);
    client.on('error', end);
    upstream.on('close', end);
    upstream.on('error', end);
  }

  allowed(request: IncomingMessage, caller: Caller): SwarmUser | null {
    const user = this.#core.disk.users.identify(caller);
    if (!user?.may('comfy_direct_calls')) return null;
    return request.method === 'POST' && !user.may('comfy_backend_generate') ? null : user;
  }

  /**
   * Default: the first running ComfyUI backend; with `X-Swarm-Backend-ID` exactly that one; a non-number is ignored
   * (swarmui rec 27).
   */
  #chosen(request: IncomingMessage): SwarmBackend[] {
    const running = [...this.#core.backends.values()].filter(
      (backend) => backend.isComfy && backend.enabled && backend.state === 'running',
    );
    const header = request.headers['x-swarm-backend-id'];
    const id = typeof header === 'string' && /^-?\d+$/.test(header) ? Number(header) : null;
    return id === null ? running.slice(0, 1) : running.filter((backend) => backend.id === id);
  }
}

/** Empty if the body names none, null if it is no JSON. */
function promptIdIn(body: Buffer): string | null {
  try {
    const json: unknown = JSON.parse(body.toString('utf8'));
    return isObject(json) ? textOf(json['prompt_id']) : '';
  } catch {
    return null;
  }
}

function answer(response: ServerResponse, status: number, contentType: string, body: string | Buffer): void {
  const bytes = typeof body === 'string' ? Buffer.from(body) : body;
  response.writeHead(status, {
    ...(contentType === '' ? {} : { 'content-type': contentType }),
    'content-length': String(bytes.length),
  });
  response.end(bytes);
}
