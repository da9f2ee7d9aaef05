/** The link to a host, against a stand-in on a private socket: which calls give up waiting, and how each trouble is told. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { Server, ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readArguments } from '../../../electron/cli/args.ts';
import { call } from '../../../electron/cli/commands/call.ts';
import type { Context } from '../../../electron/cli/context.ts';
import { hostLink } from '../../../electron/cli/host-link.ts';
import type { Link } from '../../../electron/cli/link.ts';
import { Output } from '../../../electron/cli/output.ts';
import { endpointFile } from '../../../electron/host/endpoint-file.ts';
import { socketPathFor } from '../../../electron/host/endpoint.ts';
import { LONG_CALLS } from '../../../shared/long-calls.ts';
import { Aborted } from '../../../shared/util/async.ts';
import { until } from '../../support/until.ts';

/** Long enough for a busy machine to take a request, far less than the limit in use. */
const IDLE_MS = 100;

let dataDir: string;
let host: Server;
/** Requests that are not answered yet, by path. */
let asked: Map<string, ServerResponse>;

beforeEach(async () => {
  dataDir = mkdtempSync(join(tmpdir(), 'switchyard-link-'));
  mkdirSync(join(dataDir, 'host'));
  asked = new Map();
  const socketPath = socketPathFor(dataDir);
  const tokenFile = join(dataDir, 'token');
  writeFileSync(tokenFile, 't'.repeat(32));
  writeFileSync(
    endpointFile(dataDir),
    JSON.stringify({ pid: process.pid, version: '0', startedAt: 1, url: null, socketPath, tokenFile }),
  );
  host = createServer((request, response) => {
    asked.set(request.url ?? '', response);
  });
  await new Promise<void>((resolve, reject) => {
    host.once('error', reject).listen(socketPath, resolve);
  });
});
afterEach(async () => {
  host.closeAllConnections();
  await new Promise((resolve) => {
    host.close(resolve);
  });
  rmSync(dataDir, { recursive: true, force: true });
});

const open = (left = new AbortController().signal): Link => hostLink(dataDir, () => undefined, left, IDLE_MS);

/** `switchyard call NAME`, as the command has it. */
function called(link: Link, name: string): Promise<object | null> {
  const { signal } = new AbortController();
  const terminal = { stdin: new PassThrough(), stdout: new PassThrough(), stderr: new PassThrough() };
  const out = new Output(terminal, { json: true, quiet: false, verbose: false, yes: false }, signal);
  const args = readArguments(['call', name]);
  const context: Context = { args, out, link: () => Promise.resolve(link), signal, now: () => 0 };
  return call(context).then(({ data }) => data);
}

describe('a call that nothing comes back from', () => {
  it.each([...LONG_CALLS])('is waited for as long as it takes when it is %s', async (name) => {
    const link = open();
    const long = called(link, name);
    await until('it is asked', () => asked.has(`/api/${name}`));
    // Asked later and given up: the long one would have been, too, by then.
    await expect(called(link, 'jobs.list')).rejects.toMatchObject({ code: 'server_timeout', exit: 4 });
    asked.get(`/api/${name}`)?.end('{"late":true}');
    expect(await long).toEqual({ late: true });
  });
});

describe('an answer', () => {
  const trouble = async (reply: (response: ServerResponse) => void, link = open()): Promise<unknown> => {
    host.once('request', (_, response: ServerResponse) => {
      reply(response);
    });
    return await called(link, 'jobs.list').catch((error: unknown) => error);
  };

  it('may come in pieces, with characters cut in two', async () => {
    const bytes = Buffer.from('{"title":"Häfen"}');
    const answer = await trouble((response) => {
      response.write(bytes.subarray(0, 12), () => response.end(bytes.subarray(12)));
    });
    expect(answer).toEqual({ title: 'Häfen' });
  });

  it('that is cut off is never taken for a whole one', async () => {
    for (const head of [{ 'content-length': '7' }, { 'transfer-encoding': 'chunked' }]) {
      const error = await trouble((response) => {
        response.writeHead(200, head).write('{}', () => response.socket?.destroy());
      });
      expect(error).toMatchObject({ exit: 4, code: 'server_unreachable', message: expect.stringContaining('closed') });
    }
    const none = await trouble((response) => response.socket?.destroy());
    expect(none).toMatchObject({ exit: 4, code: 'server_unreachable', message: expect.stringContaining('closed') });
  });

  it('that stops in the middle is given up', async () => {
    const error = await trouble((response) => response.writeHead(200).write('{'));
    expect(error).toMatchObject({ exit: 4, code: 'server_timeout' });
  });

  it('is not waited for when the caller leaves, and the host hears of it', async () => {
    const leaving = new AbortController();
    let left = false;
    const error = await trouble((response) => {
      response.once('close', () => (left = true));
      leaving.abort(new Aborted('CallerLeft'));
    }, open(leaving.signal));
    expect(error).toMatchObject({ name: 'AbortError' });
    await until('the host has heard', () => left);
    expect(await trouble(() => undefined, open(AbortSignal.abort(new Aborted('CallerLeft'))))).toMatchObject({
      name: 'AbortError',
    });
  });
});

describe('the event stream', () => {
  it('says so when the host refuses it', async () => {
    host.once('request', (_, response: ServerResponse) => {
      response.writeHead(404).end();
    });
    const opening = open().events(
      ['job.changed'],
      () => undefined,
      () => undefined,
    );
    await expect(opening).rejects.toMatchObject({ exit: 4, message: expect.stringContaining('(404)') });
  });
});
