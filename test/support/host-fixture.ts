/** A real host service (loopback port, private socket, files) around the rpc fixture, and raw sockets to poke it with. */
import { mkdtempSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LogSink } from '../../electron/core/log.ts';
import { createMedia } from '../../electron/core/media.ts';
import { startService } from '../../electron/host/service.ts';
import type { Service, ServiceOptions } from '../../electron/host/service.ts';
import { rpcFixture } from './rpc-fixture.ts';
import type { RpcFixture } from './rpc-fixture.ts';

/** A PNG's first bytes are all that is looked at. */
export const PNG = Buffer.concat([Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]), Buffer.alloc(992, 7)]);

export interface HostFixture {
  service: Service;
  fixture: RpcFixture;
  port: number;
  dataDir: string;
  token: string;
  /** Everything the log holds, as text. */
  logText(): string;
  /** A session as a window gets it: launched with a code. */
  session(): Promise<{ cookie: string; csrf: string }>;
  close(): Promise<void>;
}

export async function startHostFixture(
  options: Partial<ServiceOptions> & { keepData?: string } = {},
): Promise<HostFixture> {
  const dataDir = options.keepData ?? mkdtempSync(join(tmpdir(), 'switchyard-host-'));
  const rendererDir = join(dataDir, 'renderer');
  mkdirSync(join(rendererDir, 'assets'), { recursive: true });
  writeFileSync(
    join(rendererDir, 'index.html'),
    '<!doctype html><html><head><title>Switchyard</title></head><body></body></html>',
  );
  writeFileSync(join(rendererDir, 'assets', 'app-AbCd1234.js'), 'console.log(1)');
  writeFileSync(join(dataDir, 'secret.txt'), 'not for the page');
  const picture = join(dataDir, 'picture');
  writeFileSync(picture, PNG);
  const page = join(dataDir, 'page');
  writeFileSync(page, '<script>alert(1)</script>');
  const files = new Map([
    ['png', picture],
    ['html', page],
    ['gone', join(dataDir, 'nowhere')],
  ]);
  const fixture = rpcFixture();
  const sink = new LogSink(null);
  const media = createMedia({
    output: (id) => {
      const file = files.get(id);
      return file === undefined ? null : { file, name: `a "näme".${id}` };
    },
    preview: (jobId) => (jobId === 'j1' ? { bytes: PNG } : null),
  });
  const service = await startService({
    core: { handlers: fixture.handlers, events: fixture.events, media, log: sink.log() },
    dataDir,
    version: '0.0.1',
    port: null,
    rendererDir,
    ...options,
  });
  const port = Number(new URL(service.url).port);
  return {
    service,
    fixture,
    port,
    dataDir,
    token: readFileSync(service.auth.tokenFile, 'utf8').trim(),
    logText: () => JSON.stringify(sink.tail(10_000, 'debug')),
    async session() {
      const target = service.launchUrl().slice(service.url.length);
      const launched = await ask(port, `GET ${target}`);
      const cookie = /set-cookie: ([^;]+)/i.exec(launched.head)?.[1] ?? '';
      const { csrf } = JSON.parse((await ask(port, 'GET /session', { cookie })).body) as { csrf: string };
      return { cookie, csrf };
    },
    async close() {
      await service.close();
      if (options.keepData === undefined) rmSync(dataDir, { recursive: true, force: true });
    },
  };
}

export interface RawAnswer {
  status: number;
  /** Status line and headers as they came. */
  head: string;
  body: string;
}

/** Sends exactly these bytes and reads until the other side closes (or `headEnough`, the head has come). */
export function raw(where: number | string, text: string, options: { headEnough?: boolean } = {}): Promise<RawAnswer> {
  return new Promise((resolve, reject) => {
    const socket: Socket = typeof where === 'number' ? connect(where, '127.0.0.1') : connect(where);
    let got = '';
    const done = (): void => {
      socket.destroy();
      const [head = '', body = ''] = got.split(/\r\n\r\n([\s\S]*)/, 2);
      resolve({ status: Number(/^HTTP\/1\.1 (\d+)/.exec(got)?.[1] ?? 0), head, body });
    };
    socket.setTimeout(10_000, () => {
      reject(new Error(`no end of the answer: ${got.slice(0, 200)}`));
      socket.destroy();
    });
    socket.on('data', (part) => {
      got += part.toString('latin1');
      if (options.headEnough === true && got.includes('\r\n\r\n')) done();
    });
    socket.on('error', (error) => {
      if (got === '') reject(error);
      else done();
    });
    socket.on('end', done);
    socket.on('close', done);
    socket.write(text);
  });
}

/** One request with a right Host unless another is given; `line` is `METHOD /target`. Closes after the answer. */
export async function ask(
  where: number | string,
  line: string,
  headers: Record<string, string> = {},
  body = '',
): Promise<RawAnswer> {
  const host: Record<string, string> =
    typeof where === 'number' ? { host: `127.0.0.1:${String(where)}` } : { host: 'localhost' };
  const all = {
    ...host,
    connection: 'close',
    ...(body === '' ? {} : { 'content-length': String(Buffer.byteLength(body)) }),
    ...headers,
  };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}`);
  const answer = await raw(where, [`${line} HTTP/1.1`, ...lines, '', body].join('\r\n'));
  return /transfer-encoding: chunked/i.test(answer.head) ? { ...answer, body: dechunk(answer.body) } : answer;
}

/** A handshake as any client could send it, answered with the status line that came back. */
export function handshake(
  where: number | string,
  target: string,
  headers: Record<string, string> = {},
): Promise<RawAnswer> {
  const all = {
    host: typeof where === 'number' ? `127.0.0.1:${String(where)}` : 'localhost',
    connection: 'Upgrade',
    upgrade: 'websocket',
    'sec-websocket-version': '13',
    'sec-websocket-key': Buffer.alloc(16, 1).toString('base64'),
    ...headers,
  };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}`);
  return raw(where, [`GET ${target} HTTP/1.1`, ...lines, '', ''].join('\r\n'), { headEnough: true });
}

function dechunk(text: string): string {
  let rest = text;
  let whole = '';
  for (;;) {
    const end = rest.indexOf('\r\n');
    const size = Number.parseInt(rest.slice(0, end), 16);
    if (end < 0 || !(size > 0)) return Buffer.from(whole, 'latin1').toString();
    whole += rest.slice(end + 2, end + 2 + size);
    rest = rest.slice(end + 4 + size);
  }
}
