/** The calls and events that no other integration test happens to make: servers, outputs, settings, log, foreign work. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startComfyServer } from '../../electron/demo/comfy/server.ts';
import type { ComfyServerHandle } from '../../electron/demo/comfy/server.ts';
import { AppError } from '../../shared/errors.ts';
import type { ServerId } from '../../shared/ids.ts';
import { CoreHarness, nth, pictureGraph, sleepGraph } from '../support/core-harness.ts';

let server: ComfyServerHandle;
let core: CoreHarness;
let serverId: ServerId;

beforeEach(async () => {
  server = await startComfyServer();
  core = await CoreHarness.open();
  serverId = await core.addServer(server.url);
});
afterEach(async () => {
  await core.close();
  await server.close();
});

async function errorOf(work: Promise<unknown>): Promise<AppError> {
  try {
    await work;
  } catch (error) {
    if (error instanceof AppError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

describe('servers', () => {
  it('servers.probe tells what answers at an address, and what does not', async () => {
    const { probe } = await core.call('servers.probe', { url: server.url });
    expect(probe).toMatchObject({ kind: 'comfy', version: '0.8.0', error: null });
    const { probe: none } = await core.call('servers.probe', { url: 'http://127.0.0.1:9' });
    expect(none.error?.code).toBe('server_unreachable');
    const refused = await errorOf(core.call('servers.probe', { url: 'http://169.254.169.254' }));
    expect(refused.code).toBe('invalid_request');
  });

  it('servers.edit renames, limits, and server.changed tells; the address stays while jobs of ours are on it', async () => {
    const { server: edited } = await core.call('servers.edit', { id: serverId, name: 'Studio', maxInFlight: 1 });
    expect(edited).toMatchObject({ name: 'Studio', maxInFlight: 1 });
    expect(core.seen.some((event) => event.topic === 'server.changed' && event.payload.name === 'Studio')).toBe(true);
    await core.waitFor('online again', async () => (await core.server(serverId)).status.contact === 'online');
    const [job] = await core.submit(sleepGraph(4_000, 20), { serverId });
    await core.waitState(job.id, 'running');
    expect((await errorOf(core.call('servers.edit', { id: serverId, url: 'http://127.0.0.1:9' }))).code).toBe(
      'conflict',
    );
    await core.cancel(job.id);
    await core.waitState(job.id, 'cancelled');
  });

  it('servers.setCredential: refused without, online with; the secret is nowhere but in the secret store', async () => {
    const header = 'Bearer very-secret-word';
    server.requireAuthorization(header);
    await core.call('servers.edit', { id: serverId, enabled: false });
    await core.call('servers.edit', { id: serverId, enabled: true });
    await core.waitFor(
      'it asks for a credential',
      async () => (await core.server(serverId)).status.contact === 'needs-auth',
    );
    const { server: view } = await core.call('servers.setCredential', {
      id: serverId,
      credential: { type: 'authorization', value: header },
    });
    expect(view.hasCredential).toBe(true);
    await core.waitFor('online', async () => (await core.server(serverId)).status.contact === 'online');
    expect(JSON.stringify(await core.call('servers.list', {}))).not.toContain('very-secret');
    expect(JSON.stringify(await core.call('log.tail', { level: 'debug' }))).not.toContain('very-secret');
    expect([...core.secrets.held.values()]).toEqual([{ type: 'authorization', value: header }]);
    await core.call('servers.setCredential', { id: serverId, credential: null });
    expect(core.secrets.held.size).toBe(0);
  });

  it('servers.freeMemory asks the server; servers.reconnect tries at once', async () => {
    await core.call('servers.freeMemory', { id: serverId });
    expect(server.engine.requests.some((request) => request.path.endsWith('/free'))).toBe(true);
    await server.goDown();
    await core.waitFor('offline', async () => (await core.server(serverId)).status.contact === 'offline');
    expect((await errorOf(core.call('servers.freeMemory', { id: serverId }))).code).toBe('server_unreachable');
    await server.comeUp();
    await core.call('servers.reconnect', { id: serverId });
    await core.waitFor('online', async () => (await core.server(serverId)).status.contact === 'online');
  });

  it('servers.reconnect on a server that is online replaces its stream; the running job is followed to its end', async () => {
    const end = server.engine.pauseAt('before-node', { nodeId: '2' });
    const [job] = await core.submit(sleepGraph(1, 10), { serverId });
    await core.waitState(job.id, 'running');
    const before = (await core.server(serverId)).status.since;
    await core.call('servers.reconnect', { id: serverId });
    await core.waitFor('it was offline and is online again', async () => {
      const { status } = await core.server(serverId);
      return status.contact === 'online' && status.since > before;
    });
    end.release();
    await core.waitState(job.id, 'done');
    expect(server.engine.executionsOf(await core.keyOf(job.id))).toBe(1);
  });

  it('a kind without backends says so: servers.backends, servers.catalogue, foreign.powers, foreign.stopUser, servers.restartBackend, servers.recreateBackend', async () => {
    expect((await errorOf(core.call('servers.backends', { id: serverId }))).code).toBe('conflict');
    expect((await errorOf(core.call('servers.catalogue', { id: serverId }))).code).toBe('conflict');
    expect((await errorOf(core.call('foreign.powers', { id: serverId }))).code).toBe('conflict');
    expect((await errorOf(core.call('foreign.stopUser', { id: serverId, user: null, allowed: true }))).code).toBe(
      'conflict',
    );
    expect((await errorOf(core.call('servers.restartBackend', { id: serverId, backend: 0 }))).code).toBe('conflict');
    expect((await errorOf(core.call('servers.recreateBackend', { id: serverId, backend: 0 }))).code).toBe('conflict');
  });

  it('the same address twice is refused, naming the server that is there', async () => {
    const error = await errorOf(core.call('servers.add', { kind: 'comfy', url: `${server.url}/` }));
    expect(error).toMatchObject({ code: 'conflict', details: { id: serverId } });
  });
});

describe('outputs', () => {
  it('outputs.reveal shows the stored file; an unknown id is not found', async () => {
    const [job] = await core.submit(pictureGraph(), { serverId });
    await core.waitState(job.id, 'done');
    const output = nth((await core.call('jobs.get', { id: job.id })).outputs, 0);
    await core.call('outputs.reveal', { id: output.id });
    expect(core.revealed).toEqual([expect.stringContaining(join('outputs'))]);
    expect((await errorOf(core.call('outputs.reveal', { id: 'nobody' as typeof output.id }))).code).toBe('not_found');
  });

  it('a file the server no longer has is missing; outputs.refetch finds it when it is back, the state never changes', async () => {
    server.failNext('/view', 404, { times: 1 });
    const [job] = await core.submit(pictureGraph(), { serverId });
    const ended = await core.waitState(job.id, 'failed');
    expect(ended).toMatchObject({ error: { code: 'outputs_unavailable' }, outputs: { missing: 1 } });
    await core.call('outputs.refetch', { id: job.id });
    await core.waitFor('the file is here', async () => (await core.job(job.id)).outputs.stored === 1);
    expect((await core.job(job.id)).state).toBe('failed');
  });

  it('jobs.stopCollecting ends a job whose server keeps its files from us', async () => {
    server.failNext('/view', 500, { times: 10_000 });
    const [job] = await core.submit(pictureGraph(), { serverId });
    await core.waitState(job.id, 'collecting');
    const late = await core.cancel(job.id);
    expect(late.receipts[0]?.outcome).toEqual({ outcome: 'too-late', state: 'done' });
    const { job: ended } = await core.call('jobs.stopCollecting', { id: job.id });
    // Nobody said that the files are gone: we stopped waiting.
    expect(ended).toMatchObject({
      state: 'failed',
      error: { code: 'outputs_unavailable', details: { givenUp: true } },
    });
  });

  it('files of no row are swept at start, files of rows are kept', async () => {
    const [job] = await core.submit(pictureGraph(), { serverId });
    await core.waitState(job.id, 'done');
    await core.stop();
    const { mkdirSync, writeFileSync, existsSync } = await import('node:fs');
    const stray = join(core.dataDir, 'outputs', '2020-01', 'nobody');
    mkdirSync(stray, { recursive: true });
    writeFileSync(join(stray, '000-a.png'), 'x');
    await core.start();
    await core.waitFor('they are swept', () => !existsSync(stray));
    const output = nth((await core.call('jobs.get', { id: job.id })).outputs, 0);
    const response = await core.core.media(new Request(`http://local/media/output/${output.id}`));
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe('image/png');
    rmSync(join(core.dataDir, 'outputs'), { recursive: true });
    expect((await core.core.media(new Request(`http://local/media/output/${output.id}`))).status).toBe(404);
  });
});

describe('the rest', () => {
  it('foreign.cancel stops one stranger by id and tells by foreign.changed; the other goes on', async () => {
    const [one, other] = [
      server.engine.addForeign(sleepGraph(4_000, 20), { clientId: 'x' }),
      server.engine.addForeign(sleepGraph(3, 10), { clientId: 'x' }),
    ];
    await core.waitFor(
      'both are seen',
      async () => (await core.call('foreign.list', { serverId })).servers[0]?.total === 2,
    );
    const { receipts, summary } = await core.call('foreign.cancel', {
      serverId,
      remoteKeys: [one.promptId, 'unknown'],
      allowed: true,
    });
    expect(receipts).toMatchObject([{ outcome: null, error: null }, { error: { code: 'not_found' } }]);
    expect(summary.running + summary.cancelledWaiting).toBe(1);
    expect(
      core.seen.some((event) => event.topic === 'foreign.changed' && event.payload.jobs.some((job) => job.cancelling)),
    ).toBe(true);
    await core.waitFor('the other ran to its end', () => server.engine.outcomesOf(other.promptId).includes('success'));
    expect(server.engine.outcomesOf(one.promptId)).toEqual(['interrupted']);
  });

  it('settings are kept across a restart and told by settings.changed', async () => {
    await core.call('settings.set', { settings: { theme: 'dark', keepHistoryDays: 30 } });
    expect(core.seen.some((event) => event.topic === 'settings.changed' && event.payload.theme === 'dark')).toBe(true);
    await core.restart();
    expect((await core.call('settings.get', {})).settings).toMatchObject({
      theme: 'dark',
      keepHistoryDays: 30,
      askForOne: true,
    });
  });

  it('app.info names the versions; log.tail has what was said', async () => {
    expect(await core.call('app.info', {})).toMatchObject({
      version: '0.0.0-test',
      node: process.versions.node,
      movedAside: null,
    });
    const { entries } = await core.call('log.tail', { limit: 100 });
    expect(entries.some((entry) => entry.message === 'core started')).toBe(true);
  });

  it('discards partial results where the user asked for it', async () => {
    await core.call('settings.set', { settings: { discardPartial: true } });
    const graph = {
      ...pictureGraph(),
      ...Object.fromEntries(
        Object.entries(sleepGraph(4_000, 20)).map(([id, node]) => [
          `9${id}`,
          {
            ...node,
            inputs: Object.fromEntries(
              Object.entries(node.inputs).map(([key, value]) => [key, Array.isArray(value) ? ['91', 0] : value]),
            ),
          },
        ]),
      ),
    };
    const [job] = await core.submit(graph, { serverId });
    await core.waitFor(
      'the picture is done, the sleeper runs',
      () =>
        server.engine.log.some((entry) => entry.event === 'node-done' && entry.node === '7') &&
        server.engine.log.some((entry) => entry.event === 'step' && entry.node === '91'),
    );
    await core.cancel(job.id);
    await core.waitState(job.id, 'cancelled');
    await core.waitFor(
      'nothing is left of it',
      async () => (await core.job(job.id)).outputs.expected + (await core.job(job.id)).outputs.stored === 0,
    );
  });
});
