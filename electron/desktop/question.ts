/** A message box that asks: its last button is the safe one, which Esc and the close button stand for. */
import type { MessageBoxOptions } from 'electron';

/** Enter presses the safe button too, unless `defaultId` names another one. */
export function question(
  message: string,
  detail: string,
  buttons: string[],
  defaultId: number = buttons.length - 1,
): MessageBoxOptions {
  return { type: 'question', message, detail, buttons, defaultId, cancelId: buttons.length - 1, noLink: true };
}
