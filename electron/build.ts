/**
 * Builds dist/ with Vite: `node electron/build.ts [--if-stale] [renderer] [host] [cli] [desktop]` (all four when none is
 * named). Also answers for others whether a build is older than its sources. A build appears whole or not at all:
 * it is made beside its place and then moved there, so a reader never sees half of one. Does not check types.
 */
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
} from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { requireNodeVersion } from './node-version.ts';

const root = fileURLToPath(new URL('..', import.meta.url));

const demo = { config: 'electron/vite.config.ts', mode: 'demo', entry: 'electron/demo/demo.ts' };

const targets = {
  renderer: {
    passes: [{ config: 'renderer/vite.config.ts', mode: 'production', entry: 'renderer/index.html' }],
    result: 'index.html',
    sources: ['shared', 'renderer'],
  },
  host: {
    passes: [{ config: 'electron/vite.config.ts', mode: 'host', entry: 'electron/host/host.ts' }, demo],
    result: 'host.js',
    sources: ['shared', 'electron'],
  },
  cli: {
    passes: [
      { config: 'electron/vite.config.ts', mode: 'cli', entry: 'electron/cli/cli.ts' },
      { config: 'electron/vite.config.ts', mode: 'alone', entry: 'electron/host/alone.ts' },
    ],
    result: 'switchyard.js',
    sources: ['shared', 'electron'],
  },
  desktop: {
    passes: [
      { config: 'electron/vite.config.ts', mode: 'desktop', entry: 'electron/desktop/main.ts' },
      { config: 'electron/vite.config.ts', mode: 'preload', entry: 'electron/desktop/preload.ts' },
      demo,
    ],
    result: 'main.js',
    sources: ['shared', 'electron'],
  },
} as const;

export type BuildTarget = keyof typeof targets;

export const buildTargets = Object.keys(targets) as readonly BuildTarget[];

/** Where a target's build is, whether or not it has been made: a directory, absolute. */
function directoryOf(target: BuildTarget): string {
  return join(root, 'dist', target);
}

/** True when every entry of the target exists in the sources. */
export function hasSources(target: BuildTarget): boolean {
  return targets[target].passes.every((pass) => existsSync(join(root, pass.entry)));
}

/** True when the target is built and nothing it is built from has changed since. */
export function isFresh(target: BuildTarget): boolean {
  const result = join(directoryOf(target), targets[target].result);
  if (!existsSync(result)) return false;
  const builtAtMs = statSync(result).mtimeMs;
  const inputs = [...targets[target].sources, 'package-lock.json'];
  return inputs.every((input) => newestMtimeMs(join(root, input)) <= builtAtMs);
}

/** Directories count too: removing a file changes only the directory it was in. */
function newestMtimeMs(path: string): number {
  const stats = statSync(path);
  let newest = stats.mtimeMs;
  if (!stats.isDirectory()) return newest;
  for (const entry of readdirSync(path, { withFileTypes: true })) {
    if (entry.name === 'node_modules') continue;
    const child = join(path, entry.name);
    newest = Math.max(newest, entry.isDirectory() ? newestMtimeMs(child) : statSync(child).mtimeMs);
  }
  return newest;
}

/** Builds one target, replacing what was there. Throws what Vite throws; the old build then stays. */
export async function build(target: BuildTarget): Promise<void> {
  const { build: viteBuild } = await import('vite');
  const place = directoryOf(target);
  const making = join(root, 'dist', `.${target}-${process.pid}`);
  const startedAt = new Date();
  mkdirSync(making, { recursive: true });
  try {
    for (const pass of targets[target].passes) {
      await viteBuild({ configFile: join(root, pass.config), mode: pass.mode, build: { outDir: making } });
    }
    if (target === 'cli') chmodSync(join(making, targets.cli.result), 0o755);
    // As old as its sources were read: a change made during the build counts as newer than it.
    utimesSync(join(making, targets[target].result), startedAt, startedAt);
    rmSync(place, { recursive: true, force: true });
    renameSync(making, place);
  } finally {
    rmSync(making, { recursive: true, force: true });
  }
}

/** Builds those of the targets that are missing or older than their sources. */
export async function ensureBuilt(wanted: readonly BuildTarget[]): Promise<void> {
  for (const target of wanted) {
    if (!isFresh(target)) await build(target);
  }
}

function isTarget(name: string): name is BuildTarget {
  return Object.hasOwn(targets, name);
}

async function main(words: readonly string[]): Promise<void> {
  const names = words.filter((word) => word !== '--if-stale');
  const wanted = names.filter(isTarget);
  if (wanted.length !== names.length) {
    console.error(`A build is one of ${buildTargets.join(', ')}; got: ${names.join(' ')}`);
    process.exitCode = 2;
    return;
  }
  const chosen = wanted.length > 0 ? wanted : buildTargets;
  if (words.includes('--if-stale')) return ensureBuilt(chosen);
  for (const target of chosen) {
    const startedMs = performance.now();
    await build(target);
    console.log(`built dist/${target} in ${Math.round(performance.now() - startedMs)} ms`);
  }
}

// A module's own address has no symbolic links in it, what was typed may have.
if (import.meta.url === pathToFileURL(realpathSync(process.argv[1] ?? '.')).href) {
  requireNodeVersion();
  await main(process.argv.slice(2));
}
