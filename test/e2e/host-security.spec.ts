/**
 * The host against hostile pages in a real Chromium (L8, L15): a page of another port on this machine, which
 * shares our cookies' site, and a page whose name was rebound to this machine. Neither may read, change or hear anything.
 */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, test } from '@playwright/test';
import { browserArguments, findBrowser } from '../setup-browser.ts';
import { startHostFixture } from '../support/host-fixture.ts';
import type { HostFixture } from '../support/host-fixture.ts';

let host: HostFixture;

test.beforeEach(async () => {
  host = await startHostFixture();
});

test.afterEach(async () => {
  await host.close();
});

/** Runs in a hostile page: everything it can try against `origin`. Answers what got through. */
async function attack({ origin, id }: { origin: string; id: string }): Promise<string[]> {
  const through: string[] = [];
  const socketOpens = (url: string, protocols: string[]): Promise<boolean> =>
    new Promise((resolve) => {
      const socket = new WebSocket(url, protocols);
      socket.onopen = () => resolve(true);
      socket.onmessage = () => resolve(true);
      socket.onerror = () => resolve(false);
      setTimeout(() => resolve(false), 3_000);
    });
  const ws = origin.replace('http', 'ws');
  for (const protocols of [['switchyard.v1'], ['switchyard.v1', 'csrf.x'], []])
    if (await socketOpens(`${ws}/rpc`, protocols)) through.push(`socket ${protocols.join()}`);
  if (await socketOpens(`${ws}/api/events`, [])) through.push('events');
  const tries: [string, RequestInit][] = [
    ['/session', {}],
    ['/', {}],
    ['/media/output/png', {}],
    ['/api/openapi.json', {}],
    [
      '/api/jobs.setNote',
      { method: 'POST', headers: { 'content-type': 'application/json' }, body: `{"id":"${id}","note":"hacked"}` },
    ],
    [
      '/api/jobs.setNote',
      { method: 'POST', headers: { 'content-type': 'text/plain' }, body: `{"id":"${id}","note":"hacked"}` },
    ],
    ['/api/jobs.setNote', { method: 'POST', mode: 'no-cors', body: new URLSearchParams({ id, note: 'hacked' }) }],
  ];
  for (const [path, init] of tries) {
    try {
      const response = await fetch(`${origin}${path}`, { credentials: 'include', ...init });
      if (response.type !== 'opaque' && response.ok) through.push(`${init.method ?? 'GET'} ${path}`);
    } catch (_) {
      // Refused, as it should be.
    }
  }
  const image = new Image();
  const shown = await new Promise((resolve) => {
    image.onload = () => resolve(true);
    image.onerror = () => resolve(false);
    image.src = `${origin}/media/output/png`;
  });
  if (shown === true) through.push('image');
  const frame = document.createElement('iframe');
  frame.src = `${origin}/`;
  document.body.append(frame);
  await new Promise((resolve) => setTimeout(resolve, 300));
  return through;
}

test('L8: a page of another port on this machine gets nothing, with the window’s cookie in the same browser', async ({
  context,
}) => {
  const window = await context.newPage();
  await window.goto(host.service.launchUrl());
  expect(window.url()).toBe(`${host.service.url}/`);
  // The window itself gets through: the test could fail.
  const opened = await window.evaluate(async () => {
    const { csrf } = (await (await fetch('/session')).json()) as { csrf: string };
    return new Promise((resolve) => {
      const socket = new WebSocket(`ws://${location.host}/rpc`, ['switchyard.v1', `csrf.${csrf}`]);
      socket.onmessage = () => resolve(true);
      socket.onerror = () => resolve(false);
    });
  });
  expect(opened).toBe(true);

  const evil = createServer((_request, response) => {
    response.setHeader('content-type', 'text/html');
    response.end('<!doctype html><body>evil</body>');
  });
  await new Promise<void>((resolve) => evil.listen(0, '127.0.0.1', resolve));
  try {
    const page = await context.newPage();
    await page.goto(`http://127.0.0.1:${String((evil.address() as AddressInfo).port)}/`);
    expect(await page.evaluate(attack, { origin: host.service.url, id: 'a' })).toEqual([]);
    expect(host.fixture.made).toEqual([]);
    expect(host.fixture.events.listenerCount('job.changed')).toBe(0);
    expect(host.service.windows()).toBe(1);
  } finally {
    evil.close();
  }
});

test('L15: a name rebound to this machine gets nothing', async ({ playwright }) => {
  const executablePath = findBrowser();
  const browser = await playwright.chromium.launch({
    args: [...browserArguments(), '--host-resolver-rules=MAP evil.test 127.0.0.1'],
    ...(executablePath === undefined ? {} : { executablePath }),
  });
  try {
    const origin = `http://evil.test:${String(host.port)}`;
    const context = await browser.newContext();
    const window = await context.newPage();
    await window.goto(host.service.launchUrl());
    const page = await context.newPage();
    // The page came from elsewhere while the name still pointed there; everything after it reaches the host.
    await page.route(`${origin}/page`, (route) =>
      route.fulfill({ contentType: 'text/html', body: '<!doctype html><body>evil</body>' }),
    );
    await page.goto(`${origin}/page`);
    const answer = await page.request.get(`${origin.replace('evil.test', '127.0.0.1')}/`, {
      headers: { host: `evil.test:${String(host.port)}` },
    });
    expect(answer.status()).toBe(421);
    expect(await page.evaluate(attack, { origin, id: 'a' })).toEqual([]);
    expect(await page.evaluate(attack, { origin: host.service.url, id: 'a' })).toEqual([]);
    const direct = await page.goto(`${origin}/`);
    expect(direct?.status()).toBe(421);
    expect(host.fixture.made).toEqual([]);
  } finally {
    await browser.close();
  }
});

test('the page’s policy lets it talk to its own host and to nothing else', async ({ page }) => {
  const violations: string[] = [];
  page.on('console', (message) => violations.push(message.text()));
  await page.goto(host.service.launchUrl());
  const result = await page.evaluate(async () => {
    const tried: string[] = [];
    await fetch('http://127.0.0.1:1/').catch(() => tried.push('fetch refused'));
    const script = document.createElement('script');
    tried.push(
      (() => {
        try {
          script.text = 'document.title = "run"';
          document.body.append(script);
          return document.title === 'run' ? 'script ran' : 'script refused';
        } catch (_) {
          return 'script refused';
        }
      })(),
    );
    return tried;
  });
  expect(result).toEqual(['fetch refused', 'script refused']);
  expect(violations.some((text) => text.includes('Content Security Policy'))).toBe(true);
});
