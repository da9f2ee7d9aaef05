/**
 * A third kind of server in a copy of the sources: the compiler names the tables that lack an entry and nothing else, and
 * with one, its waiting jobs are rows of the queue and no face calls it by another product's name.
 */
import { execFile } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { root } from '../suites.ts';
import { jobView } from '../support/job-view.ts';

/** Two compilers, on a machine that may be busy. */
const COMPILING_MS = 300_000;

let copy = '';
beforeAll(() => {
  copy = mkdtempSync(join(tmpdir(), 'switchyard-kind-'));
  for (const name of ['shared', 'electron', 'renderer', 'resources/workflows', 'tsconfig.json', 'package.json'])
    cpSync(join(root, name), join(copy, name), {
      recursive: true,
      filter: (source) => !source.includes('node_modules'),
    });
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'), 'dir');
  change(
    'shared/kinds/schema.ts',
    /^( *)swarm: .*\n/m,
    `$&$1forge: {
      payload: z.strictObject({ kind: z.literal('forge'), prompt: z.string() }),
      capabilities: z.object({ kind: z.literal('forge'), targetedInterrupt: z.boolean() }),
    },\n`,
  );
});
afterAll(() => {
  rmSync(copy, { recursive: true, force: true });
});

function change(file: string, what: RegExp | string, into: string): void {
  const before = readFileSync(join(copy, file), 'utf8');
  const after = before.replace(what, into);
  expect(after, file).not.toBe(before);
  writeFileSync(join(copy, file), after);
}

/** What a Node process in the copy prints; it may fail. */
const run = (...args: string[]): Promise<string> =>
  new Promise((resolve) => {
    execFile(process.execPath, args, { cwd: copy, maxBuffer: 2 ** 24 }, (_error, stdout, stderr) => {
      resolve(stdout + stderr);
    });
  });
const compile = (project: string): Promise<string> =>
  run('node_modules/typescript/bin/tsc', '-p', project, '--incremental', 'false', '--pretty', 'false');

it(
  'is asked of the tables, and of nothing else',
  async () => {
    const told = (await Promise.all(['electron', 'renderer'].map(compile))).join('');
    const errors = [...told.matchAll(/^([^\s(]+)\(\d+,\d+\): error (TS\d+): (.*)$/gm)].map(([, file, code, text]) => ({
      file,
      code,
      text,
    }));
    expect(errors.filter(({ text }) => text?.startsWith("Property 'forge' is missing in type") !== true)).toEqual([]);
    expect([...new Set(errors.map(({ file }) => file))].sort()).toEqual([
      'electron/cli/submit-plan.ts',
      'electron/core/servers/kinds.ts',
      'renderer/submit/kinds.ts',
      'renderer/submit/view.tsx',
      'renderer/text/abilities.ts',
      'shared/kinds/kinds.ts',
    ]);
  },
  COMPILING_MS,
);

it('has rows for its waiting jobs, under its own name', async () => {
  change(
    'shared/kinds/kinds.ts',
    '{ comfy, swarm }',
    `{ comfy, swarm, forge: {
      label: 'Forge', credentials: [], users: false, backends: false, seedsBelow: 2 ** 32,
      graph: () => null, values: ({ prompt }) => ({ prompt }), patched: (payload) => payload, fromJson: () => null,
      reseeded: () => null, describe: ({ prompt }) => ({ info: {}, prompt, title: prompt }),
    } }`,
  );
  const job = { ...jobView('waits'), kind: 'forge', serverId: null, state: 'queued' };
  writeFileSync(
    join(copy, 'third.ts'),
    `import { whereWord } from './electron/cli/job-words.ts';
    import { queueRows } from './renderer/queue/rows.ts';
    import { common } from './renderer/text/common.ts';
    import { queueText } from './renderer/text/queue.ts';
    import { versionText } from './renderer/text/servers.ts';
    import { outcomeWords } from './shared/words/outcome.ts';
    const job = ${JSON.stringify(job)};
    const rows = queueRows({
      servers: { order: [], byId: new Map() }, jobs: { byId: new Map([[job.id, job]]) },
      foreign: { byServer: new Map() }, places: new Map(), lingering: new Map(), unfolded: new Set(), onlyServer: null,
    });
    const named = [
      common.anyServerOf('forge'), queueText.anySection('forge'), versionText('forge', '1.0'), whereWord(job, new Map()),
      outcomeWords({ outcome: 'cancelled', reach: 'running', evidence: 'presumed', partialOutputs: 0 }, job, {}).rest,
    ];
    console.log(JSON.stringify({ rows, named }));`,
  );
  const told = await run('third.ts');
  expect(told).toMatch(/^\{/);
  const { rows, named } = JSON.parse(told) as { rows: unknown[]; named: string[] };
  expect(rows).toMatchObject([
    { type: 'section', serverId: null, kind: 'forge' },
    { type: 'job', id: 'waits' },
  ]);
  expect(named).toEqual([
    'Any Forge server',
    'Any Forge server',
    'Forge 1.0',
    'any Forge',
    '; the server never showed it',
  ]);
});
