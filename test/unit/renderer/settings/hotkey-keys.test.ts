import { expect, it } from 'vitest';
import { readShortcut } from '../../../../electron/desktop/shortcut.ts';
import { readKeys } from '../../../../renderer/settings/hotkey-keys.ts';
import type { Keys, KeysRead } from '../../../../renderer/settings/hotkey-keys.ts';

const press = (code: string, held: Partial<Keys> = {}): KeysRead =>
  readKeys({ code, ctrlKey: false, altKey: false, shiftKey: false, metaKey: false, ...held });

it.each<[string, Partial<Keys>, KeysRead]>([
  ['KeyX', { ctrlKey: true, altKey: true }, { do: 'bind', keys: 'Ctrl+Alt+X' }],
  ['Digit1', { metaKey: true, shiftKey: true }, { do: 'bind', keys: 'Meta+Shift+1' }],
  ['F13', {}, { do: 'bind', keys: 'F13' }],
  ['Escape', { ctrlKey: true, altKey: true }, { do: 'bind', keys: 'Ctrl+Alt+Escape' }],
  ['ControlLeft', { ctrlKey: true }, { do: 'wait' }],
  ['Backspace', {}, { do: 'clear' }],
  ['Delete', {}, { do: 'clear' }],
  ['Tab', {}, { do: 'pass' }],
  ['Tab', { shiftKey: true }, { do: 'pass' }],
  ['Escape', {}, { do: 'pass' }],
])('%s with %j: %j', (code, held, read) => {
  expect(press(code, held)).toEqual(read);
});

it('what it reads the shell can read', () => {
  for (const code of ['KeyA', 'Digit0', 'F5', 'Space', 'PageUp', 'Pause', 'Insert', 'Backspace']) {
    const read = press(code, { ctrlKey: true, altKey: true, shiftKey: true, metaKey: true });
    expect(read.do === 'bind' ? readShortcut(read.keys) : read).toMatchObject({ accelerator: expect.any(String) });
  }
});
