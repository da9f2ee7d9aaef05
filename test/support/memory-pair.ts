/** Two ends of a connection in one process, for tests of what speaks over one. */
import { connectionOver } from '../../shared/rpc/connection.ts';
import type { Connection, TransportEvents } from '../../shared/rpc/connection.ts';

/** Two connected ends in this process. Delivery is asynchronous and in order, as on a real transport. */
export function memoryPair(): [Connection, Connection] {
  const end = (peer: () => TransportEvents): { connection: Connection; events: TransportEvents } =>
    connectionOver({
      send: (text) => {
        queueMicrotask(() => {
          peer().received(text);
        });
      },
      close: (why) => {
        queueMicrotask(() => {
          peer().closed(why);
        });
      },
    });
  const left: { connection: Connection; events: TransportEvents } = end(() => right.events);
  const right: { connection: Connection; events: TransportEvents } = end(() => left.events);
  return [left.connection, right.connection];
}
