/**
 * A Connection: two ends that send each other JSON values in order until one closes. Also the two kinds that need
 * nothing from Node or the DOM: a pair in memory, and one over anything shaped like a MessagePort.
 * Knows nothing of calls or events; WebSockets are wrapped where they live (host, renderer) with `connectionOver`.
 */
import type { Message } from './message.ts';

export interface Connection {
  /** Sends a value that survives JSON. Does nothing once closed. */
  send(message: Message): void;
  /** Values arrive parsed; text that is not JSON arrives as `undefined`. Values from before the first listener are kept for it. */
  onMessage(listener: (value: unknown) => void): Disposable;
  /** Told once, also when already closed; `why` is for logs. */
  onClose(listener: (why: string) => void): Disposable;
  close(why?: string): void;
  readonly closed: boolean;
  /** Bytes handed over that have not left yet; 0 where the transport does not tell. */
  bufferedBytes(): number;
}

/** The half a transport brings. */
export interface Transport {
  send(text: string): void;
  close(why: string): void;
  bufferedBytes?(): number;
}

/** What a transport calls as things happen to it. */
export interface TransportEvents {
  received(text: unknown): void;
  closed(why: string): void;
}

/** Makes a Connection of a transport. Everything sent is JSON text, so that all transports carry exactly the same. */
export function connectionOver(transport: Transport): { connection: Connection; events: TransportEvents } {
  const messageListeners = new Set<(value: unknown) => void>();
  const closeListeners = new Set<(why: string) => void>();
  let early: unknown[] = [];
  let closedWhy: string | null = null;

  const closed = (why: string): void => {
    if (closedWhy !== null) return;
    closedWhy = why;
    early = [];
    for (const listener of [...closeListeners]) listener(why);
  };

  const connection: Connection = {
    send(message) {
      if (closedWhy === null) transport.send(JSON.stringify(message));
    },
    onMessage(listener) {
      messageListeners.add(listener);
      const kept = early;
      early = [];
      for (const value of kept) listener(value);
      return { [Symbol.dispose]: () => void messageListeners.delete(listener) };
    },
    onClose(listener) {
      if (closedWhy !== null) listener(closedWhy);
      else closeListeners.add(listener);
      return { [Symbol.dispose]: () => void closeListeners.delete(listener) };
    },
    close(why = 'closed here') {
      if (closedWhy !== null) return;
      closed(why);
      transport.close(why);
    },
    get closed() {
      return closedWhy !== null;
    },
    bufferedBytes: () => transport.bufferedBytes?.() ?? 0,
  };

  const received = (text: unknown): void => {
    if (closedWhy !== null) return;
    const value = parse(text);
    if (messageListeners.size === 0) early.push(value);
    for (const listener of [...messageListeners]) listener(value);
  };

  return { connection, events: { received, closed } };
}

function parse(text: unknown): unknown {
  if (typeof text !== 'string') return undefined;
  try {
    return JSON.parse(text) as unknown;
  } catch (_) {
    return undefined;
  }
}

/** What is needed of a MessagePort: the DOM's, Node's, and Electron's MessagePortMain behind a thin shim. */
export interface PortLike {
  postMessage(text: string): void;
  addEventListener(
    type: 'message' | 'close',
    listener: (event: { readonly type: string; readonly data?: unknown }) => void,
  ): void;
  start?(): void;
  close(): void;
}

export function portConnection(port: PortLike): Connection {
  const { connection, events } = connectionOver({
    send: (text) => {
      port.postMessage(text);
    },
    close: () => {
      port.close();
    },
  });
  port.addEventListener('message', (event) => {
    events.received(event.data);
  });
  port.addEventListener('close', () => {
    events.closed('the port was closed');
  });
  port.start?.();
  return connection;
}
