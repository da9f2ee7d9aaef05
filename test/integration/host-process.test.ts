/** The host as a process: what it prints, finding one that runs already, and how it ends. */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ensureBuilt } from '../../electron/build.ts';
import { readEndpoint } from '../../electron/host/endpoint-file.ts';
import { findRunningHost } from '../../electron/host/endpoint.ts';
import { connectToHost } from '../support/connect-host.ts';
import { createClient } from '../../shared/rpc/client.ts';
import { root } from '../suites.ts';
import { until } from '../support/until.ts';

const entry = join(root, 'electron/host/host.ts');

interface HostProcess {
  child: ChildProcess;
  out(): string;
  err(): string;
  ended: Promise<number | null>;
}

let dataDir: string;
const running: HostProcess[] = [];

const startHost = (...words: string[]): HostProcess => start(entry, words);

function start(program: string, words: readonly string[]): HostProcess {
  const { DISPLAY: _d, WAYLAND_DISPLAY: _w, ...env } = process.env;
  const child = spawn(process.execPath, [program, '--data', dataDir, ...words], {
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let out = '';
  let err = '';
  child.stdout.on('data', (part: Buffer) => (out += part.toString()));
  child.stderr.on('data', (part: Buffer) => (err += part.toString()));
  const host = {
    child,
    out: () => out,
    err: () => err,
    ended: new Promise<number | null>((resolve) => child.once('close', resolve)),
  };
  running.push(host);
  return host;
}

beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'switchyard-process-'));
});

afterEach(async () => {
  for (const { child, ended } of running.splice(0)) {
    if (child.exitCode === null) child.kill('SIGKILL');
    await ended;
  }
  rmSync(dataDir, { recursive: true, force: true });
});

describe('the host process', () => {
  it('prints one line with its address, serves, and ends cleanly when told', async () => {
    const host = startHost('--perf');
    await until('it says where it is', () => host.out().includes('/launch?code='));
    expect(host.out().trim().split('\n')).toHaveLength(1);
    expect(host.out()).toMatch(
      /^Switchyard is on http:\/\/127\.0\.0\.1:\d+\. Open within a minute: http:\/\/127\.0\.0\.1:\d+\/launch\?code=[\w-]+\n$/,
    );
    expect(JSON.parse(host.err())).toMatchObject({
      coreMs: expect.any(Number),
      listeningMs: expect.any(Number),
      rssMiB: expect.any(Number),
    });

    const found = await findRunningHost(dataDir);
    expect(found?.endpoint.pid).toBe(host.child.pid);
    const client = createClient(
      await connectToHost({ socketPath: found?.endpoint.socketPath ?? '', token: found?.token ?? '' }),
    );
    expect((await client.api.app.info({})).dataDir).toBe(dataDir);
    const closed = new Promise((resolve) => client.onClose(resolve));

    host.child.kill('SIGTERM');
    expect(await host.ended).toBe(0);
    await closed;
    expect(readEndpoint(dataDir)).toBeNull();
    expect(existsSync(join(dataDir, 'host', 'socket'))).toBe(false);
  });

  it('names the one that runs already instead of starting twice, and opens that one when asked to', async () => {
    const first = startHost();
    await until('it runs', () => first.out() !== '');
    const pid = String(first.child.pid);
    const second = startHost();
    expect(await second.ended).toBe(1);
    expect(second.out()).toContain(`already running on this data (process ${pid}`);
    const third = startHost('--window');
    expect(await third.ended).toBe(0);
    expect(third.out()).toContain(`process ${pid}`);
    expect(third.out()).toMatch(/http:\/\/127\.0\.0\.1:\d+\/launch\?code=/);
    expect(first.child.exitCode).toBeNull();
  });

  it('says in a sentence what keeps it from starting: data in use by one that does not answer, a place it may not use', async () => {
    const first = startHost();
    await until('it runs', () => first.out() !== '');
    first.child.kill('SIGSTOP');
    const second = startHost();
    expect(await second.ended).toBe(1);
    expect(second.err()).toContain(`(process ${String(first.child.pid)})`);
    expect(second.err()).not.toContain('    at ');
    const file = join(dataDir, 'file');
    writeFileSync(file, '');
    const third = startHost('--data', join(file, 'inside'));
    expect(await third.ended).toBe(1);
    expect(third.err()).toContain(file);
    expect(third.err()).not.toContain('    at ');
  });

  it.each([[['--lan']], [['--host', '0.0.0.0']], [['--port', 'x']], [['--what']]])(
    'refuses %j with a sentence and exit 2',
    async (words) => {
      const host = startHost(...words);
      expect(await host.ended).toBe(2);
      expect(host.err()).toMatch(/\S/);
      expect(host.err()).not.toContain('    at ');
    },
  );

  it('built, it has the demo in a file beside it, which --demo alone loads', async () => {
    await ensureBuilt(['host', 'desktop']);
    const sourcesOf = (file: string): string =>
      (JSON.parse(readFileSync(join(root, 'dist', `${file}.map`), 'utf8')) as { sources: string[] }).sources.join('\n');
    for (const program of ['host/host.js', 'desktop/main.js']) {
      expect(sourcesOf(program)).toContain('host/load-demo.ts');
      expect(sourcesOf(program)).not.toContain('electron/demo/');
    }
    for (const demo of ['host/demo.js', 'desktop/demo.js'])
      for (const part of ['comfy', 'swarm']) expect(sourcesOf(demo)).toContain(`electron/demo/${part}/engine.ts`);

    const host = start(join(root, 'dist/host/host.js'), ['--demo']);
    await until('its servers run', () => host.out().includes('/launch?code='));
    const found = await findRunningHost(join(dataDir, 'demo'));
    const client = createClient(
      await connectToHost({ socketPath: found?.endpoint.socketPath ?? '', token: found?.token ?? '' }),
    );
    const { servers } = await client.api.servers.list({});
    expect(servers.map(({ kind }) => kind)).toEqual(['comfy', 'comfy', 'swarm']);
  });

  it('the demo promises nothing of its servers at its end: they end with it', async () => {
    const host = startHost('--demo');
    await until('its work runs', () => host.out().includes('/launch?code='));
    host.child.kill('SIGTERM');
    expect(await host.ended).toBe(0);
    expect(host.out()).toContain('The demo’s servers end too');
    expect(host.out()).not.toContain('picked up');
  });

  it('says so when its port is taken', async () => {
    const first = startHost();
    await until('it runs', () => readEndpoint(dataDir)?.url !== undefined && first.out() !== '');
    const port = new URL(readEndpoint(dataDir)?.url ?? '').port;
    const other = startHost('--demo', '--port', port);
    expect(await other.ended).toBe(1);
    expect(other.err()).toContain(port);
    expect(other.err()).not.toContain('    at ');
  });
});
