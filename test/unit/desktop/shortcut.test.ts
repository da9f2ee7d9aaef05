import { describe, expect, it } from 'vitest';
import { Hotkey, readShortcut } from '../../../electron/desktop/shortcut.ts';
import { fc, test } from './property.ts';

describe('a hotkey', () => {
  it.each([
    ['Ctrl+Alt+X', 'Control+Alt+X'],
    ['alt+ctrl+x', 'Control+Alt+X'],
    ['CmdOrCtrl+Shift+F9', 'CommandOrControl+Shift+F9'],
    ['Super+Backspace', 'Super+Backspace'],
    ['F13', 'F13'],
    [' Control + Alt + Delete2 ', null],
    ['Shift+F24', 'Shift+F24'],
    ['Option+Cmd+pageup', 'Command+Alt+PageUp'],
    ['Ctrl+Ctrl+Alt+1', 'Control+Alt+1'],
  ])('%s is %s', (text, accelerator) => {
    const read = readShortcut(text);
    expect('accelerator' in read ? read.accelerator : null).toBe(accelerator);
  });
  it.each([
    ['', 'no-key'],
    ['Ctrl', 'no-key'],
    ['Ctrl+', 'no-key'],
    ['Ctrl+Alt', 'no-key'],
    ['X', 'no-modifier'],
    ['Shift+X', 'no-modifier'],
    ['AltGr+X', 'no-modifier'],
    ['F5', 'no-modifier'],
    ['Ctrl+A+B', 'two-keys'],
    ['Ctrl+Ä', 'unknown-key'],
    ['Ctrl+F25', 'unknown-key'],
    ['Ctrl+MediaPlayPause', 'unknown-key'],
    ['Ctrl+C', 'taken'],
    ['Cmd+Q', 'taken'],
    ['CmdOrCtrl+Z', 'taken'],
    ['Alt+F4', 'taken'],
    ['Ctrl+Alt+Delete', 'taken'],
  ])('%j can’t be one: %s', (text, problem) => {
    expect(readShortcut(text)).toEqual({ problem });
  });
  test.prop([fc.string({ maxLength: 40 })])(
    'any text is read without an error, and what is read is read again to the same',
    (text) => {
      const read = readShortcut(text);
      if ('accelerator' in read) expect(readShortcut(read.accelerator)).toEqual(read);
    },
  );
});

/** Like the system's: one owner per combination, may refuse, may say yes and not mean it, throws at nonsense. */
function system(behaviour: 'works' | 'refuses' | 'lies' | 'throws' = 'works') {
  const bound = new Map<string, () => void>();
  return {
    bound,
    register: (accelerator: string, press: () => void) => {
      if (behaviour === 'throws') throw new TypeError('conversion failure');
      if (behaviour === 'works') bound.set(accelerator, press);
      return behaviour !== 'refuses';
    },
    unregister: (accelerator: string) => void bound.delete(accelerator),
    isRegistered: (accelerator: string) => bound.has(accelerator),
  };
}

describe('binding it', () => {
  it('is off until set, and off again', () => {
    const keys = system();
    let pressed = 0;
    const hotkey = new Hotkey(keys, () => void (pressed += 1));
    expect(hotkey.state).toEqual({ state: 'off' });
    expect(hotkey.set('ctrl+alt+x')).toEqual({ state: 'bound', accelerator: 'Control+Alt+X' });
    keys.bound.get('Control+Alt+X')?.();
    expect(pressed).toBe(1);
    expect(hotkey.set('ctrl+alt+y').state).toBe('bound');
    expect([...keys.bound.keys()]).toEqual(['Control+Alt+Y']);
    expect(hotkey.set(null)).toEqual({ state: 'off' });
    expect(keys.bound.size).toBe(0);
  });
  it.each([
    ['refuses', 'system'],
    ['lies', 'system'],
    ['throws', 'unknown-key'],
  ] as const)('says so when the system %s', (behaviour, why) => {
    expect(new Hotkey(system(behaviour), () => undefined).set('Ctrl+Alt+X')).toEqual({
      state: 'refused',
      accelerator: 'Control+Alt+X',
      why,
    });
  });
  it('does not bother the system with what can’t be one, and frees the old one', () => {
    const keys = system();
    const hotkey = new Hotkey(keys, () => undefined);
    hotkey.set('Ctrl+Alt+X');
    expect(hotkey.set('x')).toEqual({ state: 'refused', accelerator: 'x', why: 'no-modifier' });
    expect(keys.bound.size).toBe(0);
  });
  it('is freed at the end', () => {
    const keys = system();
    const hotkey = new Hotkey(keys, () => undefined);
    hotkey.set('Ctrl+Alt+X');
    hotkey[Symbol.dispose]();
    expect(keys.bound.size).toBe(0);
  });
});
