/** `--url`: no host, no data directory, a core in memory for one verb. And what a bundle may hold. */
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { startComfyServer } from '../../electron/demo/comfy/server.ts';
import type { ComfyServerHandle } from '../../electron/demo/comfy/server.ts';
import type { Graph } from '../../electron/demo/comfy/types.ts';
import { WORKFLOW, builtCli, startCli } from '../support/cli-rig.ts';
import type { CliRun, Parsed } from '../support/cli-rig.ts';

// Each step is a process of its own, and the machine may be busy: a deadline only ends a hang.
vi.setConfig({ testTimeout: 180_000, hookTimeout: 180_000 });

let server: ComfyServerHandle;
let bundle = '';
const home = mkdtempSync(join(tmpdir(), 'switchyard-alone-test-'));
const dataDir = join(home, 'data');
const scratch = join(home, 'tmp');

const long = (): Graph => {
  const graph = JSON.parse(readFileSync(WORKFLOW, 'utf8')) as Graph;
  for (const node of Object.values(graph)) if (node.class_type === 'KSampler') node.inputs['steps'] = 6_000;
  return graph;
};
const run = (...words: string[]): Promise<CliRun> =>
  startCli(bundle, [...words, '--url', server.url], { SWITCHYARD_DATA: dataDir, TMPDIR: scratch }).ended;
const json = async (...words: string[]): Promise<Parsed> => {
  const { code, stdout } = await run(...words, '--json');
  return { code, ...JSON.parse(stdout) };
};

beforeAll(async () => {
  mkdirSync(scratch);
  server = await startComfyServer({ stepMs: 10, previews: false });
  bundle = await builtCli();
}, 180_000);
afterEach(async () => {
  await run('cancel', '--all', '--foreign', '-y', '-q');
  // Nothing is left behind, and nothing was made where a host would keep its own.
  expect(readdirSync(scratch)).toEqual([]);
  expect(existsSync(dataDir)).toBe(false);
}, 180_000);
afterAll(async () => {
  await server.close();
  rmSync(home, { recursive: true, force: true });
});

describe('--url', () => {
  it('status and jobs: everything there is other people’s work', async () => {
    const { promptId } = server.engine.addForeign(long());
    const status = await run('status');
    expect([status.code, status.stdout.includes('1 foreign')]).toEqual([0, true]);
    const { data } = await json('jobs');
    expect(data.jobs).toEqual([]);
    expect(data.foreign[0].jobs).toMatchObject([{ remoteKey: promptId, state: 'running' }]);
  });

  it('cancel: nothing of mine is 0; by id only with -y; the one behind it is unharmed', async () => {
    const { promptId } = server.engine.addForeign(long());
    const { promptId: next } = server.engine.addForeign(JSON.parse(readFileSync(WORKFLOW, 'utf8')) as Graph);
    expect(await run('cancel')).toMatchObject({ code: 0, stdout: 'nothing to cancel\n' });
    expect((await run('cancel', promptId)).code).toBe(2);
    const { code, stdout } = await run('cancel', promptId, '-y');
    expect([code, stdout.includes('Cancelled')]).toEqual([0, true]);
    await server.engine.idle();
    expect(server.engine.outcomesOf(next)).toEqual(['success']);
  });

  it('submit --wait runs a job to its end; without --wait it is on the server when we leave', async () => {
    const done = await json('submit', WORKFLOW, '--wait', '12');
    expect([done.code, done.data.jobs[0].state]).toEqual([0, 'done']);
    const before = server.engine.requests.length;
    const sent = await json('submit', WORKFLOW, '--set', 'KSampler.steps=6000');
    expect([sent.code, ['accepted', 'running'].includes(sent.data.jobs[0].state)]).toEqual([0, true]);
    expect(
      server.engine.requests.slice(before).filter((one) => one.method === 'POST' && one.path.endsWith('/prompt')),
    ).toHaveLength(1);
    expect((await json('jobs')).data.foreign[0].jobs).toHaveLength(1);
  });

  it('-v prints the server’s own calls, and no key', async () => {
    server.requireAuthorization('Bearer tell-nobody-about-this');
    try {
      expect((await run('status')).code).toBeGreaterThan(0);
      writeFileSync(join(home, 'key'), 'Bearer tell-nobody-about-this\n');
      const { code, stdout, stderr } = await run('status', '-v', '--key-file', join(home, 'key'));
      expect(code).toBe(0);
      expect(stderr).toMatch(new RegExp(`^GET ${server.url}/system_stats 200 [\\d.]+ ms$`, 'm'));
      expect(stdout + stderr).not.toContain('tell-nobody');
    } finally {
      server.requireAuthorization(undefined);
    }
  });

  it('nobody there is 4; what needs a host is 2', async () => {
    const dead = await startCli(bundle, ['status', '--url', 'http://127.0.0.1:1'], {
      SWITCHYARD_DATA: dataDir,
      TMPDIR: scratch,
    }).ended;
    expect([dead.code, dead.stdout]).toEqual([4, '']);
    // Which one it was, and no advice to do what was just done.
    expect(dead.stderr).toMatch(/^switchyard: http:\/\/127\.0\.0\.1:1 does not answer: .*\n$/);
    const jobs = await startCli(bundle, ['jobs', '--url', 'http://127.0.0.1:1'], { TMPDIR: scratch }).ended;
    expect([jobs.code, jobs.stderr.includes('See: switchyard status --url http://127.0.0.1:1\n')]).toEqual([4, true]);
    expect((await run('history')).code).toBe(2);
    expect((await run('pause')).code).toBe(2);
  });
});

describe('the config file', () => {
  const settings = join(home, 'settings');
  const env = { XDG_CONFIG_HOME: settings, XDG_DATA_HOME: join(home, 'nothing'), TMPDIR: scratch };
  const file = join(settings, 'switchyard', 'cli.json');
  const write = (value: unknown): void => {
    mkdirSync(join(settings, 'switchyard'), { recursive: true });
    writeFileSync(file, JSON.stringify(value));
  };
  const ask = (...words: string[]): Promise<CliRun> => startCli(bundle, words, env).ended;
  afterEach(() => {
    server.requireAuthorization(undefined);
    rmSync(settings, { recursive: true, force: true });
  });

  it.runIf(process.platform === 'linux')('names the server and its key; the command line goes before it', async () => {
    server.requireAuthorization('Bearer tell-nobody-about-this');
    write({ url: server.url, keyFile: 'key' });
    writeFileSync(join(settings, 'switchyard', 'key'), 'Bearer tell-nobody-about-this\n');
    writeFileSync(join(home, 'wrong'), 'Bearer something-else\n');
    const status = await ask('status');
    expect([status.code, status.stderr]).toEqual([0, `Switchyard is not running: ${server.url} is asked directly.\n`]);
    expect((await ask('status', '-q')).stderr).toBe('');
    expect((await ask('status', '--key-file', join(home, 'wrong'))).code).toBeGreaterThan(0);
    expect((await ask('status', '--url', 'http://127.0.0.1:1')).code).toBe(4);
    // Whoever names a Switchyard means that one, and some things only a Switchyard can do.
    for (const words of [['status', '--data', dataDir], ['status', '--demo'], ['history']])
      expect((await ask(...words)).stderr).toContain('Switchyard is not running on ');
  });

  it('is 2 where it was named and is not there, or holds what it may not', async () => {
    const other = join(home, 'other.json');
    expect((await ask('status', '--config', other)).code).toBe(2);
    for (const text of ['{', '[]', '{"url": 1}', '{"password": "x"}']) {
      writeFileSync(other, text);
      const { code, stdout, stderr } = await ask('status', '--config', other);
      expect([text, code, stdout, stderr.includes(other)]).toEqual([text, 2, '', true]);
    }
    writeFileSync(other, JSON.stringify({ url: server.url }));
    expect((await ask('status', '--config', other)).code).toBe(0);
  });
});

describe('the bundle', () => {
  it('is small and loads nothing but light parts of Node', () => {
    const text = readFileSync(bundle, 'utf8');
    // Minified: several imports on a line, without spaces.
    const imports = [...text.matchAll(/\bimport\s*(?:[\w$*{}\s,]*?\bfrom\s*)?["'`]([^"'`]+)["'`]/g)].map(
      (match) => match[1] ?? '',
    );
    const allowed = ['node:fs', 'node:os', 'node:path', 'node:url'];
    expect(imports.filter((name) => !allowed.includes(name))).toEqual([]);
    expect(imports).toContain('node:fs');
    // What is dear to import, and cheap like this.
    const asked = [...text.matchAll(/getBuiltinModule\(["'`]([^"'`]+)["'`]/g)].map((match) => match[1]);
    expect(asked.sort()).toEqual(['node:events', 'node:http', 'node:util']);
    for (const heavy of ['zod', 'undici', 'better-sqlite3', '"ws"'])
      expect(text).not.toMatch(new RegExp(`(from|import\\(|require\\() ?["']?${heavy}`));
    expect(statSync(bundle).size).toBeLessThan(100_000);
    expect(text.startsWith('#!/usr/bin/env node\n')).toBe(true);
  });
});
