/**
 * The only place that touches raw IPC. One registrar checks who sends and what (architecture §16.3) for every channel;
 * there is one: a page that wants to talk sends a MessagePort, which becomes a Connection. Knows no calls of the contract.
 */
import { ipcMain } from 'electron';
import type { IpcMainEvent, MessagePortMain } from 'electron';
import { z } from 'zod';
import { connectionOver } from '../../../shared/rpc/connection.ts';
import type { Connection } from '../../../shared/rpc/connection.ts';
import { isOurPage } from './urls.ts';

/** Channel names begin alike, so that a test can tell ours from others. */
const CONNECT = 'switchyard:connect';

type Refused = 'no-frame' | 'subframe' | 'foreign-page' | 'bad-arguments' | 'no-port';

export interface IpcOptions {
  /** A page of ours wants to talk. `contentsId` says which window's. */
  onConnection: (connection: Connection, contentsId: number) => void;
  /** Logged: none of these happens in a window that works. */
  onRefused: (channel: string, why: Refused) => void;
}

interface Channel<Args> {
  name: string;
  args: z.ZodType<Args>;
  ports: number;
  handle: (args: Args, ports: readonly MessagePortMain[], event: IpcMainEvent) => void;
}

/** Takes connections from pages until disposed. */
export function acceptConnections({ onConnection, onRefused }: IpcOptions): Disposable {
  return registerChannel(
    {
      name: CONNECT,
      args: z.null(),
      ports: 1,
      handle: (_args, [port], event) => {
        if (port !== undefined) onConnection(portMainConnection(port), event.sender.id);
      },
    },
    onRefused,
  );
}

function registerChannel<Args>(channel: Channel<Args>, onRefused: IpcOptions['onRefused']): Disposable {
  const listener = (event: IpcMainEvent, args: unknown): void => {
    const refuse = (why: Refused): void => {
      for (const port of event.ports) port.close();
      onRefused(channel.name, why);
    };
    const from = senderProblem(event);
    if (from !== null) {
      refuse(from);
      return;
    }
    const parsed = channel.args.safeParse(args);
    if (!parsed.success) refuse('bad-arguments');
    else if (event.ports.length !== channel.ports) refuse('no-port');
    else channel.handle(parsed.data, event.ports, event);
  };
  ipcMain.on(channel.name, listener);
  return { [Symbol.dispose]: () => void ipcMain.removeListener(channel.name, listener) };
}

/** Null for the main frame of a page of ours; a frame that is gone, a subframe and every other page are refused. */
export function senderProblem(event: Pick<IpcMainEvent, 'senderFrame'>): Refused | null {
  const frame = event.senderFrame;
  if (frame === null) return 'no-frame';
  if (frame.parent !== null) return 'subframe';
  // A page that was navigated has another address than its origin tells, a sandboxed one has the origin "null": both count.
  return isOurPage(frame.url) && isOurPage(frame.origin) ? null : 'foreign-page';
}

/** Electron's port speaks in events of Node's kind; everything on it is JSON text, as on every transport. */
export function portMainConnection(port: Pick<MessagePortMain, 'on' | 'postMessage' | 'start' | 'close'>): Connection {
  const { connection, events } = connectionOver({
    send: (text) => {
      port.postMessage(text);
    },
    close: () => {
      port.close();
    },
  });
  port.on('message', (event) => {
    events.received(event.data);
  });
  port.on('close', () => {
    events.closed('the window is gone');
  });
  port.start();
  return connection;
}
