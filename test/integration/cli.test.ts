/** The verbs of `switchyard` but `cancel` (cli-cancel.test.ts), row by row, as a script sees it: stdout, stderr and exit code of real processes. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import type { Graph } from '../../electron/demo/comfy/types.ts';
import { root } from '../suites.ts';
import { CliRig, WORKFLOW, startCli } from '../support/cli-rig.ts';
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
    expect((await rig.run('servers', 'test', 'http://127.0.0.1:1')).stderr).toMatch(
      /^http:\/\/127\.0\.0\.1:1 does not answer: /,
    );
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

describe('the bundle', () => {
  it('loads itself and light parts of Node for a verb, and nothing else', async () => {
    const hook = join(rig.dataDir, 'hook.mjs');
    writeFileSync(
      hook,
      `import { registerHooks } from 'node:module';
       globalThis.Intl = new Proxy(Intl, { get(all, name) {
         process.stderr.write('loads Intl.' + String(name) + '\\n');
         return all[name];
       } });
       registerHooks({ resolve(name, from, next) {
         const found = next(name, from);
         process.stderr.write('loads ' + found.url + '\\n');
         return found;
       } });`,
    );
    for (const words of [['status'], ['jobs', '--foreign'], ['cancel', '--all'], ['history'], ['servers', 'list']]) {
      const { code, stderr } = await startCli(rig.bundle, words, {
        SWITCHYARD_DATA: rig.dataDir,
        NODE_OPTIONS: `--import=${pathToFileURL(hook).href}`,
      }).ended;
      const loaded = [...stderr.matchAll(/^loads (.*)$/gm)].map((match) => match[1] ?? '');
      expect([words, code]).toEqual([words, 0]);
      expect(loaded).toContain(pathToFileURL(rig.bundle).href);
      const light = ['node:fs', 'node:os', 'node:path', 'node:url', 'Intl.PluralRules'];
      expect(loaded.filter((url) => !url.startsWith('file:') && !light.includes(url))).toEqual([]);
      expect(
        loaded.filter((url) => url.startsWith('file:') && ![rig.bundle, hook].includes(fileURLToPath(url))),
      ).toEqual([]);
    }
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
    await until('it says where it is', () => host.stdout().includes('Switchyard is on http://127.0.0.1:'));
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

  it('points to the demo where that runs instead', async () => {
    await rig.stopHost();
    try {
      const demo = join(rig.dataDir, 'demo');
      const say = (pid: number): void => {
        const left = { pid, version: '0', startedAt: 1, socketPath: '/nowhere', tokenFile: '/nowhere' };
        writeFileSync(join(demo, 'endpoint.json'), JSON.stringify(left));
      };
      mkdirSync(demo);
      say(process.pid);
      expect((await rig.run('status')).stderr).toContain('--demo');
      say(2 ** 30);
      expect((await rig.run('status')).stderr).not.toContain('--demo');
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
