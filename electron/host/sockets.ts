/**
 * The host's WebSockets: the contract (`/rpc`) and the control API's event stream (`/api/events`). Every check is made
 * before the handshake (L8); a refused one gets a plain HTTP answer and its socket is closed.
 */
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import type { WebSocket } from 'ws';
import type { ContractShape } from '../../shared/contract-types.ts';
import type { Emitter } from '../../shared/util/emitter.ts';
import { contractHash } from '../../shared/rpc/contract-hash.ts';
import type { Invoker } from '../../shared/rpc/invoke.ts';
import { Outbox } from '../../shared/rpc/outbox.ts';
import { serveApi } from '../../shared/rpc/server.ts';
import type { Auth } from './auth.ts';
import { faceOf, identify, mayCall, protocolsOf, replyFor } from './callers.ts';
import type { Caller } from './callers.ts';
import { refuseUpgrade } from '../listen/answers.ts';
import { askedOf, checkRequest, LIMITS } from '../listen/guards.ts';
import type { Asked, Refusal, Way } from '../listen/guards.ts';
import { PROTOCOL, RPC_PATH, wsConnection } from './ws-connection.ts';
import type { WsConnectionOptions } from './ws-connection.ts';

const EVENTS_PATH = '/api/events';

export interface SocketsOptions<Events extends object> {
  contract: ContractShape;
  invoker: Invoker;
  events: Emitter<Events>;
  version: string;
  auth: Auth;
  validate: boolean;
  onBug: (error: unknown, call: string) => void;
  /** Told of every refusal, for its count of wrong credentials; may answer another one instead. */
  onRefused: (asked: Asked, refusal: Refusal, address: string) => Refusal;
  /** How many windows are open now. */
  onWindows?: (count: number) => void;
  connection?: WsConnectionOptions;
}

export interface Sockets {
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer, way: Way): void;
  close(): void;
}

export function createSockets<Events extends object>(options: SocketsOptions<Events>): Sockets {
  const { auth, contract, events } = options;
  const server = new WebSocketServer({
    noServer: true,
    maxPayload: LIMITS.bodyBytes,
    perMessageDeflate: false,
    handleProtocols: (protocols) => (protocols.has(PROTOCOL) ? PROTOCOL : false),
  });
  const open = new Map<WebSocket, Caller>();

  const tellWindows = (): void => {
    options.onWindows?.([...open.values()].filter((caller) => caller.by === 'session').length);
  };

  const revoked = auth.onRevoked((sessionId) => {
    for (const [socket, caller] of open) {
      const theirs = sessionId === null || (caller.by === 'session' && caller.session.id === sessionId);
      if (!theirs) continue;
      socket.close(1008, 'no longer allowed');
      // Whoever has no rights has no say in when the connection ends either.
      setTimeout(() => {
        socket.terminate();
      }, 500).unref();
    }
  });

  const serve = (socket: WebSocket, caller: Caller, url: URL): void => {
    open.set(socket, caller);
    tellWindows();
    socket.once('close', () => {
      open.delete(socket);
      tellWindows();
    });
    if (url.pathname === EVENTS_PATH) {
      streamEvents(socket, topicsOf(url, contract), events, options.connection ?? {});
      return;
    }
    serveApi({
      connection: wsConnection(socket, options.connection),
      contract,
      invoker: options.invoker,
      events,
      hello: { contractHash: contractHash(contract), appVersion: options.version },
      face: faceOf(caller, 'socket'),
      allow: mayCall(caller),
      onBug: options.onBug,
      reply: replyFor(caller),
      validateEvents: options.validate,
    });
  };

  return {
    upgrade(request, socket, head, way) {
      socket.on('error', () => socket.destroy());
      const asked = askedOf(request);
      const address = request.socket.remoteAddress ?? 'private';
      const refused = (refusal: Refusal): void => {
        refuseUpgrade(socket, options.onRefused(asked, refusal, address));
      };
      const refusal = checkRequest(asked, way, 'socket');
      if (refusal !== null) {
        refused(refusal);
        return;
      }
      const url = new URL(asked.target, 'http://host');
      if (url.pathname !== RPC_PATH && url.pathname !== EVENTS_PATH) {
        refused({ status: 404, reason: 'no socket is served here' });
        return;
      }
      const caller = identify(asked, way, auth, { changes: true, socket: true });
      if ('status' in caller) {
        refused(caller);
        return;
      }
      if (url.pathname === RPC_PATH && !protocolsOf(asked).includes(PROTOCOL)) {
        refused({ status: 400, reason: `the subprotocol is ${PROTOCOL}` });
        return;
      }
      if (open.size >= LIMITS.sockets) {
        refused({ status: 503, reason: `at most ${LIMITS.sockets} sockets` });
        return;
      }
      server.handleUpgrade(request, socket, head, (ws) => {
        serve(ws, caller, url);
      });
    },
    close() {
      revoked[Symbol.dispose]();
      for (const socket of open.keys()) socket.close(1001, 'the host is closing');
      const left = [...open.keys()];
      setTimeout(() => {
        for (const socket of left) socket.terminate();
      }, 500).unref();
      server.close();
    },
  };
}

function topicsOf(url: URL, contract: ContractShape): string[] {
  const all = Object.keys(contract.events);
  const wanted = url.searchParams.get('topics');
  return wanted === null || wanted === '' ? all : all.filter((topic) => wanted.split(',').includes(topic));
}

/** `{topic, payload}` per message, and `{topic: 'resync'}` for a reader that was too slow. Nothing is read from it. */
function streamEvents<Events extends object>(
  socket: WebSocket,
  topics: readonly string[],
  events: Emitter<Events>,
  connectionOptions: WsConnectionOptions,
): void {
  const connection = wsConnection(socket, connectionOptions);
  const send = (value: unknown): void => {
    if (!connection.closed) socket.send(JSON.stringify(value));
  };
  const outbox = new Outbox({
    send: (topic, payload) => {
      send({ topic, payload });
    },
    sendResync: () => {
      send({ topic: 'resync', payload: {} });
    },
    sendMark: null,
    bufferedBytes: () => connection.bufferedBytes(),
  });
  const subscriptions = topics.map((topic) =>
    events.on(topic as keyof Events, (payload) => {
      outbox.push(topic, payload);
    }),
  );
  connection.onClose(() => {
    outbox.close();
    for (const subscription of subscriptions) subscription[Symbol.dispose]();
  });
}
