/** Notifications as the desktop app shows them: the system's where it has any, else toasts in the window. */
import type { DesktopOptions } from '../options.ts';
import type { TrayFeed } from '../tray/feed.ts';
import type { WindowLink } from '../window/link.ts';
import type { MainWindow } from '../window/window.ts';
import { safePlace } from '../window/window.ts';
import { Notifier } from './notifier.ts';
import type { NotifierOptions } from './notifier.ts';

export interface ShellNotifierParts {
  events: NotifierOptions['events'];
  feed: Pick<TrayFeed, 'settings' | 'serverName'>;
  link: Pick<WindowLink, 'notice'>;
  window: Pick<MainWindow, 'focused' | 'show'>;
}

export function shellNotifier(
  { electron, platform }: DesktopOptions,
  { events, feed, link, window }: ShellNotifierParts,
): Notifier {
  const { app, Notification } = electron;
  return new Notifier({
    events,
    // Windows shows those of an app only that the Start menu knows (notifications.md): a checkout is not in it.
    make:
      Notification.isSupported() && (platform !== 'win32' || app.isPackaged) ? (box) => new Notification(box) : null,
    settings: () => feed.settings,
    focused: () => window.focused,
    serverName: (id) => feed.serverName(id),
    open: (place) => {
      window.show(safePlace(place) ?? 'queue');
    },
    toast: ({ title, body, open }) => {
      link.notice({ title, body, open });
    },
  });
}
