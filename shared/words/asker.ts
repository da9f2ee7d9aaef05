/** Who asked for a cancel, and from where. */
import type { Asker } from '../cancel.ts';

/** From where, as the tail of a sentence. */
export const askedFrom: Record<Asker, string> = {
  window: 'from the window',
  tray: 'from the tray',
  hotkey: 'with the hotkey',
  cli: 'from the command line',
  phone: 'from the phone',
  api: 'by a script',
  core: 'by Switchyard',
};

/** By whom, as the tail of a sentence; the place is left out where it is the window that says it. */
export function askedBy(by: Asker): string {
  if (by === 'window') return 'by you';
  return by === 'tray' || by === 'hotkey' ? `by you, ${askedFrom[by]}` : askedFrom[by];
}
