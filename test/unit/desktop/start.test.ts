/** How the whole shell starts where the system is slow, strange or ends it in the middle. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { findRunningHost } from '../../../electron/host/endpoint.ts';
import { until } from '../../support/until.ts';
import { ShellSite } from './shell-site.ts';
import type { StartOptions } from './shell-site.ts';

vi.mock('electron', () => import('../../fakes/electron/ipc-main.ts'));

let site: ShellSite;

beforeEach(async () => {
  site = await ShellSite.open();
});
afterEach(async () => {
  await site.close();
});

describe('the desktop app', () => {
  it('comes although the keychain does not answer, with its socket and its tray', async () => {
    await site.start({ keyring: { waits: true } });
    await until('its window is shown', () => site.fake.windows[0]?.isVisible() === true);
    expect(await findRunningHost(join(site.folder, 'data'))).not.toBeNull();
    expect(site.fake.trays).toHaveLength(1);
    expect(site.fake.storage.asked).toBe(0);
  });

  it('its bar and menus have the theme that was chosen, and the tray goes on in the system’s', async () => {
    await site.start({ dark: false });
    const client = site.connectWindow();
    expect(site.fake.theme.themeSource).toBe('system');
    await client.api.settings.set({ settings: { theme: 'dark' } });
    await until('it was told', () => site.fake.theme.themeSource === 'dark');
    await new Promise(setImmediate);
    expect(String(site.fake.trays[0]?.image)).toMatch(/idle-light\.png$/);
    client.close();
    await site.end();
    await site.start({ dark: false });
    expect(site.fake.theme.themeSource).toBe('dark');
    expect(site.fake.windows[0]?.options.backgroundColor).toBe('#141414');
  });

  it('on Wayland a hotkey is asked for, and bound when it was pressed', async () => {
    await site.start({ shortcuts: 'portal' }, { session: 'wayland' });
    const client = site.connectWindow();
    const states: { hotkey: unknown }[] = [];
    client.watch(['desktop.state' as never], ({ payload }) => states.push(payload));
    await client.api.settings.set({ settings: { hotkey: 'Ctrl+Alt+X' } });
    const hotkey = { state: 'asked', accelerator: 'Control+Alt+X', why: null };
    await until('the window is told', () => states.length > 1);
    expect(states.at(-1)).toMatchObject({ hotkey });
    site.fake.shortcuts.get('Control+Alt+X')?.();
    await until('the window is told again', () => states.length > 2);
    expect(states.at(-1)).toMatchObject({ hotkey: { ...hotkey, state: 'bound' } });
    client.close();
  });

  it('on Windows a checkout’s notices are toasts: the system shows none of an app it does not know', async () => {
    await site.start({}, { platform: 'win32' });
    site.fake.windows[0]?.blur();
    const client = site.connectWindow();
    const toasts: unknown[] = [];
    client.watch(['desktop.notice' as never], ({ payload }) => toasts.push(payload));
    await until('its window is painted', () => site.fake.windows[0]?.isFocused() === true);
    site.fake.windows[0]?.blur();
    const { server } = await client.api.servers.add({ url: site.comfy.url, name: 'Studio', kind: 'comfy' });
    await client.api.jobs.submit({
      payload: { kind: 'comfy', graph: { '1': { class_type: 'NoSuchNode', inputs: {} } } },
      serverId: server.id,
      jobs: [{ title: 'Broken' }],
    });
    await until('a toast', () => toasts.length > 0);
    expect(site.fake.notifications).toEqual([]);
    client.close();
  });

  it('what fails in the middle of the start leaves nothing behind', async () => {
    const broken = site.start(
      {},
      {
        watch: () => {
          site.fake.parts.Tray = function () {
            throw new TypeError('it is not what it was read to be');
          } as never;
        },
      },
    );
    await expect(broken).rejects.toThrow('it is not what it was read to be');
    expect(existsSync(join(site.folder, 'data', 'endpoint.json'))).toBe(false);
    expect(existsSync(join(site.folder, 'data', 'host', 'socket'))).toBe(false);
  });

  it.each<[string, (end: () => void) => StartOptions]>([
    ['before anything is read', (end) => ({ onUp: end })],
    ['while the queue is read', (end) => ({ onUp: () => queueMicrotask(end) })],
    ['while its window is made', (end) => ({ watch: () => site.fake.app.once('web-contents-created', end) })],
    [
      'while its socket is opened',
      (end) => ({ watch: () => site.fake.app.once('web-contents-created', () => setImmediate(end)) }),
    ],
  ])('a signal in the middle of the start, %s: nothing is left behind', async (_when, plan) => {
    await site.start(
      {},
      plan(() => {
        site.desktop.systemEnds();
      }),
    );
    await until('over', () => site.fake.app.exitCode === 0);
    expect(existsSync(join(site.folder, 'data', 'endpoint.json'))).toBe(false);
    expect(existsSync(join(site.folder, 'data', 'host', 'socket'))).toBe(false);
    expect(site.fake.trays.filter(({ destroyed }) => !destroyed)).toEqual([]);
    expect(site.fake.windows.filter((window) => !window.isDestroyed())).toEqual([]);
  });
});
