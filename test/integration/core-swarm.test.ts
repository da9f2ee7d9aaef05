/**
 * What a person sees and does of a SwarmUI server through the contract: models, backends, memory, powers over other people's
 * work, and cancels of every kind beside it. The queue's own half is in swarm-core.test.ts.
 */
import { afterEach, describe, expect, test } from 'vitest';
import type { ServerId } from '../../shared/ids.ts';
import type { JobView } from '../../shared/job.ts';
import { CoreHarness, nth } from '../support/core-harness.ts';
import { probeParams } from '../support/swarm-rig.ts';
import { SwarmSite } from '../support/swarm-site.ts';

let site: SwarmSite;
let core: CoreHarness;
afterEach(async () => {
  await core.close();
  await site.close();
});

async function begin(...options: Parameters<typeof SwarmSite.start>): Promise<ServerId> {
  site = await SwarmSite.start(...options);
  core = await CoreHarness.open();
  return await core.addServer(site.swarm.url, { kind: 'swarm', maxInFlight: 8 });
}
async function submit(
  serverId: ServerId,
  steps: number,
  ms: number,
  { images = 1, times = 1 }: { images?: number; times?: number } = {},
): Promise<[JobView, ...JobView[]]> {
  const { jobs } = await core.call('jobs.submit', {
    payload: { kind: 'swarm', images, params: probeParams(steps, ms) },
    serverId,
    jobs: Array.from({ length: times }, () => ({})),
  });
  return [nth(jobs, 0), ...jobs.slice(1)];
}
const attemptOf = async (job: JobView): Promise<string> =>
  nth((await core.call('jobs.get', { id: job.id })).attempts.slice(-1), 0).id;

describe('a cancel beside other work', () => {
  test('of the handed-over one of two: the running one and a stranger end with their images', async () => {
    const serverId = await begin();
    const [first, second] = await submit(serverId, 40, 15, { times: 2 });
    if (second === undefined) throw new Error('two were submitted');
    await core.waitState(first.id, 'running');
    await core.waitState(second.id, 'accepted');
    await site.foreignJob('stranger', 2, 5);
    await core.cancel(second.id);
    const ended = await core.waitState(second.id, 'cancelled');
    expect(ended.cancel?.outcome).toMatchObject({ outcome: 'cancelled', reach: 'waiting', evidence: 'proven' });
    const done = await core.waitState(first.id, 'done');
    expect(done.outputs.stored).toBe(1);
    await core.waitFor('the stranger is done', () =>
      site.log('stranger').some((entry) => entry.kind === 'image-end' && entry.detail === 'done'),
    );
    expect(site.inComfy(site.promptOf(await attemptOf(first)))).toEqual(['success']);
  });

  test('of one that waits with us never reaches the server', async () => {
    const serverId = await begin();
    const jobs = await submit(serverId, 400, 15, { times: 3 });
    await core.waitState(jobs[0].id, 'running');
    const last = nth(jobs, 2);
    await core.cancel(last.id);
    const ended = await core.waitState(last.id, 'cancelled');
    expect(ended.cancel?.outcome).toMatchObject({ outcome: 'cancelled', reach: 'local' });
    expect(ended.attempts).toBe(0);
    await core.cancel(jobs[0].id, nth(jobs, 1).id);
    for (const job of jobs.slice(0, 2)) await core.waitState(job.id, 'cancelled');
    expect(site.swarm.engine.events('claim')).toHaveLength(2);
  });

  test('after the first of three images keeps it, marked as partial', { timeout: 180_000 }, async () => {
    const serverId = await begin();
    const [job] = await submit(serverId, 120, 15, { images: 3 });
    await core.waitState(job.id, 'running');
    const attempt = await attemptOf(job);
    await core.waitFor('one image is done', () =>
      site.log(attempt).some((entry) => entry.kind === 'image-end' && entry.detail === 'done'),
    );
    await core.cancel(job.id);
    const ended = await core.waitState(job.id, 'cancelled');
    expect(ended.cancel?.outcome).toMatchObject({ outcome: 'cancelled', reach: 'running', evidence: 'proven' });
    await core.waitFor('what was made is stored', async () => (await core.job(job.id)).outputs.stored >= 1);
    expect((await core.job(job.id)).outputs).toMatchObject({ partial: true });
  });
});

describe('models, backends and memory', () => {
  test('servers.catalogue tells the models and parameters; a refresh asks the server anew', async () => {
    const serverId = await begin({
      models: [{ name: 'wide.safetensors', title: 'Wide', architecture: 'x', width: 1344, height: 768 }],
    });
    const { catalogue } = await core.call('servers.catalogue', { id: serverId });
    expect(catalogue.models).toEqual([
      expect.objectContaining({ name: 'wide', title: 'Wide', width: 1344, height: 768 }),
    ]);
    expect(catalogue.defaults).toMatchObject({ steps: 20, cfgscale: 7 });
    expect(catalogue.params.find(({ id }) => id === 'sampler')?.values).toContain('euler');
    const again = await core.call('servers.catalogue', { id: serverId });
    expect(again.catalogue.fetchedAt).toBe(catalogue.fetchedAt);
    await core.waitFor(
      'a refresh is newer',
      async () =>
        (await core.call('servers.catalogue', { id: serverId, refresh: true })).catalogue.fetchedAt >
        catalogue.fetchedAt,
    );
  });

  test('servers.backends shows slots and load; looking also brings the memory', async () => {
    const serverId = await begin();
    const [job] = await submit(serverId, 300, 20);
    await core.waitState(job.id, 'running');
    await core.waitFor('its load is seen', async () => {
      const { backends } = await core.call('servers.backends', { id: serverId });
      return nth(backends, 0).running === 1;
    });
    const { backends } = await core.call('servers.backends', { id: serverId });
    expect(backends).toEqual([
      expect.objectContaining({ id: 0, state: 'running', enabled: true, slots: 2, lostSlots: 0 }),
    ]);
    expect((await core.server(serverId)).status.memory?.totalBytes).toBeGreaterThan(0);
    await core.cancel(job.id);
    await core.waitState(job.id, 'cancelled');
  });

  test(
    'servers.restartBackend and servers.recreateBackend end with a backend that takes jobs',
    { timeout: 180_000 },
    async () => {
      const serverId = await begin();
      const { backends } = await core.call('servers.restartBackend', { id: serverId, backend: 0 });
      expect(nth(backends, 0)).toMatchObject({ id: 0 });
      const made = await core.call('servers.recreateBackend', { id: serverId, backend: 0 });
      expect(made.made).not.toBe(0);
      await core.waitFor('only the new one is there', async () => {
        const { backends: now } = await core.call('servers.backends', { id: serverId });
        return now.length === 1 && now[0]?.id === made.made && now[0].state === 'running';
      });
      const [job] = await submit(serverId, 2, 5);
      await core.waitState(job.id, 'done');
      await expect(core.call('servers.recreateBackend', { id: serverId, backend: 77 })).rejects.toMatchObject({
        code: 'not_found',
      });
    },
  );
});

describe("whole users' work", () => {
  test('foreign.powers names who has work; foreign.stopUser stops that user and nobody else', async () => {
    const serverId = await begin({ users: [{ id: 'max', role: 'user', permissions: ['*'] }] });
    const [ours] = await submit(serverId, 60, 15);
    await core.waitState(ours.id, 'running');
    const client = site.stranger();
    const session = await client.newSession({ 'X-SWARM-USER_ID': 'max' });
    const theirs = await client.generate(session, { ...probeParams(4_000, 20), extra_metadata: { who: 'max' } });
    await theirs.counters((counters) => counters['live_gens'] === 1);
    await core.waitFor('it is seen beside ours, once', async () => {
      await core.call('servers.backends', { id: serverId });
      const { servers } = await core.call('foreign.list', { serverId });
      const { total, counts } = nth(servers, 0);
      return total + counts.reduce((sum, one) => sum + one.running + one.waiting, 0) === 1;
    });
    const { powers } = await core.call('foreign.powers', { id: serverId });
    expect(powers).toMatchObject({ ownUser: 'local', prompts: true });
    expect(powers.users).toContain('max');
    await core.call('foreign.stopUser', { id: serverId, user: 'max', allowed: true });
    await theirs.ended();
    expect(theirs.images()).toEqual([]);
    expect((await core.waitState(ours.id, 'done')).outputs.stored).toBe(1);
  });

  test('is refused without a person’s word, and nothing is stopped', async () => {
    const serverId = await begin();
    const [ours] = await submit(serverId, 20, 10);
    // @ts-expect-error: `allowed` is the word that somebody was asked
    await expect(core.call('foreign.stopUser', { id: serverId, user: null })).rejects.toThrow();
    await core.waitState(ours.id, 'done');
  });
});

describe('a ComfyUI workflow inside SwarmUI', () => {
  test('shares one graph over its seeds, and each job runs with its own', async () => {
    const serverId = await begin();
    const raw =
      '{"9":{"class_type":"SwarmSaveImageWS","inputs":{"images":["10",0]}},"10":{"class_type":"ProbeSleep","inputs":{"steps":2,"ms":5,"seed":${seed}}}}';
    const { jobs } = await core.call('jobs.submit', {
      payload: { kind: 'swarm', images: 1, params: { comfyworkflowraw: raw } },
      serverId,
      jobs: [{ patch: { params: { seed: 41 } } }, { patch: { params: { seed: 42 } } }],
    });
    for (const job of jobs) expect((await core.waitState(job.id, 'done')).outputs.stored).toBe(1);
    expect(jobs.map(({ info }) => info.seed)).toEqual(['41', '42']);
  });
});
