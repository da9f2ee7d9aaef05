import { expect, it } from 'vitest';
import { Theme } from '../../../../electron/desktop/window/theme.ts';
import { fakeElectron } from '../../../fakes/electron/electron.ts';

it('the chosen theme is told to Electron, and the system’s own is remembered beside it', () => {
  const dark = new Theme(fakeElectron({ dark: true }).theme);
  // Seen before it is covered, and never asked for before.
  dark.choose('light');
  expect(dark.systemDark).toBe(true);
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
