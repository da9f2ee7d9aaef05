/**
 * Which file is the tray's glyph where. By shape everywhere; in colour only on Windows and Linux, as macOS draws template
 * images in its own. The files are drawn by test/draw-icons.ts.
 */
import { join } from 'node:path';
import type { NativeTheme } from 'electron';
import type { TrayGlyph } from './model.ts';

/** Their bar is dark whatever the theme of the windows is. */
const DARK_BARS = /^(gnome|ubuntu|unity|pantheon|budgie|x-cinnamon)$/i;

/** Whether the bar the icon sits in is dark: that is not always the windows' own theme. */
export function barIsDark(
  platform: NodeJS.Platform,
  env: Readonly<Record<string, string | undefined>>,
  systemDark: boolean,
  theme: Pick<NativeTheme, 'shouldUseDarkColorsForSystemIntegratedUI'>,
): boolean {
  // Windows has one theme for the programs and one for the taskbar.
  if (platform === 'win32') return theme.shouldUseDarkColorsForSystemIntegratedUI;
  const desktops = (env['XDG_CURRENT_DESKTOP'] ?? '').split(':');
  return systemDark || (platform === 'linux' && desktops.some((name) => DARK_BARS.test(name)));
}

/** macOS finds `…@2x.png` beside it by name, and a template image by the ending `Template`: both must stay as they are. */
export function trayIconFile(directory: string, glyph: TrayGlyph, platform: NodeJS.Platform, darkBar: boolean): string {
  if (platform === 'darwin') return join(directory, `${glyph}Template.png`);
  const tone = darkBar ? 'dark' : 'light';
  return join(directory, platform === 'win32' ? `${glyph}-${tone}.ico` : `${glyph}-${tone}.png`);
}
