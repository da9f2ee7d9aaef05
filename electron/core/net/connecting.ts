/**
 * Connections to one server, and the proof that nothing was sent: as long as no connection stood, no byte of a request can
 * have been taken.
 */
import type { Socket } from 'node:net';
import { buildConnector, Client } from 'undici';
import { guardedLookup } from './address-guard.ts';

/** How every connection is made. */
export const CONNECT = { timeout: 5_000, lookup: guardedLookup };

const NOT_CONNECTED = new Set([
  'ERR_FORBIDDEN_ADDRESS',
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EADDRNOTAVAIL',
  'UND_ERR_CONNECT_TIMEOUT',
]);

/** No connection stood. */
export function failedToConnect(error: unknown): boolean {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' && NOT_CONNECTED.has(error.code);
}

/** A client for one request. `stood` becomes true when its connection does: until then nothing can have been sent. */
export function freshConnection(origin: string): { client: Client; stood: () => boolean; letGo: () => void } {
  let stood = false;
  let isLeft = false;
  let socket: Socket | null = null;
  const connect = buildConnector({ ...CONNECT, allowH2: false });
  const client = new Client(origin, {
    pipelining: 1,
    headersTimeout: 0,
    connect: (options, callback) => {
      connect(options, (...answer: [null, Socket] | [Error, null]) => {
        if (answer[0] === null) {
          stood = true;
          socket = answer[1];
          if (isLeft) socket.unref();
        }
        callback(...answer);
      });
    },
  });
  return {
    client,
    stood: () => stood,
    letGo: () => {
      isLeft = true;
      socket?.unref();
    },
  };
}
