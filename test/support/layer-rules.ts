/**
 * The dependency rules of the house as one pure function over paths: the file that imports and what it names. First the
 * outer rule of a file's folder, then the finer ones inside core. Does not look at the disk.
 */
import { isBuiltin } from 'node:module';
import { posix } from 'node:path';

type Zone =
  | 'shared'
  | 'core'
  | 'demo'
  | 'host'
  | 'cli'
  | 'desktop'
  | 'preload'
  | 'electron root'
  | 'renderer'
  | 'test'
  | 'package.json'
  | 'samples'
  | 'other';

/** What a specifier names: a file of ours (path from the root), a Node module, or a package. */
type Target = { kind: 'file'; path: string } | { kind: 'node' } | { kind: 'package'; name: string };

interface ZoneRule {
  zones: readonly Zone[];
  node: boolean;
  packages: readonly string[];
}

const hostRule: ZoneRule = {
  zones: ['shared', 'core', 'demo', 'host', 'cli', 'electron root', 'package.json'],
  node: true,
  packages: ['ws', 'undici', 'zod'],
};

const zoneRules: Record<Exclude<Zone, 'test' | 'package.json' | 'samples' | 'other'>, ZoneRule> = {
  shared: { zones: ['shared'], node: false, packages: ['zod'] },
  core: {
    zones: ['shared', 'core', 'package.json'],
    node: true,
    packages: ['better-sqlite3', 'ws', 'undici', 'zod'],
  },
  demo: { zones: ['shared', 'demo'], node: true, packages: ['ws', 'undici', 'zod'] },
  host: hostRule,
  cli: { ...hostRule, zones: hostRule.zones.filter((zone) => zone !== 'core') },
  // build.ts and dev.ts, which no host imports, run Vite.
  'electron root': { ...hostRule, packages: [...hostRule.packages, 'vite'] },
  desktop: {
    zones: [...hostRule.zones, 'desktop'],
    node: true,
    packages: ['electron', 'electron-updater', 'ws', 'undici', 'zod'],
  },
  preload: { zones: [], node: false, packages: ['electron'] },
  renderer: {
    // New job offers the sample workflows, which are data.
    zones: ['shared', 'renderer', 'samples'],
    node: false,
    packages: [
      'react',
      'react-dom',
      'zustand',
      'radix-ui',
      '@tanstack/react-virtual',
      'get-nonce',
      'zod',
      '@fontsource-variable/inter',
    ],
  },
};

/** Finer rules inside core: files under `from` never import files under `never`. */
const coreRules: readonly { from: string; never: readonly string[]; why: string }[] = [
  {
    from: 'servers/',
    never: ['queue/', 'db/'],
    why: 'servers report facts through a callback; they know no queue and no database',
  },
  { from: 'servers/comfy/', never: ['servers/swarm/'], why: 'the two server kinds never see each other' },
  { from: 'servers/swarm/', never: ['servers/comfy/'], why: 'the two server kinds never see each other' },
  {
    from: 'db/',
    never: ['api.ts', 'config.ts', 'media.ts', 'net/', 'ops/', 'queue/', 'servers/'],
    why: 'the database knows only shared words and the log',
  },
  {
    from: 'net/',
    never: ['api.ts', 'config.ts', 'db/', 'log.ts', 'media.ts', 'ops/', 'queue/', 'servers/'],
    why: 'net knows only shared words and Node',
  },
  { from: '', never: ['core.ts'], why: 'core.ts puts the parts together; no part reaches back for it' },
];

/** Why `file` may not import `specifier`, or undefined when it may. Paths are relative to the root, with `/`. */
export function whyForbidden(file: string, specifier: string): string | undefined {
  const from = zoneOf(file);
  // Tool configs and whatever lives outside the layered folders are not part of the house.
  if (
    from === 'test' ||
    from === 'other' ||
    from === 'package.json' ||
    from === 'samples' ||
    file.endsWith('.config.ts')
  )
    return undefined;
  const rule = zoneRules[from];
  const target = targetOf(file, specifier);

  if (target.kind === 'node') return rule.node ? undefined : `${from} never imports Node`;
  if (target.kind === 'package') {
    if (rule.packages.includes(target.name)) return undefined;
    return `${from} never imports the package ${target.name}`;
  }
  const to = zoneOf(target.path);
  if (!rule.zones.includes(to)) return `${from} never imports ${to}`;
  if (from === 'core' && to === 'core') return whyForbiddenInCore(file, target.path);
  if (to === 'core' && target.path !== 'electron/core/core.ts') return `${from} imports core only through core.ts`;
  return undefined;
}

function whyForbiddenInCore(file: string, path: string): string | undefined {
  const inside = (name: string): string => name.slice('electron/core/'.length);
  return coreRules.find(
    (rule) => inside(file).startsWith(rule.from) && rule.never.some((prefix) => inside(path).startsWith(prefix)),
  )?.why;
}

function targetOf(file: string, specifier: string): Target {
  if (specifier.startsWith('.')) {
    // `./style.css?inline` names the same file as `./style.css`.
    const path = posix.join(posix.dirname(file), specifier.replace(/\?.*$/, ''));
    return { kind: 'file', path };
  }
  if (isBuiltin(specifier)) return { kind: 'node' };
  const parts = specifier.split('/');
  return { kind: 'package', name: parts.slice(0, specifier.startsWith('@') ? 2 : 1).join('/') };
}

function zoneOf(path: string): Zone {
  if (path === 'package.json') return 'package.json';
  if (path === 'electron/desktop/preload.ts') return 'preload';
  if (/^resources\/workflows\/[^/]+\.json$/.test(path)) return 'samples';
  const [top, second, ...rest] = path.split('/');
  if (top === 'shared' || top === 'renderer' || top === 'test') return top;
  if (top !== 'electron') return 'other';
  if (rest.length === 0) return 'electron root';
  if (second === 'core' || second === 'demo' || second === 'host' || second === 'cli' || second === 'desktop')
    return second;
  return 'electron root';
}
