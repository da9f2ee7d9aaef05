/**
 * The theme the user chose, told to Electron: title bars, menus and dialogs follow it. Remembers what the system's own is,
 * because the tray sits in the system's bar, and Electron forgets it while another theme is chosen.
 */
import type { NativeTheme } from 'electron';
import type { Settings } from '../../../shared/settings.ts';

export class Theme {
  readonly #native: Pick<NativeTheme, 'shouldUseDarkColors' | 'themeSource'>;
  #systemDark = false;

  constructor(native: Pick<NativeTheme, 'shouldUseDarkColors' | 'themeSource'>) {
    this.#native = native;
  }

  /** As it was when it could last be seen. */
  get systemDark(): boolean {
    this.#look();
    return this.#systemDark;
  }

  choose(theme: Settings['theme']): void {
    // Now, or not until it is the system's again.
    this.#look();
    if (this.#native.themeSource !== theme) this.#native.themeSource = theme;
  }

  #look(): void {
    if (this.#native.themeSource === 'system') this.#systemDark = this.#native.shouldUseDarkColors;
  }
}
