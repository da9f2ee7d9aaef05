/** The main window as the desktop app makes it: on this platform's displays, in its theme, with its icon. Guards: page-guards.ts. */
import { join } from 'node:path';
import type { DesktopOptions } from '../options.ts';
import { isWayland } from './wayland.ts';
import { MainWindow } from './window.ts';
import type { WindowOptions } from './window.ts';

type Told = Pick<WindowOptions, 'onClose' | 'onFirstPaint' | 'onSystemEnds' | 'onTrouble' | 'log'>;

export function shellWindow({ electron, args, env, places, platform }: DesktopOptions, told: Told): MainWindow {
  const { screen, nativeTheme } = electron;
  return new MainWindow({
    make: (box) => new electron.BrowserWindow(box),
    preload: places.preload,
    devTools: !electron.app.isPackaged,
    stateFile: join(args.dataDir, 'desktop', 'window.json'),
    areas: () => {
      const primary = screen.getPrimaryDisplay();
      return [primary, ...screen.getAllDisplays().filter(({ id }) => id !== primary.id)].map(
        ({ workArea }) => workArea,
      );
    },
    mayPlace: !isWayland(platform, env),
    showsWhenLoaded: platform === 'linux',
    dark: () => nativeTheme.shouldUseDarkColors,
    icon: platform === 'linux' ? join(places.icons, 'linux', '256x256.png') : null,
    ...told,
  });
}
