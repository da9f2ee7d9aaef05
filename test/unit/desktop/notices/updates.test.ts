/** Updates: asked for where they can be installed, told of elsewhere, never while submitting. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { installedForm, updateManner } from '../../../../electron/desktop/notices/update-policy.ts';
import type { Installed } from '../../../../electron/desktop/notices/update-policy.ts';
import { Updates, mannerHere, releasePage } from '../../../../electron/desktop/notices/updates.ts';
import type { Updater } from '../../../../electron/desktop/notices/updates.ts';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'switchyard-desktop-'));
});

afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
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

  /** An AppUpdater, read against electron-updater 6.8 (out/AppUpdater.js): calls answer later, `error` is emitted besides. */
  const site = (manner: 'tell' | 'ask', found: unknown, response = 0) => {
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
    const { updates, seen, updater } = site('tell', { isUpdateAvailable: true, updateInfo: { version: '2.0.0' } });
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
    const { updates, seen } = site('ask', { isUpdateAvailable: true, updateInfo: { version: '2.0.0' } });
    await updates.look();
    expect(seen).toEqual(['look', 'download', 'Switchyard 2.0.0 is ready', 'restart']);
    updates.install();
    expect(seen.at(-1)).toBe('install');
    updates[Symbol.dispose]();
  });
  it('an installer that can’t be started starts Switchyard again: its core is closed', async () => {
    const { updates, seen, fail } = site('ask', { isUpdateAvailable: true, updateInfo: { version: '2.0.0' } });
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
    const later = site('ask', { isUpdateAvailable: true, updateInfo: { version: '2.0.0' } }, 1);
    await later.updates.look();
    expect(later.seen).not.toContain('restart');
    const none = site('ask', { isUpdateAvailable: false, updateInfo: { version: '1.0.0' } });
    await none.updates.look();
    expect(none.seen).toEqual(['look']);
    const broken = site('ask', new Error('ENOTFOUND'));
    await broken.updates.look();
    expect(broken.seen).toEqual(['look', 'could not look for a newer version']);
    for (const { updates } of [later, none, broken]) updates[Symbol.dispose]();
  });
});
