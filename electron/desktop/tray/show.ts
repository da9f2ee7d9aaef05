/** The tray as the desktop app shows it: the glyphs of this platform, the menu of tray.ts. Whether one is shown: host.ts. */
import { join } from 'node:path';
import type { TrayModel } from './model.ts';
import type { DesktopOptions } from '../options.ts';
import { barIsDark, trayIconFile } from './icons.ts';
import type { Theme } from '../window/theme.ts';
import { SwitchyardTray } from './tray.ts';
import type { TrayOptions } from './tray.ts';

export function showTray(
  { electron, env, places, platform, marks }: DesktopOptions,
  theme: Pick<Theme, 'systemDark'>,
  model: () => TrayModel,
  act: TrayOptions['act'],
): SwitchyardTray {
  const { Menu, Tray, nativeImage, nativeTheme } = electron;
  const icons = join(places.icons, 'tray');
  return marks.sync(
    'tray',
    () =>
      new SwitchyardTray({
        platform,
        makeTray: (image) => new Tray(image),
        makeMenu: Menu.buildFromTemplate.bind(Menu),
        image: (glyph) =>
          nativeImage.createFromPath(
            trayIconFile(icons, glyph, platform, barIsDark(platform, env, theme.systemDark, nativeTheme)),
          ),
        model,
        act,
      }),
  );
}
