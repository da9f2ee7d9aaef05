/**
 * A Connection over a WebSocket of `ws`: the host's end. Keeps the socket honest: pings, a limit on what is sent but not
 * taken, text frames only. Does not decide who may connect.
 */
import { WebSocket } from 'ws';
import { connectionOver } from '../../shared/rpc/connection.ts';
import type { Connection } from '../../shared/rpc/connection.ts';

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
