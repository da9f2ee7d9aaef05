/**
 * A Connection as the typed api: calls, events, abort. Needs no schema and no list of names (one Proxy), because the CLI
 * and the window bundle it. Does not reconnect: make a new client over a new connection, watch again, take a snapshot.
 */
import type { Api, CallName, Contract, Events, Topic } from '../contract.ts';
import type { CallOptions, InputOf, OutputOf } from '../contract-types.ts';
import { AppError, fromWire } from '../errors.ts';
import { abortReason } from '../util/async.ts';
import type { Connection } from './connection.ts';
import { readServerMessage } from './message.ts';
import type { ServerMessage } from './message.ts';

export type EventOf<T extends Topic> = { readonly [Name in T]: { topic: Name; payload: Events[Name] } }[T];

/** What the host said first. A page that reconnects and hears another hash than before was built for another contract: reload. */
export interface Hello {
  contractHash: string;
  appVersion: string;
}

export interface Client {
  readonly api: Api;
  /** The same as `api.group.verb(args)`, for callers that hold a name. */
  call<Name extends CallName>(
    name: Name,
    args: InputOf<Contract['calls'][Name]>,
    options?: CallOptions,
  ): Promise<OutputOf<Contract['calls'][Name]>>;
  /** Events from now on, in order. Watch first, then take a snapshot: whatever changed in between comes twice, never not at all. */
  watch<T extends Topic>(topics: readonly T[], listener: (event: EventOf<T>) => void): Disposable;
  /** Told when events were dropped because this client fell behind: take every snapshot again. */
  onResync(listener: () => void): Disposable;
  /** The host's greeting; rejects when the connection closes before it. */
  readonly hello: Promise<Hello>;
  onClose(listener: (why: string) => void): Disposable;
  readonly closed: boolean;
  close(): void;
}

interface Pending {
  resolve: (value: unknown) => void;
  reject: (error: unknown) => void;
}

/**
 * Calls reject with the host's AppError, with the abort reason of their signal, or with `server_unreachable`
 * (`details.peer: 'host'`) when the connection closes first: then it is unknown whether the call was carried out.
 */
export function createClient(connection: Connection): Client {
  const pending = new Map<number, Pending>();
  const watchers = new Map<string, Set<(event: { topic: string; payload: unknown }) => void>>();
  const resyncListeners = new Set<() => void>();
  let nextId = 1;
  let closedWhy: string | null = null;
  let greet: Pending = { resolve: () => undefined, reject: () => undefined };
  const hello = new Promise<Hello>((resolve, reject) => {
    greet = { resolve: resolve as (value: unknown) => void, reject };
  });
  hello.catch(() => undefined);

  const gone = (why: string): AppError =>
    new AppError('server_unreachable', `no connection to Switchyard's host: ${why}`, { details: { peer: 'host' } });

  const receive = (message: ServerMessage): void => {
    switch (message.type) {
      case 'ok':
      case 'err': {
        const waiting = pending.get(message.id);
        pending.delete(message.id);
        if (message.type === 'ok') waiting?.resolve(message.value);
        else waiting?.reject(fromWire(message.error));
        return;
      }
      case 'event':
        for (const listener of [...(watchers.get(message.topic) ?? [])])
          listener({ topic: message.topic, payload: message.payload });
        return;
      case 'mark':
        connection.send({ type: 'seen', n: message.n });
        return;
      case 'resync':
        for (const listener of [...resyncListeners]) listener();
        return;
      case 'hello':
        greet.resolve({ contractHash: message.contractHash, appVersion: message.appVersion });
    }
  };

  connection.onMessage((value) => {
    const message = readServerMessage(value);
    if (message !== null) receive(message);
  });
  connection.onClose((why) => {
    closedWhy = why;
    const left = [...pending.values()];
    pending.clear();
    for (const { reject } of left) reject(gone(why));
    greet.reject(gone(why));
  });

  const callAny = (name: string, args: unknown, signal: AbortSignal | undefined): Promise<unknown> =>
    new Promise((resolve, reject) => {
      if (signal?.aborted === true) {
        reject(abortReason(signal));
        return;
      }
      if (closedWhy !== null) {
        reject(gone(closedWhy));
        return;
      }
      const id = nextId;
      nextId += 1;
      const onAbort = (): void => {
        if (!pending.delete(id)) return;
        connection.send({ type: 'abort', id });
        if (signal !== undefined) reject(abortReason(signal));
      };
      const settle =
        <T>(done: (value: T) => void) =>
        (value: T): void => {
          signal?.removeEventListener('abort', onAbort);
          done(value);
        };
      pending.set(id, { resolve: settle(resolve), reject: settle(reject) });
      signal?.addEventListener('abort', onAbort, { once: true });
      connection.send({ type: 'call', id, name, args });
    });

  const call: Client['call'] = (name, args, options) => callAny(name, args, options?.signal) as Promise<never>;

  return {
    api: apiOf((name, args, options) => callAny(name, args, options?.signal)),
    call,
    watch(topics, listener) {
      // One function of its own per subscription, so that the same listener may be given twice.
      const own = (event: { topic: string; payload: unknown }): void => {
        listener(event as never);
      };
      const added = topics.filter((topic) => (watchers.get(topic)?.size ?? 0) === 0);
      for (const topic of topics) watchers.set(topic, (watchers.get(topic) ?? new Set()).add(own));
      if (added.length > 0) connection.send({ type: 'watch', topics: added });
      return {
        [Symbol.dispose]: () => {
          const ended = topics.filter(
            (topic) => watchers.get(topic)?.delete(own) === true && watchers.get(topic)?.size === 0,
          );
          if (ended.length > 0) connection.send({ type: 'unwatch', topics: ended });
        },
      };
    },
    onResync(listener) {
      resyncListeners.add(listener);
      return { [Symbol.dispose]: () => void resyncListeners.delete(listener) };
    },
    hello,
    onClose: (listener) => connection.onClose(listener),
    get closed() {
      return closedWhy !== null;
    },
    close: () => {
      connection.close('closed by the client');
    },
  };
}

type AnyCall = (name: string, args: unknown, options: CallOptions | undefined) => Promise<unknown>;

/** `api.group.verb(args, options)` becomes `call('group.verb', …)`. */
function apiOf(call: AnyCall): Api {
  const groups = new Map<string, object>();
  const group = (name: string): object => {
    const verbs = new Map<string, unknown>();
    return new Proxy(
      {},
      {
        get: (_, verb) => {
          // A promise asks whatever it is resolved with for `then`: that is no call.
          if (typeof verb !== 'string' || verb === 'then') return undefined;
          const made =
            verbs.get(verb) ?? ((args: unknown, options?: CallOptions) => call(`${name}.${verb}`, args, options));
          verbs.set(verb, made);
          return made;
        },
      },
    );
  };
  return new Proxy(
    {},
    {
      get: (_, name) => {
        if (typeof name !== 'string' || name === 'then') return undefined;
        const made = groups.get(name) ?? group(name);
        groups.set(name, made);
        return made;
      },
    },
  ) as Api;
}
