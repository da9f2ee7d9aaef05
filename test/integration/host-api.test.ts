/** The control API (`POST /api/<call>`, events, OpenAPI), media over HTTP, the discovery file, and L14's fuzz on all of it. */
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { endpointFile, readEndpoint } from '../../electron/host/endpoint-file.ts';
import { askForLaunchUrl, findRunningHost } from '../../electron/host/endpoint.ts';
import { CALL_NAMES, TOPICS } from '../../shared/contract.ts';
import type { JobId } from '../../shared/ids.ts';
import { LONG_CALLS } from '../../shared/long-calls.ts';
import { PNG, ask, handshake, raw, startHostFixture } from '../support/host-fixture.ts';
import type { HostFixture, RawAnswer } from '../support/host-fixture.ts';
import { until } from '../support/until.ts';

let host: HostFixture;
beforeAll(async () => {
  host = await startHostFixture();
});
afterAll(async () => {
  await host.close();
});

const call = (name: string, body: string): Promise<RawAnswer> =>
  ask(
    host.port,
    `POST /api/${name}`,
    { 'content-type': 'application/json', authorization: `Bearer ${host.token}` },
    body,
  );

describe('POST /api/<call>', () => {
  it('answers with the value', async () => {
    const answer = await call('jobs.list', '{}');
    expect(answer.status).toBe(200);
    expect(JSON.parse(answer.body)).toMatchObject({ jobs: [{ id: 'a' }], cursor: null });
  });

  it('takes no body as no arguments', async () => {
    expect((await call('queue.summary', '')).status).toBe(200);
  });

  it.each([
    ['jobs.setNote', '{"id":"a","note":7}', 400, 'invalid_request'],
    ['jobs.setNote', '{"id":"a"', 400, 'invalid_request'],
    ['jobs.setNote', '[]', 400, 'invalid_request'],
    ['no.such', '{}', 400, 'invalid_request'],
    ['__proto__', '{}', 400, 'invalid_request'],
    ['jobs.get', '{"id":"a"}', 404, 'not_found'],
    ['queue.pause', '{}', 502, 'server_unreachable'],
    ['jobs.remove', '{"ids":["a"]}', 500, 'bug'],
  ])('%s %s → %i %s', async (name, body, status, code) => {
    const answer = await call(name, body);
    expect(answer.status).toBe(status);
    expect(JSON.parse(answer.body)).toMatchObject({ error: { code } });
  });

  it('aborts the call of a caller that hangs up', async () => {
    const left = raw(
      host.port,
      `POST /api/jobs.awaitEnd HTTP/1.1\r\nHost: 127.0.0.1:${String(host.port)}\r\nContent-Type: application/json\r\nAuthorization: Bearer ${host.token}\r\nContent-Length: 10\r\n\r\n{"id":"a"}`,
    );
    await until('it waits', () => host.fixture.waiting.length === 1);
    host.fixture.waiting[0]?.signal.addEventListener('abort', () => undefined);
    const { connect } = await import('node:net');
    const socket = connect(host.port, '127.0.0.1');
    socket.write(
      `POST /api/jobs.awaitEnd HTTP/1.1\r\nHost: 127.0.0.1:${String(host.port)}\r\nContent-Type: application/json\r\nAuthorization: Bearer ${host.token}\r\nContent-Length: 10\r\n\r\n{"id":"a"}`,
    );
    await until('the second waits', () => host.fixture.waiting.length === 2);
    socket.destroy();
    await until('the second heard', () => host.fixture.waiting[1]?.signal.aborted === true);
    expect(host.fixture.waiting[0]?.signal.aborted).toBe(false);
    left.catch(() => undefined);
  });
});

describe('GET /api/openapi.json', () => {
  it('describes every call and every event of the contract', async () => {
    const answer = await ask(host.port, 'GET /api/openapi.json', { authorization: `Bearer ${host.token}` });
    const document = JSON.parse(answer.body) as {
      openapi: string;
      paths: Record<string, { post: { operationId: string; requestBody: unknown } }>;
      components: { schemas: object };
    };
    expect(document.openapi).toBe('3.1.0');
    expect(Object.keys(document.paths).sort()).toEqual(CALL_NAMES.map((name) => `/api/${name}`).sort());
    expect(Object.keys(document.components.schemas)).toEqual(
      expect.arrayContaining(TOPICS.map((topic) => `event.${topic}`)),
    );
    expect(document.paths['/api/cancel.run']?.post.requestBody).toMatchObject({
      content: { 'application/json': { schema: { type: 'object', required: ['scope'] } } },
    });
  });

  it('says of the long calls, and of no others, that they may take long', async () => {
    const answer = await ask(host.port, 'GET /api/openapi.json', { authorization: `Bearer ${host.token}` });
    const { paths } = JSON.parse(answer.body) as { paths: Record<string, { post: { description: string } }> };
    const long = Object.entries(paths).filter(([, { post }]) => post.description.includes('may take as long as a job'));
    expect(long.map(([path]) => path).sort()).toEqual([...LONG_CALLS].map((name) => `/api/${name}`).sort());
    expect(long.length).toBeGreaterThan(0);
  });
});

describe('GET /api/events', () => {
  it('brings the topics asked for, and no others', async () => {
    const socket = new WebSocket(`ws://127.0.0.1:${String(host.port)}/api/events?topics=job.removed,nothing`, {
      headers: { authorization: `Bearer ${host.token}` },
    });
    const heard: unknown[] = [];
    socket.on('message', (data: Buffer) => heard.push(JSON.parse(data.toString())));
    await until('it watches', () => host.fixture.events.listenerCount('job.removed') === 1);
    expect(host.fixture.events.listenerCount('job.changed')).toBe(0);
    host.fixture.events.emit('job.removed', { id: 'a' as JobId });
    await until('it came', () => heard.length === 1);
    expect(heard).toEqual([{ topic: 'job.removed', payload: { id: 'a' } }]);
    socket.send('{"type":"call","id":1,"name":"jobs.list","args":{}}');
    socket.terminate();
    await until('it ended', () => host.fixture.events.listenerCount('job.removed') === 0);
  });
});

describe('media', () => {
  const get = (path: string, headers: Record<string, string> = {}, method = 'GET'): Promise<RawAnswer> =>
    ask(host.port, `${method} ${path}`, { authorization: `Bearer ${host.token}`, ...headers });

  it('serves a picture whole, in part, and its head', async () => {
    const whole = await get('/media/output/png');
    expect(whole.status).toBe(200);
    expect(whole.head).toContain(`content-length: ${String(PNG.length)}`);
    const part = await get('/media/output/png', { range: 'bytes=1-3' });
    expect(part).toMatchObject({ status: 206, body: 'PNG' });
    expect(part.head).toContain('content-range: bytes 1-3/1000');
    expect((await get('/media/output/png?thumb=1')).status).toBe(200);
    expect(await get('/media/output/png', {}, 'HEAD')).toMatchObject({ status: 200, body: '' });
    expect((await get('/media/output/png', { range: 'bytes=1000-' })).status).toBe(416);
  });

  it('offers what is no picture as a download, whatever it was called', async () => {
    const answer = await get('/media/output/html');
    expect(answer.head).toMatch(/content-type: application\/octet-stream/);
    expect(answer.head).toMatch(/content-disposition: attachment/);
  });

  it.each([
    '/media/output/none',
    '/media/output/gone',
    '/media/output/..%2fsecret.txt',
    '/media/output/',
    '/media/other/png',
    '/media/output/png/x',
    '/media/preview/none',
  ])('has nothing at %s', async (path) => {
    expect((await get(path)).status).toBe(404);
  });

  it('serves the newest preview', async () => {
    expect((await get('/media/preview/j1?v=3')).head).toContain('content-type: image/png');
  });
});

describe('discovery', () => {
  it('says where the host is, in files only the user can read', async () => {
    expect(readEndpoint(host.dataDir)).toMatchObject({
      pid: process.pid,
      url: host.service.url,
      socketPath: host.service.socketPath,
      tokenFile: host.service.auth.tokenFile,
    });
    if (process.platform !== 'win32') {
      for (const file of [
        endpointFile(host.dataDir),
        host.service.auth.tokenFile,
        join(host.dataDir, 'host', 'sessions.json'),
        host.service.socketPath,
      ])
        expect(statSync(file).mode & 0o077, file).toBe(0);
      expect(statSync(join(host.dataDir, 'host')).mode & 0o077).toBe(0);
    }
    expect(readFileSync(endpointFile(host.dataDir), 'utf8')).not.toContain(host.token);
  });

  it('finds a running host and gets a launch address from it', async () => {
    const running = await findRunningHost(host.dataDir);
    if (running === null) throw new Error('not found');
    const url = await askForLaunchUrl(running);
    expect(url.startsWith(`${host.service.url}/launch?code=`)).toBe(true);
    expect((await ask(host.port, `GET ${url.slice(host.service.url.length)}`)).status).toBe(302);
  });

  it('serves none of that over TCP', async () => {
    for (const line of ['GET /host/status', 'POST /host/launch', 'POST /host/revoke'])
      expect(
        (await ask(host.port, line, { 'content-type': 'application/json', authorization: `Bearer ${host.token}` }))
          .status,
        line,
      ).toBe(line.startsWith('GET') ? 404 : 405);
  });

  it('takes what a crash left behind for what it is', async () => {
    const two = await startHostFixture();
    await two.service.close();
    expect(readEndpoint(two.dataDir)).toBeNull();
    writeFileSync(
      endpointFile(two.dataDir),
      JSON.stringify({
        pid: 1,
        version: '0',
        startedAt: 0,
        url: null,
        socketPath: two.service.socketPath,
        tokenFile: two.service.auth.tokenFile,
      }),
    );
    writeFileSync(two.service.socketPath, '');
    expect(await findRunningHost(two.dataDir)).toBeNull();
    const three = await startHostFixture({ keepData: two.dataDir });
    expect(await findRunningHost(two.dataDir)).not.toBeNull();
    await three.service.close();
    writeFileSync(endpointFile(two.dataDir), 'no json');
    expect(await findRunningHost(two.dataDir)).toBeNull();
  });
});

describe('L14 nothing a client sends can hurt', () => {
  it('answers 2,000 malformed bodies, paths and handshakes below 500', { timeout: 180_000 }, async () => {
    const bodies = fc.sample(
      fc.oneof(
        fc.json(),
        fc.string({ unit: 'binary' }),
        fc.constantFrom('{"__proto__":1}', 'null', '[]', '"x"', '1e999'),
      ),
      { numRuns: 1_000, seed: 7 },
    );
    const names = [
      ...CALL_NAMES.filter((name) => !['jobs.awaitEnd', 'jobs.remove', 'queue.pause'].includes(name)),
      'x.y',
      'constructor',
      '%00',
      '..',
      'jobs.list/../..',
    ];
    for (const [index, body] of bodies.entries()) {
      const name = names[index % names.length] ?? '';
      const answer = await call(name, body);
      expect(answer.status, `${name} ${body}`).toBeLessThan(500);
      expect(answer.status, `${name} ${body}`).toBeGreaterThan(0);
    }
    const parts = fc.sample(fc.webPath({ size: 'small' }), { numRuns: 1_000, seed: 8 });
    for (const [index, path] of parts.entries()) {
      const target = `/${path}`.replaceAll('//', '/');
      const answer =
        index % 4 === 0
          ? await handshake(host.port, target, { authorization: `Bearer ${host.token}` })
          : await ask(host.port, `GET ${target}`, { authorization: `Bearer ${host.token}` });
      expect(answer.status, target).toBeLessThan(500);
      expect(answer.status, target).toBeGreaterThan(0);
    }
    expect((await call('queue.summary', '{}')).status).toBe(200);
  });
});
