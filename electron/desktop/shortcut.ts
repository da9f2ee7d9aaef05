/**
 * The global hotkey: which key combinations may be one, and keeping the chosen one registered with the system. Off until
 * the user sets it. Says whether it is bound; what it does is for others.
 */
import type { GlobalShortcut } from 'electron';
import type { DesktopState } from '../../shared/desktop-topics.ts';
import type { TrayFacts } from './tray/model.ts';

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

/**
 * `asked`: the system was asked and does not say what it decided; it is `bound` from the first press on. `refused` with
 * `system`: another program has it, or the system wants it for itself.
 */
export type ShortcutState =
  | { state: 'off' }
  | { state: 'asked' | 'bound'; accelerator: string }
  | { state: 'refused'; accelerator: string; why: ShortcutProblem | 'system' };

/** As the window is told. */
export const hotkeyView = (hotkey: ShortcutState): DesktopState['hotkey'] => ({
  state: hotkey.state,
  accelerator: hotkey.state === 'off' ? null : hotkey.accelerator,
  why: hotkey.state === 'refused' ? hotkey.why : null,
});

/** As the tray is told: nothing of what can't be known. */
export const hotkeyFact = (hotkey: ShortcutState): TrayFacts['hotkey'] =>
  hotkey.state === 'off' || hotkey.state === 'asked'
    ? null
    : { accelerator: hotkey.accelerator, bound: hotkey.state === 'bound' };

type System = Pick<GlobalShortcut, 'register' | 'unregister' | 'isRegistered'>;

export interface HotkeyOptions {
  /** Whether the system says the truth of what it bound; a Wayland portal always says yes (docs/api/global-shortcut.md). */
  certain: boolean;
  press: () => void;
  /** What was only asked for turned out to be bound. */
  proven: () => void;
}

export class Hotkey {
  readonly #system: System;
  readonly #options: HotkeyOptions;
  #wanted: string | null = null;
  #state: ShortcutState = { state: 'off' };

  constructor(system: System, options: HotkeyOptions) {
    this.#system = system;
    this.#options = options;
  }

  get state(): ShortcutState {
    return this.#state;
  }

  /** Binds another combination, or none. The old one is free before the new one is asked for. */
  set(wanted: string | null): ShortcutState {
    if (wanted === this.#wanted) return this.#state;
    this.#wanted = wanted;
    const old = this.#held;
    if (old !== null) this.#system.unregister(old);
    this.#state = this.#bind(wanted);
    return this.#state;
  }

  /** The combination that is ours now, for all that is known. */
  get #held(): string | null {
    const state = this.#state;
    return state.state === 'bound' || state.state === 'asked' ? state.accelerator : null;
  }

  #bind(wanted: string | null): ShortcutState {
    if (wanted === null || wanted.trim() === '') return { state: 'off' };
    const read = readShortcut(wanted);
    if ('problem' in read) return { state: 'refused', accelerator: wanted, why: read.problem };
    const { accelerator } = read;
    try {
      const press = (): void => {
        this.#pressed(accelerator);
      };
      // `register` says true on some systems where nothing was bound: what is registered is asked as well.
      const bound = this.#system.register(accelerator, press) && this.#system.isRegistered(accelerator);
      if (!bound) return { state: 'refused', accelerator, why: 'system' };
      return { state: this.#options.certain ? 'bound' : 'asked', accelerator };
    } catch (_) {
      // Electron throws a TypeError for what it can't parse.
      return { state: 'refused', accelerator, why: 'unknown-key' };
    }
  }

  #pressed(accelerator: string): void {
    // Behind a portal `unregister` takes nothing back (electron_api_global_shortcut.cc): an old combination goes on coming.
    if (accelerator !== this.#held) return;
    if (this.#state.state === 'asked') {
      this.#state = { state: 'bound', accelerator };
      this.#options.proven();
    }
    this.#options.press();
  }

  [Symbol.dispose](): void {
    this.set(null);
  }
}
