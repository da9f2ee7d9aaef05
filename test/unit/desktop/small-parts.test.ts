import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { MenuItemConstructorOptions } from 'electron';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readDesktopArguments } from '../../../electron/desktop/arguments.ts';
import {
  autostartEntry,
  setStartAtLogin,
  startedAtLogin,
  startsAtLogin,
} from '../../../electron/desktop/login-item.ts';
import type { LoginItemOptions } from '../../../electron/desktop/login-item.ts';
import { Marks } from '../../../electron/desktop/marks.ts';
import { menuTemplate } from '../../../electron/desktop/menu.ts';
import { hasTrayHost } from '../../../electron/desktop/tray-host.ts';
import { installedForm, updateManner } from '../../../electron/desktop/update-policy.ts';
import type { Installed } from '../../../electron/desktop/update-policy.ts';
import { Updates, mannerHere, releasePage } from '../../../electron/desktop/updates.ts';
import type { Updater } from '../../../electron/desktop/updates.ts';
import { cancelWords } from '../../../shared/cancel-words.ts';
import type { TrayAction } from '../../../shared/tray-model.ts';
import { cancelWords as windowCancelWords } from '../../../renderer/text/cancel.ts';
import { fc, test } from './property.ts';
import { serverId } from './samples.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'switchyard-desktop-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

describe('arguments', () => {
  const env = { SWITCHYARD_DATA: '/data', HOME: '/home/a' };
  it.each<[string[], Partial<ReturnType<typeof readDesktopArguments>>]>([
    [[], { dataDir: resolve('/data'), hidden: false, demo: false, perf: false }],
    [['--hidden', '--perf'], { hidden: true, perf: true }],
    // Chromium adds its own, anywhere.
    [
      ['/app', '--no-sandbox', '--allow-file-access-from-files', '--data', '/x', '--original-process-start-time=1'],
      { dataDir: resolve('/x') },
    ],
    [['--data=/y', '--demo'], { dataDir: resolve('/y/demo'), demo: true }],
    [['--data', '--hidden'], { dataDir: resolve('/data'), hidden: true }],
    [['--data', 'rel'], { dataDir: resolve('/from/rel') }],
  ])('%j', (words, expected) => {
    expect(readDesktopArguments(words, env, '/from')).toMatchObject(expected);
  });
});

describe('start at login', () => {
  const options = (platform: NodeJS.Platform, app: Partial<LoginItemOptions['app']> = {}): LoginItemOptions => {
    let openAtLogin = false;
    return {
      platform,
      env: {},
      home: folder,
      executable: '/opt/Switch yard/switchyard',
      app: {
        isPackaged: true,
        setLoginItemSettings: (settings) => void (openAtLogin = settings.openAtLogin ?? false),
        getLoginItemSettings: () => ({ openAtLogin, wasOpenedAtLogin: false }) as never,
        ...app,
      },
    };
  };
  const entry = (): string => join(folder, '.config', 'autostart', 'switchyard.desktop');

  it('is a file of the desktop on Linux, and read back from there', () => {
    const linux = options('linux');
    expect(startsAtLogin(linux)).toBe(false);
    expect(setStartAtLogin(linux, true)).toBe(true);
    expect(readFileSync(entry(), 'utf8')).toContain('Exec="/opt/Switch yard/switchyard" --hidden\n');
    writeFileSync(entry(), `${readFileSync(entry(), 'utf8')}Hidden=true\n`);
    expect(startsAtLogin(linux)).toBe(false);
    expect(setStartAtLogin(linux, false)).toBe(false);
    expect(existsSync(entry())).toBe(false);
  });
  it.each(['darwin', 'win32'] as const)('is the system’s list on %s', (platform) => {
    const system = options(platform);
    expect(setStartAtLogin(system, true)).toBe(true);
    expect(setStartAtLogin(system, false)).toBe(false);
  });
  it('tells what really holds: macOS refuses an unsigned app in silence', () => {
    expect(setStartAtLogin(options('darwin', { setLoginItemSettings: () => undefined }), true)).toBe(false);
  });
  it('never from a checkout', () => {
    expect(setStartAtLogin(options('linux', { isPackaged: false }), true)).toBe(false);
    expect(existsSync(entry())).toBe(false);
  });
  it('an executable with odd characters is quoted as the desktop entry rules say', () => {
    expect(autostartEntry('/a "b" $c `d` 100% \\e')).toContain(
      'Exec="/a \\\\"b\\\\" \\\\$c \\\\`d\\\\` 100%% \\\\\\\\e" --hidden',
    );
  });
  it('starts hidden', () => {
    expect(startedAtLogin(options('linux'), ['x', '--hidden'])).toBe(true);
    expect(startedAtLogin(options('linux'), ['x'])).toBe(false);
    expect(
      startedAtLogin(options('darwin', { getLoginItemSettings: () => ({ wasOpenedAtLogin: true }) as never }), []),
    ).toBe(true);
  });
});

describe('a tray host on Linux', () => {
  const answers =
    (by: Record<string, string | Error>) =>
    async (file: string): Promise<string> => {
      const answer = by[file] ?? new Error('ENOENT');
      if (answer instanceof Error) throw answer;
      return answer;
    };
  it.each([
    [{ gdbus: '(<true>,)\n' }, true],
    [{ gdbus: '(<false>,)\n' }, false],
    [{ busctl: 'b true\n' }, true],
    [{ 'dbus-send': 'method return time=1\n   variant       boolean true\n' }, true],
    [{ gdbus: new Error('org.freedesktop.DBus.Error.ServiceUnknown'), busctl: 'b false' }, false],
    [{}, false],
  ])('%j: %s', async (by, expected) => {
    expect(await hasTrayHost('linux', answers(by))).toBe(expected);
  });
  it.each(['darwin', 'win32'] as const)('%s has one', async (platform) => {
    expect(await hasTrayHost(platform, answers({}))).toBe(true);
  });
});

describe('updates', () => {
  const all = (['darwin', 'win32', 'linux'] as const).flatMap((platform) =>
    (['installer', 'portable', 'appimage', 'deb', 'rpm', 'archive', 'store'] as const).flatMap((form) =>
      [true, false].flatMap((packaged) =>
        [true, false].flatMap((signed) =>
          [true, false].map((hasFeed): Installed => ({ platform, form, packaged, signed, hasFeed })),
        ),
      ),
    ),
  );
  it('install nothing that is not signed and packaged, or belongs to a package manager', () => {
    const asks = all.filter((installed) => updateManner(installed) === 'ask');
    expect(asks.every(({ packaged, signed, hasFeed }) => packaged && signed && hasFeed)).toBe(true);
    expect(
      new Set(asks.filter(({ platform }) => platform !== 'darwin').map(({ platform, form }) => `${platform} ${form}`)),
    ).toEqual(new Set(['win32 installer', 'linux appimage']));
    expect(
      all
        .filter(({ packaged, hasFeed }) => !packaged || !hasFeed)
        .every((installed) => updateManner(installed) === 'none'),
    ).toBe(true);
    expect(updateManner({ platform: 'linux', form: 'deb', packaged: true, signed: true, hasFeed: true })).toBe('tell');
  });
  it.each([
    ['linux', { APPIMAGE: '/a' }, null, 'appimage'],
    ['linux', {}, 'deb', 'deb'],
    ['linux', {}, 'rpm', 'rpm'],
    ['linux', {}, null, 'archive'],
    ['linux', { SNAP: '/s' }, 'deb', 'store'],
    ['linux', { FLATPAK_ID: 'x' }, null, 'store'],
    ['win32', {}, null, 'installer'],
    ['win32', { PORTABLE_EXECUTABLE_FILE: 'C:\\a.exe' }, null, 'portable'],
    ['darwin', {}, null, 'installer'],
  ] as const)('%s %j %s came as %s', (platform, env, packageType, form) => {
    expect(installedForm(platform, env, packageType)).toBe(form);
  });
  it('are read from what lies around the copy', () => {
    const here = (): string =>
      mannerHere({ packaged: true, platform: 'linux', env: {}, resourcesPath: folder, signed: true });
    expect(here()).toBe('none');
    writeFileSync(join(folder, 'app-update.yml'), 'provider: github');
    expect(here()).toBe('tell');
  });

  const stage = (manner: 'tell' | 'ask', found: unknown, response = 0) => {
    const seen: string[] = [];
    let fail: (error: Error) => void = () => undefined;
    const updater: Updater = {
      autoDownload: true,
      autoInstallOnAppQuit: true,
      disableWebInstaller: false,
      logger: console,
      on: (_name: string, listener: (error: Error) => void) => ((fail = listener), updater as never),
      checkForUpdates: async () => {
        seen.push('look');
        if (found instanceof Error) throw found;
        return found as never;
      },
      downloadUpdate: async () => (seen.push('download'), []),
      quitAndInstall: () => seen.push('install'),
    } as Updater;
    const updates = new Updates({
      manner,
      version: '1.0.0',
      load: async () => updater,
      notice: ({ title }) => seen.push(title),
      restart: () => seen.push('restart'),
      newer: (version) => seen.push(`newer ${version}`),
      installFailed: () => seen.push('relaunch'),
      show: async ({ message }) => (seen.push(message), { response, checkboxChecked: false }),
      log: (message) => seen.push(message),
    });
    return {
      updates,
      seen,
      updater,
      fail: (error: Error) => {
        fail(error);
      },
    };
  };
  it('unsigned: tells once, fetches nothing', async () => {
    const { updates, seen, updater } = stage('tell', { isUpdateAvailable: true, updateInfo: { version: '2.0.0' } });
    await updates.look();
    await updates.look();
    expect(seen).toEqual(['look', 'newer 2.0.0', 'Switchyard 2.0.0 is out', 'look']);
    expect([updater.autoDownload, updater.autoInstallOnAppQuit, updater.disableWebInstaller]).toEqual([
      false,
      false,
      true,
    ]);
    updates[Symbol.dispose]();
  });
  it('signed: fetches, asks, and leaves the restart to the life machine', async () => {
    const { updates, seen } = stage('ask', { isUpdateAvailable: true, updateInfo: { version: '2.0.0' } });
    await updates.look();
    expect(seen).toEqual(['look', 'download', 'Switchyard 2.0.0 is ready', 'restart']);
    updates.install();
    expect(seen.at(-1)).toBe('install');
    updates[Symbol.dispose]();
  });
  it('an installer that can’t be started starts Switchyard again: its core is closed', async () => {
    const { updates, seen, fail } = stage('ask', { isUpdateAvailable: true, updateInfo: { version: '2.0.0' } });
    await updates.look();
    fail(new Error('feed'));
    expect(seen).not.toContain('relaunch');
    updates.install();
    fail(new Error('no space'));
    fail(new Error('again'));
    expect(seen.filter((what) => what === 'relaunch')).toHaveLength(1);
    updates[Symbol.dispose]();
  });
  it('where to get it is the page of the feed’s repository', () => {
    expect(releasePage(folder)).toBeNull();
    const feed = (text: string): string | null => {
      writeFileSync(join(folder, 'app-update.yml'), text);
      return releasePage(folder);
    };
    expect(feed('owner: someone\nrepo: switchyard\nprovider: github\n')).toBe(
      'https://github.com/someone/switchyard/releases/latest',
    );
    expect(feed('owner: a/../../b\nrepo: x\nprovider: github\n')).toBeNull();
    expect(feed('provider: generic\nurl: https://example.com\n')).toBeNull();
  });
  it('later is later, nothing is found quietly, trouble is only logged', async () => {
    const later = stage('ask', { isUpdateAvailable: true, updateInfo: { version: '2.0.0' } }, 1);
    await later.updates.look();
    expect(later.seen).not.toContain('restart');
    const none = stage('ask', { isUpdateAvailable: false, updateInfo: { version: '1.0.0' } });
    await none.updates.look();
    expect(none.seen).toEqual(['look']);
    const broken = stage('ask', new Error('ENOTFOUND'));
    await broken.updates.look();
    expect(broken.seen).toEqual(['look', 'could not look for a newer version']);
    for (const { updates } of [later, none, broken]) updates[Symbol.dispose]();
  });
});

describe('the menu', () => {
  const flat = (items: readonly MenuItemConstructorOptions[]): MenuItemConstructorOptions[] =>
    items.flatMap((item) => [item, ...(Array.isArray(item.submenu) ? flat(item.submenu) : [])]);
  it.each(['darwin', 'win32', 'linux'] as const)(
    'on %s has every way out, and no developer tools in a package',
    (platform) => {
      const acted: TrayAction[] = [];
      const items = flat(
        menuTemplate({ platform, paused: false, devTools: false, act: (action) => acted.push(action) }),
      );
      const roles = items.map(({ role }) => role);
      expect(roles).not.toContain('toggleDevTools');
      expect(roles).not.toContain('reload');
      // The life machine must hear of a quit first: the role would go past it on no system, but say its own words.
      expect(roles).not.toContain('quit');
      for (const id of ['quit', 'cancel-all', 'cancel-waiting', 'pause', 'go-queue', 'go-settings', 'go-log'])
        items.find((item) => item.id === id)?.click?.({} as never, undefined, {});
      expect(acted.map((action) => action.do)).toEqual(['quit', 'cancel', 'cancel', 'pause', 'open', 'open', 'open']);
      expect(new Set(items.flatMap(({ id }) => (id === undefined ? [] : [id]))).size).toBe(
        items.filter(({ id }) => id !== undefined).length,
      );
    },
  );
});

describe('the question before a cancel', () => {
  const count = fc.constantFrom(0, 1, 2, 14);
  const counts = fc.record({
    local: count,
    staged: count,
    running: count,
    collecting: count,
    foreign: count,
    foreignKept: count,
  });
  const preview = fc.record({
    token: fc.constant('t'),
    total: counts,
    title: fc.option(fc.string({ maxLength: 80 })),
    servers: fc.array(
      fc.record({ serverId: fc.constant(serverId(1)), name: fc.option(fc.string({ maxLength: 9 })), counts }),
      { maxLength: 3 },
    ),
    warnings: fc.uniqueArray(
      fc.constantFrom(
        'server-unreachable' as const,
        'untargeted-interrupt' as const,
        'not-allowed' as const,
        'foreign-together' as const,
        'neighbours-may-be-hit' as const,
      ),
    ),
  });
  test.prop([preview, fc.constantFrom('stop' as const, 'if-waiting' as const), fc.boolean()])(
    'is word for word the window’s',
    (given, mode, after) => {
      expect(cancelWords(given, { mode, after })).toEqual(windowCancelWords(given, { mode, after }));
    },
  );
});

it('marks of the start are in order, the first time counts, and what blocked is named', () => {
  const marks = new Marks();
  marks.mark('loaded');
  marks.sync('files', () => {
    const until = performance.now() + 3;
    while (performance.now() < until);
  });
  marks.mark('ready');
  const before = JSON.parse(marks.line(1024 * 1024)) as Record<string, unknown>;
  marks.mark('loaded');
  expect(JSON.parse(marks.line(1024 * 1024))).toEqual(before);
  expect(Object.keys(before)).toEqual(['loaded', 'ready', 'syncMs', 'rssMiB']);
  expect(before['syncMs']).toEqual({ files: expect.any(Number) });
  expect((before['syncMs'] as { files: number }).files).toBeGreaterThanOrEqual(3);
  expect(before['rssMiB']).toBe(1);
  let told = 0;
  marks.once(['ready', 'interactive'], () => void (told += 1));
  expect(told).toBe(0);
  marks.mark('interactive');
  marks.mark('first-paint');
  expect(told).toBe(1);
});
