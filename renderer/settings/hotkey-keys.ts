/**
 * Keys pressed in the hotkey's field as a combination in words, e.g. `Ctrl+Alt+X`. By the key's place, not by what it types:
 * with Alt held a key types something else on many keyboards. Which combinations may be one is the shell's to say.
 */
export interface Keys {
  code: string;
  ctrlKey: boolean;
  altKey: boolean;
  shiftKey: boolean;
  metaKey: boolean;
}

/** `wait`: only modifiers so far · `clear`: no hotkey · `pass`: not for the field, e.g. Tab goes on to the next. */
export type KeysRead = { do: 'bind'; keys: string } | { do: 'wait' } | { do: 'clear' } | { do: 'pass' };

const NAMED = ['Space', 'Delete', 'Insert', 'Home', 'End', 'PageUp', 'PageDown', 'Pause'] as const;

export function readKeys({ code, ctrlKey, altKey, shiftKey, metaKey }: Keys): KeysRead {
  const strong = ctrlKey || altKey || metaKey;
  if (code === 'Tab' || (code === 'Escape' && !strong)) return { do: 'pass' };
  if (!strong && !shiftKey && (code === 'Backspace' || code === 'Delete')) return { do: 'clear' };
  const key = keyOf(code);
  if (key === null) return { do: 'wait' };
  const held = [
    ...(metaKey ? ['Meta'] : []),
    ...(ctrlKey ? ['Ctrl'] : []),
    ...(altKey ? ['Alt'] : []),
    ...(shiftKey ? ['Shift'] : []),
  ];
  return { do: 'bind', keys: [...held, key].join('+') };
}

function keyOf(code: string): string | null {
  const letter = /^(?:Key([A-Z])|Digit(\d))$/.exec(code);
  if (letter !== null) return letter[1] ?? letter[2] ?? null;
  if (/^F\d{1,2}$/.test(code) || code === 'Backspace' || code === 'Escape') return code;
  return NAMED.find((name) => name === code) ?? null;
}
