/**
 * More of the facts C1–C16 (comfy-facts.test.ts has the first of each): what the witness proves over a
 * restart of ours (C10), what many stops at once cost (C6), each of the two watches over a silent socket by itself (C12),
 * and what the stream is not asked or sent (C13, C14). Each fails when its fact is ignored.
 */
import { createServer } from 'node:http';
import type { IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { readText } from '../../electron/core/servers/comfy/frames.ts';
import type { ComfyServerHandle } from '../../electron/demo/comfy/server.ts';
import { ComfyRig, sleepGraph, until } from '../support/comfy-rig.ts';
import { ComfySite } from '../support/comfy-site.ts';

const site = new ComfySite();
const { serve, join, onClose } = site;
afterEach(() => site.close());

const patience = (): AbortSignal => AbortSignal.timeout(10_000);

it.each([false, true])(
  'C10: the witness on disk proves over a restart of ours that nothing was lost (history cleared: %s)',
  async (isCleared) => {
    const server = await serve();
    const before = await join(server, { clientId: 'the-same' });
    const ended = await before.submit(sleepGraph(1, 1));
    await before.heard(ended.remoteKey, 'finished');
    await before.submit(sleepGraph(500, 10));
    const waiting = await before.submit(sleepGraph(1, 1));
    const { witness } = before;
    expect(witness).toBe(ended.remoteKey);
    await before.close();
    await fetch(`${server.url}/queue`, { method: 'POST', body: JSON.stringify({ delete: [waiting.remoteKey] }) });
    if (isCleared) server.engine.clearHistory();
    const after = await join(server, { clientId: 'the-same', witness });
    expect(await after.link.adapter.lookup(waiting, patience())).toEqual({
      found: 'absent',
      sameBoot: isCleared ? null : true,
    });
  },
);

it('C6: dozens of theirs are removed with one call and one question each', async () => {
  const server = await serve();
  const rig = await join(server);
  const running = await rig.submit(sleepGraph(2_000, 20));
  const many = Array.from({ length: 40 }, () => server.engine.addForeign(sleepGraph(1, 1)).promptId);
  await until('all are listed', () => rig.foreign?.total === 40);
  const from = server.engine.requests.length;
  const { request } = rig.request();
  const reports = await Promise.all(many.map((key) => rig.link.adapter.stopForeign(key, request)));
  for (const report of reports)
    expect(report).toMatchObject({
      report: 'ended',
      fact: { type: 'stopped', reach: 'waiting', evidence: 'proven' },
    });
  const asked = server.engine.requests.slice(from).map(({ method, path }) => `${method} ${path.split('?')[0] ?? ''}`);
  expect(asked.filter((route) => route === 'POST /queue')).toHaveLength(1);
  // The way each of them ended is looked up once more for history, by one list.
  expect(asked.length).toBeLessThan(40 + 30);
  await rig.stop(running);
});

/** A second socket with our client id takes our events; when it goes, the server forgets us too (C12). */
async function silence(server: ComfyServerHandle, clientId: string): Promise<WebSocket> {
  const thief = new WebSocket(`${server.url.replace('http', 'ws')}/ws?clientId=${clientId}`);
  onClose(async () => {
    thief.terminate();
  });
  await new Promise((resolve) => thief.once('message', resolve));
  return thief;
}
const NEVER = 3_600_000;

it('C12: with nothing of ours open, the slow poll notices that the socket went silent', async () => {
  const server = await serve();
  const clientId = 'poll-only';
  const rig = await join(server, { clientId, timing: { tickMs: 20, quietMs: NEVER, pollMs: 60 } });
  await silence(server, clientId);
  server.engine.addForeign(sleepGraph(400, 20));
  await until('a new connection', () => rig.reconciled >= 2 && rig.link.online);
});

it('C12: a start and an end that the stream did not tell are found by looks, and it is replaced', async () => {
  const server = await serve();
  const clientId = 'looks-only';
  const rig = await join(server, { clientId, timing: { tickMs: 20, quietMs: 60, pollMs: NEVER } });
  await silence(server, clientId);
  const attempt = await rig.submit(sleepGraph(60, 10));
  await rig.heard(attempt.remoteKey, 'finished');
  expect(rig.factsOf(attempt.remoteKey).map((fact) => fact.type)).toEqual(['started', 'finished']);
  await until('a new connection', () => rig.reconciled >= 2 && rig.link.online);
});

it('C13: a job that is over before the answer to its own POST is told as it happens', async () => {
  const server = await serve();
  const rig = await join(server);
  server.delayNext('/prompt', 1_500, { method: 'POST' });
  const attempt = await rig.lease(sleepGraph(2, 5));
  const sending = rig.link.adapter.submit(attempt);
  const order: string[] = [];
  await Promise.all([
    rig.heard(attempt.remoteKey, 'finished').then(() => order.push('finished')),
    sending.then(({ result }) => order.push(result)),
  ]);
  expect(order).toEqual(['finished', 'accepted']);
  expect(rig.factsOf(attempt.remoteKey).map((fact) => fact.type)).toEqual(['started', 'finished']);
});

it('C13: progress_state is told by its first bytes and never parsed', () => {
  expect(readText('{"type": "progress_state", "data": {"nodes": this would not parse')).toEqual({ type: 'skipped' });
  expect(readText('{"type": "progress", "data": {"nodes": this would not parse')).toMatchObject({ type: 'unknown' });
});

it('C14: the stream is opened without an Origin', async () => {
  const seen: IncomingHttpHeaders[] = [];
  const server = createServer((request, response) => {
    response.statusCode = request.url === '/prompt' ? 200 : 404;
    response.end('{"exec_info":{"queue_remaining":0}}');
  });
  const sockets = new WebSocketServer({ server });
  sockets.on('connection', (socket, request) => {
    seen.push(request.headers);
    socket.send('{"type":"status","data":{"status":{"exec_info":{"queue_remaining":0}},"sid":"x"}}');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onClose(async () => {
    sockets.close();
    await new Promise((resolve) => server.close(resolve));
  });
  const rig = new ComfyRig(`http://127.0.0.1:${String((server.address() as AddressInfo).port)}`);
  onClose(() => rig.close());
  rig.link.start();
  await until('the stream', () => seen.length > 0);
  expect(seen[0]).not.toHaveProperty('origin');
  expect(seen[0]).not.toHaveProperty('sec-fetch-site');
});
