/**
 * The dependency rules of the house as one pure function over paths: the file that imports and what it names. First the
 * outer rule of a file's zone, then which rooms inside a zone may know each other. Does not look at the disk.
 */
import { isBuiltin } from 'node:module';
import { posix } from 'node:path';

type Zone =
  | 'shared'
  | 'core'
  | 'demo'
  | 'listen'
  | 'gateway'
  | 'host'
  | 'cli'
  | 'desktop'
  | 'preload'
  | 'start'
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
  zones: ['shared', 'core', 'demo', 'listen', 'gateway', 'host', 'cli', 'electron root', 'package.json'],
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
  demo: { zones: ['shared', 'demo'], node: true, packages: ['ws', 'jpeg-js'] },
  // What every port needs: who may ask, and how much.
  listen: { zones: ['shared', 'listen'], node: true, packages: [] },
  gateway: { zones: ['shared', 'core', 'listen', 'gateway'], node: true, packages: ['ws', 'zod'] },
  host: hostRule,
  cli: { ...hostRule, zones: hostRule.zones.filter((zone) => zone !== 'core') },
  start: { ...hostRule, zones: [...hostRule.zones.filter((zone) => zone !== 'core' && zone !== 'cli'), 'start'] },
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

/** What everything in the window stands on, lowest first: each knows those before it. */
const base = ['text', 'state', 'hooks', 'components'];

/**
 * The rooms inside a zone, each with the rooms it may know; files that lie loose in a zone stand
 * above its rooms or below them. A room is named by its folder from the zone's; its own inner folders belong to it, except where they are
 * rooms themselves. A room that is not here is not built yet: name it before you open it.
 */
const rooms: readonly {
  zone: string;
  /** Whether the loose files put the rooms together, or are what rooms stand on. */
  loose: 'above' | 'below';
  /** Rooms that stand on no loose file either. */
  apart?: readonly string[];
  of: Readonly<Record<string, readonly string[]>>;
}[] = [
  {
    zone: 'shared/',
    loose: 'below',
    of: {
      util: [],
      kinds: ['util', 'workflow'],
      words: ['kinds', 'util'],
      workflow: ['util'],
      rpc: ['util'],
      pipelines: ['kinds', 'util', 'workflow'],
      managed: ['util'],
    },
  },
  {
    zone: 'electron/core/',
    loose: 'below',
    apart: ['net'],
    of: {
      net: [],
      db: [],
      servers: ['net', 'servers/comfy', 'servers/swarm'],
      // The two kinds never see each other, and report facts through a callback: they know no queue and no database.
      'servers/comfy': ['net', 'servers'],
      'servers/swarm': ['net', 'servers'],
      queue: ['db', 'inputs', 'pictures', 'servers'],
      inputs: ['db'],
      pictures: ['db'],
      pipelines: ['db', 'pictures', 'queue'],
      managed: ['db', 'net', 'servers'],
      gateway: ['db', 'net', 'queue', 'servers'],
    },
  },
  {
    zone: 'electron/desktop/',
    loose: 'below',
    of: { window: [], tray: ['window'], life: ['window'], notices: ['tray', 'window'] },
  },
  { zone: 'electron/demo/', loose: 'above', of: { base: [], comfy: ['base'], swarm: ['base', 'comfy'] } },
  {
    zone: 'renderer/',
    loose: 'above',
    of: {
      text: [],
      state: ['text'],
      hooks: ['text', 'state'],
      components: ['text', 'state', 'hooks'],
      // How one job looks anywhere.
      job: base,
      cancel: [...base, 'job'],
      queue: [...base, 'job', 'cancel', 'viewer'],
      servers: [...base, 'job'],
      history: [...base, 'job', 'servers', 'viewer'],
      submit: [...base, 'job', 'servers'],
      viewer: [...base, 'job'],
      gallery: [...base, 'job', 'viewer'],
      pipelines: [...base, 'job', 'viewer'],
      settings: base,
      log: base,
      shell: [...base, 'job', 'cancel', 'queue', 'servers', 'history'],
    },
  },
];

/** Loose files of core that only the root of core may import: they put the parts together. */
const coreTops = ['core.ts', 'api.ts', 'compose.ts', 'media.ts'];

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
  if (to === 'core' && from !== 'core' && target.path !== 'electron/core/core.ts')
    return `${from} imports core only through core.ts`;
  return whyForbiddenRoom(file, target.path);
}

function whyForbiddenRoom(file: string, path: string): string | undefined {
  const zone = rooms.find((one) => file.startsWith(one.zone) && path.startsWith(one.zone));
  if (zone === undefined) return undefined;
  const nameOf = (name: string): string | null => {
    const folder = posix.dirname(name.slice(zone.zone.length));
    if (folder === '.') return null;
    const known = Object.keys(zone.of).filter((room) => folder === room || folder.startsWith(`${room}/`));
    return known.sort((a, b) => b.length - a.length)[0] ?? folder;
  };
  const [from, to] = [nameOf(file), nameOf(path)];
  if (from === null || from === to) return undefined;
  const may = zone.of[from];
  if (may === undefined) return `${zone.zone}${from} is a room nobody named: see layer-rules.ts`;
  if (to === null) {
    const isTop = zone.zone === 'electron/core/' && coreTops.includes(posix.basename(path));
    const bars = zone.loose === 'above' || zone.apart?.includes(from) === true || isTop;
    return bars ? `${zone.zone}${from} does not know what lies loose beside it` : undefined;
  }
  return may.includes(to) ? undefined : `${zone.zone}${from} does not know ${to}`;
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
  const named = ['core', 'demo', 'listen', 'gateway', 'host', 'cli', 'desktop', 'start'] as const;
  return named.find((zone) => zone === second) ?? 'electron root';
}
