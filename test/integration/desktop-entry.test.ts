/**
 * The built desktop entry, as Electron's program runs it: imported and waited for, signals taken, then ready. Electron is
 * played (test/fakes/electron/run.ts); core, database, private socket, demo servers and signals are real.
 */
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ensureBuilt } from '../../electron/build.ts';
import { hostLink } from '../../electron/cli/host-link.ts';
import { startComfyServer } from '../../electron/demo/comfy/server.ts';
import { endpointFile } from '../../electron/host/endpoint-file.ts';
import { findRunningHost } from '../../electron/host/endpoint.ts';
import type { RunningHost } from '../../electron/host/endpoint.ts';
import { CANT_START } from '../../electron/desktop-arguments.ts';
import { smoke } from '../packed-smoke.ts';
import { sleepGraph } from '../support/core-harness.ts';
import { BUILT_MAIN, STAND_IN, runStandIn } from '../support/stand-in-run.ts';
import type { StandInRun } from '../support/stand-in-run.ts';
import { until } from '../support/until.ts';

let folder: string;

beforeAll(async () => {
  await ensureBuilt(['renderer', 'desktop']);
}, 120_000);
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'switchyard-entry-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});
const data = (): string => join(folder, 'data');

async function found(dataDir: string): Promise<RunningHost> {
  const seen: RunningHost[] = [];
  await until('it can be found', async () => {
    const host = await findRunningHost(dataDir);
    if (host !== null) seen.push(host);
    return host !== null;
  });
  return seen[0] ?? expect.fail();
}

/** Five seconds from the entry's first line on: how long Node takes to come to it is the machine's. */
async function windowComes(app: StandInRun): Promise<void> {
  await until('the entry runs', () => app.report().length > 0);
  await until('the window is shown', () => app.report().includes('window shown'), 5_000);
}

/** Nobody is asked, the end is in order, and nobody finds what is not there any more. */
async function endsInOrder(app: StandInRun, dataDir: string, socketPath: string): Promise<void> {
  expect(await app.ended, app.output()).toEqual({ code: 0, signal: null });
  expect(app.report().filter((line) => line.startsWith('box'))).toEqual([]);
  expect(existsSync(endpointFile(dataDir))).toBe(false);
  expect(existsSync(socketPath)).toBe(false);
}

it('the entry never waits for what comes only after it: its window is there within five seconds', async () => {
  await using app = runStandIn(folder, ['--data', data()]);
  await windowComes(app);
  expect(app.report().slice(0, 4)).toEqual([
    `dumps in ${join(data(), 'desktop', 'crashes')}`,
    'entry evaluated',
    'ready',
    'window made',
  ]);
  expect((await found(data())).endpoint.pid).toBe(app.child.pid);
});

it('its window and its endpoint come although the keychain never answers and no frame is ever painted', async () => {
  await using app = runStandIn(folder, ['--data', data()], { keyring: { waits: true }, window: { paints: 'never' } });
  await windowComes(app);
  await found(data());
});

it('where Electron is not what it was read to be it ends, and not as one that can’t start anywhere', async () => {
  // `npm start` is to open the browser's window then.
  await using app = runStandIn(folder, ['--data', data()], { breaks: 'protocol.handle' });
  expect(await app.ended).toEqual({ code: 1, signal: null });
  expect(app.output()).toContain('Switchyard can’t start: it is not what it was read to be');
});

it('a second start says that one is open, and ends', async () => {
  await using app = runStandIn(folder, ['--data', data()], { locked: true });
  expect(await app.ended).toEqual({ code: 0, signal: null });
  expect(app.output()).toContain('Switchyard is open already; its window is shown.');
});

it('what keeps Switchyard from starting is said, and is told from what keeps Electron from it', async () => {
  await using first = runStandIn(folder, ['--data', data()]);
  await found(data());
  // As when a host holds the data: the lock is Electron's, the database is ours.
  await using second = runStandIn(folder, ['--data', data()]);
  expect(await second.ended).toEqual({ code: CANT_START, signal: null });
  expect(second.output()).toMatch(/Switchyard can’t start: the data directory is in use/);
  expect(first.child.exitCode).toBeNull();
});

it('a data folder that can’t be made is said, before Electron is ready', async () => {
  writeFileSync(join(folder, 'no-folder'), '');
  await using app = runStandIn(folder, ['--data', join(folder, 'no-folder', 'data')]);
  expect(await app.ended).toEqual({ code: CANT_START, signal: null });
  expect(app.output()).toMatch(/^Switchyard can’t start: .*no-folder/m);
});

describe.skipIf(process.platform === 'win32')('signals', () => {
  it.each(['SIGTERM', 'SIGHUP', 'SIGINT'] as const)('one %s ends it in order, with nothing to do', async (signal) => {
    await using app = runStandIn(folder, ['--data', data()]);
    const { endpoint } = await found(data());
    app.child.kill(signal);
    await endsInOrder(app, data(), endpoint.socketPath);
  });

  it('SIGTERM ends it without a question while a job runs, and the job runs on on its server', async () => {
    const comfy = await startComfyServer({ stepMs: 5 });
    try {
      await using app = runStandIn(folder, ['--data', data()]);
      const { endpoint } = await found(data());
      const link = hostLink(data(), () => undefined, AbortSignal.timeout(60_000));
      const hold = comfy.engine.pauseAt('before-step-check');
      const { server } = await link.call('servers.add', { url: comfy.url, name: 'Studio', kind: 'comfy' });
      const { jobs } = await link.call('jobs.submit', {
        payload: { kind: 'comfy', graph: sleepGraph(20, 5) },
        serverId: server.id,
        jobs: [{ title: 'Runs on' }, { title: 'Waits' }],
      });
      await until('one runs', async () => (await link.call('queue.summary', {})).running === 1);
      await link.close();
      app.child.kill('SIGTERM');
      await endsInOrder(app, data(), endpoint.socketPath);
      hold.release();
      await using again = runStandIn(folder, ['--data', data()]);
      await found(data());
      const next = hostLink(data(), () => undefined, AbortSignal.timeout(60_000));
      for (const { id } of jobs) expect((await next.call('jobs.awaitEnd', { id })).job.state).toBe('done');
      await next.close();
      again.child.kill('SIGTERM');
      expect(await again.ended).toEqual({ code: 0, signal: null });
    } finally {
      await comfy.close();
    }
  });

  it('what is asked of every packed app holds here: with demo jobs running SIGTERM ends it in order', async () => {
    const env = { ...process.env, STAND_IN: '{}' };
    const seen = await smoke(process.execPath, [STAND_IN, BUILT_MAIN], { page: false, env });
    expect(seen.at(-1)).toBe('SIGTERM ended it without a question, and in order');
  });

  it('before Electron is ready a signal ends it at once', async () => {
    await using app = runStandIn(folder, ['--data', data()], { hangs: 'after-entry' });
    await until('the entry has run', () => app.report().includes('entry evaluated'));
    app.child.kill('SIGTERM');
    expect(await app.ended).toEqual({ code: 0, signal: null });
    expect(existsSync(endpointFile(data()))).toBe(false);
  });
});
