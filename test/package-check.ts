/**
 * `npm run package:check`: proves what would be shipped, without a network. Checks electron-builder.yml for every target
 * against electron-builder's own schema, packs for three systems around a stub runtime (`--dir`, and tar.gz and zip where
 * 7-Zip is), and asserts what is inside. It says nothing about whether the app runs: the release workflow starts it.
 */
import '../electron/node-gate.ts';
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { basename, delimiter, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { extractAll, extractFile, listPackage } from '@electron/asar';
import { getCurrentFuseWire } from '@electron/fuses';
import { ensureBuilt } from '../electron/build.ts';
import { smoke } from './packed-smoke.ts';
import { SHIPPED_FUSES } from './shipped-fuses.ts';
import { root } from './suites.ts';
import { STAND_IN, runStandIn } from './support/stand-in-run.ts';

const MIB = 1024 * 1024;
const LIMITS = { appBytes: 25 * MIB, preloadBytes: 10 * 1024, firstBundleGzBytes: 250 * 1024 };
/** Cut out of every Electron executable; `@electron/fuses` finds the wire behind it. */
const FUSE_SENTINEL = 'dL7pKGdnNz796PbbjQWNKmHXBZaB9tsX';

/** The little of resedit that is used, which comes without types from where electron-builder finds it. */
interface ResEdit {
  NtExecutable: { createEmpty: () => { generate: () => ArrayBuffer } };
  NtExecutableResource: {
    from: (program: unknown) => { entries: unknown[]; outputResource: (program: unknown) => void };
  };
  Resource: {
    VersionInfo: {
      createEmpty: () => {
        lang: number;
        setStringValues: (language: { lang: number; codepage: number }, values: Record<string, string>) => void;
        outputToResourceEntries: (entries: unknown[]) => void;
      };
    };
  };
}

interface Target {
  platform: 'linux' | 'win' | 'mac';
  arch: 'x64' | 'arm64';
  binary: string;
  magic: readonly number[];
}

const TARGETS: readonly Target[] = [
  { platform: 'linux', arch: 'x64', binary: 'linux-x64.node', magic: [0x7f, 0x45, 0x4c, 0x46] },
  { platform: 'linux', arch: 'arm64', binary: 'linux-arm64.node', magic: [0x7f, 0x45, 0x4c, 0x46] },
  { platform: 'win', arch: 'x64', binary: 'win32-x64.node', magic: [0x4d, 0x5a] },
  { platform: 'win', arch: 'arm64', binary: 'win32-arm64.node', magic: [0x4d, 0x5a] },
  { platform: 'mac', arch: 'x64', binary: 'darwin-x64.node', magic: [0xcf, 0xfa, 0xed, 0xfe] },
  { platform: 'mac', arch: 'arm64', binary: 'darwin-arm64.node', magic: [0xcf, 0xfa, 0xed, 0xfe] },
];

/** What electron-builder itself uses, from where it finds it. */
const builderRequire = createRequire(join(root, 'node_modules', 'app-builder-lib', 'package.json'));

let passed = 0;
let failed = 0;
const skipped: string[] = [];

function check(what: string, holds: boolean, detail = ''): void {
  if (holds) passed += 1;
  else {
    failed += 1;
    console.error(`FAILED: ${what}${detail === '' ? '' : `: ${detail}`}`);
  }
}

const work = mkdtempSync(join(tmpdir(), 'switchyard-package-'));
try {
  await ensureBuilt(['renderer', 'desktop']);
  const licences = spawnSync(process.execPath, ['electron/licences.ts'], { cwd: root, encoding: 'utf8' });
  check('licences are collected', licences.status === 0, licences.stderr);
  await checkConfig();
  checkBundles();
  const sevenZip = ensureSevenZip();
  for (const target of TARGETS) await checkPacked(target);
  if (sevenZip === null) skipped.push('tar.gz and zip: no 7-Zip (on Debian: apt-get install p7zip-full)');
  else checkArchives(sevenZip);
} finally {
  rmSync(work, { recursive: true, force: true });
}
for (const reason of skipped) console.log(`skipped: ${reason}`);
console.log(`${String(passed)} passed, ${String(failed)} failed, ${String(skipped.length)} skipped`);
process.exitCode = failed === 0 && passed > 0 ? 0 : 1;

/** Every target of every system is in the file, and electron-builder's schema takes all of it. */
async function checkConfig(): Promise<void> {
  const { getConfig, validateConfiguration } = builderRequire('./out/util/config/config.js') as {
    getConfig: (projectDir: string, path: string, override: null) => Promise<Record<string, unknown>>;
    validateConfiguration: (config: unknown, debug: { add: () => void; isEnabled: boolean }) => Promise<void>;
  };
  const debug = { add: () => undefined, isEnabled: false };
  const config = await getConfig(root, 'electron-builder.yml', null);
  const verdict = await validateConfiguration(config, debug).then(() => '', String);
  check('electron-builder’s schema takes the config', verdict === '', verdict);
  const wrong = await validateConfiguration({ ...config, nsis: { oneCLick: true } }, debug).then(() => '', String);
  check('the schema is really asked: a misspelt option is refused', wrong.includes('nsis'), wrong);
  // Without one the AppImage is made of the old runtime: it needs libfuse2, and its menu entry starts without the sandbox.
  const { appimage } = config['toolsets'] as { appimage?: string };
  check('AppImages are made with the static runtime', appimage !== undefined && appimage !== '0.0.0', appimage);
  check('nothing in the config takes the sandbox away', !JSON.stringify(config).includes('no-sandbox'));
  const targetsOf = (name: string): string[] =>
    (config[name] as { target: { target: string; arch: string[] }[] }).target
      .flatMap(({ target, arch }) => arch.map((each) => `${target} ${each}`))
      .sort();
  const both = (names: readonly string[]): string[] => names.flatMap((name) => [`${name} arm64`, `${name} x64`]).sort();
  for (const [name, wanted] of Object.entries({
    win: ['nsis', 'zip'],
    mac: ['dmg', 'zip'],
    linux: ['AppImage', 'deb', 'rpm', 'tar.gz'],
  }))
    check(
      `${name} has all its targets`,
      JSON.stringify(targetsOf(name)) === JSON.stringify(both(wanted)),
      targetsOf(name).join(', '),
    );
}

function checkBundles(): void {
  const preload = readFileSync(join(root, 'dist/desktop/preload.cjs'), 'utf8');
  check(
    'the preload script is at most 10 KB',
    preload.length <= LIMITS.preloadBytes,
    `${String(preload.length)} bytes`,
  );
  const required = [...preload.matchAll(/require\("([^"]+)"\)/g)].map(([, name]) => name);
  check('the preload script needs electron only', JSON.stringify(required) === '["electron"]', required.join(', '));
  const main = readFileSync(join(root, 'dist/desktop/main.js'), 'utf8');
  const libraries = ['react', 'react-dom', 'radix-ui', 'zustand', '@tanstack'].filter(
    (name) => main.includes(`node_modules/${name}/`) || main.includes(`from "${name}`),
  );
  check('the main bundle has none of the window’s libraries', libraries.length === 0, libraries.join(', '));
  const licences = readFileSync(join(root, 'dist/licences.txt'), 'utf8');
  const bundled = ['main', 'demo'].flatMap((name) => {
    const map = readFileSync(join(root, `dist/desktop/${name}.js.map`), 'utf8');
    const { sources } = JSON.parse(map) as { sources: string[] };
    return sources.flatMap((source) => /node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(source)?.[1] ?? []);
  });
  const unnamed = [...new Set(bundled)].filter((name) => !licences.includes(`\n${name} `));
  check(
    'every bundled package is named with its licence',
    bundled.includes('jpeg-js') && unnamed.length === 0,
    unnamed.join(', '),
  );
  const html = readFileSync(join(root, 'dist/renderer/index.html'), 'utf8');
  const first = [...html.matchAll(/(?:src|href)="\.\/(assets\/[^"]+\.js)"/g)].map(([, name]) =>
    join(root, 'dist/renderer', name ?? ''),
  );
  const gzBytes = first.reduce((sum, file) => sum + gzipSync(readFileSync(file)).length, 0);
  check(
    'the window’s first bundle is at most 250 KB, gzipped',
    first.length > 0 && gzBytes <= LIMITS.firstBundleGzBytes,
    `${String(Math.round(gzBytes / 1024))} KB`,
  );
  console.log(
    `preload ${String(preload.length)} bytes, main ${(main.length / MIB).toFixed(1)} MiB, first window bundle ${String(Math.round(gzBytes / 1024))} KB gzipped`,
  );
}

/** What electron-builder needs of a runtime, and nothing that runs. */
function stubRuntime({ platform, arch }: Target): string {
  const folder = join(work, `runtime-${platform}-${arch}`);
  const { version } = JSON.parse(readFileSync(join(root, 'node_modules/electron/package.json'), 'utf8')) as {
    version: string;
  };
  const executable = Buffer.concat([
    Buffer.from('stub\n'),
    Buffer.from(FUSE_SENTINEL),
    Buffer.from([1, 9]),
    Buffer.from('100110101'),
    Buffer.from('\n'),
  ]);
  const put = (path: string, content: string | Buffer, mode = 0o644): void => {
    mkdirSync(join(folder, path, '..'), { recursive: true });
    writeFileSync(join(folder, path), content);
    chmodSync(join(folder, path), mode);
  };
  if (platform === 'mac') {
    const contents = 'Electron.app/Contents';
    const plist =
      '<?xml version="1.0" encoding="UTF-8"?><plist version="1.0"><dict><key>CFBundleExecutable</key><string>Electron</string></dict></plist>';
    put(`${contents}/MacOS/Electron`, 'stub\n', 0o755);
    put(`${contents}/Info.plist`, plist);
    put(`${contents}/Resources/electron.icns`, '');
    put(`${contents}/Resources/en.lproj/locale.pak`, '');
    put(`${contents}/Frameworks/Electron Framework.framework/Electron Framework`, executable, 0o755);
    put(`${contents}/Frameworks/Electron Framework.framework/Versions/A/Resources/en.lproj/locale.pak`, '');
    for (const helper of ['', ' (GPU)', ' (Plugin)', ' (Renderer)']) {
      put(`${contents}/Frameworks/Electron Helper${helper}.app/Contents/Info.plist`, plist);
      put(
        `${contents}/Frameworks/Electron Helper${helper}.app/Contents/MacOS/Electron Helper${helper}`,
        'stub\n',
        0o755,
      );
    }
  } else {
    if (platform === 'win') put('electron.exe', Buffer.concat([emptyWindowsProgram(), executable]), 0o755);
    else put('electron', executable, 0o755);
    mkdirSync(join(folder, 'resources'), { recursive: true });
    put('locales/en-US.pak', '');
    if (platform === 'linux') put('chrome-sandbox', 'stub', 0o755);
  }
  put('version', version);
  put('LICENSE', 'stub');
  put('LICENSES.chromium.html', 'stub');
  return folder;
}

/** electron-builder writes the integrity of the archive beside the version in the program's resources: both must be there. */
function emptyWindowsProgram(): Buffer {
  const { NtExecutable, NtExecutableResource, Resource } = builderRequire('resedit') as ResEdit;
  const program = NtExecutable.createEmpty();
  const resources = NtExecutableResource.from(program);
  const version = Resource.VersionInfo.createEmpty();
  version.lang = 1_033;
  version.setStringValues({ lang: 1_033, codepage: 1_200 }, { ProductName: 'Electron', FileDescription: 'Electron' });
  version.outputToResourceEntries(resources.entries);
  resources.outputResource(program);
  return Buffer.from(program.generate());
}

function pack(target: Target, kinds: readonly string[], env: Record<string, string> = {}): string {
  const output = join(work, `out-${target.platform}-${target.arch}`);
  const result = spawnSync(
    process.execPath,
    [
      'node_modules/electron-builder/cli.js',
      `--${target.platform}`,
      ...kinds,
      `--${target.arch}`,
      '--config',
      'electron-builder.yml',
      '--publish',
      'never',
      `-c.electronDist=${stubRuntime(target)}`,
      `-c.directories.output=${output}`,
      // Writing an icon and a version into a Windows executable needs a real one; signing needs a key.
      ...(target.platform === 'win' ? ['-c.win.signAndEditExecutable=false'] : []),
      ...(target.platform === 'mac' ? ['-c.mac.identity=null'] : []),
    ],
    { cwd: root, encoding: 'utf8', env: { ...process.env, CSC_IDENTITY_AUTO_DISCOVERY: 'false', ...env } },
  );
  check(
    `${target.platform} ${target.arch} is packed`,
    result.status === 0,
    `${result.stdout}\n${result.stderr}`.trim().split('\n').slice(-25).join('\n'),
  );
  return output;
}

async function checkPacked(target: Target): Promise<void> {
  const { platform, arch, binary, magic } = target;
  const name = `${platform} ${arch}`;
  const output = pack(target, ['--dir']);
  const unpacked = readdirSync(output, { withFileTypes: true }).find(
    (entry) => entry.isDirectory() && /unpacked$|^mac/.test(entry.name),
  )?.name;
  if (unpacked === undefined) {
    check(`${name} has an unpacked app`, false, readdirSync(output).join(', '));
    return;
  }
  const app = join(output, unpacked, ...(platform === 'mac' ? ['Switchyard.app', 'Contents'] : []));
  const resources = join(app, platform === 'mac' ? 'Resources' : 'resources');
  const archive = join(resources, 'app.asar');
  const files = listPackage(archive, { isPack: false }).map((file) => file.replaceAll('\\', '/'));

  for (const wanted of [
    '/package.json',
    '/dist/desktop/main.js',
    '/dist/desktop/preload.cjs',
    '/dist/desktop/demo.js',
    '/dist/renderer/index.html',
    '/dist/licences.txt',
    '/resources/icons/linux/256x256.png',
    '/resources/workflows/text-to-image.json',
    '/node_modules/better-sqlite3/lib/index.js',
  ])
    check(`${name} has ${wanted}`, files.includes(wanted));
  for (const glyph of ['idle', 'running', 'cancelling', 'paused', 'trouble'])
    for (const ending of ['Template.png', 'Template@2x.png', '-dark.ico', '-light.ico', '-dark.png', '-light.png'])
      check(`${name} has the tray glyph ${glyph}${ending}`, files.includes(`/resources/icons/tray/${glyph}${ending}`));
  const unwanted = files.filter((file) =>
    /\.(map|tsx?|c|h|cc|cpp|gypi?|yml|test\.js)$|\/test\/|\/deps\/|\/src\/|\/\.(?!\.)|draw\.ts|host\.js|switchyard\.js$/.test(
      file,
    ),
  );
  check(
    `${name} has no sources, tests, maps or other programs`,
    unwanted.length === 0,
    unwanted.slice(0, 10).join(', '),
  );
  const packages = [
    ...new Set(files.filter((file) => file.startsWith('/node_modules/')).map((file) => file.split('/')[2])),
  ];
  check(
    `${name} has better-sqlite3 and no other package`,
    JSON.stringify(packages) === '["better-sqlite3"]',
    packages.join(', '),
  );

  const inside = files.filter((file) => file.endsWith('.node'));
  const outside = walk(join(resources, 'app.asar.unpacked'));
  check(
    `${name} has exactly its own binary`,
    JSON.stringify(inside) === JSON.stringify([`/node_modules/better-sqlite3/prebuilds/${binary}`]),
    inside.join(', '),
  );
  check(
    `${name} keeps it unpacked, and nothing else`,
    outside.length === 1 && basename(outside[0] ?? '') === binary,
    outside.join(', '),
  );
  const head = outside[0] === undefined ? Buffer.alloc(0) : readFileSync(outside[0]).subarray(0, magic.length);
  check(`${name}: it is a binary of that system`, head.equals(Buffer.from(magic)), head.toString('hex'));

  const manifest = JSON.parse(extractFile(archive, 'package.json').toString()) as Record<string, unknown>;
  check(
    `${name} starts main.js, has its desktop name and no scripts`,
    manifest['main'] === 'dist/desktop/main.js' &&
      manifest['desktopName'] === 'io.github.switchyard.Switchyard.desktop' &&
      manifest['scripts'] === undefined &&
      manifest['devDependencies'] === undefined,
    JSON.stringify(Object.keys(manifest)),
  );
  const executable =
    platform === 'mac' ? join(app, '..') : join(app, platform === 'win' ? 'Switchyard.exe' : 'switchyard');
  const wire = await getCurrentFuseWire(executable).catch((error: unknown) => String(error));
  check(
    `${name} has its nine fuses set`,
    typeof wire !== 'string' && SHIPPED_FUSES.every(([fuse, state]) => wire[fuse] === state),
    JSON.stringify(wire),
  );

  if (platform === 'win')
    check(
      `${name}: the archive's integrity is in the program`,
      readFileSync(executable).includes(Buffer.from('resources\\\\app.asar', 'latin1')),
    );
  if (platform === 'mac')
    check(
      `${name}: the archive's integrity is in the bundle`,
      readFileSync(join(app, 'Info.plist'), 'utf8').includes('ElectronAsarIntegrity'),
    );

  if (platform === 'linux' && process.platform === 'linux' && arch === process.arch) await checkRuns(archive);

  const appBytes = statSync(archive).size + outside.reduce((sum, file) => sum + statSync(file).size, 0);
  check(
    `${name} without its runtime is at most 25 MB`,
    appBytes <= LIMITS.appBytes,
    `${(appBytes / MIB).toFixed(1)} MiB`,
  );
  console.log(`${name}: ${String(files.length)} files, ${(appBytes / MIB).toFixed(1)} MiB without the runtime`);
}

/**
 * What is in the archive is all it needs: main.js, taken out of it, runs in a folder of its own from the lock to its end, with
 * demo jobs in between. Only Electron is played; the database is opened by the packed binary.
 */
async function checkRuns(archive: string): Promise<void> {
  const folder = join(work, 'extracted');
  extractAll(archive, folder);
  const main = join(folder, 'dist/desktop/main.js');
  const env = { ...process.env, STAND_IN: '{"packaged":true}' };
  const seen = await smoke(process.execPath, [STAND_IN, main], { page: false, env }).catch(String);
  check('the packed main.js starts, works and ends on what is packed with it', Array.isArray(seen), String(seen));
  const second = runStandIn(work, ['--data', join(work, 'second')], { locked: true }, main);
  const { code } = await second.ended;
  check(
    'a second start of it ends with a sentence',
    code === 0 && second.output().includes('Switchyard is open already'),
    `${String(code)} ${second.output()}`,
  );
}

/** The two archives that need no fetched tool. */
function checkArchives(sevenZip: string): void {
  const env = { ELECTRON_BUILDER_7ZIP_PATH: sevenZip };
  for (const [platform, kind] of [
    ['linux', 'tar.gz'],
    ['win', 'zip'],
  ] as const) {
    const target = TARGETS.find((each) => each.platform === platform && each.arch === 'x64');
    if (target === undefined) continue;
    const output = pack(target, [kind], env);
    const os = platform === 'linux' ? 'linux' : 'win';
    const name = readdirSync(output).find((file) => file.endsWith(`.${kind}`));
    const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
    check(`${kind} has its name`, name === `Switchyard-${version}-${os}-x64.${kind}`, readdirSync(output).join(', '));
    const packed = join(output, name ?? '');
    const [lister, words] = kind === 'zip' ? [sevenZip, ['l', '-ba', packed]] : ['tar', ['-tzf', packed]];
    const listed = spawnSync(lister, words, { encoding: 'utf8' });
    check(`${kind} holds the app`, listed.stdout.includes('app.asar'), listed.stderr);
    if (platform === 'linux')
      check(`${kind} says what it needs`, listed.stdout.includes('/READ-ME-FIRST.txt'), listed.stdout.slice(0, 500));
  }
}

/** The path of a 7-Zip, installed where that needs no question; null where there is none. */
function ensureSevenZip(): string | null {
  const find = (): string | null => {
    const folders = (process.env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '');
    for (const name of ['7za', '7z', '7zz'])
      for (const folder of folders) if (existsSync(join(folder, name))) return join(folder, name);
    return null;
  };
  const found = find();
  if (found !== null || process.getuid?.() !== 0 || !existsSync('/usr/bin/apt-get')) return found;
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  for (const args of [
    ['update', '-q'],
    ['install', '-y', '-q', '--no-install-recommends', 'p7zip-full'],
  ])
    if (spawnSync('/usr/bin/apt-get', args, { env, stdio: 'ignore', timeout: 120_000 }).status !== 0) return null;
  return find();
}

/** Every file below a folder; none where there is no folder. */
function walk(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name);
    return lstatSync(path).isDirectory() ? walk(path) : [path];
  });
}
