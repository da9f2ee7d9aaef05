/**
 * SwarmUI servers before 0.9.8: known by the routes they lack; their interrupt of ComfyUI is untargeted (swarmui §4.1).
 */
import { afterEach, describe, expect, test } from 'vitest';
import { probeParams } from '../support/swarm-rig.ts';
import { SwarmSite } from '../support/swarm-site.ts';

let site: SwarmSite;
afterEach(async () => {
  await site.close();
});

describe('old servers', () => {
  test('up to 0.9.7 are known by a missing route, said, and no running job is interrupted without leave', async () => {
    site = await SwarmSite.start({ version: '0.9.6' });
    const rig = await site.connect();
    expect(rig.link.status().capabilities).toMatchObject({ targetedInterrupt: false });
    expect(rig.link.status().problems).toContainEqual({ code: 'untargeted', params: {} });
    const job = await rig.running(await rig.accepted(await rig.send(probeParams(30, 20))));
    expect(await rig.stop(job)).toEqual({ report: 'runs-on' });
    expect(await rig.ended(job)).toMatchObject({ type: 'finished' });
    expect(site.swarm.engine.events('interrupt')).toEqual([]);
    const allowed = await site.connect({ allowUntargetedInterrupt: true });
    const other = await allowed.running(await allowed.accepted(await allowed.send(probeParams(4_000, 20))));
    expect(await allowed.stop(other)).toMatchObject({ report: 'ended', fact: { type: 'stopped', reach: 'running' } });
  });

  test("a dead ComfyUI behind a running backend fails the job by its name, once as a neighbour's", async () => {
    site = await SwarmSite.start();
    const rig = await site.connect();
    await site.comfy.goDown();
    const job = await rig.send(probeParams(2, 5));
    await job.submitted;
    expect(await rig.ended(job)).toMatchObject({ type: 'stopped', by: 'collateral' });
    await site.comfy.comeUp();
  });
});
