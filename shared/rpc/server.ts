/**
 * Serves the contract over one Connection: its calls, their abort, and the events it watches. Validation is invoke.ts's,
 * slowness outbox.ts's. Knows nothing of sockets or of who may connect; when the connection closes, its calls are aborted.
 */
import type { CallContext, ContractShape } from '../contract-types.ts';
import { AppError, isAbort, toWire } from '../errors.ts';
import { Aborted } from '../util/async.ts';
import type { Emitter } from '../util/emitter.ts';
import type { Connection } from './connection.ts';
import type { Allow, Invoker } from './invoke.ts';
import { idOfBrokenCall, readClientMessage } from './message.ts';
import { Outbox } from './outbox.ts';
import type { OutboxOptions } from './outbox.ts';

/** Calls of one connection that may be open at once; more answer `not_allowed`. */
const MAX_OPEN_CALLS = 2_000;

export interface ServeOptions<Events extends object> {
  connection: Connection;
  contract: ContractShape;
  invoker: Invoker;
  events: Emitter<Events>;
  /** What the client is told first. */
  hello: { contractHash: string; appVersion: string };
  face: CallContext['face'];
  allow: Allow;
  /** Errors that are bugs of ours, for the log; the caller is answered anyway. */
  onBug: (error: unknown, call: string) => void;
  /** The reply as this client may see it, e.g. without what is only told on this machine. Default: as it is. */
  reply?: (call: string, value: unknown) => unknown;
  /** Also checks every event against the contract (tests, dev builds); a broken one is reported and not sent. */
  validateEvents?: boolean;
  /** For tests of slow clients. */
  outbox?: Pick<OutboxOptions, 'patienceMs' | 'highBytes' | 'window' | 'maxKept'>;
}

/** Disposing stops serving and closes the connection. */
export function serveApi<Events extends object>(options: ServeOptions<Events>): Disposable {
  const { connection, contract, invoker, events, face, allow, onBug } = options;
  const open = new Map<number, AbortController>();
  const watched = new Map<string, Disposable>();
  const outbox = new Outbox({
    send: (topic, payload) => {
      connection.send({ type: 'event', topic, payload });
    },
    sendResync: () => {
      connection.send({ type: 'resync' });
    },
    sendMark: (n) => {
      connection.send({ type: 'mark', n });
    },
    bufferedBytes: () => connection.bufferedBytes(),
    ...options.outbox,
  });

  const carryOut = async (id: number, name: string, args: unknown): Promise<void> => {
    const controller = new AbortController();
    open.set(id, controller);
    try {
      const value = await invoker.invoke(name, args, { signal: controller.signal, face }, allow);
      if (!controller.signal.aborted)
        connection.send({ type: 'ok', id, value: options.reply === undefined ? value : options.reply(name, value) });
    } catch (error) {
      // A caller that left is not answered; whatever its call was doing has ended by itself.
      if (controller.signal.aborted) return;
      const wire = toWire(error);
      if (wire.code === 'bug' && !isAbort(error)) onBug(error, name);
      connection.send({ type: 'err', id, error: wire });
    } finally {
      open.delete(id);
    }
  };

  const refuse = (id: number, message: string): void => {
    connection.send({ type: 'err', id, error: toWire(new AppError('invalid_request', message)) });
  };

  const watch = (topic: string): void => {
    const schema = Object.hasOwn(contract.events, topic) ? contract.events[topic] : undefined;
    if (schema === undefined || watched.has(topic)) return;
    watched.set(
      topic,
      events.on(topic as keyof Events, (payload) => {
        if (options.validateEvents === true) {
          const checked = schema.safeParse(payload);
          if (!checked.success) {
            onBug(new AppError('bug', `an event of ${topic} breaks the contract: ${checked.error.message}`), topic);
            return;
          }
        }
        outbox.push(topic, payload);
      }),
    );
  };

  const receive = (value: unknown): void => {
    const message = readClientMessage(value);
    if (message === null) {
      const id = idOfBrokenCall(value);
      if (id !== null) refuse(id, 'this is no call: {type, id, name, args} and nothing else');
      return;
    }
    switch (message.type) {
      case 'call':
        if (open.has(message.id)) refuse(message.id, `call ${message.id} is still open`);
        else if (open.size >= MAX_OPEN_CALLS)
          connection.send({
            type: 'err',
            id: message.id,
            error: toWire(new AppError('not_allowed', `more than ${MAX_OPEN_CALLS} calls open on one connection`)),
          });
        else void carryOut(message.id, message.name, message.args);
        return;
      case 'abort':
        open.get(message.id)?.abort(new Aborted('CallerLeft'));
        return;
      case 'watch':
        message.topics.forEach(watch);
        return;
      case 'unwatch':
        for (const topic of message.topics) {
          watched.get(topic)?.[Symbol.dispose]();
          watched.delete(topic);
        }
        return;
      case 'seen':
        outbox.seen(message.n);
    }
  };

  const end = (): void => {
    outbox.close();
    for (const subscription of watched.values()) subscription[Symbol.dispose]();
    watched.clear();
    for (const controller of open.values()) controller.abort(new Aborted('CallerLeft'));
  };

  connection.onClose(end);
  connection.send({ type: 'hello', ...options.hello });
  connection.onMessage(receive);
  return {
    [Symbol.dispose]: () => {
      connection.close('the host is closing');
    },
  };
}
