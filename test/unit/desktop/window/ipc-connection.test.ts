import { EventEmitter } from 'node:events';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { IpcMainEvent } from 'electron';
import { afterEach, describe, expect, it, vi } from 'vitest';
import {
  acceptConnections,
  portMainConnection,
  senderProblem,
} from '../../../../electron/desktop/window/ipc-connection.ts';
import { ipcMain as main } from '../../../fakes/electron/ipc-main.ts';
import { root } from '../../../suites.ts';

vi.mock('electron', () => import('../../../fakes/electron/ipc-main.ts'));

/** A MessagePortMain, read against docs/api/message-port-main.md: what is sent is copied at once, what comes waits for `start`. */
class Port extends EventEmitter {
  sent: unknown[] = [];
  started = false;
  closed = false;
  postMessage(value: unknown): void {
    this.sent.push(structuredClone(value));
  }
  start(): void {
    this.started = true;
  }
  close(): void {
    this.closed = true;
  }
}

type Frame = { url: string; origin: string; parent: unknown } | null;
const ours = { url: 'app://ui/#queue', origin: 'app://ui', parent: null };
const bad: [string, Frame, string][] = [
  ['no frame (it was navigated or is gone)', null, 'no-frame'],
  ['a subframe of ours', { ...ours, parent: ours }, 'subframe'],
  ['another host of the scheme', { url: 'app://other/', origin: 'app://other', parent: null }, 'foreign-page'],
  ['a host that begins like ours', { url: 'app://ui.evil/', origin: 'app://ui.evil', parent: null }, 'foreign-page'],
  ['about:blank', { url: 'about:blank', origin: 'null', parent: null }, 'foreign-page'],
  ['about:blank that kept our origin', { url: 'about:blank', origin: 'app://ui', parent: null }, 'foreign-page'],
  ['a data: page', { url: 'data:text/html,x', origin: 'null', parent: null }, 'foreign-page'],
  ['a sandboxed page of ours', { url: 'app://ui/', origin: 'null', parent: null }, 'foreign-page'],
  ['a server’s page', { url: 'http://127.0.0.1:8188/', origin: 'http://127.0.0.1:8188', parent: null }, 'foreign-page'],
  ['a file', { url: 'file:///x.html', origin: 'file://', parent: null }, 'foreign-page'],
  ['nothing loaded yet', { url: '', origin: '', parent: null }, 'foreign-page'],
];

describe('who may connect', () => {
  it('the main frame of our page', () => {
    expect(senderProblem({ senderFrame: ours } as unknown as IpcMainEvent)).toBeNull();
  });
  it.each(bad)('not %s', (_name, senderFrame, why) => {
    expect(senderProblem({ senderFrame } as unknown as IpcMainEvent)).toBe(why);
  });
});

describe('the registrar', () => {
  const connections: unknown[] = [];
  const refused: string[] = [];
  const accepted = acceptConnections({
    onConnection: (connection, id) => connections.push([connection, id]),
    onRefused: (channel, why) => refused.push(`${channel} ${why}`),
  });
  const send = (senderFrame: Frame, args: unknown, ports: Port[]): void => {
    main.emit('switchyard:connect', { senderFrame, ports, sender: { id: 7 } }, args);
  };
  afterEach(() => {
    connections.length = 0;
    refused.length = 0;
  });

  it('takes one port from our page', () => {
    const port = new Port();
    send(ours, null, [port]);
    expect(connections).toEqual([[expect.anything(), 7]]);
    expect(port.started).toBe(true);
  });
  it.each(bad)('refuses %s and closes what it brought', (_name, frame, why) => {
    const port = new Port();
    send(frame, null, [port]);
    expect([connections, refused, port.closed]).toEqual([[], [`switchyard:connect ${why}`], true]);
  });
  it.each<[string, unknown, number]>([
    ['no port', null, 0],
    ['two ports', null, 2],
    ['arguments', { hello: 1 }, 1],
    ['undefined', undefined, 1],
    ['an array', [], 1],
  ])('refuses %s', (_name, args, count) => {
    const ports = Array.from({ length: count }, () => new Port());
    send(ours, args, ports);
    expect(connections).toEqual([]);
    expect(refused).toHaveLength(1);
    expect(ports.every(({ closed }) => closed)).toBe(true);
  });
  it('hears nothing after its end', () => {
    accepted[Symbol.dispose]();
    expect(main.listenerCount('switchyard:connect')).toBe(0);
  });
});

describe('a port as a connection', () => {
  it('carries JSON both ways, and ends with the window', () => {
    const port = new Port();
    const connection = portMainConnection(port);
    const got: unknown[] = [];
    let why = '';
    connection.onMessage((value) => got.push(value));
    connection.onClose((reason) => void (why = reason));
    connection.send({ type: 'resync' });
    expect(port.sent).toEqual(['{"type":"resync"}']);
    port.emit('message', { data: '{"type":"call"}', ports: [] });
    port.emit('message', { data: { not: 'text' }, ports: [] });
    port.emit('message', { data: '{', ports: [] });
    expect(got).toEqual([{ type: 'call' }, undefined, undefined]);
    port.emit('close');
    expect(why).toBe('the window is gone');
    connection.send({ type: 'resync' });
    expect(port.sent).toHaveLength(1);
  });
});

it('raw IPC is touched by these two files and no other', () => {
  const folder = join(root, 'electron', 'desktop');
  const touching = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter(
    (name) => name.endsWith('.ts') && /\bipc(Main|Renderer)\b/.test(readFileSync(join(folder, name), 'utf8')),
  );
  expect(touching.sort()).toEqual(['preload.ts', join('window', 'ipc-connection.ts')]);
});
