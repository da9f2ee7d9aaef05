/** The socket: its states, orphans, closing before opening, fences, and silence. Over real sockets. */
import type { AddressInfo } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import { WebSocketServer } from 'ws';
import type { WebSocket } from 'ws';
import { ReconnectingSocket } from '../../../../electron/core/net/reconnecting-socket.ts';
import type { SocketOptions } from '../../../../electron/core/net/reconnecting-socket.ts';
import { FaultProxy } from '../../../fakes/fault-proxy.ts';
import { until } from '../../../support/comfy-rig.ts';

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

async function serve(): Promise<{ url: string; sockets: WebSocket[]; events: string[]; server: WebSocketServer }> {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  await new Promise((resolve) => server.once('listening', resolve));
  const sockets: WebSocket[] = [];
  const events: string[] = [];
  server.on('connection', (socket) => {
    const name = String(sockets.push(socket));
    events.push(`open ${name}`);
    socket.on('close', () => events.push(`close ${name}`));
    socket.on('message', (data, binary) =>
      events.push(`${binary ? 'bytes' : 'text'} ${name} ${(data as Buffer).toString()}`),
    );
  });
  closers.push(
    () =>
      new Promise((resolve) => {
        for (const socket of server.clients) socket.terminate();
        server.close(() => {
          resolve();
        });
      }),
  );
  return { url: `ws://127.0.0.1:${String((server.address() as AddressInfo).port)}/ws`, sockets, events, server };
}
function make(options: Partial<SocketOptions> = {}): { socket: ReconnectingSocket; frames: (string | Uint8Array)[] } {
  const frames: (string | Uint8Array)[] = [];
  const socket = new ReconnectingSocket({ onFrame: (frame) => frames.push(frame), ...options });
  closers.push(() => socket.close());
  return { socket, frames };
}
const never = new AbortController().signal;

it('goes idle → opening → open → closed and hands on text and bytes', async () => {
  const { url, sockets, events } = await serve();
  const { socket, frames } = make();
  expect(socket.state).toBe('idle');
  const opening = socket.open(url, {}, 'first', never);
  const { lost } = await opening;
  expect(socket.state).toBe('open');
  await until('the first frame', () => events.includes('text 1 first'));
  sockets[0]?.send('text');
  sockets[0]?.send(Buffer.from([1, 2, 3]));
  await until('both', () => frames.length === 2);
  expect(frames[0]).toBe('text');
  expect([...(frames[1] as Uint8Array)]).toEqual([1, 2, 3]);
  sockets[0]?.terminate();
  expect(await lost).toMatchObject({ code: 'server_unreachable', details: { closeCode: 1006 } });
  expect(socket.state).toBe('closed');
});

it('closes the old socket before it opens the new one (C12)', async () => {
  const { url, events } = await serve();
  const { socket } = make();
  const first = await socket.open(url, {}, null, never);
  const opening = socket.open(url, {}, null, never);
  expect(socket.state).toBe('waiting');
  await opening;
  await first.lost;
  await until('both seen', () => events.length >= 3);
  expect(events).toEqual(['open 1', 'close 1', 'open 2']);
  expect(socket.state).toBe('open');
});

it('does not hear an orphan', async () => {
  const { url, sockets, server } = await serve();
  const { socket, frames } = make();
  await socket.open(url, {}, null, never);
  const [old] = sockets;
  // A server that does not answer the close: the old one is cut after a second, and what it says late is not heard.
  for (const peer of server.clients) peer.pause();
  await socket.open(url, {}, null, never);
  old?.resume();
  old?.send('late');
  sockets[1]?.send('new');
  await until('the new one is heard', () => frames.length > 0);
  expect(frames).toEqual(['new']);
});

it('refused: unreachable; 403: auth; an abort is an abort', async () => {
  const { url, server } = await serve();
  const { socket } = make();
  server.options.verifyClient = (_info, answer) => {
    answer(false, 403, 'no');
  };
  await expect(socket.open(url, {}, null, never)).rejects.toMatchObject({
    code: 'server_auth',
    details: { status: 403 },
  });
  await new Promise((resolve) => server.close(resolve));
  await expect(socket.open(url, {}, null, never)).rejects.toMatchObject({ code: 'server_unreachable' });
  const aborted = AbortSignal.abort(new Error('left'));
  await expect(socket.open(url, {}, null, aborted)).rejects.toThrow('left');
});

it('a fence passes only after everything sent before it was heard', async () => {
  const { url, sockets } = await serve();
  const { socket, frames } = make();
  await socket.open(url, {}, null, never);
  for (let index = 0; index < 500; index += 1) sockets[0]?.send(String(index));
  expect(await socket.fence(5_000)).toBe(true);
  expect(frames).toHaveLength(500);
  sockets[0]?.pause();
  expect(await socket.fence(50)).toBe(false);
});

it('a half-open connection is ended after its silence', async () => {
  const { url } = await serve();
  const proxy = await FaultProxy.before(url.replace('ws:', 'http:'));
  closers.push(() => proxy.close());
  const { socket } = make({ pingMs: 20, silenceMs: 120 });
  const { lost } = await socket.open(proxy.url.replace('http:', 'ws:'), {}, null, never);
  expect(await socket.fence(2_000)).toBe(true);
  proxy.halfOpen();
  expect(await lost).toMatchObject({ code: 'server_unreachable' });
});
