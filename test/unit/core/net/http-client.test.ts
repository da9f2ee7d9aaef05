/** The HTTP client over real sockets: what each failure is called, what is proven about delivery, what is never sent. */
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer as createTcpServer } from 'node:net';
import type { AddressInfo, Server } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { HttpClient } from '../../../../electron/core/net/http-client.ts';
import { Recording } from '../../../live/recording.ts';
import { Aborted } from '../../../../shared/util/async.ts';

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

function listen(server: Server): Promise<string> {
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      resolve(`http://127.0.0.1:${String((server.address() as AddressInfo).port)}`);
    });
    closers.push(
      () =>
        new Promise((done) =>
          server.close(() => {
            done();
          }),
        ),
    );
  });
}
async function serving(handler: (request: IncomingMessage, response: ServerResponse) => void): Promise<string> {
  const server = createServer(handler);
  closers.push(async () => {
    server.closeAllConnections();
  });
  return await listen(server);
}
function client(baseUrl: string, more: Partial<ConstructorParameters<typeof HttpClient>[0]> = {}): HttpClient {
  const made = new HttpClient({ baseUrl, ...more });
  closers.push(() => made.close());
  return made;
}
/** A port where nobody listens. */
async function deadUrl(): Promise<string> {
  const server = createTcpServer();
  const url = await listen(server);
  await new Promise((done) => server.close(done));
  closers.pop();
  return url;
}

describe('what a failure is called', () => {
  it.each([true, false])('refused: unreachable, proven not sent (fresh: %s)', async (fresh) => {
    const http = client(await deadUrl());
    await expect(http.send({ method: 'POST', path: '/prompt', json: {}, fresh })).rejects.toMatchObject({
      code: 'server_unreachable',
      details: { delivery: 'not-sent' },
    });
  });

  it('no such name: unreachable, not sent', async () => {
    const http = client('http://no-such-host.invalid:8188');
    await expect(http.send({ method: 'GET', path: '/prompt' })).rejects.toMatchObject({
      code: 'server_unreachable',
      details: { delivery: 'not-sent' },
    });
  });

  it('TLS to a server without: unreachable, not sent', async () => {
    const url = await serving((_request, response) => response.end('{}'));
    const http = client(url.replace('http:', 'https:'));
    await expect(http.send({ method: 'POST', path: '/prompt', json: {}, fresh: true })).rejects.toMatchObject({
      code: 'server_unreachable',
      details: { delivery: 'not-sent' },
    });
  });

  it('reset after the request was written: unreachable, unsure', async () => {
    const url = await serving((request) => {
      request.socket.resetAndDestroy();
    });
    await expect(client(url).send({ method: 'POST', path: '/prompt', json: {}, fresh: true })).rejects.toMatchObject({
      code: 'server_unreachable',
      details: { delivery: 'unsure' },
    });
  });

  it('a kept-alive connection that the server closes under the request: unsure unless fresh', async () => {
    let requests = 0;
    const url = await serving((request, response) => {
      requests += 1;
      if (requests === 1) response.end('{}');
      else request.socket.destroy();
    });
    const http = client(url);
    await http.send({ method: 'GET', path: '/' });
    await expect(http.send({ method: 'POST', path: '/prompt', json: {} })).rejects.toMatchObject({
      details: { delivery: 'unsure' },
    });
    expect(requests).toBe(2);
  });

  it('a fresh request never rides on a pooled connection', async () => {
    const sockets = new Set<unknown>();
    const url = await serving((request, response) => {
      sockets.add(request.socket);
      response.end('{}');
    });
    const http = client(url);
    for (let index = 0; index < 8; index += 1) await http.send({ method: 'GET', path: '/' });
    const pooled = sockets.size;
    expect(pooled).toBeLessThan(8);
    await http.send({ method: 'POST', path: '/prompt', json: {}, fresh: true });
    expect(sockets.size).toBe(pooled + 1);
  });

  it('no answer in time: timeout, unsure', async () => {
    const url = await serving(() => undefined);
    await expect(
      client(url).send({ method: 'POST', path: '/prompt', json: {}, fresh: true, timeoutMs: 100 }),
    ).rejects.toMatchObject({ code: 'server_timeout', details: { delivery: 'unsure' } });
  });

  it('an answer that stops in its middle: timeout', async () => {
    const url = await serving((_request, response) => {
      response.writeHead(200, { 'content-length': '100' });
      response.write('{"a":');
    });
    await expect(client(url).send({ method: 'GET', path: '/', timeoutMs: 150 })).rejects.toMatchObject({
      code: 'server_timeout',
    });
  });

  it.each([401, 403])('%i is server_auth', async (status) => {
    const url = await serving((_request, response) => response.writeHead(status).end('no'));
    await expect(client(url).send({ method: 'GET', path: '/' })).rejects.toMatchObject({
      code: 'server_auth',
      details: { status },
    });
    await expect(client(url).open({ method: 'GET', path: '/' })).rejects.toMatchObject({ code: 'server_auth' });
  });

  it('what is no HTTP: server_protocol', async () => {
    const url = await listen(
      createTcpServer((socket) =>
        socket.on('error', () => undefined).once('data', () => socket.write('SSH-2.0-OpenSSH_9.6\r\n')),
      ),
    );
    await expect(client(url).send({ method: 'GET', path: '/' })).rejects.toMatchObject({ code: 'server_protocol' });
  });

  it('larger than allowed: server_protocol', async () => {
    const url = await serving((_request, response) => response.end('x'.repeat(10_000)));
    await expect(client(url).send({ method: 'GET', path: '/', maxBytes: 5_000 })).rejects.toMatchObject({
      code: 'server_protocol',
      details: { maxBytes: 5_000 },
    });
  });

  it("an abort is no error of the server: the signal's own reason comes back", async () => {
    const url = await serving(() => undefined);
    const controller = new AbortController();
    const sending = client(url).send({ method: 'GET', path: '/', signal: controller.signal });
    setTimeout(() => {
      controller.abort(new Aborted('CallerLeft'));
    }, 20);
    await expect(sending).rejects.toMatchObject({ name: 'AbortError', why: 'CallerLeft' });
  });
});

describe('what is sent', () => {
  it('keeps the path of its base, sends the credential, never an Origin, and JSON with a length', async () => {
    let heard: IncomingMessage | null = null;
    const url = await serving((request, response) => {
      heard = request;
      response.end('{}');
    });
    await client(`${url}/comfy`, { credentials: async () => ({ authorization: 'Bearer mine' }) }).send({
      method: 'POST',
      path: '/queue?x=1',
      json: { a: 1 },
    });
    const request = heard as unknown as IncomingMessage;
    expect(request.url).toBe('/comfy/queue?x=1');
    expect(request.headers).toMatchObject({
      authorization: 'Bearer mine',
      'content-type': 'application/json',
      'content-length': '7',
    });
    expect(request.headers).not.toHaveProperty('origin');
    expect(request.headers).not.toHaveProperty('transfer-encoding');
  });

  it('follows no redirect, so the credential stays with its own server', async () => {
    let strangers = 0;
    const stranger = await serving((_request, response) => {
      strangers += 1;
      response.end('{}');
    });
    const url = await serving((_request, response) => response.writeHead(302, { location: stranger }).end());
    const answer = await client(url, { credentials: async () => ({ authorization: 'Bearer mine' }) }).send({
      method: 'GET',
      path: '/',
    });
    expect(answer).toMatchObject({ status: 302, location: stranger });
    expect(strangers).toBe(0);
  });

  it.each(['http://169.254.169.254', 'http://[fe80::1]:8188', 'http://metadata.google.internal'])(
    'L13: refuses %s',
    (url) => {
      expect(() => new HttpClient({ baseUrl: url })).toThrow(
        expect.objectContaining({ code: 'invalid_request' }) as Error,
      );
    },
  );

  it('streams a body', async () => {
    const url = await serving((_request, response) =>
      response.writeHead(200, { 'content-type': 'image/png', 'content-length': '6' }).end('abcdef'),
    );
    const stream = await client(url).open({ method: 'GET', path: '/view' });
    expect(stream).toMatchObject({ status: 200, contentType: 'image/png', bytes: 6 });
    const chunks: Uint8Array[] = [];
    for await (const chunk of stream.body) chunks.push(chunk);
    expect(Buffer.concat(chunks).toString()).toBe('abcdef');
  });

  it('is recorded in the form of the recordings, without secrets', async () => {
    const lines: string[] = [];
    const url = await serving((_request, response) =>
      response.writeHead(200, { 'content-type': 'application/json' }).end('{"session_id":"s3cret","ok":1}'),
    );
    const http = client(url, {
      trace: new Recording((line) => lines.push(line)),
      credentials: async () => ({ authorization: 'Bearer s3cret' }),
    });
    await http.send({ method: 'POST', path: '/x?token=s3cret', json: { password: 's3cret', a: 1 } });
    const [request, response] = lines.map((line): unknown => JSON.parse(line));
    expect(request).toMatchObject({
      dir: 'http-req',
      method: 'POST',
      path: '/x?token=[redacted]',
      body: { password: '[redacted]', a: 1 },
    });
    expect(response).toMatchObject({
      dir: 'http-res',
      status: 200,
      content_type: 'application/json',
      body: { session_id: '[redacted]', ok: 1 },
    });
    expect(lines.join('\n')).not.toContain('s3cret');
  });
});
