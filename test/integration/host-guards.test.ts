/** L1 to L5, L7, L9 and L12 over raw sockets: what is refused before anyone looks at what was asked. */
import { connect } from 'node:net';
import { networkInterfaces } from 'node:os';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ask, raw, startHostFixture } from '../support/host-fixture.ts';
import type { HostFixture } from '../support/host-fixture.ts';

let host: HostFixture;
let cookie: string;
let csrf: string;

beforeAll(async () => {
  host = await startHostFixture();
  ({ cookie, csrf } = await host.session());
});

afterAll(async () => {
  await host.close();
});

const json = { 'content-type': 'application/json' };
const summary = (headers: Record<string, string> = {}): Promise<{ status: number; head: string; body: string }> =>
  ask(host.port, 'POST /api/queue.summary', { ...json, cookie, 'x-app-csrf': csrf, ...headers }, '{}');

describe('L1 bound to loopback only', () => {
  it('refuses connections to every other address of this machine', async () => {
    const others = Object.values(networkInterfaces())
      .flatMap((list) => list ?? [])
      .filter((one) => !one.internal && one.family === 'IPv4');
    for (const { address } of others) {
      const refused = await new Promise((resolve) => {
        const socket = connect({ port: host.port, host: address, timeout: 2_000 });
        socket.on('error', () => resolve(true));
        socket.on('timeout', () => resolve(true));
        socket.on('connect', () => resolve(false));
        socket.on('close', () => socket.destroy());
      });
      expect(refused, address).toBe(true);
    }
    expect(host.service.url).toBe(`http://127.0.0.1:${String(host.port)}`);
  });
});

describe('L2 one Host, ours', () => {
  const refused = [
    'evil.com',
    'evil.com:PORT',
    '127.0.0.1.evil.com:PORT',
    'localhost.:PORT',
    'LOCALHOST:PORT',
    '::ffff:7f00:1',
    '[::ffff:7f00:1]:PORT',
    '0.0.0.0:PORT',
    '2130706433:PORT',
    '0x7f.1:PORT',
    'user@127.0.0.1:PORT',
    '127.0.0.1',
    'localhost',
    '127.0.0.1:1',
    '127.0.0.1:PORT ,evil.com',
    '127.0.0.1:0PORT',
    '[::1]',
    '',
  ];
  it.each(refused)('refuses %j', async (name) => {
    const answer = await ask(host.port, 'GET /', { host: name.replace('PORT', String(host.port)) });
    expect(answer.status).toBe(421);
  });

  it.each(['127.0.0.1:PORT', 'localhost:PORT', '[::1]:PORT'])('takes %j', async (name) => {
    expect((await ask(host.port, 'GET /', { host: name.replace('PORT', String(host.port)) })).status).toBe(200);
  });

  it('refuses no Host and two of them', async () => {
    const own = `Host: 127.0.0.1:${String(host.port)}\r\n`;
    expect((await raw(host.port, 'GET / HTTP/1.1\r\nConnection: close\r\n\r\n')).status).toBe(421);
    expect((await raw(host.port, `GET / HTTP/1.1\r\n${own}Host: evil.com\r\nConnection: close\r\n\r\n`)).status).toBe(
      421,
    );
    expect((await raw(host.port, `GET / HTTP/1.1\r\n${own}${own}Connection: close\r\n\r\n`)).status).toBe(421);
  });

  it('refuses a request that names another host in its first line', async () => {
    const own = `Host: 127.0.0.1:${String(host.port)}\r\nConnection: close\r\n\r\n`;
    for (const target of ['http://evil.com/', `http://127.0.0.1:${String(host.port)}/`, '//evil.com/', '*'])
      expect((await raw(host.port, `GET ${target} HTTP/1.1\r\n${own}`)).status, target).toBe(421);
  });
});

describe('L3 no other origin', () => {
  it.each([
    'http://127.0.0.1:1',
    'https://127.0.0.1:PORT',
    'null',
    'app://x',
    'http:/127.0.0.1:PORT',
    'http://127.0.0.1:PORT, http://127.0.0.1:PORT',
    'http://127.0.0.1.:PORT',
    'http://localhost:PORT',
    'http://127.0.0.1:PORT/',
    '',
  ])('refuses %j', async (origin) => {
    expect((await summary({ origin: origin.replaceAll('PORT', String(host.port)) })).status).toBe(403);
  });

  it('refuses two Origin headers, and takes its own', async () => {
    const origin = `http://127.0.0.1:${String(host.port)}`;
    expect((await summary({ origin })).status).toBe(200);
    expect((await summary({ origin, Origin: origin })).status).toBe(403);
  });
});

describe('L4 no other site', () => {
  const lines = ['GET /session', 'POST /api/queue.summary', 'GET /assets/app-AbCd1234.js', 'GET /media/output/png'];
  it.each(['cross-site', 'same-site', 'none', 'nonsense'])(
    'refuses Sec-Fetch-Site: %s on everything but opening the page',
    async (site) => {
      for (const line of lines)
        expect(
          (
            await ask(
              host.port,
              line,
              {
                ...json,
                cookie,
                'x-app-csrf': csrf,
                'sec-fetch-site': site,
                'sec-fetch-mode': 'navigate',
                'sec-fetch-dest': 'document',
              },
              '{}',
            )
          ).status,
          line,
        ).toBe(403);
      expect(
        (
          await ask(host.port, 'GET /', {
            'sec-fetch-site': site,
            'sec-fetch-mode': 'navigate',
            'sec-fetch-dest': 'document',
          })
        ).status,
      ).toBe(200);
      expect(
        (
          await ask(host.port, 'GET /', {
            'sec-fetch-site': site,
            'sec-fetch-mode': 'no-cors',
            'sec-fetch-dest': 'script',
          })
        ).status,
      ).toBe(403);
      expect(
        (
          await ask(host.port, 'GET /', {
            'sec-fetch-site': site,
            'sec-fetch-mode': 'navigate',
            'sec-fetch-dest': 'iframe',
          })
        ).status,
      ).toBe(403);
    },
  );

  it('takes same-origin', async () => {
    expect((await summary({ 'sec-fetch-site': 'same-origin' })).status).toBe(200);
  });
});

describe('L5 a credential for everything but the shell', () => {
  it('asks for one', async () => {
    for (const line of [
      'POST /api/queue.summary',
      'GET /session',
      'GET /media/output/png',
      'GET /media/preview/j1',
      'GET /api/openapi.json',
    ])
      expect((await ask(host.port, line, json, '{}')).status, line).toBe(401);
  });

  it('takes the token of its file, and a session', async () => {
    expect(
      (await ask(host.port, 'POST /api/queue.summary', { ...json, authorization: `Bearer ${host.token}` }, '{}'))
        .status,
    ).toBe(200);
    expect((await summary()).status).toBe(200);
    expect((await ask(host.port, 'GET /media/output/png', { cookie })).status).toBe(200);
  });

  it.each(['Bearer wrong', 'Bearer ', 'Basic TOKEN', 'Bearer TOKENx', 'Bearer TOKE', 'TOKEN'])(
    'refuses %j',
    async (value) => {
      const authorization = value.replace('TOKEN', host.token).replace('TOKE', host.token.slice(0, -1));
      expect([401, 429]).toContain(
        (await ask(host.port, 'POST /api/queue.summary', { ...json, authorization }, '{}')).status,
      );
    },
  );

  it('refuses a wrong token even with a right session beside it', async () => {
    expect([401, 429]).toContain((await summary({ authorization: 'Bearer wrong' })).status);
  });

  it("refuses another instance's cookie, an altered one, and one that is repeated", async () => {
    const [name = '', value = ''] = cookie.split('=', 2);
    for (const wrong of [`switchyard_000000000000=${value}`, `${name}=${value}x`, `${name}=`, name])
      expect([401, 429], wrong).toContain((await ask(host.port, 'GET /session', { cookie: wrong })).status);
    expect([401, 429]).toContain((await ask(host.port, 'GET /session', { cookie, Cookie: cookie })).status);
  });

  it('never writes a secret to its log', async () => {
    await ask(host.port, 'POST /api/queue.summary', { ...json, authorization: `Bearer ${host.token}x` }, '{}');
    const text = host.logText();
    expect(text).toContain('refused a request');
    for (const secret of [host.token, csrf, cookie.split('=', 2)[1] ?? '-']) expect(text).not.toContain(secret);
  });
});

describe('L7 changes are JSON posts that prove where they come from', () => {
  it.each([
    'text/plain',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    'application/json, text/plain',
    'application/jsonp',
    '',
  ])('refuses content-type %j', async (type) => {
    expect((await summary({ 'content-type': type })).status).toBe(415);
  });

  it('takes JSON in UTF-8, said or not', async () => {
    expect((await summary({ 'content-type': 'application/json; charset=utf-8' })).status).toBe(200);
  });

  it('refuses a missing, wrong, or foreign CSRF token', async () => {
    const other = await host.session();
    expect((await ask(host.port, 'POST /api/queue.summary', { ...json, cookie }, '{}')).status).toBe(403);
    for (const wrong of ['', 'x', other.csrf]) expect((await summary({ 'x-app-csrf': wrong })).status).toBe(403);
  });

  it.each(['GET', 'HEAD', 'PUT', 'DELETE', 'PATCH'])(
    'refuses %s on a call, whatever an override header says',
    async (method) => {
      expect(
        (
          await ask(
            host.port,
            `${method} /api/queue.summary`,
            { ...json, cookie, 'x-app-csrf': csrf, 'x-http-method-override': 'POST' },
            '',
          )
        ).status,
      ).toBe(405);
      expect((await summary({ 'x-http-method-override': 'DELETE' })).status).toBe(200);
    },
  );
});

describe('L9 nothing is said to other origins', () => {
  it('answers OPTIONS with 403 and never sends a CORS header', async () => {
    for (const line of [
      'OPTIONS /api/queue.summary',
      'OPTIONS /',
      'OPTIONS /nowhere',
      'GET /',
      'GET /nowhere',
      'GET /session',
      'POST /api/queue.summary',
      'GET /assets/app-AbCd1234.js',
      'GET /media/output/png',
    ]) {
      const answer = await ask(
        host.port,
        line,
        { ...json, cookie, 'x-app-csrf': csrf, 'access-control-request-method': 'POST' },
        '{}',
      );
      if (line.startsWith('OPTIONS')) expect(answer.status, line).toBe(403);
      expect(answer.head.toLowerCase(), line).not.toContain('access-control');
    }
  });
});

describe('L11 only what was built', () => {
  const corpus = [
    '/../secret.txt',
    '/..%2fsecret.txt',
    '/assets/../../secret.txt',
    '/%2e%2e/secret.txt',
    '/assets/..%5c..%5csecret.txt',
    '/.%00/secret.txt',
    '/assets',
    '/assets/',
    '/index.html',
    '/Assets/app-AbCd1234.js',
    '/assets//app-AbCd1234.js',
    '/assets/app-AbCd1234.js/',
    '/assets/app-AbCd1234.js%20',
    '/secret.txt',
    '/renderer/index.html',
    '/C:/secret.txt',
  ];
  it.each(corpus)('has nothing at %s', async (path) => {
    const answer = await ask(host.port, `GET ${path}`);
    expect(answer.status).toBe(404);
    expect(answer.body).not.toContain('not for the page');
  });

  it('serves a built file with its type', async () => {
    const answer = await ask(host.port, 'GET /assets/app-AbCd1234.js');
    expect(answer).toMatchObject({ status: 200, body: 'console.log(1)' });
    expect(answer.head).toContain('content-type: text/javascript; charset=utf-8');
  });
});

describe('L12 headers by kind of route', () => {
  const kept =
    /^(content-security-policy|x-content-type-options|x-frame-options|cross-origin-\w+-policy|referrer-policy|cache-control|content-type|content-disposition|permissions-policy):/i;
  it.each([
    'GET /',
    'GET /assets/app-AbCd1234.js',
    'POST /api/queue.summary',
    'POST /api/nothing.there',
    'GET /media/output/png',
    'GET /media/output/html',
    'GET /media/preview/j1',
    'GET /nowhere',
  ])('%s', async (line) => {
    const answer = await ask(host.port, line, { ...json, cookie, 'x-app-csrf': csrf }, '{}');
    const lines = answer.head
      .split('\r\n')
      .filter((one) => kept.test(one))
      .map((one) => one.replace(/nonce-[\w+/=]+/, 'nonce-N').replaceAll(String(host.port), 'PORT'))
      .sort();
    expect([answer.status, ...lines]).toMatchSnapshot();
  });

  it('gives every page a nonce of its own, in the policy and in the page', async () => {
    const nonces = await Promise.all(
      [1, 2].map(async () => {
        const { head, body } = await ask(host.port, 'GET /');
        const inHead = /'nonce-([\w+/=]{22,})'/.exec(head)?.[1];
        expect(body).toContain(`<meta name="csp-nonce" content="${inHead ?? '-'}" />`);
        return inHead;
      }),
    );
    expect(nonces[0]).not.toBe(nonces[1]);
  });
});
