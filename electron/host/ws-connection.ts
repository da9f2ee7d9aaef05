/**
 * A Connection over a WebSocket of `ws`: the host's end, and the end of whoever calls from Node (the CLI, a second start).
 * Keeps the socket honest: pings, a limit on what is sent but not taken, text frames only. Does not decide who may connect.
 */
import { connect as connectSocket } from 'node:net';
import { WebSocket } from 'ws';
import { connectionOver } from '../../shared/rpc/connection.ts';
import type { Connection } from '../../shared/rpc/connection.ts';
import { AppError } from '../../shared/errors.ts';

/** Spoken by every client of ours; the handshake answers exactly this. */
export const PROTOCOL = 'switchyard.v1';
/** Where the contract is served. */
export const RPC_PATH = '/rpc';

export interface WsConnectionOptions {
  /** A peer that answers no ping for this long is gone. Default 30 s; 0 never asks. */
  pingEveryMs?: number;
  /** More than this handed over and not taken for `stuckMs`: the connection is dropped (1013). Default 4 MiB. */
  maxBufferedBytes?: number;
  /** Default 5 s. */
  stuckMs?: number;
}

/** A slow peer may still be taking a long reply: only one that takes nothing of it any more is dropped. */
const LOOK_EVERY_MS = 500;

export function wsConnection(socket: WebSocket, options: WsConnectionOptions = {}): Connection {
  const { pingEveryMs = 30_000, maxBufferedBytes = 4 * 1024 * 1024, stuckMs = 5_000 } = options;
  let answered = true;
  let stuckSince: number | null = null;
  let lowest = 0;

  const look = (): void => {
    const waiting = socket.bufferedAmount;
    if (waiting <= maxBufferedBytes) {
      stuckSince = null;
      return;
    }
    if (stuckSince === null || waiting < lowest) {
      stuckSince = performance.now();
      lowest = waiting;
    } else if (performance.now() - stuckSince >= stuckMs) {
      connection.close('the other side takes nothing any more');
      socket.terminate();
    }
  };
  const ping = (): void => {
    if (!answered) {
      connection.close('no answer to a ping');
      socket.terminate();
      return;
    }
    answered = false;
    socket.ping();
  };
  const lookTimer = setInterval(look, LOOK_EVERY_MS);
  lookTimer.unref();
  const pingTimer = pingEveryMs === 0 ? undefined : setInterval(ping, pingEveryMs);
  pingTimer?.unref();

  const { connection, events } = connectionOver({
    send: (text) => {
      if (socket.readyState === WebSocket.OPEN) socket.send(text);
    },
    close: (why) => {
      if (socket.readyState !== WebSocket.CLOSED)
        socket.close(why === 'the other side takes nothing any more' ? 1013 : 1000, why.slice(0, 100));
    },
    bufferedBytes: () => socket.bufferedAmount,
  });

  socket.on('message', (data, isBinary) => {
    if (!answered) answered = true;
    events.received(isBinary ? undefined : textOf(data));
  });
  socket.on('pong', () => {
    answered = true;
  });
  socket.on('close', (code, reason) => {
    clearInterval(lookTimer);
    clearInterval(pingTimer);
    events.closed(reason.length > 0 ? reason.toString() : `the connection was closed (${String(code)})`);
  });
  // Always followed by 'close'; said there.
  socket.on('error', (error) => {
    events.closed(error.message);
  });
  return connection;
}

function textOf(data: WebSocket.RawData): string {
  if (Array.isArray(data)) return Buffer.concat(data).toString();
  return data instanceof ArrayBuffer ? Buffer.from(data).toString() : data.toString();
}

export interface HostAddress {
  /** Path of the private socket or pipe; wins over `url`. */
  socketPath?: string;
  /** `http://127.0.0.1:PORT` */
  url?: string;
  token: string;
}

/**
 * Connects to a host from Node. Rejects with `server_unreachable` where nothing listens and `server_auth` where the token
 * is refused (`details.peer: 'host'` on both).
 */
export function connectToHost(
  address: HostAddress,
  options: { signal?: AbortSignal; timeoutMs?: number } = {},
): Promise<Connection> {
  const { socketPath } = address;
  const url = socketPath === undefined ? (address.url ?? '').replace(/^http/, 'ws') : 'ws://localhost';
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(`${url}${RPC_PATH}`, PROTOCOL, {
      headers: { authorization: `Bearer ${address.token}` },
      perMessageDeflate: false,
      handshakeTimeout: options.timeoutMs ?? 5_000,
      maxPayload: 64 * 1024 * 1024,
      ...(options.signal === undefined ? {} : { signal: options.signal }),
      ...(socketPath === undefined ? {} : { createConnection: () => connectSocket({ path: socketPath }) }),
    });
    const fail = (error: AppError): void => {
      socket.terminate();
      reject(error);
    };
    // The greeting may come in the same packet as the handshake: the connection must listen before it is handed out.
    const connection = wsConnection(socket, { pingEveryMs: 0 });
    socket.once('open', () => {
      resolve(connection);
    });
    socket.once('unexpected-response', (_request, response) => {
      const status = response.statusCode ?? 0;
      fail(
        new AppError(
          status === 401 ? 'server_auth' : 'server_unreachable',
          `Switchyard's host answered ${String(status)}`,
          { details: { peer: 'host', status } },
        ),
      );
    });
    socket.once('error', (error) => {
      fail(
        new AppError('server_unreachable', `no host at ${socketPath ?? url}: ${error.message}`, {
          details: { peer: 'host' },
          cause: error,
        }),
      );
    });
  });
}
