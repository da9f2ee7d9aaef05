/**
 * Keys. Global ones carry Ctrl (Cmd on a Mac); single keys belong to a list: give `useHotkeys` its element, and they
 * work only while the focus is in it, and not at all when the user switched them off.
 */
import { useEffect, useEffectEvent } from 'react';
import type { RefObject } from 'react';

/** `mod` is Ctrl, or Cmd on a Mac. Examples: 'mod+n', 'shift+backspace', '?', 'alt+arrowup'. Order: mod, alt, shift, key. */
export type Hotkeys = Readonly<Record<string, (event: KeyboardEvent) => void>>;

export const isMac = typeof navigator !== 'undefined' && /mac/i.test(navigator.platform);

/** The name under which a key press is looked up. `?` and the like come without `shift`: it is how they are typed. */
export function hotkeyOf(event: Pick<KeyboardEvent, 'key' | 'ctrlKey' | 'metaKey' | 'altKey' | 'shiftKey'>): string {
  const key = event.key === ' ' ? 'space' : event.key.toLowerCase();
  const typedWithShift = key.length === 1 && key.toUpperCase() === key && key !== 'space';
  return [
    (isMac ? event.metaKey : event.ctrlKey) ? 'mod' : '',
    event.altKey ? 'alt' : '',
    event.shiftKey && !typedWithShift ? 'shift' : '',
    key,
  ]
    .filter((part) => part !== '')
    .join('+');
}

/** True where typing goes into a field, so that letters must be left alone. */
export function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (target.isContentEditable) return true;
  if (target instanceof HTMLInputElement) return !['checkbox', 'radio', 'button'].includes(target.type);
  return target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement;
}

function dispatch(event: KeyboardEvent, keys: Hotkeys): void {
  if (event.defaultPrevented || event.isComposing) return;
  const name = hotkeyOf(event);
  const handler = keys[name];
  if (handler === undefined) return;
  if (isTyping(event.target) && !name.startsWith('mod+')) return;
  event.preventDefault();
  handler(event);
}

/** Keys of the whole window. Not while a dialog or menu is open: those have the keyboard to themselves. */
export function useGlobalHotkeys(keys: Hotkeys): void {
  const onKeyDown = useEffectEvent((event: KeyboardEvent): void => {
    if (document.querySelector('[role="dialog"], [role="alertdialog"], [role="menu"]') === null) dispatch(event, keys);
  });
  useEffect(() => {
    const listener = (event: KeyboardEvent): void => onKeyDown(event);
    window.addEventListener('keydown', listener);
    return () => window.removeEventListener('keydown', listener);
  }, []);
}

/** Keys of one list, while the focus is inside `within`. */
export function useHotkeys(within: RefObject<HTMLElement | null>, keys: Hotkeys, enabled = true): void {
  const onKeyDown = useEffectEvent((event: KeyboardEvent): void => {
    if (enabled) dispatch(event, keys);
  });
  useEffect(() => {
    const element = within.current;
    const listener = (event: KeyboardEvent): void => onKeyDown(event);
    element?.addEventListener('keydown', listener);
    return () => element?.removeEventListener('keydown', listener);
  }, [within]);
}
