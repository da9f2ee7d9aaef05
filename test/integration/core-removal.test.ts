/** Servers that go: what was chosen for their jobs is one decision, and "removed" is said when it is true. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startComfyServer } from '../../electron/demo/comfy/server.ts';
import type { ComfyServerHandle } from '../../electron/demo/comfy/server.ts';
import { AppError } from '../../shared/errors.ts';
import type { ServerId } from '../../shared/ids.ts';
import type { Credential } from '../../shared/server.ts';
import { CoreHarness, memorySecrets, nth, sleepGraph } from '../support/core-harness.ts';

let server: ComfyServerHandle;
let core: CoreHarness;

beforeEach(async () => {
  server = await startComfyServer();
});
afterEach(async () => {
  await core.close();
  await server.close();
});

const seeds = (count: number): { set: Record<string, Record<string, number>> }[] =>
  Array.from({ length: count }, (_, index) => ({ set: { '1': { seed: 700_000 + index } } }));
const serversLeft = async (): Promise<number> => (await core.call('servers.list', {})).servers.length;

describe('removing a server', () => {
  it('removed-before-it-was: the answer "removed" comes when the server is gone, also when its last job ended first', async () => {
    core = await CoreHarness.open();
    const serverId = await core.addServer(server.url);
    const [job] = await core.submit(sleepGraph(2_000, 20), { serverId });
    await core.waitState(job.id, 'running');
    // The end of the job starts the removal; the call must wait for that same one.
    const answer = await core.call('servers.remove', { id: serverId, onServer: 'forget' });
    expect(answer.removed).toBe(true);
    expect(core.seen.some((event) => event.topic === 'server.removed' && event.payload.id === serverId)).toBe(true);
    expect(await serversLeft()).toBe(0);
  });

  it('edited-while-it-goes: an edit finds either the server or nothing, and leaves no error behind', async () => {
    core = await CoreHarness.open();
    const serverId = await core.addServer(server.url);
    const removing = core.call('servers.remove', { id: serverId });
    const edits = [1, 2, 3, 4].map((maxInFlight) =>
      core.call('servers.edit', { id: serverId, maxInFlight }).then(
        () => 'edited',
        (error: unknown) => (error instanceof AppError ? error.code : 'thrown'),
      ),
    );
    expect(new Set(await Promise.all(edits))).toEqual(new Set(['not_found']));
    expect((await removing).removed).toBe(true);
    expect((await core.call('log.tail', { level: 'error' })).entries).toEqual([]);
  });

  it('secret-of-a-removed-server: a credential that arrives while its server goes is not kept', async () => {
    const arrived: PromiseWithResolvers<void> = Promise.withResolvers();
    const goOn: PromiseWithResolvers<void> = Promise.withResolvers();
    const secrets = memorySecrets();
    core = await CoreHarness.open({
      secrets: {
        ...secrets,
        set: async (ref: string, credential: Credential) => {
          arrived.resolve();
          await goOn.promise;
          await secrets.set(ref, credential);
        },
      },
    });
    const serverId = await core.addServer(server.url);
    const setting = core
      .call('servers.setCredential', { id: serverId, credential: { type: 'token', token: 'hush' } })
      .catch((error: unknown) => error);
    await arrived.promise;
    await core.call('servers.remove', { id: serverId });
    goOn.resolve();
    expect(await setting).toMatchObject({ code: 'not_found' });
    expect(secrets.held.size).toBe(0);
  });

  it('a changed credential leaves one secret, and taking it away none', async () => {
    core = await CoreHarness.open();
    const serverId = await core.addServer(server.url);
    const set = async (credential: Credential | null): Promise<void> => {
      await core.call('servers.setCredential', { id: serverId, credential });
    };
    await set({ type: 'token', token: 'one' });
    await set({ type: 'token', token: 'two' });
    expect([...core.secrets.held.values()]).toEqual([{ type: 'token', token: 'two' }]);
    expect((await core.server(serverId)).hasCredential).toBe(true);
    await set(null);
    expect(core.secrets.held.size).toBe(0);
    expect((await core.server(serverId)).hasCredential).toBe(false);
  });

  it('cancelled waiting ones stay cancelled, whatever becomes of those on the server', async () => {
    core = await CoreHarness.open();
    const serverId: ServerId = await core.addServer(server.url);
    const jobs = await core.submit(sleepGraph(2_000, 20), { serverId, patches: seeds(4) });
    await core.waitState(nth(jobs, 0).id, 'running');
    await core.waitState(nth(jobs, 1).id, 'accepted');
    await core.call('servers.remove', { id: serverId, waiting: 'cancel', onServer: 'forget' });
    const states = await Promise.all(jobs.map(async (job) => (await core.job(job.id)).state));
    expect(states).toEqual(['failed', 'failed', 'cancelled', 'cancelled']);
    expect(await serversLeft()).toBe(0);
  });
});
