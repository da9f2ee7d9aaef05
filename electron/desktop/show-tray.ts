/** The tray as the desktop app shows it: the glyphs of this platform, the menu of tray.ts. Whether one is shown: tray-host.ts. */
import { join } from 'node:path';
import type { TrayModel } from '../../shared/tray-model.ts';
import type { DesktopOptions } from './desktop-options.ts';
import { barIsDark, trayIconFile } from './tray-icons.ts';
import type { Theme } from './theme.ts';
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
