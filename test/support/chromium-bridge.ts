/**
 * The desktop window in an installed Chromium: the real preload bundle in an isolated world, its messages and ports carried
 * to the real ipc-connection as text. Stands in for Electron's IPC and its app:// scheme, and for nothing else of it. Read against
 * docs/tutorial/message-ports.md and docs/api/protocol.md: what is sent arrives in a later turn and in its order, a port whose page
 * is gone closes, and a request of the scheme is answered when our handler has.
 */
import type { EventEmitter } from 'node:events';
import { EventEmitter as Emitter } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { BrowserContext, CDPSession, Page, Route } from '@playwright/test';
import { root } from '../suites.ts';

const WORLD = 'preload';
/** Chromium knows no scheme of ours: the page is `http://ui/` there, and everything else about it is the same. */
const PAGE = 'http://ui/';

export interface Bridge {
  page: Page;
  /** What the browser complained about: policy violations, errors of the page. */
  complaints: string[];
}

export interface BridgeOptions {
  context: BrowserContext;
  /** Electron's `ipcMain`, as the mocked module gives it. */
  ipcMain: EventEmitter;
  /** The handler of the app:// scheme. */
  handler: (request: Request) => Promise<Response>;
  contentsId: number;
  preload?: string;
}

export async function openBridge(options: BridgeOptions): Promise<Bridge> {
  const { context, handler } = options;
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('console', (message) => {
    // app:// is a secure origin, http://ui is not: that much of the difference is heard.
    const oursOnly = message.text().includes('Cross-Origin-Opener-Policy');
    if (message.type() === 'error' && !oursOnly) complaints.push(message.text());
  });
  await page.route('**/*', (route) => answer(route, handler));
  const session = await context.newCDPSession(page);
  await carry(session, page, options);
  await page.goto(PAGE);
  return { page, complaints };
}

async function answer(route: Route, handler: BridgeOptions['handler']): Promise<void> {
  const asked = route.request();
  const url = asked.url();
  if (!url.startsWith(PAGE)) return route.abort('blockedbyclient');
  const request = {
    url: url.replace('http://', 'app://'),
    method: asked.method(),
    headers: new Headers(asked.headers()),
  };
  const response = await handler(request as Request);
  await route.fulfill({
    status: response.status,
    headers: Object.fromEntries(response.headers),
    body: Buffer.from(await response.arrayBuffer()),
  });
}

/** Electron's MessagePortMain over the bridge. */
class BridgedPort extends Emitter {
  readonly #send: (data: unknown, closed: boolean) => void;
  constructor(send: (data: unknown, closed: boolean) => void) {
    super();
    this.#send = send;
  }
  postMessage(data: unknown): void {
    this.#send(structuredClone(data), false);
  }
  start(): void {}
  close(): void {
    this.#send(null, true);
  }
}

interface FromPage {
  channel?: string;
  message?: unknown;
  ports?: number[];
  port?: number;
  data?: unknown;
}

async function carry(session: CDPSession, page: Page, options: BridgeOptions): Promise<void> {
  const ports = new Map<string, BridgedPort>();
  session.on('Runtime.bindingCalled', ({ name, payload, executionContextId }) => {
    if (name !== 'toMain') return;
    const said = JSON.parse(payload) as FromPage;
    if (said.port !== undefined) {
      ports.get(`${String(executionContextId)}:${String(said.port)}`)?.emit('message', { data: said.data, ports: [] });
      return;
    }
    const brought = (said.ports ?? []).map((id) => {
      const port = new BridgedPort((data, closed) => {
        const expression = `fromMain(${String(id)}, ${JSON.stringify(data)}, ${String(closed)})`;
        // A page that has gone meanwhile hears nothing, as with a real port.
        session.send('Runtime.evaluate', { expression, contextId: executionContextId }).catch(() => undefined);
      });
      ports.set(`${String(executionContextId)}:${String(id)}`, port);
      return port;
    });
    const url = page.url().replace('http://', 'app://');
    const event = {
      senderFrame: { url, origin: 'app://ui', parent: null },
      ports: brought,
      sender: { id: options.contentsId },
    };
    options.ipcMain.emit(said.channel ?? '', event, said.message);
  });
  session.on('Runtime.executionContextDestroyed', ({ executionContextId }) => {
    for (const [key, port] of ports) {
      if (!key.startsWith(`${String(executionContextId)}:`)) continue;
      ports.delete(key);
      port.emit('close');
    }
  });
  await session.send('Page.enable');
  await session.send('Runtime.enable');
  await session.send('Runtime.addBinding', { name: 'toMain', executionContextName: WORLD });
  const preload = options.preload ?? join(root, 'dist/desktop/preload.cjs');
  await session.send('Page.addScriptToEvaluateOnNewDocument', {
    worldName: WORLD,
    source: isolated(readFileSync(preload, 'utf8')),
  });
}

/** The bundle as Electron runs it: CommonJS, with `electron` and nothing else to require. */
function isolated(preload: string): string {
  return `(() => {
    const ports = new Map();
    const ipcRenderer = {
      postMessage(channel, message, transfer) {
        const ids = transfer.map((port) => {
          const id = ports.size + 1;
          ports.set(id, port);
          port.onmessage = (event) => toMain(JSON.stringify({ port: id, data: event.data }));
          return id;
        });
        toMain(JSON.stringify({ channel, message, ports: ids }));
      },
    };
    globalThis.fromMain = (id, data, closed) => (closed ? ports.get(id).close() : ports.get(id).postMessage(data));
    const require = (name) => {
      if (name !== 'electron') throw new Error('a sandboxed preload script has no ' + name);
      return { ipcRenderer };
    };
    const module = { exports: {} };
    const exports = module.exports;
    ${preload}
  })();`;
}
