/**
 * A BrowserWindow without a system: the same events in the same order, at the time the real one sends them, and it throws
 * once destroyed. Read against Electron's main of 22 August 2026: `loadURL` settles when loading has ended, never in the
 * same turn (lib/browser/api/web-contents.ts); `ready-to-show` comes with the first layout, mostly after loading has
 * ended and sometimes before (electron_api_web_contents.cc), on a hidden Wayland surface never (electron/electron#48859); a minimised
 * window is not visible on Windows and macOS (native_window_views.cc, native_window_mac.mm); `close` is asked at once and the window is gone later, after its page
 * (electron_api_browser_window.cc); `destroy` is at once and asks nobody; `maximize` shows (native_window_views.cc).
 */
import { EventEmitter } from 'node:events';
import type { BrowserWindowConstructorOptions } from 'electron';

let nextId = 1;

export interface WindowBehaviour {
  /** `never`: a hidden surface on Wayland. */
  paints?: 'after-load' | 'before-load' | 'never';
  /** `fail`: the page can't be loaded, a `data:` page can. `hang`: loading does not end. */
  loads?: 'finish' | 'fail' | 'hang';
}

export class FakeContents extends EventEmitter {
  readonly id = nextId++;
  readonly #window: FakeWindow;
  openHandler: ((details: { url: string }) => unknown) | null = null;

  constructor(window: FakeWindow) {
    super();
    this.#window = window;
  }

  /** The last page that came, not one that is on its way. */
  getURL(): string {
    return this.#window.committed;
  }

  setWindowOpenHandler(handler: (details: { url: string }) => unknown): void {
    this.openHandler = handler;
  }
}

export class FakeWindow extends EventEmitter {
  readonly options: BrowserWindowConstructorOptions;
  readonly webContents = new FakeContents(this);
  readonly #behaviour: WindowBehaviour;
  /** Asked for last. */
  url = '';
  committed = '';
  progress = -1;
  /** How often it was shown, or brought to the front. */
  shows = 0;
  #loaded = false;
  #loads = 0;
  #visible = false;
  #focused = false;
  #maximized = false;
  #minimized = false;
  #destroyed = false;

  constructor(options: BrowserWindowConstructorOptions, behaviour: WindowBehaviour = {}) {
    super();
    this.options = options;
    this.#behaviour = behaviour;
  }

  #alive(): void {
    if (this.#destroyed) throw new TypeError('Object has been destroyed');
  }

  /** Another load, or the end of the window, rejects the one before it. */
  loadURL(url: string): Promise<void> {
    this.#alive();
    const samePage = this.#loaded && url.split('#', 1)[0] === this.committed.split('#', 1)[0];
    this.url = url;
    const mine = (this.#loads += 1);
    return new Promise((resolve, reject) => {
      const ended = (code: string, errno: number): void => {
        reject(Object.assign(new Error(`${code} (${String(errno)}) loading '${url}'`), { code, errno, url }));
      };
      this.once('closed', () => {
        ended('ERR_FAILED', -2);
      });
      setImmediate(() => {
        if (this.#destroyed) return;
        if (mine !== this.#loads) ended('ERR_ABORTED', -3);
        else if (samePage) {
          this.committed = url;
          this.webContents.emit('did-navigate-in-page', {}, url, true);
          resolve();
        } else if (this.#behaviour.loads === 'fail' && !url.startsWith('data:')) {
          this.webContents.emit('did-fail-load', {}, -6, 'ERR_FILE_NOT_FOUND', url, true);
          ended('ERR_FILE_NOT_FOUND', -6);
        } else this.#go(resolve);
      });
    });
  }

  #go(resolve: () => void): void {
    const { paints = 'after-load', loads } = this.#behaviour;
    const finish = (): void => {
      if (loads === 'hang' || this.#destroyed) return;
      this.#loaded = true;
      this.committed = this.url;
      this.webContents.emit('did-finish-load');
      resolve();
    };
    const paint = (): void => {
      if (paints !== 'never' && !this.#destroyed) this.emit('ready-to-show');
    };
    const [now, then] = paints === 'before-load' ? [paint, finish] : [finish, paint];
    now();
    setImmediate(then);
  }

  /** The close button's way. False when somebody held it back; else its page is unloaded first. */
  close(): boolean {
    this.#alive();
    let prevented = false as boolean;
    this.emit('close', { preventDefault: () => void (prevented = true) });
    if (!prevented)
      setImmediate(() => {
        this.destroy();
      });
    return !prevented;
  }

  /** Emits `closed` and not `close`. */
  destroy(): void {
    if (this.#destroyed) return;
    this.#destroyed = true;
    this.#visible = false;
    this.emit('closed');
  }

  isDestroyed(): boolean {
    return this.#destroyed;
  }

  /** Takes the focus too. */
  show(): void {
    this.#alive();
    this.shows += 1;
    this.#visible = true;
    this.#focused = true;
    this.emit('show');
  }

  hide(): void {
    this.#alive();
    this.#visible = false;
    this.#focused = false;
  }

  /** A hidden one does nothing. */
  focus(): void {
    this.#alive();
    this.#focused = this.#visible;
  }

  blur(): void {
    this.#focused = false;
  }

  isVisible(): boolean {
    this.#alive();
    return this.#visible;
  }

  isFocused(): boolean {
    this.#alive();
    return this.#focused;
  }

  minimize(): void {
    this.#alive();
    this.#minimized = true;
    this.#visible = false;
    this.#focused = false;
  }

  isMinimized(): boolean {
    this.#alive();
    return this.#minimized;
  }

  isMaximized(): boolean {
    this.#alive();
    return this.#maximized;
  }

  restore(): void {
    this.#alive();
    this.#minimized = false;
    this.#visible = true;
  }

  maximize(): void {
    this.#alive();
    this.#maximized = true;
    if (!this.#visible) this.show();
  }

  setProgressBar(fraction: number): void {
    this.#alive();
    this.progress = fraction;
  }

  getNormalBounds(): { x: number; y: number; width: number; height: number } {
    this.#alive();
    const { width = 0, height = 0 } = this.options;
    return { x: 10, y: 20, width, height };
  }
}
