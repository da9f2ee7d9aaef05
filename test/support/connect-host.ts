/** A client of the host that is written with `ws`, as another program's would be: the CLI has its own, smaller one. */
import { connect as connectSocket } from 'node:net';
import { WebSocket } from 'ws';
import { PROTOCOL, RPC_PATH, wsConnection } from '../../electron/host/ws-connection.ts';
import { AppError } from '../../shared/errors.ts';
import type { Connection } from '../../shared/rpc/connection.ts';

interface HostAddress {
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
