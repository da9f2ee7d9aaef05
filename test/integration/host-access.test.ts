/** L6, L8 and L10 on a real host: launch codes, sockets, limits; and what each credential may call. */
import { connect } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { PROTOCOL } from '../../electron/host/ws-connection.ts';
import { connectToHost } from '../support/connect-host.ts';
import { createClient } from '../../shared/rpc/client.ts';
import type { JobId } from '../../shared/ids.ts';
import { ask, handshake, raw, startHostFixture } from '../support/host-fixture.ts';
import type { HostFixture } from '../support/host-fixture.ts';
import { jobView } from '../support/job-view.ts';
import { until } from '../support/until.ts';

let host: HostFixture | undefined;
const start = async (...options: Parameters<typeof startHostFixture>): Promise<HostFixture> => {
  host = await startHostFixture(...options);
  return host;
};

afterEach(async () => {
  await host?.close();
  host = undefined;
});

const pathOf = (one: HostFixture, url: string): string => url.slice(one.service.url.length);
const json = { 'content-type': 'application/json' };

describe('L6 launch codes', () => {
  it('open one session, are gone from the address, and work once', async () => {
    const one = await start();
    const launch = pathOf(one, one.service.launchUrl());
    const first = await ask(one.port, `GET ${launch}`);
    expect(first.status).toBe(302);
    expect(first.head).toMatch(/^location: \/\r?$/im);
    expect(first.head).toMatch(
      new RegExp(
        `^set-cookie: ${one.service.auth.cookieName}=[\\w-]{43}; HttpOnly; SameSite=Strict; Path=/; Max-Age=\\d+\\r?$`,
        'im',
      ),
    );
    expect((await ask(one.port, `GET ${launch}`)).status).toBe(401);
  });

  it('bring whoever has a session to the page, also when the code was used', async () => {
    const one = await start();
    const { cookie } = await one.session();
    const answer = await ask(one.port, 'GET /launch?code=used', { cookie });
    expect(answer.status).toBe(302);
    expect(answer.head).not.toMatch(/set-cookie/i);
  });

  it('let exactly one of two simultaneous users in', async () => {
    const one = await start();
    const launch = pathOf(one, one.service.launchUrl());
    const statuses = await Promise.all(
      Array.from({ length: 5 }, async () => (await ask(one.port, `GET ${launch}`)).status),
    );
    expect(statuses.sort()).toEqual([302, 401, 401, 401, 401]);
  });

  it('are not spent by a look (HEAD), nor by a request another site made', async () => {
    const one = await start();
    const launch = pathOf(one, one.service.launchUrl());
    expect((await ask(one.port, `HEAD ${launch}`)).status).toBe(405);
    expect(
      (
        await ask(one.port, `GET ${launch}`, {
          'sec-fetch-site': 'cross-site',
          'sec-fetch-mode': 'no-cors',
          'sec-fetch-dest': 'image',
        })
      ).status,
    ).toBe(403);
    expect((await ask(one.port, `GET ${launch}`)).status).toBe(302);
  });

  it.each(['/launch', '/launch?code=', '/launch?code=x', '/launch?other=1'])('refuses %s', async (target) => {
    const one = await start();
    expect((await ask(one.port, `GET ${target}`)).status).toBe(401);
  });

  it('keep their sessions over a restart of the host, on the same port', async () => {
    const one = await start();
    const { cookie } = await one.session();
    await one.service.close();
    const two = await startHostFixture({ keepData: one.dataDir });
    try {
      expect(two.port).toBe(one.port);
      expect((await ask(two.port, 'GET /session', { cookie })).status).toBe(200);
      expect(two.token).toBe(one.token);
    } finally {
      await two.service.close();
    }
  });
});

describe('L8 sockets', () => {
  const protocols = (...names: string[]): Record<string, string> => ({ 'sec-websocket-protocol': names.join(', ') });

  it('open for a window with its cookie and CSRF token, and for the token', async () => {
    const one = await start();
    const { cookie, csrf } = await one.session();
    const origin = one.service.url;
    expect(await handshake(one.port, '/rpc', { cookie, origin, ...protocols(PROTOCOL, `csrf.${csrf}`) })).toMatchObject(
      { status: 101 },
    );
    expect(
      await handshake(one.port, '/rpc', { authorization: `Bearer ${one.token}`, ...protocols(PROTOCOL) }),
    ).toMatchObject({ status: 101 });
    expect(await handshake(one.port, '/api/events', { authorization: `Bearer ${one.token}` })).toMatchObject({
      status: 101,
    });
    expect(
      await handshake(one.service.socketPath, '/rpc', { authorization: `Bearer ${one.token}`, ...protocols(PROTOCOL) }),
    ).toMatchObject({ status: 101 });
  });

  it('stay closed for everything else, before the handshake', async () => {
    const one = await start();
    const { cookie, csrf } = await one.session();
    const right = { cookie, origin: one.service.url, ...protocols(PROTOCOL, `csrf.${csrf}`) };
    const cases: [string, string | number, string, Record<string, string>, number][] = [
      ['nothing at all', one.port, '/rpc', protocols(PROTOCOL), 401],
      ['a cookie without CSRF', one.port, '/rpc', { ...right, ...protocols(PROTOCOL) }, 403],
      ['a wrong CSRF', one.port, '/rpc', { ...right, ...protocols(PROTOCOL, 'csrf.x') }, 403],
      ['two CSRFs', one.port, '/rpc', { ...right, ...protocols(PROTOCOL, `csrf.${csrf}`, 'csrf.x') }, 403],
      ['another origin', one.port, '/rpc', { ...right, origin: 'http://127.0.0.1:1' }, 403],
      ['the origin null', one.port, '/rpc', { ...right, origin: 'null' }, 403],
      ['another host', one.port, '/rpc', { ...right, host: 'evil.com' }, 421],
      ['another site', one.port, '/rpc', { ...right, 'sec-fetch-site': 'same-site' }, 403],
      ['another path', one.port, '/other', right, 404],
      ['the page’s path', one.port, '/', right, 404],
      ['another protocol', one.port, '/rpc', { ...right, ...protocols('other', `csrf.${csrf}`) }, 400],
      ['a wrong token', one.port, '/rpc', { authorization: 'Bearer x', ...protocols(PROTOCOL) }, 401],
      ['events without a token', one.port, '/api/events', {}, 401],
      ['the private socket without a token', one.service.socketPath, '/rpc', protocols(PROTOCOL), 401],
      [
        'the private socket with a cookie',
        one.service.socketPath,
        '/rpc',
        { cookie, ...protocols(PROTOCOL, `csrf.${csrf}`) },
        401,
      ],
      [
        'the private socket from a page',
        one.service.socketPath,
        '/rpc',
        { authorization: `Bearer ${one.token}`, origin: 'http://localhost', ...protocols(PROTOCOL) },
        403,
      ],
    ];
    for (const [what, where, target, headers, status] of cases)
      expect((await handshake(where, target, headers)).status, what).toBe(status);
    expect(one.service.windows()).toBe(0);
  });

  it('close within a second when their right is taken away', async () => {
    const one = await start();
    const { cookie, csrf } = await one.session();
    const window = new WebSocket(`ws://127.0.0.1:${String(one.port)}/rpc`, [PROTOCOL, `csrf.${csrf}`], {
      headers: { cookie },
    });
    await new Promise((resolve) => window.once('open', resolve));
    expect(one.service.windows()).toBe(1);
    const revokedAt = performance.now();
    const closed = new Promise<number>((resolve) => window.once('close', resolve));
    one.service.auth.revoke(null);
    expect(await closed).toBe(1008);
    expect(performance.now() - revokedAt).toBeLessThan(1_000);
    expect((await ask(one.port, 'GET /session', { cookie })).status).toBe(401);
    expect(
      (await ask(one.port, 'POST /api/queue.summary', { ...json, authorization: `Bearer ${one.token}` }, '{}')).status,
    ).toBe(401);
    await until('the window is no longer counted', () => one.service.windows() === 0);
  });
});

describe('L10 limits', () => {
  it('count wrong credentials and answer 429 to the next wrong one, never to a right one', async () => {
    const one = await start();
    const wrong = async (): Promise<number> =>
      (await ask(one.port, 'POST /api/queue.summary', { ...json, authorization: 'Bearer wrong' }, '{}')).status;
    const statuses: number[] = [];
    for (let index = 0; index < 12; index += 1) statuses.push(await wrong());
    expect(statuses).toEqual([...Array.from({ length: 10 }, () => 401), 429, 429]);
    expect(
      (await ask(one.port, 'POST /api/queue.summary', { ...json, authorization: `Bearer ${one.token}` }, '{}')).status,
    ).toBe(200);
    expect((await ask(one.port, `GET ${pathOf(one, one.service.launchUrl())}`)).status).toBe(302);
    expect((await ask(one.port, 'GET /launch?code=guess')).status).toBe(429);
  });

  it('refuse a body over the limit, said or sent', async () => {
    const one = await start();
    const headers = { ...json, authorization: `Bearer ${one.token}` };
    expect(
      (await ask(one.port, 'POST /api/queue.summary', { ...headers, 'content-length': '9000000' }, '{')).status,
    ).toBe(413);
    const head = `POST /api/queue.summary HTTP/1.1\r\nHost: 127.0.0.1:${String(one.port)}\r\nContent-Type: application/json\r\nAuthorization: Bearer ${one.token}\r\nTransfer-Encoding: chunked\r\n\r\n`;
    expect(
      (await raw(one.port, `${head}800000\r\n${' '.repeat(0x800000)}\r\n10\r\n${' '.repeat(16)}\r\n`)).status,
    ).toBe(413);
    expect(one.fixture.made).toEqual([]);
  });

  it('close a socket that sends a message over the limit (1009)', async () => {
    const one = await start();
    const socket = new WebSocket(`ws://127.0.0.1:${String(one.port)}/rpc`, PROTOCOL, {
      headers: { authorization: `Bearer ${one.token}` },
    });
    await new Promise((resolve) => socket.once('open', resolve));
    const closed = new Promise<number>((resolve) => socket.once('close', resolve));
    socket.on('error', () => undefined);
    socket.send(Buffer.alloc(8 * 1024 * 1024 + 1, 0x20), { binary: false });
    expect(await closed).toBe(1009);
  });

  it('let 32 sockets in and no more, until one leaves', async () => {
    const one = await start();
    const headers = { authorization: `Bearer ${one.token}` };
    const open = await Promise.all(
      Array.from({ length: 32 }, async () => {
        const socket = new WebSocket(`ws://127.0.0.1:${String(one.port)}/api/events`, { headers });
        await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject));
        return socket;
      }),
    );
    expect((await handshake(one.port, '/api/events', headers)).status).toBe(503);
    open[0]?.terminate();
    await until('there is room again', async () => (await handshake(one.port, '/api/events', headers)).status === 101);
    for (const socket of open) socket.terminate();
  });

  it('cut a client that takes ages to say what it wants (slowloris)', { timeout: 180_000 }, async () => {
    const one = await start();
    const socket = connect(one.port, '127.0.0.1');
    socket.write('GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n');
    const drip = setInterval(() => socket.write('X-A: b\r\n'), 500);
    let answer = '';
    socket.on('data', (part) => (answer += part.toString()));
    socket.on('error', () => undefined);
    await new Promise((resolve) => socket.once('close', resolve));
    clearInterval(drip);
    expect(answer).toMatch(/^HTTP\/1\.1 408 /);
  });

  it('drop a reader that takes nothing of what it asked for', async () => {
    const one = await start({ connection: { maxBufferedBytes: 100_000, stuckMs: 300 } });
    const socket = connect(one.port, '127.0.0.1');
    const key = Buffer.alloc(16, 2).toString('base64');
    socket.write(
      `GET /api/events?topics=job.changed HTTP/1.1\r\nHost: 127.0.0.1:${String(one.port)}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${key}\r\nAuthorization: Bearer ${one.token}\r\n\r\n`,
    );
    socket.on('error', () => undefined);
    await until('it watches', () => one.fixture.events.listenerCount('job.changed') === 1);
    socket.pause();
    await until('it is dropped', () => {
      for (let index = 0; index < 1_000; index += 1)
        one.fixture.events.emit('job.changed', jobView(`job-${String(index)}`));
      return one.fixture.events.listenerCount('job.changed') === 0;
    });
    socket.destroy();
  });
});

describe('what each caller may do', () => {
  it('serves this-machine calls to the private socket and to the launched window, not to a token over TCP', async () => {
    const one = await start();
    const bearer = { ...json, authorization: `Bearer ${one.token}` };
    const { cookie, csrf } = await one.session();
    expect((await ask(one.port, 'POST /api/servers.discover', bearer, '{}')).status).toBe(403);
    expect((await ask(one.service.socketPath, 'POST /api/servers.discover', bearer, '{}')).status).toBe(200);
    expect(
      (await ask(one.port, 'POST /api/servers.discover', { ...json, cookie, 'x-app-csrf': csrf }, '{}')).status,
    ).toBe(200);
    expect(one.fixture.made).toEqual(['servers.discover', 'servers.discover']);

    const overTcp = createClient(await connectToHost({ url: one.service.url, token: one.token }));
    const overPrivate = createClient(await connectToHost({ socketPath: one.service.socketPath, token: one.token }));
    await expect(overTcp.api.servers.discover({})).rejects.toMatchObject({ code: 'not_allowed' });
    expect(await overPrivate.api.servers.discover({})).toEqual({ found: [] });
    expect((await overTcp.api.app.info({})).dataDir).toBeNull();
    expect((await overPrivate.api.app.info({})).dataDir).toBe('/home/artist/switchyard');
    overTcp.close();
    overPrivate.close();
  });

  it('names the face of a caller that names none', async () => {
    const one = await start();
    const clients = [
      createClient(await connectToHost({ url: one.service.url, token: one.token })),
      createClient(await connectToHost({ socketPath: one.service.socketPath, token: one.token })),
    ];
    for (const client of clients) client.api.jobs.awaitEnd({ id: 'a' as JobId }).catch(() => undefined);
    await until('both wait', () => one.fixture.waiting.length === 2);
    expect(one.fixture.waiting.map(({ face }) => face).sort()).toEqual(['api', 'cli']);
    for (const client of clients) client.close();
    await until('both were aborted', () => one.fixture.waiting.every(({ signal }) => signal.aborted));
  });

  it('tells a client why it may not connect', async () => {
    const one = await start();
    await expect(connectToHost({ url: one.service.url, token: 'x'.repeat(43) })).rejects.toMatchObject({
      code: 'server_auth',
      details: { peer: 'host' },
    });
    await expect(connectToHost({ url: 'http://127.0.0.1:1', token: 'x' })).rejects.toMatchObject({
      code: 'server_unreachable',
      details: { peer: 'host' },
    });
    await expect(connectToHost({ socketPath: `${one.dataDir}/none`, token: 'x' })).rejects.toMatchObject({
      code: 'server_unreachable',
    });
  });
});
