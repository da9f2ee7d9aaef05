/** Issue's table of `switchyard`, row by row, as a script sees it: stdout, stderr and exit code of real processes. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import type { Graph } from '../../electron/demo/comfy-types.ts';
import { root } from '../suites.ts';
import { CliRig, WORKFLOW, startCli } from '../support/cli-rig.ts';
import type { Parsed } from '../support/cli-rig.ts';
import { until } from '../support/until.ts';

// Each step is a process of its own, and the machine may be busy: a deadline only ends a hang.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

let rig: CliRig;
const graph = (): Graph => JSON.parse(readFileSync(WORKFLOW, 'utf8')) as Graph;

beforeAll(async () => {
  rig = await CliRig.open();
}, 60_000);
afterAll(() => rig.close());
afterEach(() => rig.clear(), 30_000);

describe('status and servers', () => {
  it('says that it runs, what is queued and which servers answer', async () => {
    const { code, stdout, stderr } = await rig.run('status');
    expect(code).toBe(0);
    expect(stdout).toContain('is running');
    expect(stdout).toContain('Nothing runs and nothing waits.');
    expect(stdout).toMatch(/Studio +ComfyUI 0\.8\.0 +online/);
    expect(stderr).toBe('');
  });

  it('answers --json with one object of the contract’s values and nothing else on stdout', async () => {
    const { code, ok, data, error } = await rig.json('status');
    expect({ code, ok, error }).toEqual({ code: 0, ok: true, error: undefined });
    expect(Object.keys(data).sort()).toEqual(['app', 'servers', 'summary']);
    expect(data.summary.running).toBe(0);
  });

  it('lists, tests and finds servers; an unknown one is 3, an address nobody listens on is 4', async () => {
    expect((await rig.json('servers', 'list')).data.servers).toHaveLength(1);
    expect((await rig.run('servers')).stdout).toContain('Studio');
    expect((await rig.json('servers', 'test', rig.server.url)).data.probe).toMatchObject({
      kind: 'comfy',
      error: null,
    });
    const dead = await rig.json('servers', 'test', 'http://127.0.0.1:1');
    expect([dead.code, dead.ok, dead.error.code]).toEqual([4, false, 'server_unreachable']);
    expect((await rig.run('status', '--server', 'Nowhere')).code).toBe(3);
    const found = await rig.json('servers', 'discover');
    expect([found.code, Array.isArray(found.data.found)]).toEqual([0, true]);
  });

  it('adds and removes one, by name or address', async () => {
    const again = await rig.run('servers', 'add', rig.server.url);
    expect(again.code).toBe(1);
    const other = await rig.json('servers', 'add', 'http://127.0.0.1:9', '--kind', 'comfy', '--name', 'Attic');
    expect(other.data.server.name).toBe('Attic');
    expect((await rig.run('status', '--server', 'Attic')).code).toBe(4);
    expect((await rig.run('servers', 'remove', 'http://127.0.0.1:9')).stdout).toContain('Attic was removed.');
    expect((await rig.run('servers', 'remove', 'Attic')).code).toBe(3);
  });
});

describe('submit', () => {
  it('queues a workflow, waits for its end, and shows it in jobs, job and history', async () => {
    const { code, data } = await rig.json(
      'submit',
      WORKFLOW,
      '--server',
      'Studio',
      '--wait',
      '12',
      '--title',
      'Harbour',
    );
    expect(code).toBe(0);
    expect(data.jobs).toHaveLength(1);
    expect(data.jobs[0]).toMatchObject({ state: 'done', title: 'Harbour' });
    const { id } = data.jobs[0];
    expect((await rig.json('job', id)).data.job.id).toBe(id);
    expect((await rig.run('job', id.slice(0, 18))).stdout).toContain('Harbour');
    expect((await rig.json('history', '--limit', '1')).data.rows[0].job.id).toBe(id);
    expect((await rig.run('history', 'harb')).stdout).toContain('Harbour');
    expect((await rig.run('history', '--state', 'failed')).stdout).toBe('Nothing was found.\n');
  });

  it('gives each of --count a seed, in a row from --seed; --set changes an input', async () => {
    await rig.run('pause');
    const { data } = await rig.json('submit', WORKFLOW, '--count', '3', '--seed', '41', '--set', 'KSampler.steps=3');
    expect(data.batchId).toBeTypeOf('string');
    expect(data.jobs.map((job: { info: { seed: string } }) => job.info.seed)).toEqual(['41', '42', '43']);
    const { payload } = (await rig.json('job', data.jobs[0].id)).data;
    expect(Object.values(payload.graph as Graph).find((node) => node.class_type === 'KSampler')?.inputs['steps']).toBe(
      3,
    );
    const jobs = await rig.json('jobs');
    expect(jobs.data.jobs).toHaveLength(3);
    expect((await rig.run('jobs')).stdout.split('\n').filter((line) => line.includes('waiting'))).toHaveLength(3);
  });

  it('reads an image that carries a workflow', async () => {
    await rig.run('pause');
    const file = join(rig.dataDir, 'picture.png');
    const text = Buffer.concat([Buffer.from('prompt\0'), Buffer.from(JSON.stringify(graph()))]);
    const chunk = (type: string, body: Buffer): Buffer => {
      const head = Buffer.alloc(8);
      head.writeUInt32BE(body.length);
      head.write(type, 4, 'latin1');
      return Buffer.concat([head, body, Buffer.alloc(4)]);
    };
    writeFileSync(
      file,
      Buffer.concat([
        Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
        chunk('tEXt', text),
        chunk('IEND', Buffer.alloc(0)),
      ]),
    );
    const { code, data } = await rig.json('submit', file);
    expect([code, data.jobs[0].info.source]).toEqual([0, 'picture.png']);
  });

  it('answers a workflow of the editor with how to export the right one (2)', async () => {
    const file = join(rig.dataDir, 'editor.json');
    writeFileSync(file, JSON.stringify({ nodes: [{ id: 1, type: 'KSampler' }], links: [], version: 0.4 }));
    const { code, stdout, stderr } = await rig.run('submit', file);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toContain('Export (API)');
  });

  it('is 2 for a file that is none, a bad number, an unknown node; nothing is queued', async () => {
    expect((await rig.run('submit', join(rig.dataDir, 'no.json'))).code).toBe(2);
    expect((await rig.run('submit', WORKFLOW, '--count', 'many')).code).toBe(2);
    expect((await rig.run('submit', WORKFLOW, '--set', 'Nobody.steps=3')).code).toBe(2);
    expect((await rig.json('jobs')).data.jobs).toEqual([]);
  });

  it('is 1 with the error when the server refuses it', async () => {
    const broken = graph();
    for (const node of Object.values(broken)) if (node.class_type === 'KSampler') node.class_type = 'NoSuchNode';
    const file = join(rig.dataDir, 'broken.json');
    writeFileSync(file, JSON.stringify(broken));
    const { code, ok, data, error } = await rig.json('submit', file, '--server', 'Studio', '--wait', '10');
    expect([code, ok, error.code, data.jobs[0].state]).toEqual([1, false, 'server_rejected', 'failed']);
  });
});

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
    const { startComfyServer } = await import('../../electron/demo/comfy-server.ts');
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

describe('the queue', () => {
  it('pause, hold, move, release, resume, put-back, run-again', async () => {
    expect((await rig.run('pause')).stdout).toContain('Paused');
    const ids = ((await rig.json('submit', WORKFLOW, '--count', '3')).data.jobs as { id: string }[]).map(
      (job) => job.id,
    );
    const [first = '', second = '', third = ''] = ids;
    expect((await rig.json('hold', first)).data.jobs[0].held).toBe(true);
    expect((await rig.json('release', first)).data.jobs[0].held).toBe(false);
    expect((await rig.run('move', third, '--front')).code).toBe(0);
    expect((await rig.json('jobs')).data.jobs.map((job: { id: string }) => job.id)).toEqual([third, first, second]);
    expect((await rig.run('move', third)).code).toBe(2);
    expect((await rig.run('cancel', first)).stdout).toContain('Cancelled before it was sent');
    const back = await rig.json('put-back', first);
    expect(back.data.jobs[0].putBackOf).toBe(first);
    expect((await rig.json('put-back', first)).data.jobs[0].id).toBe(back.data.jobs[0].id);
    expect((await rig.json('resume')).data.summary.paused).toBe(false);
  });

  it('call makes any call of the contract', async () => {
    expect((await rig.json('call', 'settings.get')).data.settings.askForOne).toBe(true);
    expect((await rig.json('call', 'jobs.get', '{"id":"nobody"}')).code).toBe(3);
    expect((await rig.json('call', 'jobs.nothing')).code).toBeGreaterThan(0);
    expect((await rig.run('call', 'jobs.get', '{')).code).toBe(2);
  });
});

describe('what is printed', () => {
  it('-v prints each API call with method, URL, status and time on stderr, and never the token', async () => {
    const { stdout, stderr } = await rig.run('status', '-v');
    expect(stderr).toMatch(/^POST http:\/\/localhost\/api\/queue\.summary 200 [\d.]+ ms$/m);
    const token = readFileSync(join(rig.dataDir, 'host', 'token'), 'utf8').trim();
    expect(stdout + stderr).not.toContain(token);
  });

  it('watch --json prints one {topic, payload} a line and ends with Ctrl+C as 130', async () => {
    const watching = rig.start('watch', '--json', '-v');
    // The stream is open once its call is traced.
    await until('the stream is open', () => watching.stderr().includes('/api/events'));
    const { data } = await rig.json('submit', WORKFLOW, '--server', 'Studio', '--seed', '9');
    await until('its end is seen', () =>
      watching
        .stdout()
        .split('\n')
        .some((line) => line.includes(data.jobs[0].id) && line.includes('"state":"done"')),
    );
    watching.child.kill('SIGINT');
    const { code, stdout } = await watching.ended;
    expect(code).toBe(130);
    const lines = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(lines.every((line) => Object.keys(line).sort().join() === 'payload,topic')).toBe(true);
    expect(new Set(lines.map((line) => line['topic']))).toContain('job.changed');
  });

  it('watch tells in words what changes', async () => {
    const watching = rig.start('watch', '-v');
    await until('it has looked', () => watching.stderr().includes('/api/jobs.list'));
    const { data } = await rig.json('submit', WORKFLOW, '--server', 'Studio', '--seed', '10');
    await until('its end is told', () =>
      new RegExp(`${data.jobs[0].id.slice(0, 18)}  done  Studio`).test(watching.stdout()),
    );
    watching.child.kill('SIGINT');
    expect((await watching.ended).code).toBe(130);
  });

  it('Ctrl+C while waiting for proof is 130, and the cancel goes on', async () => {
    const id = await rig.submitLong();
    await rig.untilState(id, 'running');
    const hold = rig.server.engine.pauseAt('before-step-check');
    await hold.reached;
    const cancelling = rig.start('cancel', id, '-v');
    await until('it waits', () => cancelling.stderr().includes('/api/events'));
    cancelling.child.kill('SIGINT');
    expect((await cancelling.ended).code).toBe(130);
    hold.release();
    await rig.untilState(id, 'cancelled');
  });

  it('is 2 for what it does not know, and shows help for what it does', async () => {
    expect((await rig.run()).code).toBe(2);
    expect((await rig.run('frobnicate')).code).toBe(2);
    const json = await rig.json('frobnicate');
    expect([json.code, json.ok, json.error.code]).toEqual([2, false, 'invalid_request']);
    expect((await rig.run('--help')).stdout).toContain('Exit codes');
    expect((await rig.run('cancel', '--help')).stdout).toContain('--waiting');
    expect((await rig.run('--version')).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  });
});

describe('host', () => {
  it('runs in the foreground with a data directory of its own, answers, and ends with a signal', async () => {
    const dataDir = join(rig.dataDir, 'second');
    const host = startCli(join(root, 'electron', 'cli', 'cli.ts'), [
      '--data',
      dataDir,
      'host',
      '--no-open',
      '--port',
      '0',
    ]);
    await until('it says where it is', () => host.stdout().includes('Switchyard is on http://127.0.0.1:'), 20_000);
    expect((await rig.json('status', '--data', dataDir)).data.app.dataDir).toBe(dataDir);
    // A second one on the same data says so and leaves.
    const again = await startCli(join(root, 'electron', 'cli', 'cli.ts'), ['host', '--no-open', '--data', dataDir])
      .ended;
    expect([again.code, again.stdout.includes('already running')]).toEqual([1, true]);
    host.child.kill('SIGTERM');
    expect((await host.ended).code).toBe(0);
  });
});

describe('without a host', () => {
  it('is 4, says how to start one, and makes nothing', async () => {
    await rig.stopHost();
    try {
      for (const words of [['status'], ['cancel', '--all', '-q'], ['jobs']]) {
        const { code, stdout, stderr } = await rig.run(...words);
        expect([code, stdout]).toEqual([4, '']);
        expect(stderr).toContain('switchyard host');
      }
      const { code, error } = await rig.json('jobs');
      expect([code, error.code]).toEqual([4, 'server_unreachable']);
    } finally {
      await rig.startHost();
    }
  });

  it('is 4 also with what a killed host left behind', async () => {
    await rig.stopHost('SIGKILL');
    try {
      const { code, stderr } = await rig.run('status');
      expect([code, stderr.includes('is not running')]).toEqual([4, true]);
    } finally {
      await rig.startHost();
    }
  });
});
