import { beforeEach, describe, expect, it } from 'vitest';
import { Hotkey, hotkeyFact, readShortcut } from '../../../electron/desktop/shortcut.ts';
import { FakeShortcuts } from '../../fakes/electron/shortcuts.ts';
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

describe('binding it', () => {
  let pressed: number;
  let proven: number;
  beforeEach(() => {
    pressed = 0;
    proven = 0;
  });
  const on = (keys: FakeShortcuts, certain = true): Hotkey =>
    new Hotkey(keys, { certain, press: () => void (pressed += 1), proven: () => void (proven += 1) });

  it('is off until set, and off again', () => {
    const keys = new FakeShortcuts();
    const hotkey = on(keys);
    expect(hotkey.state).toEqual({ state: 'off' });
    expect(hotkey.set('ctrl+alt+x')).toEqual({ state: 'bound', accelerator: 'Control+Alt+X' });
    keys.bound.get('Control+Alt+X')?.();
    expect([pressed, proven]).toEqual([1, 0]);
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
    expect(on(new FakeShortcuts(behaviour)).set('Ctrl+Alt+X')).toEqual({
      state: 'refused',
      accelerator: 'Control+Alt+X',
      why,
    });
  });
  it('behind a portal, which always says yes, it is only asked for: until it was pressed', () => {
    const keys = new FakeShortcuts('portal');
    const hotkey = on(keys, false);
    expect(hotkey.set('Ctrl+Alt+X')).toEqual({ state: 'asked', accelerator: 'Control+Alt+X' });
    expect(hotkeyFact(hotkey.state)).toBeNull();
    keys.bound.get('Control+Alt+X')?.();
    expect(hotkey.state).toEqual({ state: 'bound', accelerator: 'Control+Alt+X' });
    keys.bound.get('Control+Alt+X')?.();
    expect([pressed, proven]).toEqual([2, 1]);
  });
  it('an old combination that the portal goes on sending cancels nothing', () => {
    const keys = new FakeShortcuts('portal');
    const hotkey = on(keys, false);
    hotkey.set('Ctrl+Alt+X');
    hotkey.set('Ctrl+Alt+Y');
    keys.bound.get('Control+Alt+X')?.();
    expect(pressed).toBe(0);
    expect(hotkey.state).toEqual({ state: 'asked', accelerator: 'Control+Alt+Y' });
    hotkey.set(null);
    for (const press of keys.bound.values()) press();
    expect(pressed).toBe(0);
    hotkey.set('Ctrl+Alt+X');
    keys.bound.get('Control+Alt+X')?.();
    expect(pressed).toBe(1);
  });
  it('does not bother the system with what can’t be one, and frees the old one', () => {
    const keys = new FakeShortcuts();
    const hotkey = on(keys);
    hotkey.set('Ctrl+Alt+X');
    expect(hotkey.set('x')).toEqual({ state: 'refused', accelerator: 'x', why: 'no-modifier' });
    expect(keys.bound.size).toBe(0);
  });
  it('is freed at the end', () => {
    const keys = new FakeShortcuts();
    const hotkey = on(keys);
    hotkey.set('Ctrl+Alt+X');
    hotkey[Symbol.dispose]();
    expect(keys.bound.size).toBe(0);
  });
});
