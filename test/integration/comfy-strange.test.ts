/**
 * Servers nobody has seen yet: newer words, older forms, proxies that let some routes through or answer for the server,
 * and another server at the same address. Nothing may be claimed that was not told, and nobody else be stopped.
 */
import { createServer } from 'node:http';
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import { WebSocketServer } from 'ws';
import { startComfyServer } from '../../electron/demo/comfy/server.ts';
import type { ComfyServerHandle } from '../../electron/demo/comfy/server.ts';
import { sleepGraph, until } from '../support/comfy-rig.ts';
import { ComfySite } from '../support/comfy-site.ts';

const site = new ComfySite();
const { serve, join, onClose } = site;
afterEach(() => site.close());

const posts = (server: ComfyServerHandle, path: RegExp): unknown[] =>
  server.engine.requests.filter((request) => request.method === 'POST' && path.test(request.path));
const patience = (): AbortSignal => AbortSignal.timeout(10_000);

it('a 200 that is not the cancel route’s own answer does not make it one: jobs are stopped the older way', async () => {
  const server = await serve();
  server.failNext('/jobs/*', 200, { method: 'POST', body: '<!doctype html><title>Welcome</title>', times: 100 });
  const rig = await join(server);
  expect(rig.link.status().capabilities).toMatchObject({ jobsApi: true, jobCancel: false });
  const attempt = await rig.submit(sleepGraph(300, 10));
  await rig.heard(attempt.remoteKey, 'started');
  expect(await rig.stop(attempt)).toMatchObject({ report: 'ended', fact: { type: 'stopped', reach: 'running' } });
  expect(posts(server, /interrupt$/)).not.toEqual([]);
});

it('a 500 in the place of a jobs API does not prove that a server can stop one job alone', async () => {
  const server = await serve({ version: '0.3.64' });
  const old = JSON.stringify({ system: { comfyui_version: '0.3.50' }, devices: [] });
  server.failNext('/system_stats', 200, { body: old, times: 100 });
  server.failNext('/jobs', 500, { times: 100 });
  const rig = await join(server);
  expect(rig.link.status().capabilities).toMatchObject({ targetedInterrupt: false });
  const attempt = await rig.submit(sleepGraph(60, 5));
  await rig.heard(attempt.remoteKey, 'started');
  expect(await rig.stop(attempt)).toMatchObject({ report: 'runs-on' });
  expect(posts(server, /interrupt$/)).toEqual([]);
});

it('a proxy that lets only the needed routes through is no reason to ask for a password', async () => {
  const server = await serve();
  server.failNext('/system_stats', 403, { times: 100 });
  server.failNext('/jobs/*', 403, { method: 'POST', times: 100 });
  const rig = await join(server);
  expect(rig.link.status()).toMatchObject({ version: null, capabilities: { promptId: true, jobCancel: false } });
  const attempt = await rig.submit(sleepGraph(1, 1));
  await rig.heard(attempt.remoteKey, 'finished');
});

it('a status word of a server to come is presence, never absence', async () => {
  const server = await serve({ version: 'new' });
  const rig = await join(server);
  const running = await rig.submit(sleepGraph(400, 5));
  const waiting = await rig.submit(sleepGraph(1, 1));
  const odd = JSON.stringify({ id: waiting.remoteKey, status: 'scheduled' });
  server.failNext(`/jobs/${waiting.remoteKey}`, 200, { method: 'GET', body: odd });
  expect(await rig.link.adapter.lookup(waiting, patience())).toMatchObject({ found: 'waiting' });
  // Not even the queue knows it now: it is not called gone while the jobs API still names it.
  const stranger = await rig.lease(sleepGraph(1, 1));
  const named = JSON.stringify({ id: stranger.remoteKey, status: 'scheduled' });
  server.failNext(`/jobs/${stranger.remoteKey}`, 200, { method: 'GET', body: named });
  await expect(rig.link.adapter.lookup(stranger, patience())).rejects.toMatchObject({ code: 'server_protocol' });
  await rig.stop(running);
});

it('an ended job whose history is gone is believed by its own word', async () => {
  const server = await serve({ version: 'new' });
  const rig = await join(server);
  const said = async (job: object): Promise<unknown> => {
    const attempt = await rig.lease(sleepGraph(1, 1));
    const body = JSON.stringify({ id: attempt.remoteKey, ...job });
    server.failNext(`/jobs/${attempt.remoteKey}`, 200, { method: 'GET', body });
    return await rig.link.adapter.lookup(attempt, patience());
  };
  const outputs = { '9': { images: [{ filename: 'a.png', subfolder: 's', type: 'output' }] } };
  expect(await said({ status: 'completed', outputs })).toMatchObject({
    found: 'ended',
    fact: { type: 'finished', outputs: [{ name: 'a.png', nodeId: '9' }] },
  });
  expect(await said({ status: 'cancelled' })).toMatchObject({ found: 'ended', fact: { type: 'stopped' } });
  expect(await said({ status: 'failed' })).toMatchObject({ found: 'ended', fact: { type: 'stopped' } });
  const error = { node_id: '4', node_type: 'KSampler', exception_message: 'boom', exception_type: 'ValueError' };
  expect(await said({ status: 'failed', execution_error: error })).toMatchObject({
    found: 'ended',
    fact: { type: 'executionFailed', error: { message: 'boom', details: { nodeId: '4' } } },
  });
});

it('one unreadable prompt of a stranger does not hide the others', async () => {
  const server = await serve({ version: '0.3.64' });
  const rig = await join(server);
  const id = 'cccccccc-0000-4000-8000-000000000000';
  const odd = {
    queue_running: [[1, 12345, {}, {}, []]],
    queue_pending: [[3, { no: 'id' }, {}, {}, []], 'nonsense', [2, id, {}, {}, []]],
  };
  server.failNext('/queue', 200, { method: 'GET', body: JSON.stringify(odd), times: 1_000 });
  server.engine.addForeign(sleepGraph(1, 1));
  await until('both readable ones', () => rig.foreign?.order.join() === `12345,${id}`);
});

it('another server at the same address is not taken for a restart that lost nothing', async () => {
  const server = await serve();
  const rig = await join(server);
  const first = await rig.submit(sleepGraph(1, 1));
  await rig.heard(first.remoteKey, 'finished');
  const lost = await rig.submit(sleepGraph(500, 10));
  await rig.heard(lost.remoteKey, 'started');
  const { port } = server;
  await server.close();
  const other = await startComfyServer({ port, version: '0.3.64', stepMs: 5 });
  onClose(() => other.close());
  await until('online again', () => rig.reconciled === 2 && rig.link.online);
  expect(rig.link.status().capabilities).toMatchObject({ jobsApi: false });
  expect(await rig.link.adapter.lookup(lost, patience())).toEqual({ found: 'absent', sameBoot: null });
  const next = await rig.submit(sleepGraph(1, 1));
  await rig.heard(next.remoteKey, 'finished');
});

it('behind a path of a proxy: every route and the stream keep it, and send no Origin', async () => {
  const server = await serve();
  const seen: { url: string; headers: IncomingHttpHeaders }[] = [];
  const strip = (request: IncomingMessage): string => {
    seen.push({ url: request.url ?? '', headers: request.headers });
    return (request.url ?? '').replace(/^\/my\/comfy/, '');
  };
  const proxy = createServer((request: IncomingMessage, response: ServerResponse) => {
    void (async () => {
      const body = request.method === 'POST' ? await new Response(request as never).text() : null;
      const answer = await fetch(server.url + strip(request), { method: request.method ?? 'GET', body });
      response.writeHead(answer.status, { 'content-type': answer.headers.get('content-type') ?? '' });
      response.end(Buffer.from(await answer.arrayBuffer()));
    })();
  });
  const sockets = new WebSocketServer({ noServer: true });
  proxy.on('upgrade', (request, socket, head) => {
    const inner = new WebSocket(server.url.replace('http', 'ws') + strip(request));
    inner.binaryType = 'arraybuffer';
    sockets.handleUpgrade(request, socket, head, (outer) => {
      const early: string[] = [];
      outer.on('message', (data) => {
        const text = (data as Buffer).toString();
        if (inner.readyState === WebSocket.OPEN) inner.send(text);
        else early.push(text);
      });
      inner.addEventListener('open', () => {
        for (const text of early) inner.send(text);
      });
      inner.addEventListener('message', ({ data }) => {
        outer.send(typeof data === 'string' ? data : Buffer.from(data as ArrayBuffer));
      });
      outer.on('close', () => {
        inner.close();
      });
      inner.addEventListener('close', () => {
        outer.terminate();
      });
    });
  });
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  onClose(async () => {
    sockets.close();
    proxy.closeAllConnections();
    await new Promise((resolve) => proxy.close(resolve));
  });
  const rig = await join({ url: `http://127.0.0.1:${String((proxy.address() as AddressInfo).port)}/my/comfy` });
  const attempt = await rig.submit(sleepGraph(300, 10));
  await rig.heard(attempt.remoteKey, 'started');
  expect(await rig.stop(attempt)).toMatchObject({ report: 'ended', fact: { type: 'stopped', reach: 'running' } });
  expect(seen.some(({ url }) => url.startsWith('/my/comfy/ws?'))).toBe(true);
  for (const { url, headers } of seen) {
    expect(url).toMatch(/^\/my\/comfy\//);
    expect(headers).not.toHaveProperty('origin');
  }
});
