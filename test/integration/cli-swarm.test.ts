/** `switchyard` with a SwarmUI server: submit of parameters, jobs, cancel, history; and a cancel that finds only other people's work. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { probeGraph } from '../conformance/swarm-client.ts';
import type { Stream } from '../conformance/swarm-client.ts';
import { CliRig } from '../support/cli-rig.ts';
import { SwarmSite } from '../support/swarm-site.ts';
import { probeParams } from '../support/swarm-rig.ts';
import { until } from '../support/until.ts';

// Each step is a process of its own, and the machine may be busy: a deadline only ends a hang.
vi.setConfig({ testTimeout: 180_000, hookTimeout: 180_000 });

let rig: CliRig;
let site: SwarmSite;
const directory = mkdtempSync(join(tmpdir(), 'switchyard-cli-swarm-'));

beforeAll(async () => {
  site = await SwarmSite.start({ users: [{ id: 'anna', role: 'user', permissions: ['*'] }] });
  rig = await CliRig.open();
  const added = await rig.run('servers', 'add', site.swarm.url, '--name', 'Upstairs');
  if (added.code !== 0) throw new Error(added.stderr);
  await until('it is online', async () =>
    (await rig.json('servers', 'list')).data.servers.some(
      (server: { name: string; status: { contact: string } }) =>
        server.name === 'Upstairs' && server.status.contact === 'online',
    ),
  );
}, 180_000);
afterAll(async () => {
  await rig.close();
  await site.close();
  rmSync(directory, { recursive: true, force: true });
});
afterEach(() => rig.clear(), 90_000);

/** A file of SwarmUI parameters, as `submit` takes it. */
function paramsFile(steps: number, ms: number, more: Record<string, unknown> = {}): string {
  const file = join(directory, 'parameters.json');
  writeFileSync(file, JSON.stringify({ ...probeParams(steps, ms), ...more }));
  return file;
}

describe('a SwarmUI server', () => {
  it('parameters from a file run, with seeds of their own, and are found in the history', async () => {
    const submitted = await rig.json(
      'submit',
      paramsFile(2, 5, { images: 2 }),
      '--server',
      'Upstairs',
      '--count',
      '2',
      '--seed',
      'random',
      '--wait',
      '30',
    );
    expect(submitted.stderr).toBe('');
    expect(submitted.code).toBe(0);
    const { data } = await rig.json('history', '--server', 'Upstairs');
    const rows = data.rows as {
      job: { state: string; info: { images: number; seed: string }; outputs: { stored: number } };
    }[];
    expect(rows.map(({ job }) => [job.state, job.info.images, job.outputs.stored])).toEqual([
      ['done', 2, 2],
      ['done', 2, 2],
    ]);
    for (const { job } of rows) expect(Number(job.info.seed)).toBeLessThan(2 ** 31);
  });

  it('a ComfyUI workflow runs inside its own queue, each job with its seed', async () => {
    const file = join(directory, 'workflow.json');
    writeFileSync(file, probeGraph({ steps: 2, ms: 5 }).replace('${seed}', '7'));
    const words = ['--server', 'Upstairs', '--count', '2', '--seed', '41', '--wait', '30'];
    const { code, data } = await rig.json('submit', file, ...words);
    expect(code).toBe(0);
    const jobs = data.jobs as { kind: string; state: string; info: { seed: string }; outputs: { stored: number } }[];
    expect(jobs.map(({ kind, state, info, outputs }) => [kind, state, info.seed, outputs.stored])).toEqual([
      ['swarm', 'done', '41', 1],
      ['swarm', 'done', '42', 1],
    ]);
  });

  it('what runs is listed and cancelled without its id, with proof', async () => {
    const { data } = await rig.json('submit', paramsFile(600, 20), '--server', 'Upstairs');
    const id = data.jobs[0].id as string;
    await rig.untilState(id, 'running');
    expect((await rig.run('jobs')).stdout).toContain(id.slice(0, 18));
    const { code, stdout } = await rig.run('cancel');
    expect(code).toBe(0);
    expect(stdout).toMatch(new RegExp(`^${id.slice(0, 18)} +Cancelled after [\\d.]+ m?s`));
    const { job } = (await rig.json('job', id)).data;
    expect(job.cancel.outcome).toMatchObject({ outcome: 'cancelled', reach: 'running', evidence: 'proven' });
  });

  it('only foreign work runs: cancel without an id says what it could stop and how, stops nothing, 0', async () => {
    const theirs = await site.foreignJob('stranger', 900, 20);
    await until('it is seen', async () => (await rig.run('jobs', '--foreign')).stdout.includes('foreign'));
    const { code, stdout, stderr } = await rig.run('cancel');
    expect(code).toBe(0);
    expect(stdout).toBe('nothing to cancel\n');
    expect(stderr).toContain('Nothing of yours runs');
    expect(stderr).toContain('1 foreign job runs on Upstairs. To stop it: switchyard cancel --foreign');
    expect(site.inComfy(site.promptOf('stranger'))).toEqual([]);
    // The words it named do what they say, and nothing without them does.
    expect((await rig.run('cancel', '--foreign')).code).not.toBe(0);
    expect(site.inComfy(site.promptOf('stranger'))).toEqual([]);
    const stopped = await rig.run('cancel', '--foreign', '-y');
    expect(stopped.code).toBe(0);
    await theirs.stream.ended();
    expect(site.inComfy(site.promptOf('stranger'))).toEqual(['interrupted']);
  });

  it('a whole user: the hint names the flag, without a word nothing is stopped, with it that user and nobody else', async () => {
    const anna = site.stranger();
    const streams: Stream[] = [];
    for (let index = 0; index < 3; index += 1) {
      const session = await anna.newSession({ 'X-SWARM-USER_ID': 'anna' });
      streams.push(
        await anna.generate(session, { ...probeParams(900, 20), extra_metadata: { who: `anna ${String(index)}` } }),
      );
    }
    const hint = 'To stop everything of anna: switchyard cancel --user anna --server Upstairs';
    await until('she is counted', async () => (await rig.run('cancel')).stderr.includes(hint), 30_000);
    const unasked = await rig.run('cancel', '--user', 'anna');
    expect(unasked.code).toBe(2);
    expect(unasked.stderr).toContain('Everything of anna stops');
    const unknown = await rig.run('cancel', '--user', 'nobody', '--server', 'Upstairs', '-y');
    expect(unknown.code).toBe(3);
    expect(unknown.stderr).toContain('It may stop: ');
    expect((await rig.run('cancel', '--user', 'anna', '--all', '-y')).code).toBe(2);
    expect(site.swarm.engine.events('interrupt').filter(({ user }) => user === 'anna')).toEqual([]);
    const { data } = await rig.json('submit', paramsFile(20, 20), '--server', 'Upstairs');
    const stopped = await rig.run('cancel', '--user', 'anna', '-y');
    expect([stopped.code, stopped.stdout]).toEqual([0, 'Everything of anna on Upstairs was told to stop.\n']);
    for (const stream of streams) await stream.ended();
    await rig.untilState(data.jobs[0].id as string, 'done');
  });
});
