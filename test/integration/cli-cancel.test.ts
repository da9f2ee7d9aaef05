/** `switchyard cancel`, row by row, as a script sees it: what is stopped, what is not, what is said, and the exit code. */
import { readFileSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { startComfyServer } from '../../electron/demo/comfy/server.ts';
import type { Graph } from '../../electron/demo/comfy/types.ts';
import { CliRig, WORKFLOW } from '../support/cli-rig.ts';
import type { Parsed } from '../support/cli-rig.ts';
import { until } from '../support/until.ts';

// Each step is a process of its own, and the machine may be busy: a deadline only ends a hang.
vi.setConfig({ testTimeout: 180_000, hookTimeout: 180_000 });

let rig: CliRig;
const graph = (): Graph => JSON.parse(readFileSync(WORKFLOW, 'utf8')) as Graph;

beforeAll(async () => {
  rig = await CliRig.open();
}, 180_000);
afterAll(() => rig.close());
afterEach(() => rig.clear(), 90_000);

describe('cancel', () => {
  it('without id and flag: nothing runs → 0 and says so; silent with -q', async () => {
    expect(await rig.run('cancel')).toEqual({ code: 0, stdout: 'nothing to cancel\n', stderr: '' });
    expect(await rig.run('cancel', '-q')).toEqual({ code: 0, stdout: '', stderr: '' });
    expect(await rig.json('cancel')).toMatchObject({ code: 0, ok: true, data: { receipts: [] } });
  });

  it('without id and flag: the one that runs, proven, and the one waiting behind it goes on', async () => {
    const id = await rig.submitLong();
    const next = await rig.json('submit', WORKFLOW, '--server', 'Studio', '--seed', '5');
    await rig.untilState(id, 'running');
    const { code, stdout } = await rig.run('cancel', '--note', 'wrong prompt');
    expect(code).toBe(0);
    expect(stdout).toMatch(new RegExp(`^${id.slice(0, 18)} +Cancelled after [\\d.]+ m?s`));
    const { job } = (await rig.json('job', id)).data;
    expect(job).toMatchObject({
      state: 'cancelled',
      cancel: {
        by: 'cli',
        note: 'wrong prompt',
        outcome: { outcome: 'cancelled', reach: 'running', evidence: 'proven' },
      },
    });
    await rig.untilState(next.data.jobs[0].id, 'done');
  });

  it('without id and flag, several run: lists them, 2, and stops none', async () => {
    // A second server, so that two of ours run at once.
    const second = await startComfyServer({ stepMs: 10 });
    try {
      await rig.run('servers', 'add', second.url, '--name', 'Attic');
      const first = await rig.submitLong();
      const other = (await rig.json('submit', WORKFLOW, '--set', 'KSampler.steps=6000', '--server', 'Attic')).data
        .jobs[0].id as string;
      await rig.untilState(first, 'running');
      await rig.untilState(other, 'running');
      const { code, stdout, stderr } = await rig.run('cancel');
      expect([code, stdout]).toEqual([2, '']);
      expect(stderr).toContain(first.slice(0, 18));
      expect(stderr).toContain(other.slice(0, 18));
      expect((await rig.json('status')).data.summary).toMatchObject({ running: 2, cancelling: 0 });
      // Narrowed to a server it is one again.
      expect((await rig.run('cancel', '--server', 'Attic')).code).toBe(0);
      expect((await rig.json('job', first)).data.job.state).toBe('running');
    } finally {
      await rig.clear();
      await rig.run('servers', 'remove', 'Attic', '--cancel-waiting', '--forget-running');
      await second.close();
    }
  });

  it('by prefix and by id; unknown is 3; ended is 6; cancelled already is 0', async () => {
    const id = await rig.submitLong();
    await rig.untilState(id, 'running');
    expect((await rig.run('cancel', id.slice(0, 18))).code).toBe(0);
    const again = await rig.run('cancel', id);
    expect(again.code).toBe(0);
    expect(again.stdout).toContain('Was cancelled already');

    const unknown = await rig.json('cancel', '00000000-0000-7000-8000-000000000000');
    expect([unknown.code, unknown.ok, unknown.error.code]).toEqual([3, false, 'not_found']);

    const done = (await rig.json('submit', WORKFLOW, '--server', 'Studio', '--seed', 'random', '--wait', '12')).data
      .jobs[0];
    expect(done.state).toBe('done');
    const late = await rig.run('cancel', done.id);
    expect([late.code, late.stdout.includes('Finished before it could be cancelled')]).toEqual([6, true]);
  });

  it('several ids: the first code that applies of 2, 4, 1, 3, 5, 6, 0, and each is still carried out', async () => {
    await rig.run('pause');
    const waiting = (await rig.json('submit', WORKFLOW)).data.jobs[0].id as string;
    const mixed = await rig.json('cancel', 'ffffffff-ffff-7fff-8fff-ffffffffffff', waiting);
    expect(mixed.code).toBe(3);
    expect(mixed.data.receipts).toHaveLength(1);
    expect((await rig.json('job', waiting)).data.job.state).toBe('cancelled');
    // A word that could be two jobs: nothing at all is done.
    const pair = (await rig.json('submit', WORKFLOW, '--count', '2')).data.jobs as { id: string }[];
    const ambiguous = await rig.run('cancel', pair[0]?.id.slice(0, 8) ?? '', pair[1]?.id ?? '');
    expect(ambiguous.code).toBe(2);
    expect((await rig.json('jobs')).data.jobs).toHaveLength(2);
  });

  it('--all: mine, running too, and nobody else’s; --json brings receipts and summary', async () => {
    const running = await rig.submitLong();
    await rig.untilState(running, 'running');
    await rig.json('submit', WORKFLOW, '--count', '3', '--server', 'Studio');
    const { promptId: stranger } = rig.server.engine.addForeign(graph());
    const { code, data } = await rig.json('cancel', '--all');
    expect(code).toBe(0);
    expect(data.receipts).toHaveLength(4);
    expect(data.receipts.every((receipt: Parsed) => receipt.outcome.outcome === 'cancelled')).toBe(true);
    expect(data.summary).toMatchObject({ timing: 'deferred', running: 1, cancelledWaiting: 3 });
    await rig.server.engine.idle();
    expect(rig.server.engine.outcomesOf(stranger)).toEqual(['success']);
  });

  it('--all of more jobs than one call tells of waits for the running one too', async () => {
    const running = await rig.submitLong();
    await rig.untilState(running, 'running');
    await rig.run('pause');
    expect((await rig.run('submit', WORKFLOW, '--count', '1100', '-q')).code).toBe(0);
    const { code, data } = await rig.json('cancel', '--all');
    expect([code, data.summary.cancelledWaiting, data.summary.running]).toEqual([0, 1_100, 1]);
    expect(data.receipts.find((receipt: Parsed) => receipt.jobId === running).outcome).toMatchObject({
      outcome: 'cancelled',
      reach: 'running',
    });
    expect((await rig.json('job', running)).data.job.state).toBe('cancelled');
  });

  it('--waiting: what runs, runs on, and that is no failure', async () => {
    const running = await rig.submitLong();
    await rig.untilState(running, 'running');
    await rig.json('submit', WORKFLOW, '--count', '2', '--server', 'Studio');
    const { code, data } = await rig.json('cancel', '--waiting');
    expect([code, data.receipts.length]).toEqual([0, 2]);
    expect((await rig.json('job', running)).data.job).toMatchObject({ state: 'running', cancel: null });
    // Named, it is too late to only keep it from starting.
    const named = await rig.run('cancel', running, '--waiting');
    expect([named.code, named.stdout.includes('Had already started; it runs on')]).toEqual([6, true]);
  });

  it('--after: nothing more is sent, what runs may finish', async () => {
    const running = await rig.submitLong();
    await rig.untilState(running, 'running');
    await rig.json('submit', WORKFLOW, '--count', '2', '--server', 'Studio');
    expect((await rig.json('cancel', '--after')).code).toBe(0);
    const { jobs } = (await rig.json('jobs')).data;
    expect(jobs.map((job: { id: string; state: string }) => [job.id, job.state])).toEqual([[running, 'running']]);
    expect((await rig.run('cancel', '--after', '--waiting')).code).toBe(2);
  });

  it('--wait 0: 0 once it is on disk, says cancelling; too short a wait is 5, and it stops all the same', async () => {
    const id = await rig.submitLong();
    await rig.untilState(id, 'running');
    const hold = rig.server.engine.pauseAt('before-step-check');
    await hold.reached;
    const at = await rig.run('cancel', id, '--wait', '0');
    expect([at.code, at.stdout.includes('cancelling')]).toEqual([0, true]);
    const short = await rig.json('cancel', id, '--wait', '0.5');
    expect([short.code, short.ok, short.error.code]).toEqual([5, false, 'server_timeout']);
    expect(short.data.receipts[0].outcome).toBeNull();
    hold.release();
    await rig.untilState(id, 'cancelled');
  });

  it('of a job on a server that is down is 4, and is carried out when it is back', async () => {
    const id = await rig.submitLong();
    await rig.untilState(id, 'running');
    await rig.server.goDown();
    try {
      await until(
        'the host has noticed',
        async () => (await rig.json('servers', 'list')).data.servers[0].status.contact !== 'online',
      );
      const { code, error } = await rig.json('cancel', id, '--wait', '0.3');
      expect([code, error.code]).toEqual([4, 'server_unreachable']);
    } finally {
      await rig.server.comeUp();
    }
    await rig.untilState(id, 'cancelled');
  });

  it('foreign work by id that has just ended is too late; an unknown id is nothing', async () => {
    const ended = rig.server.engine.addForeign(graph()).promptId;
    await until('its end is in the history', async () =>
      JSON.stringify((await rig.json('history', '--foreign')).data.rows).includes(ended),
    );
    expect((await rig.run('cancel', ended, '-y')).code).toBe(6);
    expect((await rig.run('cancel', '01234567-89ab-4cde-8f01-23456789abcd', '-y')).code).toBe(3);
  });

  it('foreign work by id beyond what is listed is stopped all the same', async () => {
    const { engine, url } = rig.server;
    const long = graph();
    for (const node of Object.values(long)) if (node.class_type === 'KSampler') node.inputs['steps'] = 10_000;
    const { promptId: running } = engine.addForeign(long);
    const last = Array.from({ length: 210 }, () => engine.addForeign(graph()).promptId).at(-1) ?? '';
    await until('they are seen', async () => (await rig.json('jobs', '--foreign')).data.foreign[0].total === 211);
    expect((await rig.run('cancel', last, '-y', '--wait', '60')).code).toBe(0);
    expect(engine.executionsOf(last)).toBe(0);
    await fetch(`${url}/queue`, { method: 'POST', body: JSON.stringify({ clear: true }) });
    await fetch(`${url}/interrupt`, { method: 'POST', body: JSON.stringify({ prompt_id: running }) });
    await engine.idle();
    // Else what clears up after this test stops two hundred that are gone, one by one, far into the next.
    await until('they are seen gone', async () => (await rig.json('jobs', '--foreign')).data.foreign[0].total === 0);
  });

  it('foreign work: 2 without -y where nobody can be asked; by id with it; --all --foreign takes all', async () => {
    const long = graph();
    for (const node of Object.values(long)) if (node.class_type === 'KSampler') node.inputs['steps'] = 6_000;
    const { promptId: running } = rig.server.engine.addForeign(long, {
      promptId: '11111111-1111-4111-8111-111111111111',
    });
    const { promptId: waiting } = rig.server.engine.addForeign(graph(), {
      promptId: '22222222-2222-4222-8222-222222222222',
    });
    await until('they are seen', async () => (await rig.json('jobs', '--foreign')).data.foreign[0].jobs.length === 2);
    const before = rig.server.engine.requests.length;
    expect((await rig.run('cancel', waiting)).code).toBe(2);
    expect((await rig.run('cancel', '--all', '--foreign', '-q')).code).toBe(2);
    expect((await rig.run('cancel', '--all', '--foreign', '--json')).code).toBe(2);
    expect(rig.server.engine.requests.slice(before).filter((one) => one.method === 'POST')).toEqual([]);
    const one = await rig.run('cancel', waiting, '-y');
    expect([one.code, one.stdout.includes('Cancelled; it had not started')]).toEqual([0, true]);
    const all = await rig.json('cancel', '--all', '--foreign', '-y');
    expect(all.code).toBe(0);
    expect(all.data.foreign).toMatchObject([{ remoteKey: running, outcome: { outcome: 'cancelled' } }]);
  });

  it('refuses contradictions with 2', async () => {
    const wrong = [['0123abcd', '--all'], ['-q', '-v'], ['--wait', 'long'], ['--nonsense'], ['--all', '--server']];
    expect(await Promise.all(wrong.map(async (words) => (await rig.run('cancel', ...words)).code))).toEqual(
      wrong.map(() => 2),
    );
  });
});
