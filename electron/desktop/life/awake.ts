/**
 * Keeps the computer from going to sleep by itself, for as long as it is told to. When that is wanted is decided in
 * desktop.ts: a setting, and work that is open. A lid that is closed, and the Sleep command still win.
 */
import type { PowerSaveBlocker } from 'electron';

export class Awake {
  readonly #system: Pick<PowerSaveBlocker, 'start' | 'stop'>;
  #blocker: number | null = null;

  constructor(system: Pick<PowerSaveBlocker, 'start' | 'stop'>) {
    this.#system = system;
  }

  /** Cheap: may be called for every event. */
  set(wanted: boolean): void {
    if (wanted === (this.#blocker !== null)) return;
    if (this.#blocker === null) this.#blocker = this.#system.start('prevent-app-suspension');
    else {
      this.#system.stop(this.#blocker);
      this.#blocker = null;
    }
  }

  [Symbol.dispose](): void {
    this.set(false);
  }
}
