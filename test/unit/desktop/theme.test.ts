import { expect, it } from 'vitest';
import { Theme } from '../../../electron/desktop/theme.ts';
import { isWayland } from '../../../electron/desktop/wayland.ts';
import { fakeElectron } from '../../fakes/electron/electron.ts';

it('the chosen theme is told to Electron, and the system’s own is remembered beside it', () => {
  const native = fakeElectron({ dark: false }).theme;
  const theme = new Theme(native);
  theme.choose('dark');
  expect([native.themeSource, native.shouldUseDarkColors, theme.systemDark]).toEqual(['dark', true, false]);
  theme.choose('system');
  expect([native.themeSource, native.shouldUseDarkColors, theme.systemDark]).toEqual(['system', false, false]);
  native.systemDark = true;
  expect(theme.systemDark).toBe(true);
  theme.choose('light');
  expect([native.shouldUseDarkColors, theme.systemDark]).toEqual([false, true]);
});

it.each<[NodeJS.Platform, Record<string, string>, boolean]>([
  ['linux', { XDG_SESSION_TYPE: 'wayland' }, true],
  ['linux', { XDG_SESSION_TYPE: 'x11', WAYLAND_DISPLAY: 'wayland-0' }, false],
  ['linux', { WAYLAND_DISPLAY: 'wayland-0' }, true],
  ['linux', { WAYLAND_DISPLAY: '' }, false],
  ['linux', {}, false],
  ['darwin', { XDG_SESSION_TYPE: 'wayland' }, false],
])('%s with %j is a Wayland session: %s', (platform, env, wayland) => {
  expect(isWayland(platform, env)).toBe(wayland);
});
