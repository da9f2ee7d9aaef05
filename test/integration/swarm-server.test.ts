/** The SwarmUI adapter and its server: getting in, drops, restarts, other people's work, backends. On the demo engine. */
import { afterEach, describe, expect, test } from 'vitest';
import { startSwarmServer } from '../../electron/demo/swarm/server.ts';
import { until } from '../support/until.ts';
import { probeParams, SwarmRig } from '../support/swarm-rig.ts';
import { SwarmSite } from '../support/swarm-site.ts';

let site: SwarmSite;
const after: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of after.splice(0)) await close();
  await site.close();
});
const refused = async (rig: SwarmRig): Promise<unknown> => {
  await until(
    'it is refused',
    () =>
      ['needs-auth', 'unsupported', 'offline'].includes(rig.link.status().contact) && rig.link.status().error !== null,
  );
  return { contact: rig.link.status().contact, ...rig.link.status().error };
};

describe('getting in', () => {
  test('a ComfyUI is not a SwarmUI, and is asked nothing that leaves a trace', async () => {
    site = await SwarmSite.start();
    const rig = new SwarmRig(site.comfy.url);
    after.push(() => rig.close());
    expect(await refused(rig)).toMatchObject({ contact: 'unsupported', code: 'server_unsupported' });
  });

  test('tells version, boot, permissions and the passthrough', async () => {
    site = await SwarmSite.start();
    const rig = await site.connect();
    expect(rig.link.status()).toMatchObject({
      version: expect.stringMatching(/^0\.9\.8\.2/) as string,
      backends: 1,
      problems: [],
    });
    expect(rig.link.status().capabilities).toMatchObject({
      targetedInterrupt: true,
      passthrough: true,
      permissions: expect.arrayContaining(['*']) as string[],
    });
    expect(rig.link.serverBoot).toMatch(/^[\da-f-]{36}$/);
  });

  test('network authorization: refused with its name without it, let in with it', async () => {
    site = await SwarmSite.start({ networkAuthorization: 'Basic abc' });
    expect(await refused(site.rig())).toMatchObject({ contact: 'needs-auth', code: 'server_auth' });
    const rig = await site.connect({ credential: { type: 'authorization', value: 'Basic abc' } });
    expect(await rig.ended(await rig.accepted(await rig.send(probeParams(1, 5))))).toMatchObject({ type: 'finished' });
  });

  test('login: refused with its reason, let in, and its files can be read', async () => {
    site = await SwarmSite.start({
      authorizationRequired: true,
      localhostBypass: false,
      users: [{ id: 'eva', password: 'secret', role: 'poweruser' }],
    });
    expect(await refused(site.rig())).toMatchObject({ contact: 'needs-auth', details: { reason: 'login-needed' } });
    expect(await refused(site.rig({ credential: { type: 'login', user: 'eva', password: 'x' } }))).toMatchObject({
      contact: 'needs-auth',
      details: { reason: 'invalid_login' },
    });
    const rig = await site.connect({ credential: { type: 'login', user: 'eva', password: 'secret' } });
    const end = await rig.ended(await rig.accepted(await rig.send(probeParams(1, 5))));
    if (end.type !== 'finished') return expect.fail(JSON.stringify(end));
    for (const output of end.outputs) expect((await rig.read(output)).bytes).toBeGreaterThan(100);
  });

  test('a token in place of a login', async () => {
    site = await SwarmSite.start({
      localhostBypass: false,
      users: [{ id: 'eva', password: 'secret', role: 'poweruser' }],
    });
    const client = site.stranger();
    const session = await client.newSession();
    site.swarm.engine.disk.users.authorizationRequired = true;
    const { token } = (await client.call('CreateAuthToken', { session_id: session, reason: 'test' })).json;
    const rig = await site.connect({ credential: { type: 'token', token: String(token) } });
    expect(await rig.ended(await rig.accepted(await rig.send(probeParams(1, 5))))).toMatchObject({ type: 'finished' });
  });

  test('a user who may little: one job at a time, cancelled without proof, and told so', async () => {
    site = await SwarmSite.start({
      users: [
        {
          id: 'local',
          permissions: ['fundamental_generate_tab_access', 'basic_image_generation', 'comfy_dynamic_custom_workflows'],
        },
      ],
    });
    const rig = await site.connect();
    expect(rig.link.status().capabilities).toMatchObject({ passthrough: false });
    expect(rig.adapter.slots()).toBe(1);
    const job = await rig.running(await rig.accepted(await rig.send(probeParams(4_000, 20))));
    expect(await rig.stop(job)).toMatchObject({ report: 'ended', fact: { type: 'stopped', evidence: 'presumed' } });
    await expect(rig.adapter.freeMemory(AbortSignal.timeout(5_000))).rejects.toMatchObject({
      code: 'not_allowed',
      details: { permission: 'control_mem_clean' },
    });
  });

  test('a redirect where JSON was expected, and 200 with an error, are errors with a code', async () => {
    site = await SwarmSite.start();
    const rig = await site.connect();
    site.swarm.faults.next('ListT2IParams', { kind: 'redirect', location: '/Login' });
    await expect(rig.adapter.manage.catalogue(false, AbortSignal.timeout(5_000))).rejects.toMatchObject({
      code: 'server_protocol',
    });
    site.swarm.faults.next('ListT2IParams', { kind: 'answer', status: 200, body: { error: 'something' } });
    await expect(rig.adapter.manage.catalogue(false, AbortSignal.timeout(5_000))).rejects.toMatchObject({
      code: 'server_rejected',
    });
    const { params } = await rig.adapter.manage.catalogue(false, AbortSignal.timeout(5_000));
    expect(params.map((param) => param.id)).toContain('steps');
  });
});

describe('after a drop', () => {
  test('the socket is cut: the job goes on, and its image is found by our mark', async () => {
    site = await SwarmSite.start();
    const rig = await site.connect();
    const job = await rig.running(await rig.accepted(await rig.send(probeParams(30, 20))));
    site.swarm.cutSockets();
    const end = await rig.ended(job);
    expect(end).toMatchObject({ type: 'finished', outputs: [{ ordinal: 0 }] });
    expect(rig.adapter.sessions.quarantined).toBe(1);
  });

  test('the socket is cut: a cancel still works, by session, and is proven', async () => {
    site = await SwarmSite.start();
    const rig = await site.connect();
    const other = await site.foreignJob('stranger', 200, 20);
    await site.swarm.engine.until((log) => log.find((entry) => entry.kind === 'exec-start'));
    const job = await rig.accepted(await rig.send(probeParams(4_000, 20)));
    site.swarm.cutSockets();
    expect(await rig.stop(job)).toMatchObject({ report: 'ended', fact: { type: 'stopped', evidence: 'proven' } });
    expect(site.inComfy(site.promptOf(job))).toEqual(['deleted']);
    await until('the stranger is done', () => site.log('stranger').some((entry) => entry.kind === 'image-end'));
    expect(site.log('stranger').find((entry) => entry.kind === 'image-end')?.detail).toBe('done');
    await other.stream.closed();
  });

  test('the server is away for a while: the job is seen again and its end told', async () => {
    site = await SwarmSite.start();
    const rig = await site.connect();
    const job = await rig.running(await rig.accepted(await rig.send(probeParams(300, 20))));
    await site.swarm.goDown();
    await until('the loss is noticed', () => !rig.link.online);
    await site.swarm.comeUp();
    await rig.online();
    expect(rig.lookups.get(job.key)).toEqual({ found: 'running' });
    expect(await rig.ended(job)).toMatchObject({ type: 'finished' });
  });

  test('the server was restarted: absent, on another boot, and what its ComfyUI still computes for us is stopped', async () => {
    site = await SwarmSite.start();
    const rig = await site.connect();
    const job = await rig.running(await rig.accepted(await rig.send(probeParams(4_000, 20))));
    const boot = rig.link.serverBoot;
    await site.swarm.restart(100);
    await until('it is online again', () => rig.link.online && rig.link.serverBoot !== boot);
    expect(rig.lookups.get(job.key)).toEqual({ found: 'absent', sameBoot: false });
    const prompt = site.promptOf(job);
    await until('its prompt is stopped', () => site.inComfy(prompt).length > 0);
    expect(site.inComfy(prompt)).toEqual(['interrupted']);
    // How it ended is recovery's to say: the new process knows nothing of it.
    expect(job.end()).toBeUndefined();
    expect(await rig.stop(job)).toEqual({ report: 'ended', fact: { type: 'vanished', cause: 'server-restarted' } });
  });

  test('a stop under which the connection breaks is taken up again by the next one', async () => {
    site = await SwarmSite.start();
    const rig = await site.connect();
    const pause = site.swarm.engine.pauseAt('before-claim');
    const job = await rig.send(probeParams(4_000, 20));
    await pause.reached;
    const stopped = rig.stop(job);
    await until('it is held', () => job.steps.some((step) => step.step === 'held'));
    await site.swarm.goDown();
    expect(await stopped).toEqual({ report: 'interrupted' });
    pause.release();
    await site.swarm.comeUp();
    await rig.online();
    expect(await rig.stop(job)).toMatchObject({ report: 'ended', fact: { type: 'stopped' } });
    expect(site.inComfy(site.promptOf(job))).toEqual(['interrupted']);
  });
});

describe('sessions', () => {
  test('are used again: twenty jobs in a row need no more than one, two at a time no more than two', async () => {
    site = await SwarmSite.start();
    const rig = await site.connect();
    const before = site.swarm.engine.events('session').length;
    for (let round = 0; round < 20; round += 1) await rig.ended(await rig.accepted(await rig.send(probeParams(1, 1))));
    expect(site.swarm.engine.events('session')).toHaveLength(before + 1);
    const two = [await rig.send(probeParams(3, 10)), await rig.send(probeParams(3, 10))];
    for (const job of two) await rig.ended(await rig.accepted(job));
    expect(site.swarm.engine.events('session')).toHaveLength(before + 2);
    expect(rig.adapter.sessions).toMatchObject({ leased: 0, idle: 2, peak: 2 });
  });

  test('never shared: every open job has its own', async () => {
    site = await SwarmSite.start();
    const rig = await site.connect();
    const jobs = await Promise.all([1, 2, 3, 4].map(() => rig.send(probeParams(4, 10))));
    expect(new Set(jobs.map((job) => job.key)).size).toBe(4);
    for (const job of jobs) await rig.ended(job);
  });
});

describe("other people's work", () => {
  test('is counted per user without ours, and shown as it runs on the backends; one of it is stopped by id, ours goes on', async () => {
    site = await SwarmSite.start();
    const rig = await site.connect();
    const theirs = await site.foreignJob('stranger', 400, 20);
    await site.swarm.engine.until((log) => log.find((entry) => entry.kind === 'exec-start'));
    const ours = await rig.accepted(await rig.send(probeParams(5, 20)));
    await until('ours is handed over', () => site.log(ours).some((entry) => entry.kind === 'accepted'));
    await until('it is seen', async () => {
      await rig.adapter.refresh(AbortSignal.timeout(5_000));
      return rig.foreign?.jobs.length === 1;
    });
    const prompt = site.promptOf('stranger');
    expect(rig.foreign).toMatchObject({
      total: 1,
      jobs: [{ remoteKey: `0:${prompt ?? ''}`, state: 'running' }],
      // It is listed: it is not counted a second time.
      counts: [],
      order: [`0:${prompt ?? ''}`, ours.key],
    });
    const steps: string[] = [];
    const report = await rig.adapter.stopForeign(`0:${prompt ?? ''}`, {
      mode: () => 'stop',
      signal: AbortSignal.timeout(10_000),
      onStep: (step) => steps.push(step),
    });
    expect(report).toMatchObject({ report: 'ended', fact: { type: 'stopped', reach: 'running' } });
    expect(site.inComfy(prompt)).toEqual(['interrupted']);
    expect(steps).toEqual(['looked', 'sent', 'looked', 'seen-stopped']);
    expect(await rig.ended(ours)).toMatchObject({ type: 'finished' });
    await theirs.stream.ended();
    await until('its end is told', async () => {
      await rig.adapter.refresh(AbortSignal.timeout(5_000));
      return rig.endings.some((end) => end.how === 'cancelled-by-us');
    });
  });

  test('a waiting prompt of a stranger is never deleted: it is stopped when it begins', async () => {
    site = await SwarmSite.start();
    const rig = await site.connect();
    const ours = await rig.running(await rig.accepted(await rig.send(probeParams(30, 20))));
    const theirs = await site.foreignJob('stranger', 400, 20);
    await until('theirs is handed over', () => site.promptOf('stranger') !== undefined);
    const prompt = site.promptOf('stranger');
    const report = await rig.adapter.stopForeign(`0:${prompt ?? ''}`, {
      mode: () => 'stop',
      signal: AbortSignal.timeout(10_000),
      onStep: () => undefined,
    });
    expect(report).toMatchObject({ report: 'ended', fact: { type: 'stopped', reach: 'running' } });
    expect(site.inComfy(prompt)).toEqual(['interrupted']);
    expect(await rig.ended(ours)).toMatchObject({ type: 'finished' });
    await theirs.stream.ended();
    expect(site.swarm.engine.slots(0)).toMatchObject({ free: 2 });
  });

  test("ours can't be stopped as if it were theirs, and an empty id is refused", async () => {
    site = await SwarmSite.start();
    const rig = await site.connect();
    const ours = await rig.running(await rig.accepted(await rig.send(probeParams(200, 20))));
    const request = { mode: () => 'stop' as const, signal: AbortSignal.timeout(5_000), onStep: () => undefined };
    await expect(rig.adapter.stopForeign(`0:${site.promptOf(ours) ?? ''}`, request)).rejects.toMatchObject({
      code: 'conflict',
    });
    await expect(rig.adapter.stopForeign('0:', request)).rejects.toMatchObject({ code: 'invalid_request' });
    expect(await rig.ended(ours)).toMatchObject({ type: 'finished' });
    expect(site.swarm.engine.log.filter((entry) => entry.kind === 'passthrough')).toEqual([]);
  });

  test('whole users are stopped only when asked, and by name', async () => {
    site = await SwarmSite.start({ users: [{ id: 'max', role: 'user', permissions: ['*'] }] });
    const rig = await site.connect();
    const ours = await rig.running(await rig.accepted(await rig.send(probeParams(30, 20))));
    const client = site.stranger();
    const session = await client.newSession({ 'X-SWARM-USER_ID': 'max' });
    const theirs = await client.generate(session, probeParams(4_000, 20));
    await theirs.counters((counters) => counters['live_gens'] === 1);
    const powers = await rig.adapter.manage.stopPowers(AbortSignal.timeout(5_000));
    expect(powers).toMatchObject({ ownUser: 'local', prompts: true });
    expect([...powers.users].sort()).toEqual(['local', 'max']);
    await rig.adapter.manage.stopUser('max', AbortSignal.timeout(5_000));
    await theirs.ended();
    expect(theirs.images()).toEqual([]);
    expect(await rig.ended(ours)).toMatchObject({ type: 'finished' });
  });
});

describe('backends', () => {
  test(
    'lost slots are recognised and said; re-creating the backend cures them, and is never done unasked',
    { timeout: 180_000 },
    async () => {
      site = await SwarmSite.start();
      const client = site.stranger();
      for (const name of ['a', 'b']) {
        const held = site.swarm.engine.pauseAt('granting-slot');
        const session = await client.newSession();
        const stream = await client.generate(session, { ...probeParams(2, 5), extra_metadata: { who: name } });
        await held.reached;
        await client.interrupt(session);
        await stream.ended();
        held.release();
        await site.swarm.engine.until(() =>
          site.swarm.engine.slots(0).lost === (name === 'a' ? 1 : 2) ? true : undefined,
        );
      }
      const rig = await site.connect();
      const stuck = await rig.accepted(await rig.send(probeParams(2, 5)));
      await until(
        'it is said',
        () => rig.link.status().problems.some((problem) => problem.code === 'slots-lost'),
        15_000,
      );
      expect(rig.link.status().problems).toContainEqual({
        code: 'slots-lost',
        params: { backend: 0, title: expect.any(String) as string, lost: 2, slots: 2 },
      });
      expect(rig.adapter.slots()).toBe(0);
      expect(rig.adapter.manage.backends()).toHaveLength(1);
      await expect(rig.adapter.manage.restartBackend(0, AbortSignal.timeout(5_000))).rejects.toMatchObject({
        code: 'conflict',
      });
      expect(await rig.adapter.manage.recreateBackend(0, AbortSignal.timeout(10_000))).toBe(1);
      expect(await rig.ended(stuck, 12_000)).toMatchObject({ type: 'finished' });
      await until('the page is clean', () => rig.link.status().problems.length === 0);
      expect(rig.adapter.manage.backends()).toMatchObject([{ id: 1, slots: 2, lostSlots: 0 }]);
    },
  );

  test('memory at most once a second; free memory; restart of a backend', async () => {
    site = await SwarmSite.start({
      gpus: {
        '0': {
          id: 0,
          name: 'Demo GPU',
          temperature: 40,
          utilization_gpu: 1,
          utilization_memory: 1,
          total_memory: 8_000_000_000,
          free_memory: 6_000_000_000,
          used_memory: 2_000_000_000,
        },
      },
    });
    const rig = await site.connect();
    for (let times = 0; times < 5; times += 1) await rig.adapter.refresh(AbortSignal.timeout(5_000));
    expect(rig.link.status().memory).toEqual({
      usedBytes: 2_000_000_000,
      totalBytes: 8_000_000_000,
      device: 'Demo GPU',
    });
    await rig.adapter.freeMemory(AbortSignal.timeout(5_000));
    await rig.adapter.manage.restartBackend(0, AbortSignal.timeout(10_000));
    await until('it runs again', () => rig.adapter.slots() === 2);
  });

  test('models come with their own size, parameters with defaults', async () => {
    site = await SwarmSite.start({
      models: [
        {
          name: 'folder/dreamscape-xl.safetensors',
          width: 1024,
          height: 1024,
          architecture: 'stable-diffusion-xl-v1-base',
        },
      ],
    });
    const rig = await site.connect();
    const catalogue = await rig.adapter.manage.catalogue(false, AbortSignal.timeout(5_000));
    expect(catalogue.models).toMatchObject([{ name: 'folder/dreamscape-xl', width: 1024, height: 1024 }]);
    expect(catalogue.defaults).toMatchObject({ steps: 20, seed: -1 });
    expect(await rig.adapter.manage.catalogue(false, AbortSignal.timeout(5_000))).toBe(catalogue);
  });

  test('a Swarm-to-Swarm backend is named, and a neighbour hit through it goes back to the queue (S17)', async () => {
    site = await SwarmSite.start();
    const far = await startSwarmServer({
      backends: [{ type: 'swarmswarmbackend', address: site.swarm.url, title: 'far' }],
      graceMs: 20,
    });
    await far.engine.ready();
    const rig = new SwarmRig(far.url);
    after.push(async () => {
      await rig.close();
      await far.close();
    });
    await rig.online();
    await until('its child is there', () => rig.adapter.slots() === 2);
    expect(rig.link.status().problems).toContainEqual({ code: 'swarm-to-swarm', params: { backend: 0, title: 'far' } });
    const first = await rig.running(await rig.accepted(await rig.send(probeParams(4_000, 10))));
    const second = await rig.accepted(await rig.send(probeParams(2, 10)));
    await until('both are there', () => site.comfy.engine.log.filter((entry) => entry.event === 'queued').length === 2);
    expect(await rig.stop(first)).toMatchObject({ report: 'ended', fact: { type: 'stopped', evidence: 'presumed' } });
    expect(await rig.ended(second)).toMatchObject({ type: 'stopped', by: 'collateral' });
  });
});
