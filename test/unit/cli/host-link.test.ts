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
  const context: Context = { args, out, dataDir, link: () => Promise.resolve(link), signal, now: () => 0 };
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
