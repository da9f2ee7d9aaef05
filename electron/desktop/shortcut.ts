/**
 * The global hotkey: which key combinations may be one, and keeping the chosen one registered with the system. Off until
 * the user sets it. Says whether it is bound; what it does is for others.
 */
import type { GlobalShortcut } from 'electron';
import type { DesktopState } from '../../shared/desktop-topics.ts';
import type { TrayFacts } from '../../shared/tray-model.ts';

const MODIFIERS: Readonly<Record<string, string>> = {
  cmdorctrl: 'CommandOrControl',
  commandorcontrol: 'CommandOrControl',
  ctrl: 'Control',
  control: 'Control',
  cmd: 'Command',
  command: 'Command',
  alt: 'Alt',
  option: 'Alt',
  altgr: 'AltGr',
  shift: 'Shift',
  super: 'Super',
  meta: 'Super',
};
const ORDER = ['CommandOrControl', 'Command', 'Control', 'Super', 'Alt', 'AltGr', 'Shift'] as const;
const NAMED = [
  'Space',
  'Backspace',
  'Delete',
  'Insert',
  'Home',
  'End',
  'PageUp',
  'PageDown',
  'Escape',
  'Pause',
] as const;

/** What every program and system uses itself: a global hotkey on one of these would take it from all of them. */
const TAKEN: ReadonlySet<string> = new Set([
  ...['A', 'C', 'F', 'N', 'O', 'P', 'Q', 'S', 'T', 'V', 'W', 'X', 'Y', 'Z'].flatMap((key) => [
    `CommandOrControl+${key}`,
    `Control+${key}`,
    `Command+${key}`,
  ]),
  'Alt+F4',
  'Control+Alt+Delete',
  'CommandOrControl+Alt+Delete',
  'Control+Shift+Escape',
  'CommandOrControl+Shift+Escape',
]);

export type ShortcutProblem = 'no-key' | 'two-keys' | 'unknown-key' | 'no-modifier' | 'taken';

/** The combination in Electron's spelling, modifiers in one order and each once; or why it can't be one. */
export function readShortcut(text: string): { accelerator: string } | { problem: ShortcutProblem } {
  const held = new Set<string>();
  let key: string | null = null;
  for (const part of text.split('+').map((each) => each.trim())) {
    const modifier = MODIFIERS[part.toLowerCase()];
    if (modifier !== undefined) {
      held.add(modifier);
      continue;
    }
    const named = keyName(part);
    if (named === null) return { problem: part === '' ? 'no-key' : 'unknown-key' };
    if (key !== null) return { problem: 'two-keys' };
    key = named;
  }
  if (key === null) return { problem: 'no-key' };
  const isFarFunctionKey = /^F(1[3-9]|2[0-4])$/.test(key);
  // Shift alone makes a capital letter: such a hotkey would swallow typing.
  const strong = [...held].some((modifier) => modifier !== 'Shift' && modifier !== 'AltGr');
  if (!strong && !isFarFunctionKey) return { problem: 'no-modifier' };
  const accelerator = [...ORDER.filter((modifier) => held.has(modifier)), key].join('+');
  return TAKEN.has(accelerator) ? { problem: 'taken' } : { accelerator };
}

function keyName(part: string): string | null {
  if (/^[a-z0-9]$/i.test(part)) return part.toUpperCase();
  if (/^f([1-9]|1\d|2[0-4])$/i.test(part)) return part.toUpperCase();
  return NAMED.find((name) => name.toLowerCase() === part.toLowerCase()) ?? null;
}

/** `taken`: another program has it, or the system (a Wayland portal, say) refused. */
export type ShortcutState =
  | { state: 'off' }
  | { state: 'bound'; accelerator: string }
  | { state: 'refused'; accelerator: string; why: ShortcutProblem | 'system' };

/** As the window is told. */
export const hotkeyView = (hotkey: ShortcutState): DesktopState['hotkey'] => ({
  state: hotkey.state,
  accelerator: hotkey.state === 'off' ? null : hotkey.accelerator,
  why: hotkey.state === 'refused' ? hotkey.why : null,
});

/** As the tray is told. */
export const hotkeyFact = (hotkey: ShortcutState): TrayFacts['hotkey'] =>
  hotkey.state === 'off' ? null : { accelerator: hotkey.accelerator, bound: hotkey.state === 'bound' };

export class Hotkey {
  readonly #system: Pick<GlobalShortcut, 'register' | 'unregister' | 'isRegistered'>;
  readonly #onPress: () => void;
  #wanted: string | null = null;
  #state: ShortcutState = { state: 'off' };

  constructor(system: Pick<GlobalShortcut, 'register' | 'unregister' | 'isRegistered'>, onPress: () => void) {
    this.#system = system;
    this.#onPress = onPress;
  }

  get state(): ShortcutState {
    return this.#state;
  }

  /** Binds another combination, or none. The old one is free before the new one is asked for. */
  set(wanted: string | null): ShortcutState {
    if (wanted === this.#wanted) return this.#state;
    this.#wanted = wanted;
    if (this.#state.state === 'bound') this.#system.unregister(this.#state.accelerator);
    this.#state = this.#bind(wanted);
    return this.#state;
  }

  #bind(wanted: string | null): ShortcutState {
    if (wanted === null || wanted.trim() === '') return { state: 'off' };
    const read = readShortcut(wanted);
    if ('problem' in read) return { state: 'refused', accelerator: wanted, why: read.problem };
    const { accelerator } = read;
    try {
      // `register` says true on some systems where nothing was bound: what is registered is asked as well.
      const bound = this.#system.register(accelerator, this.#onPress) && this.#system.isRegistered(accelerator);
      return bound ? { state: 'bound', accelerator } : { state: 'refused', accelerator, why: 'system' };
    } catch (_) {
      // Electron throws a TypeError for what it can't parse.
      return { state: 'refused', accelerator, why: 'unknown-key' };
    }
  }

  [Symbol.dispose](): void {
    this.set(null);
  }
}
