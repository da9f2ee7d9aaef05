/** SwarmUI through the whole core: the queue neither knows nor cares which kind of server a job runs on. */
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
async function submit(serverId: ServerId, steps: number, ms: number, images = 1, times = 1): Promise<JobView[]> {
  const { jobs } = await core.call('jobs.submit', {
    payload: { kind: 'swarm', images, params: probeParams(steps, ms) },
    serverId,
    jobs: Array.from({ length: times }, () => ({})),
  });
  return jobs;
}
const attemptOf = async (job: JobView): Promise<string> =>
  nth((await core.call('jobs.get', { id: job.id })).attempts.slice(-1), 0).id;
const promptOf = async (job: JobView): Promise<string | undefined> => site.promptOf(await attemptOf(job));

describe('a job on SwarmUI', () => {
  test('runs, and all its images are on disk', async () => {
    const serverId = await begin();
    const [job] = await submit(serverId, 3, 10, 3);
    if (job === undefined) return;
    const done = await core.waitState(job.id, 'done');
    expect(done.outputs).toMatchObject({ stored: 3, missing: 0 });
  });

  test('no more of ours are inside than there are slots, and they run in our order', async () => {
    const serverId = await begin();
    const jobs = await submit(serverId, 2, 10, 1, 6);
    const claims = (): number =>
      site.swarm.engine.events('claim').length - site.swarm.engine.events('request-end').length;
    let most = 0;
    await core.waitFor(
      'all are done',
      async () => {
        most = Math.max(most, claims());
        return (await core.job(nth(jobs, 5).id)).state === 'done';
      },
      14_000,
    );
    expect(most).toBeLessThanOrEqual(2);
    const order = await Promise.all(jobs.map(attemptOf));
    expect(site.swarm.engine.events('claim').map((entry) => entry.extra?.['switchyard_attempt'])).toEqual(order);
  });

  test('cancelled while it runs: proven; the pre-queued one of ours and a stranger are unharmed', async () => {
    const serverId = await begin();
    const [first, second] = await submit(serverId, 60, 10, 1, 2);
    if (first === undefined || second === undefined) return;
    await core.waitState(first.id, 'running');
    await site.foreignJob('stranger', 2, 5);
    await core.cancel(first.id);
    const ended = await core.waitState(first.id, 'cancelled');
    expect(ended.cancel?.outcome).toEqual({
      outcome: 'cancelled',
      reach: 'running',
      evidence: 'proven',
      partialOutputs: 0,
    });
    expect(site.inComfy(await promptOf(first))).toEqual(['interrupted']);
    await core.waitState(second.id, 'done');
    await core.waitFor('the stranger is done', () =>
      site.log('stranger').some((entry) => entry.kind === 'image-end' && entry.detail === 'done'),
    );
  });

  test('everything of ours at once: waiting with us, pre-queued and running', async () => {
    const serverId = await begin();
    const jobs = await submit(serverId, 200, 20, 1, 5);
    await core.waitState(nth(jobs, 0).id, 'running');
    await core.waitState(nth(jobs, 1).id, 'accepted');
    await core.call('cancel.run', { scope: { server: serverId, which: 'mine' } });
    for (const job of jobs) await core.waitState(job.id, 'cancelled');
    expect(site.swarm.engine.events('claim')).toHaveLength(2);
    expect(site.comfy.engine.log.filter((entry) => entry.event === 'success')).toEqual([]);
    expect(site.swarm.engine.slots(0)).toMatchObject({ lost: 0 });
  });

  test("a neighbour's failure puts it back once, and it succeeds", { timeout: 180_000 }, async () => {
    const serverId = await begin((url) => ({
      backends: [{ address: url, allowIdle: true, overQueue: 0 }],
      refuseAfterMs: 30,
      scanMs: 20,
      idleCheckMs: 300,
    }));
    const client = site.stranger();
    const bad = await client.generate(await client.newSession(), probeParams(30, 20, { fail_at: 29 }));
    await site.swarm.engine.until((log) => log.find((entry) => entry.kind === 'exec-start'));
    const [job] = await submit(serverId, 2, 5);
    if (job === undefined) return;
    await core.waitState(job.id, 'accepted');
    await bad.ended();
    await core.waitFor('it is done', async () => (await core.job(job.id)).state === 'done');
    const { attempts } = await core.call('jobs.get', { id: job.id });
    expect(attempts.map((attempt) => attempt.closeReason)).toEqual(['collateral', 'finished']);
  });
});

describe('after a crash of ours or of the server', () => {
  test('our process starts again while a job runs: it is seen, and its image is found by our mark', async () => {
    const serverId = await begin();
    const [job] = await submit(serverId, 60, 20);
    if (job === undefined) return;
    await core.waitState(job.id, 'running');
    await core.restart();
    const done = await core.waitState(job.id, 'done');
    expect(done.outputs).toMatchObject({ stored: 1 });
    expect(site.swarm.engine.events('claim')).toHaveLength(1);
  });

  test('our process starts again with a cancel open: it is taken up and proven', async () => {
    const serverId = await begin();
    const [job] = await submit(serverId, 400, 20);
    if (job === undefined) return;
    await core.waitState(job.id, 'running');
    await site.swarm.goDown();
    await core.cancel(job.id);
    await core.stop();
    await site.swarm.comeUp();
    await core.start();
    const ended = await core.waitState(job.id, 'cancelled');
    expect(ended.cancel?.outcome).toMatchObject({ outcome: 'cancelled', reach: 'running', evidence: 'proven' });
    expect(site.inComfy(await promptOf(job))).toEqual(['interrupted']);
  });

  test('the server was restarted: the job is lost, said so, and its leftover is stopped', async () => {
    const serverId = await begin();
    const [job] = await submit(serverId, 400, 20);
    if (job === undefined) return;
    await core.waitState(job.id, 'running');
    const prompt = await promptOf(job);
    await site.swarm.restart(100);
    const ended = await core.waitState(job.id, 'failed');
    expect(ended.error).toMatchObject({ code: 'lost', details: { cause: 'server-restarted' } });
    await core.waitFor('its leftover is stopped', () => site.inComfy(prompt).length > 0);
    expect(site.inComfy(prompt)).toEqual(['interrupted']);
    const [next] = await submit(serverId, 2, 5);
    if (next !== undefined) await core.waitState(next.id, 'done');
  });
});
