/** The whole core against real servers: COMFY_URL and SWARM_URL name them. Without, each suite is skipped and says so. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { JobView } from '../../shared/job.ts';
import { CoreHarness, nth, sleepGraph } from '../support/core-harness.ts';
import { probeParams } from '../support/swarm-rig.ts';

const comfyUrl = process.env['COMFY_URL'];
const swarmUrl = process.env['SWARM_URL'];

let core: CoreHarness;
beforeEach(async () => {
  core = await CoreHarness.open({ timing: {}, backoffScale: 1 });
});
afterEach(async () => {
  await core.close();
});

describe('a real ComfyUI', () => {
  it('cancel while waiting and while running; the job after them runs to its end', async (context) => {
    if (comfyUrl === undefined) return context.skip('COMFY_URL is not set');
    const serverId = await core.addServer(comfyUrl);
    const [running] = await core.submit(sleepGraph(600, 20), { serverId });
    await core.waitState(running.id, 'running');
    const [staged] = await core.submit(sleepGraph(600, 20), { serverId });
    await core.waitState(staged.id, 'accepted');
    const [last] = await core.submit(sleepGraph(5, 20), { serverId });
    await core.cancel(staged.id);
    expect((await core.waitState(staged.id, 'cancelled')).cancel?.outcome).toMatchObject({
      reach: 'waiting',
      evidence: 'proven',
    });
    await core.cancel(running.id);
    expect((await core.waitState(running.id, 'cancelled')).cancel?.outcome).toMatchObject({
      reach: 'running',
      evidence: 'proven',
    });
    await core.waitState(last.id, 'done');
  });
});

describe('a real SwarmUI', () => {
  const submit = async (serverId: JobView['serverId'], steps: number, ms: number): Promise<JobView> => {
    const { jobs } = await core.call('jobs.submit', {
      payload: { kind: 'swarm', images: 1, params: probeParams(steps, ms) },
      serverId,
      jobs: [{}],
    });
    return nth(jobs, 0);
  };

  it('runs to a stored image; cancel while running and while pre-queued; the job after them runs to its end', async (context) => {
    if (swarmUrl === undefined) return context.skip('SWARM_URL is not set');
    const serverId = await core.addServer(swarmUrl, { kind: 'swarm' });
    const first = await submit(serverId, 4, 20);
    expect((await core.waitState(first.id, 'done')).outputs.stored).toBe(1);
    const running = await submit(serverId, 600, 20);
    await core.waitState(running.id, 'running');
    const staged = await submit(serverId, 600, 20);
    await core.waitState(staged.id, 'accepted');
    const last = await submit(serverId, 4, 20);
    await core.cancel(staged.id);
    expect((await core.waitState(staged.id, 'cancelled')).cancel?.outcome).toMatchObject({
      outcome: 'cancelled',
      evidence: 'proven',
    });
    await core.cancel(running.id);
    expect((await core.waitState(running.id, 'cancelled')).cancel?.outcome).toMatchObject({
      outcome: 'cancelled',
      reach: 'running',
      evidence: 'proven',
    });
    expect((await core.waitState(last.id, 'done')).outputs.stored).toBe(1);
  });
});
