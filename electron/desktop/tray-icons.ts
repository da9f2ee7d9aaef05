/**
 * Which file is the tray's glyph where. By shape everywhere; in colour only on Windows and Linux, as macOS draws template
 * images in its own. The files are drawn by test/draw-icons.ts.
 */
import { join } from 'node:path';
import type { TrayGlyph } from '../../shared/tray-model.ts';

/** macOS finds `…@2x.png` beside it by name, and a template image by the ending `Template`: both must stay as they are. */
export function trayIconFile(directory: string, glyph: TrayGlyph, platform: NodeJS.Platform, dark: boolean): string {
  if (platform === 'darwin') return join(directory, `${glyph}Template.png`);
  const tone = dark ? 'dark' : 'light';
  return join(directory, platform === 'win32' ? `${glyph}-${tone}.ico` : `${glyph}-${tone}.png`);
}
