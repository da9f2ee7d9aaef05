/**
 * kill -9 at every intent/outcome boundary (architecture §14, §18). After the restart: nothing accepted is lost, each job
 * yields results from exactly one attempt, each cancel has one outcome, a neighbour is unharmed, and a second restart
 * changes nothing. The server's own log is the witness of what ran.
 */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { PointName } from '../../electron/core/queue/board.ts';
import { startComfyServer } from '../../electron/demo/comfy/server.ts';
import type { ComfyServerHandle } from '../../electron/demo/comfy/server.ts';
import type { JobId, ServerId } from '../../shared/ids.ts';
import { isTerminal } from '../../shared/job-machine.ts';
import type { JobDetail, SubmitJobs } from '../../shared/job.ts';
import { ChildCore, Died } from '../support/child-core.ts';
import { nth, pictureGraph, sleepGraph } from '../support/core-harness.ts';
import { until } from '../support/until.ts';

let server: ComfyServerHandle;
let core: ChildCore;
let serverId: ServerId;

beforeEach(async () => {
  server = await startComfyServer();
  core = new ChildCore();
});
afterEach(async () => {
  await core.close();
  await server.close();
});

async function prepare(): Promise<void> {
  await core.start();
  const { server: added } = await core.call('servers.add', { kind: 'comfy', url: server.url });
  serverId = added.id;
  await core.stop();
}

const batchOf = (count: number, graph = pictureGraph()): SubmitJobs => ({
  clientToken: 'the-same-press',
  payload: { kind: 'comfy', graph },
  serverId,
  jobs: Array.from({ length: count }, (_, index) => ({
    patch: {
      set: {
        '5': { seed: 7_000 + index },
        '1': graph['1']?.class_type === 'ProbeSleep' ? { seed: 8_000 + index } : {},
      },
    },
  })),
});

/** A press as a client makes it: sent again with the same token when the core died under it. */
async function submitSurely(asked: SubmitJobs): Promise<JobId[]> {
  try {
    return (await core.call('jobs.submit', asked)).jobs.map((job) => job.id);
  } catch (error) {
    if (!(error instanceof Died)) throw error;
    await core.start();
    return (await core.call('jobs.submit', asked)).jobs.map((job) => job.id);
  }
}

async function details(ids: readonly JobId[]): Promise<JobDetail[]> {
  return Promise.all(ids.map((id) => core.call('jobs.get', { id })));
}

async function allEnded(ids: readonly JobId[]): Promise<JobDetail[]> {
  let found: JobDetail[] = [];
  await until(
    'every job has ended',
    async () => {
      if (!core.alive) await core.start();
      try {
        found = await details(ids);
      } catch (error) {
        if (error instanceof Died) return false;
        throw error;
      }
      return found.every(({ job }) => isTerminal(job.state));
    },
    30_000,
  );
  return found;
}

function successes({ attempts }: JobDetail): number {
  return attempts.reduce(
    (sum, attempt) =>
      sum + server.engine.outcomesOf(attempt.remoteKey).filter((outcome) => outcome === 'success').length,
    0,
  );
}

async function restartChangesNothing(ids: readonly JobId[]): Promise<void> {
  const before = (await details(ids)).map(({ job }) => ({ ...job, usualMs: null }));
  await core.stop();
  await core.start();
  const after = (await details(ids)).map(({ job }) => ({ ...job, usualMs: null }));
  expect(after).toEqual(before);
}

describe('killed on the way to a result', () => {
  const points: [PointName, number][] = [
    ['before-enqueue-commit', 1],
    ['mid-batch', 1],
    ['after-enqueue-commit', 1],
    ['after-claim', 1],
    ['after-claim', 2],
    ['after-accept', 1],
    ['after-accept', 3],
    ['running', 1],
    ['running', 2],
    ['before-end-commit', 1],
    ['before-end-commit', 2],
    ['mid-collect', 1],
    ['mid-collect', 3],
  ];
  for (const [point, nth] of points) {
    it(`${point} (${String(nth)})`, async () => {
      await prepare();
      await core.start(point, nth);
      const ids = await submitSurely(batchOf(3));
      const ended = await allEnded(ids);
      expect(ids).toHaveLength(3);
      for (const detail of ended) {
        expect(detail.job.state).toBe('done');
        expect(detail.job.outputs).toMatchObject({ stored: 1, expected: 0, missing: 0 });
        expect(successes(detail)).toBe(1);
      }
      await restartChangesNothing(ids);
    });
  }

  it('after-write: the server has the request, the answer finds nobody', async () => {
    await prepare();
    await core.start();
    const hold = server.engine.pauseAt('before-prompt-reply');
    const press = core.call('jobs.submit', batchOf(2)).then(({ jobs }) => jobs.map((job) => job.id));
    const ids = await press;
    await hold.reached;
    core.kill();
    await core.exited;
    hold.release();
    const ended = await allEnded(ids);
    for (const detail of ended) {
      expect(detail.job.state).toBe('done');
      expect(successes(detail)).toBe(1);
    }
    await restartChangesNothing(ids);
  });

  it('mid-migration: the first start dies inside it, the second makes the database whole', async () => {
    expect(await core.start('mid-migration')).toBe(false);
    expect(await core.exited).toBe('SIGKILL');
    expect(await core.start()).toBe(true);
    const { jobs } = await core.call('jobs.list', {});
    expect(jobs).toEqual([]);
  });
});

describe('killed on the way to a cancel', () => {
  async function cancelWhile(
    point: PointName | null,
    during: (id: JobId, next: JobId) => Promise<void>,
  ): Promise<void> {
    await prepare();
    await core.start(point);
    const running = nth(
      (
        await core.call('jobs.submit', {
          payload: { kind: 'comfy', graph: sleepGraph(2_000, 10) },
          serverId,
          jobs: [{}],
        })
      ).jobs,
      0,
    );
    const next = nth(
      (await core.call('jobs.submit', { payload: { kind: 'comfy', graph: sleepGraph(3, 10) }, serverId, jobs: [{}] }))
        .jobs,
      0,
    );
    const [id, nextId] = [running.id, next.id];
    await until('it runs', async () => (await core.call('jobs.get', { id })).job.state === 'running');
    await during(id, nextId);
    const ended = await allEnded([id, nextId]);
    const [stopped, neighbour] = [nth(ended, 0), nth(ended, 1)];
    expect(stopped.job.state).toBe('cancelled');
    expect(stopped.job.cancel?.outcome).toMatchObject({ outcome: 'cancelled', reach: 'running', evidence: 'proven' });
    expect(stopped.trail).toHaveLength(1);
    expect(server.engine.outcomesOf(stopped.attempts[0]?.remoteKey ?? '')).toContain('interrupted');
    expect(neighbour.job.state).toBe('done');
    expect(successes(neighbour)).toBe(1);
    await restartChangesNothing([id, nextId]);
  }

  it('after-cancel-row: the wish is on disk, nothing was sent yet', async () => {
    await cancelWhile('after-cancel-row', async (id) => {
      await expect(core.call('cancel.run', { scope: { jobs: [id] } })).rejects.toBeInstanceOf(Died);
    });
  });

  it('after-cancel-row, while a server is removed: everything that was chosen for its jobs is on disk, or nothing', async () => {
    await prepare();
    await core.start('after-cancel-row');
    const { jobs } = await core.call('jobs.submit', batchOf(4, sleepGraph(2_000, 10)));
    const ids = jobs.map((job) => job.id);
    await until(
      'one runs and one is staged',
      async () =>
        (await details(ids)).filter(({ job }) => job.state === 'running' || job.state === 'accepted').length === 2,
    );
    await expect(
      core.call('servers.remove', { id: serverId, waiting: 'cancel', onServer: 'cancel-and-wait' }),
    ).rejects.toBeInstanceOf(Died);
    const ended = await allEnded(ids);
    expect(ended.map(({ job }) => job.state)).toEqual(Array.from(ids, () => 'cancelled'));
    await until('the server is gone', async () => (await core.call('servers.list', {})).servers.length === 0);
    await restartChangesNothing(ids);
  });

  it('after-cancel-send: the interrupt is on its way, nobody hears the end', async () => {
    await cancelWhile(null, async (id) => {
      const hold = server.engine.pauseAt('interrupt-checked');
      await core.call('cancel.run', { scope: { jobs: [id] } });
      await hold.reached;
      core.kill();
      await core.exited;
      hold.release();
    });
  });
});
