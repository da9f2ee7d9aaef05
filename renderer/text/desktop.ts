/** Every sentence about the desktop app itself that its window says: Settings, and notices the system would not show. */
import type { DesktopState } from '../../shared/desktop-topics.ts';

type Hotkey = DesktopState['hotkey'];

const WHY: Readonly<Record<NonNullable<Hotkey['why']>, string>> = {
  'no-key': 'a letter, a digit or another key is missing',
  'two-keys': 'only one key besides Ctrl, Alt and Shift',
  'unknown-key': 'that key can’t be one',
  'no-modifier': 'hold Ctrl, Alt or Cmd with it, or typing would trigger it',
  taken: 'every program uses that one itself',
  system: 'the system or another program has it',
};

export const desktopText = {
  notice: (title: string, body: string) => (body === '' ? title : `${title}. ${body}`),
  open: 'Open',

  group: 'Desktop',
  close: 'Closing the window',
  closeTo: { ask: 'Asks', tray: 'Keeps Switchyard in the tray', quit: 'Quits' },
  noTray: 'This desktop shows no tray icons (GNOME needs the extension AppIndicator), so closing the window quits.',
  quit: 'Quitting while jobs run',
  quitTo: { ask: 'Asks', keep: 'Jobs keep running on the servers', cancel: 'Cancels my jobs first' },
  login: 'Start at login, in the tray',
  loginRefused: 'The system did not take it: only an installed (on macOS: a signed) Switchyard can start at login.',
  awake: 'Keep the computer awake',
  awakeHint: 'While jobs of mine wait or run.',
  hotkey: 'Hotkey to cancel everything of mine',
  hotkeyHint: 'Works from every program. Press the keys here, e.g. Ctrl+Alt+X; Backspace clears.',
  hotkeyNone: 'None',
  hotkeyState: ({ state, accelerator, why }: Hotkey) => {
    const keys = accelerator ?? '';
    switch (state) {
      case 'off':
        return 'Off.';
      case 'asked':
        return `${keys} was asked for. This desktop does not say whether it took it: press it once to see.`;
      case 'bound':
        return `${keys} is bound.`;
      case 'refused':
        return `${keys} is not bound: ${WHY[why ?? 'system']}.`;
    }
  },
  newer: (version: string) => `Switchyard ${version} is out`,
  newerGet: 'See what is new',
} as const;
