/** The rpc suite over every transport: memory, a MessagePort pair, and WebSockets over TCP and over a private socket. */
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MessageChannel } from 'node:worker_threads';
import { WebSocketServer } from 'ws';
import { PROTOCOL, wsConnection } from '../../electron/host/ws-connection.ts';
import { connectToHost } from '../support/connect-host.ts';
import { portConnection } from '../../shared/rpc/connection.ts';
import { memoryPair } from '../support/memory-pair.ts';
import type { Connection } from '../../shared/rpc/connection.ts';
import { rpcConformance } from './rpc.ts';
import type { TransportPair } from './rpc.ts';

rpcConformance('a memory pair', async () => {
  const [serverEnd, clientEnd] = memoryPair();
  return { serverEnd, clientEnd, dispose: () => Promise.resolve() };
});

rpcConformance('a MessagePort pair', async () => {
  const { port1, port2 } = new MessageChannel();
  return {
    serverEnd: portConnection(port1),
    clientEnd: portConnection(port2),
    dispose: () => {
      port1.close();
      port2.close();
      return Promise.resolve();
    },
  };
});

async function webSocketPair(where: 'tcp' | 'private'): Promise<TransportPair> {
  const directory = mkdtempSync(join(tmpdir(), 'switchyard-rpc-'));
  const socketPath =
    process.platform === 'win32' ? `\\\\.\\pipe\\switchyard-rpc-${String(process.pid)}` : join(directory, 's');
  const http = createServer();
  await new Promise<void>((resolve) => {
    if (where === 'tcp') http.listen(0, '127.0.0.1', resolve);
    else http.listen(socketPath, resolve);
  });
  const sockets = new WebSocketServer({ server: http, handleProtocols: () => PROTOCOL, perMessageDeflate: false });
  const accepted = new Promise<Connection>((resolve) => {
    sockets.once('connection', (socket) => {
      resolve(wsConnection(socket));
    });
  });
  const address =
    where === 'tcp' ? { url: `http://127.0.0.1:${String((http.address() as AddressInfo).port)}` } : { socketPath };
  const clientEnd = await connectToHost({ ...address, token: 'none asked for' });
  return {
    serverEnd: await accepted,
    clientEnd,
    dispose: async () => {
      for (const socket of sockets.clients) socket.terminate();
      sockets.close();
      await new Promise((resolve) => http.close(resolve));
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

rpcConformance('a WebSocket on TCP', () => webSocketPair('tcp'));
rpcConformance('a WebSocket on a private socket', () => webSocketPair('private'));
