/**
 * kill -9 with a SwarmUI server (architecture §8.5, §14): the stream is gone for good, so after the restart the attempt
 * is followed by its session, and its images are found by our mark. ComfyUI's own log is the witness of what ran.
 */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { PointName } from '../../electron/core/queue/board.ts';
import type { JobId, ServerId } from '../../shared/ids.ts';
import { isTerminal } from '../../shared/job-machine.ts';
import type { JobDetail } from '../../shared/job.ts';
import { ChildCore, Died } from '../support/child-core.ts';
import { nth } from '../support/core-harness.ts';
import { probeParams } from '../support/swarm-rig.ts';
import { SwarmSite } from '../support/swarm-site.ts';
import { until } from '../support/until.ts';

let site: SwarmSite;
let core: ChildCore;
let serverId: ServerId;

beforeEach(async () => {
  site = await SwarmSite.start();
  core = new ChildCore();
  await core.start();
  const { server } = await core.call('servers.add', { kind: 'swarm', url: site.swarm.url });
  serverId = server.id;
  await core.stop();
});
afterEach(async () => {
  await core.close();
  await site.close();
});

async function submitSurely(token: string, steps: number): Promise<JobId> {
  const asked = {
    clientToken: token,
    payload: { kind: 'swarm' as const, images: 1, params: probeParams(steps, 10) as Record<string, string> },
    serverId,
    jobs: [{}],
  };
  try {
    return nth((await core.call('jobs.submit', asked)).jobs, 0).id;
  } catch (error) {
    if (!(error instanceof Died)) throw error;
    await core.start();
    return nth((await core.call('jobs.submit', asked)).jobs, 0).id;
  }
}

async function ended(ids: readonly JobId[]): Promise<JobDetail[]> {
  let found: JobDetail[] = [];
  await until(
    'every job has ended',
    async () => {
      if (!core.alive) await core.start();
      try {
        found = await Promise.all(ids.map((id) => core.call('jobs.get', { id })));
      } catch (error) {
        if (error instanceof Died) return false;
        throw error;
      }
      return found.every(({ job }) => isTerminal(job.state));
    },
    40_000,
  );
  return found;
}

const ran = (how: string): number => site.comfy.engine.log.filter((entry) => entry.event === how).length;

describe('killed on the way to a result', () => {
  const points: [PointName, number][] = [
    ['after-enqueue-commit', 1],
    ['after-claim', 1],
    ['after-accept', 1],
    ['running', 1],
    ['before-end-commit', 1],
    ['before-end-commit', 2],
    ['mid-collect', 1],
  ];
  for (const [point, nthTime] of points) {
    it(`${point} (${String(nthTime)})`, async () => {
      await core.start(point, nthTime);
      const ids = [await submitSurely('a', 12), await submitSurely('b', 12)];
      for (const detail of await ended(ids)) {
        expect(detail.job.error).toBeNull();
        expect(detail.job.state).toBe('done');
        expect(detail.job.outputs).toMatchObject({ stored: 1, expected: 0, missing: 0 });
      }
      expect(ran('success'), 'each job ran to its end once').toBe(2);
    });
  }
});

describe('killed on the way to a cancel', () => {
  for (const point of ['after-cancel-row', null] as const) {
    it(point ?? 'after-cancel-send', async () => {
      await core.start(point);
      const id = await submitSurely('a', 3_000);
      await until('it runs', async () => (await core.call('jobs.get', { id })).job.state === 'running');
      const other = await submitSurely('b', 5);
      const asked = core.call('cancel.run', { scope: { jobs: [id] } });
      if (point === null) {
        await asked;
        await until('the interrupt is out', () => site.swarm.engine.log.some((entry) => entry.kind === 'interrupt'));
        core.kill();
      } else await expect(asked).rejects.toBeInstanceOf(Died);
      const details = await ended([id, other]);
      expect(nth(details, 0).job.state).toBe('cancelled');
      expect(nth(details, 0).job.cancel?.outcome).toMatchObject({ outcome: 'cancelled', reach: 'running' });
      expect(nth(details, 1).job.state).toBe('done');
      expect(ran('success'), 'only the neighbour ran to its end').toBe(1);
    });
  }
});
