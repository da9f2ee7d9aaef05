/** The race found by the bench: a session given to the next job while the files of the one before were still fetched. */
import { afterEach, expect, test } from 'vitest';
import { CoreHarness, nth } from '../support/core-harness.ts';
import { probeParams } from '../support/swarm-rig.ts';
import { SwarmSite } from '../support/swarm-site.ts';

let site: SwarmSite;
let core: CoreHarness;
afterEach(async () => {
  await core.close();
  await site.close();
});

test('key-while-collecting: jobs run on, one after another, while the files of the first can not be had', async () => {
  site = await SwarmSite.start();
  core = await CoreHarness.open();
  const serverId = await core.addServer(site.swarm.url, { kind: 'swarm', maxInFlight: 8 });
  // The first file asked for is refused for a while; every later one is given.
  site.swarm.faults.next('/view/', { kind: 'answer', status: 500, body: {} }, 4);
  const { jobs } = await core.call('jobs.submit', {
    payload: { kind: 'swarm', images: 1, params: probeParams(3, 10) },
    serverId,
    jobs: Array.from({ length: 6 }, () => ({})),
  });
  for (const job of jobs) await core.waitState(job.id, 'done');
  const { entries } = await core.call('log.tail', { limit: 500, level: 'warn' });
  expect(entries.filter((entry) => entry.message.startsWith('sending stopped'))).toEqual([]);
  const { attempts } = await core.call('jobs.get', { id: nth(jobs, 0).id });
  expect(attempts).toHaveLength(1);
});
