/**
 * `ws://…/API/{Route}`: the first message, the refusals, and the socket the routes see (swarmui §1.4, rec 03, 22, 23).
 */
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocket } from 'ws';
import { Refusal } from './call.ts';
import type { Route } from './call.ts';
import { toBuffer } from './comfy.ts';
import type { SwarmLife } from './life.ts';
import { sessionOf } from './http.ts';
import { isObject } from './values.ts';
import { callerOf } from './request.ts';
import { socketRoutes } from './routes-user.ts';
import type { ApiSocket } from './stream.ts';

const FIRST_MESSAGE_MS = 60_000;

export function serveApiSocket(
  core: SwarmLife,
  routes: ReadonlyMap<string, Route>,
  client: WebSocket,
  request: IncomingMessage,
  name: string,
  raw: Duplex,
): void {
  const queued: string[] = [];
  let listener: ((text: string) => void) | null = null;
  let lost: ((why: 'dropped' | 'close-frame') => void) | null = null;
  let first = true;

  const pong = setInterval(() => {
    if (client.readyState === WebSocket.OPEN) client.pong();
  }, core.timing.pongMs);
  const patience = setTimeout(() => {
    client.terminate();
  }, FIRST_MESSAGE_MS);
  raw.on('close', () => {
    clearInterval(pong);
    clearTimeout(patience);
  });
  client.on('close', (code) => {
    clearInterval(pong);
    clearTimeout(patience);
    if (code === 1006) lost?.('dropped');
  });
  client.on('error', () => undefined);
  // The library would answer a client's close frame at once; the real server does so only when all work is done
  // (swarmui rec 23).
  const reallyClose = client.close.bind(client);
  client.close = () => lost?.('close-frame');
  const socket: ApiSocket = {
    send(message) {
      if (client.readyState === WebSocket.OPEN) client.send(JSON.stringify(message));
    },
    onMessage(next) {
      listener = next;
      for (const text of queued.splice(0)) next(text);
    },
    onLost(next) {
      lost = next;
    },
    close() {
      reallyClose(1000);
    },
  };
  client.on('message', (data) => {
    const text = toBuffer(data).toString('utf8');
    if (!first) {
      if (listener === null) queued.push(text);
      else listener(text);
      return;
    }
    first = false;
    clearTimeout(patience);
    void begin(text);
  });

  async function begin(text: string): Promise<void> {
    try {
      const json: unknown = JSON.parse(text);
      if (!isObject(json)) throw new Error('not an object');
      const found = sessionOf(core, json, request);
      const refuse = (body: object): void => {
        socket.send(body);
        socket.close();
      };
      if (found.kind === 'error') {
        refuse(found.body);
        return;
      }
      const route = socketRoutes.find((one) => one.name.toLowerCase() === name.toLowerCase());
      if (route === undefined) {
        refuse(
          routes.has(name.toLowerCase())
            ? { error_id: 'bad_request_method', error: 'API route needs HTTP, request is websocket' }
            : { error: 'Unknown API route.', error_id: 'bad_route' },
        );
        return;
      }
      if (route.permission !== null && !found.user.may(route.permission)) {
        refuse({ error: 'You lack a required permission.', error_id: 'bad_permissions' });
        return;
      }
      const { session_id: _session, ...input } = json;
      const result = await route.serve(
        { core, session: found.session, user: found.user, input, caller: callerOf(request), userAgent: null },
        socket,
      );
      if (result !== null) refuse(result);
    } catch (problem) {
      socket.send(
        problem instanceof Refusal ? problem.body : { error_id: 'internal_error', error: 'An internal error occurred' },
      );
      socket.close();
    }
  }
}
