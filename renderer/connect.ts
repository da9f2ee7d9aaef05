/**
 * The window's connection to its host: over a MessagePort where the desktop shell hands one over, else a WebSocket on the
 * page's own origin. Reconnects for ever with growing pauses; each new connection is handed to `onSession`, which watches
 * and takes its snapshot again. The `api` stays the same object; calls made while nothing is connected fail at once.
 */
import type { Api } from '../shared/contract.ts';
import { AppError } from '../shared/errors.ts';
import { createClient } from '../shared/rpc/client.ts';
import type { Client } from '../shared/rpc/client.ts';
import { connectionOver, portConnection } from '../shared/rpc/connection.ts';
import type { Connection } from '../shared/rpc/connection.ts';
import type { LinkState } from './state/app-store.ts';

/** Spoken in the handshake; the host answers no other. */
const PROTOCOL = 'switchyard.v1';
const RPC_PATH = '/rpc';
/** The desktop shell posts this with one port; the page posts `switchyard:ready` when it can take one. */
const PORT_MESSAGE = 'switchyard:port';
const READY_MESSAGE = 'switchyard:ready';

/** Opens a connection or rejects. */
export type Dial = (signal: AbortSignal) => Promise<Connection>;

export interface LinkOptions {
  dial?: Dial;
  onState: (state: LinkState) => void;
  /** A connection stands. What it returns is disposed when the connection is gone. */
  onSession: (client: Client) => Disposable;
  /** The host speaks another contract than the one this page was built with: load the page again. */
  onOtherContract?: () => void;
  /** Pause before the n-th try in a row (from 1), ms. */
  pauseMs?: (attempt: number) => number;
}

export interface Link {
  readonly api: Api;
  /** Tries at once instead of at the end of the pause. */
  readonly retryNow: () => void;
  [Symbol.dispose](): void;
}

/** 0.25 s, 0.5 s, 1 s, 2 s, then every 4 s. The host is on this machine or on the same network. */
const usualPause = (attempt: number): number => Math.min(4_000, 250 * 2 ** (attempt - 1));

export function openLink(options: LinkOptions): Link {
  const { dial = usualDial(), pauseMs = usualPause } = options;
  const ended = new AbortController();
  let client: Client | null = null;
  let contractHash: string | null = null;
  let wake: () => void = () => undefined;

  const rest = (ms: number): Promise<void> =>
    new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });

  const session = async (connection: Connection): Promise<void> => {
    const current = createClient(connection);
    const closed = new Promise<void>((resolve) => {
      current.onClose(() => {
        resolve();
      });
    });
    const hello = await current.hello;
    if (contractHash !== null && contractHash !== hello.contractHash) {
      options.onOtherContract?.();
    }
    contractHash = hello.contractHash;
    client = current;
    const work = options.onSession(current);
    options.onState('online');
    try {
      await closed;
    } finally {
      client = null;
      work[Symbol.dispose]();
    }
  };

  const run = async (): Promise<void> => {
    let attempt = 0;
    while (!ended.signal.aborted) {
      let state: LinkState = contractHash === null ? 'connecting' : 'reconnecting';
      try {
        await session(await dial(ended.signal));
        attempt = 0;
        state = 'reconnecting';
      } catch (error) {
        // Not reachable or gone again: said by the state, tried again below. A host that does not know us may be
        // another one on this address for a moment, so that is tried again too.
        if (error instanceof AppError && error.code === 'server_auth') state = 'signed-out';
      }
      if (isEnded()) return;
      options.onState(state);
      attempt += 1;
      await rest(pauseMs(attempt));
    }
  };
  const isEnded = (): boolean => ended.signal.aborted;
  void run();

  const wakeUp = (): void => {
    wake();
  };
  // A laptop that wakes, a network that is back, a tab that is looked at: try at once.
  const wakers = ['online', 'focus', 'pageshow'] as const;
  for (const name of wakers) window.addEventListener(name, wakeUp);

  return {
    api: standingApi(() => client),
    retryNow: wakeUp,
    [Symbol.dispose]: () => {
      for (const name of wakers) window.removeEventListener(name, wakeUp);
      ended.abort();
      wake();
      client?.close();
    },
  };
}

/** An api that outlives its connections. */
function standingApi(current: () => Client | null): Api {
  const nobody = new AppError('server_unreachable', 'no connection to Switchyard’s host', {
    details: { peer: 'host' },
  });
  const groups = new Map<string, object>();
  const groupOf = (name: string): object =>
    new Proxy(
      {},
      {
        get: (_, verb) => {
          if (typeof verb !== 'string') return undefined;
          return (args: unknown, callOptions?: unknown): unknown => {
            const client = current();
            if (client === null) return Promise.reject(nobody);
            return (client.call as (...all: unknown[]) => Promise<unknown>)(`${name}.${verb}`, args, callOptions);
          };
        },
      },
    );
  return new Proxy(
    {},
    {
      get: (_, name) => {
        if (typeof name !== 'string') return undefined;
        const made = groups.get(name) ?? groupOf(name);
        groups.set(name, made);
        return made;
      },
    },
  ) as Api;
}

/** True in the desktop shell: its page has the host `ui` and no port; a host's page has an address and a port. */
export const inDesktop = (): boolean => location.host === 'ui';

function usualDial(): Dial {
  return inDesktop() ? dialPort : dialSocket;
}

const dialSocket: Dial = async (signal) => {
  const csrf = await sessionToken(signal);
  return new Promise((resolve, reject) => {
    const url = new URL(RPC_PATH, location.href);
    url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
    const socket = new WebSocket(url, [PROTOCOL, `csrf.${csrf}`]);
    const { connection, events } = connectionOver({
      send: (text) => {
        socket.send(text);
      },
      close: () => {
        socket.close();
      },
      bufferedBytes: () => socket.bufferedAmount,
    });
    signal.addEventListener('abort', () => {
      socket.close();
    });
    socket.onopen = () => {
      resolve(connection);
    };
    socket.onmessage = (event: MessageEvent<unknown>) => {
      events.received(event.data);
    };
    socket.onclose = (event) => {
      events.closed(event.reason === '' ? `closed (${event.code})` : event.reason);
      reject(new AppError('server_unreachable', 'the host did not take the connection', { details: { peer: 'host' } }));
    };
  });
};

/**
 * What proves to the host that the page of its own origin asks: the session's cookie alone also comes with what other
 * pages of this machine ask. Rejects with `server_auth` where there is no session: Switchyard must be opened again.
 */
async function sessionToken(signal: AbortSignal): Promise<string> {
  const answer = await fetch(new URL('/session', location.href), { signal, cache: 'no-store' });
  if (!answer.ok) {
    const code = answer.status === 401 ? 'server_auth' : 'server_unreachable';
    throw new AppError(code, `the host answered ${answer.status}`, { details: { peer: 'host' } });
  }
  const session = (await answer.json()) as { csrf: string };
  return session.csrf;
}

const dialPort: Dial = (signal) =>
  new Promise((resolve) => {
    const onMessage = (event: MessageEvent<unknown>): void => {
      const port = event.ports[0];
      if (event.source !== window || event.data !== PORT_MESSAGE || port === undefined) return;
      window.removeEventListener('message', onMessage);
      resolve(portConnection(port));
    };
    window.addEventListener('message', onMessage, { signal });
    window.postMessage(READY_MESSAGE, location.origin);
  });
