/**
 * The application's menu: on macOS the bar at the top, elsewhere hidden until Alt and there for its keys. Pure template;
 * what its entries do is handed in. Labels are ours, so that they are the same everywhere.
 */
import type { Menu, MenuItemConstructorOptions } from 'electron';
import type { TrayAction } from './tray/model.ts';
import { menuText } from './text.ts';

export interface MenuOptions {
  platform: NodeJS.Platform;
  paused: boolean;
  devTools: boolean;
  act: (action: TrayAction) => void;
}

export function showMenu(
  menu: Pick<typeof Menu, 'setApplicationMenu' | 'buildFromTemplate'>,
  options: MenuOptions,
): void {
  menu.setApplicationMenu(menu.buildFromTemplate(menuTemplate(options)));
}

export function menuTemplate({ platform, paused, devTools, act }: MenuOptions): MenuItemConstructorOptions[] {
  const mac = platform === 'darwin';
  const separator: MenuItemConstructorOptions = { type: 'separator' };
  const go = (label: string, place: string, accelerator?: string): MenuItemConstructorOptions => ({
    id: `go-${place}`,
    label,
    click: () => {
      act({ do: 'open', place });
    },
    // The page has these keys itself; here they are only shown.
    ...(accelerator === undefined ? {} : { accelerator, registerAccelerator: mac }),
  });
  const quit: MenuItemConstructorOptions = {
    id: 'quit',
    label: menuText.quit,
    accelerator: mac ? 'Command+Q' : 'Control+Q',
    click: () => {
      act({ do: 'quit' });
    },
  };
  const app: MenuItemConstructorOptions = {
    label: menuText.app,
    submenu: [
      { role: 'about', label: menuText.about },
      separator,
      go(menuText.showSettings, 'settings', 'Command+,'),
      separator,
      { role: 'hide', label: menuText.hide },
      { role: 'hideOthers', label: menuText.hideOthers },
      { role: 'unhide', label: menuText.showAll },
      separator,
      quit,
    ],
  };
  return [
    ...(mac ? [app] : []),
    {
      label: menuText.file,
      submenu: [
        go(menuText.newJob, 'new', 'CommandOrControl+3'),
        { role: 'close', label: menuText.close },
        ...(mac ? [] : [separator, quit]),
      ],
    },
    {
      label: menuText.edit,
      submenu: [
        { role: 'cut', label: menuText.cut },
        { role: 'copy', label: menuText.copy },
        { role: 'paste', label: menuText.paste },
        { role: 'selectAll', label: menuText.selectAll },
      ],
    },
    {
      label: menuText.queue,
      submenu: [
        {
          id: 'cancel-waiting',
          label: menuText.cancelWaiting,
          click: () => {
            act({ do: 'cancel', scope: { server: 'all', which: 'waiting' }, mode: 'if-waiting' });
          },
        },
        {
          id: 'cancel-all',
          label: menuText.cancelAll,
          click: () => {
            act({ do: 'cancel', scope: { server: 'all', which: 'mine' }, mode: 'stop' });
          },
        },
        separator,
        {
          id: paused ? 'resume' : 'pause',
          label: paused ? menuText.resume : menuText.pause,
          click: () => {
            act({ do: paused ? 'resume' : 'pause' });
          },
        },
      ],
    },
    {
      label: menuText.view,
      submenu: [
        go(menuText.showQueue, 'queue', 'CommandOrControl+1'),
        go(menuText.showHistory, 'history', 'CommandOrControl+2'),
        go(menuText.showServers, 'servers', 'CommandOrControl+4'),
        ...(mac ? [] : [go(menuText.showSettings, 'settings', 'Control+,')]),
        go(menuText.showLog, 'log'),
        separator,
        { role: 'zoomIn', label: menuText.zoomIn },
        { role: 'zoomOut', label: menuText.zoomOut },
        { role: 'resetZoom', label: menuText.zoomReset },
        { role: 'togglefullscreen', label: menuText.fullScreen },
        ...(devTools ? [{ role: 'toggleDevTools' } as const] : []),
      ],
    },
    {
      label: menuText.window,
      role: 'window',
      submenu: [{ role: 'minimize', label: menuText.minimize }, ...(mac ? [{ role: 'front' } as const] : [])],
    },
  ];
}
