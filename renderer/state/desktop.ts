/**
 * What the desktop shell tells its own window beside the contract's events (shared/desktop-topics.ts): what of the desktop
 * is really there, and the notices the system would not show, which become toasts. In a browser nobody tells any of it.
 */
import type { DesktopEvents } from '../../shared/desktop-topics.ts';
import type { Client } from '../../shared/rpc/client.ts';
import { desktopText as text } from '../text/desktop.ts';
import type { Stores } from './stores.ts';
import type { ToastSpec } from './toasts.ts';

type DesktopEvent = {
  readonly [Name in keyof DesktopEvents]: { topic: Name; payload: DesktopEvents[Name] };
}[keyof DesktopEvents];
/** The contract's client carries any topic; these two are beside the contract. */
type WatchDesktop = (topics: readonly (keyof DesktopEvents)[], listener: (event: DesktopEvent) => void) => Disposable;

export function hearDesktop(
  client: Pick<Client, 'watch'>,
  { app, toasts }: Pick<Stores, 'app' | 'toasts'>,
): Disposable {
  const watch = client.watch as unknown as WatchDesktop;
  return watch(['desktop.state', 'desktop.notice'], (event) => {
    if (event.topic === 'desktop.state') app.setState({ desktop: event.payload });
    else toasts.show(toastOf(event.payload));
  });
}

function toastOf({ title, body, open }: DesktopEvents['desktop.notice']): ToastSpec {
  return {
    key: `notice ${title}`,
    text: text.notice(title, body),
    action: {
      label: text.open,
      onAct: () => {
        location.hash = open;
      },
    },
  };
}
