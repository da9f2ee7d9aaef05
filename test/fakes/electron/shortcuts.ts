/**
 * Electron's globalShortcut. Read against electron_api_global_shortcut.cc of 22 August 2026 and docs/api/global-shortcut.md:
 * registering answers at once; behind the portal of a Wayland session it is always true and `isRegistered` with it,
 * whatever the desktop decides later, and `unregister` forgets nothing: the callback goes on being called.
 */
import type { GlobalShortcut } from 'electron';

export type ShortcutBehaviour =
  | 'works'
  /** Another program has it. */
  | 'refuses'
  /** Says true, and has not got it (macOS, media keys). */
  | 'lies'
  /** What it can't parse. */
  | 'throws'
  | 'portal';

export class FakeShortcuts implements Pick<GlobalShortcut, 'register' | 'unregister' | 'isRegistered'> {
  readonly bound = new Map<string, () => void>();
  readonly #behaviour: ShortcutBehaviour;

  constructor(behaviour: ShortcutBehaviour = 'works') {
    this.#behaviour = behaviour;
  }

  register(accelerator: string, press: () => void): boolean {
    if (this.#behaviour === 'throws') throw new TypeError('conversion failure');
    if (this.#behaviour === 'works' || this.#behaviour === 'portal') this.bound.set(accelerator, press);
    return this.#behaviour !== 'refuses';
  }

  unregister(accelerator: string): void {
    if (this.#behaviour !== 'portal') this.bound.delete(accelerator);
  }

  isRegistered(accelerator: string): boolean {
    return this.bound.has(accelerator);
  }
}
