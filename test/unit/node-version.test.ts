/** The gate that keeps a too old Node from crashing on better-sqlite3. */
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { isNodeNewEnough } from '../../electron/node-version.ts';
import { root } from '../suites.ts';

describe('a Node that can’t read TypeScript', () => {
  const scripts = (
    JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { scripts: Readonly<Record<string, string>> }
  ).scripts;

  // What a newcomer runs.
  it.each(['start', 'host', 'cli', 'dev', 'build', 'test'])('says in a sentence what npm run %s needs', (name) => {
    const [program = '', ...words] = (scripts[name] ?? '').split(' && ')[0]?.split(' ') ?? [];
    expect(program).toBe('node');
    const old = spawnSync(process.execPath, ['--no-experimental-strip-types', ...words], {
      cwd: root,
      encoding: 'utf8',
    });
    expect([old.status, old.stdout]).toEqual([1, '']);
    expect(old.stderr).toMatch(/^Switchyard needs a newer Node than this one, [\d.]+: [^\n]*\n$/);
  });
});

it('npm ci on a Node too old for the dependencies prints no wall of warnings', () => {
  const folder = mkdtempSync(join(tmpdir(), 'switchyard-npm-'));
  try {
    const project = { name: 'too-new', version: '1.0.0', engines: { node: '>=999' } };
    copyFileSync(join(root, '.npmrc'), join(folder, '.npmrc'));
    writeFileSync(join(folder, 'package.json'), JSON.stringify(project));
    const lock = { ...project, lockfileVersion: 3, packages: { '': project } };
    writeFileSync(join(folder, 'package-lock.json'), JSON.stringify(lock));
    // What the npm that runs this test was told would win over the file.
    const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^npm_config_/i.test(name)));
    const npm = spawnSync('npm ci --offline', { cwd: folder, env, encoding: 'utf8', shell: true });
    expect([npm.status, npm.stderr]).toEqual([0, '']);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

describe('isNodeNewEnough', () => {
  it.each(['22.22.2', '22.22.10', '22.23.0', '24.0.0', '24.21.0', '100.0.0'])('accepts %s', (version) => {
    expect(isNodeNewEnough(version)).toBe(true);
  });

  it.each(['20.20.2', '22.22.1', '22.3.99', '9.99.99', '', 'nonsense'])('refuses "%s"', (version) => {
    expect(isNodeNewEnough(version)).toBe(false);
  });

  it('agrees with engines in package.json', () => {
    const { engines } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { engines: { node: string } };
    const [, major = '', minor = '', patch = ''] = /^>=(\d+)\.(\d+)\.(\d+)$/.exec(engines.node) ?? [];
    expect(isNodeNewEnough(`${major}.${minor}.${patch}`)).toBe(true);
    expect(isNodeNewEnough(`${major}.${minor}.${Number(patch) - 1}`)).toBe(false);
  });
});
