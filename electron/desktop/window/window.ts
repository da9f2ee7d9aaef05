/**
 * The one window: made with every guard on, shown when it has something to show or should have by now, remembered where it
 * was, destroyed after a while in the tray, rebuilt when its renderer breaks. What closing it means is lifecycle.ts's; it
 * holds no truth.
 */
import type { BrowserWindow, BrowserWindowConstructorOptions, Rectangle } from 'electron';
import { CrashBudget } from './crash-budget.ts';
import { failedPage } from './failed-page.ts';
import { webPreferences } from './page-guards.ts';
import { APP_ORIGIN, isOurPage } from './urls.ts';
import { LEAST_SIZE, fitToDisplays, readWindowState, writeWindowState } from './state.ts';
import type { WindowState } from './state.ts';

const WINDOW_URL = `${APP_ORIGIN}/`;
/** A window nobody has looked at for so long gives its memory back. */
const DESTROY_AFTER_MS = 5 * 60_000;
/** So long after its loading has ended, well or badly, it is shown even if Electron never said that it is painted. */
const SHOW_AFTER_MS = 3_000;
/** What Electron says of a page that was left while it still loaded. */
const ERR_ABORTED = -3;

export interface WindowOptions {
  make: (options: BrowserWindowConstructorOptions) => BrowserWindow;
  preload: string;
  devTools: boolean;
  /** Where the window was is kept here. */
  stateFile: string;
  /** Work areas of the displays, the primary one first. */
  areas: () => readonly Rectangle[];
  /** False on Wayland. */
  mayPlace: boolean;
  /** Linux: on Wayland a hidden window may never be painted (electron/electron#48859), so it does not wait for that. */
  showsWhenLoaded: boolean;
  dark: () => boolean;
  icon: string | null;
  /** True keeps the window. */
  onClose: () => boolean;
  onFirstPaint: () => void;
  /** The system ends (Windows tells only windows). */
  onSystemEnds: () => void;
  /** It broke more often than is worth rebuilding, or answers no more; null when it answers again. */
  onTrouble: (what: 'broken' | 'stuck' | null) => void;
  log: (message: string, fields: Record<string, unknown>) => void;
}

export class MainWindow {
  readonly #options: WindowOptions;
  readonly #crashes = new CrashBudget();
  #window: BrowserWindow | null = null;
  #destroying: ReturnType<typeof setTimeout> | null = null;
  #place: string | null = null;
  /** It is to be seen, whether or not it is ready yet. */
  #wanted = false;
  /** It is to fill the screen when it is first shown: maximising shows (browser-window.md), so not before. */
  #maximize = false;

  constructor(options: WindowOptions) {
    this.#options = options;
  }

  get open(): BrowserWindow | null {
    return this.#window;
  }

  get focused(): boolean {
    return this.#window?.isFocused() === true && this.#window.isVisible();
  }

  /** Brings it to the front, at `place` (what follows the # in its address) where one is given. */
  show(place: string | null = null): void {
    this.#keep();
    this.#wanted = true;
    if (this.#window === null) {
      this.#place = place;
      this.#window = this.#make();
      return;
    }
    if (place !== null) this.#goTo(this.#window, place);
    if (this.#window.isMinimized()) this.#window.restore();
    this.#front(this.#window);
  }

  hide(): void {
    const window = this.#window;
    if (window === null) return;
    this.#wanted = false;
    window.hide();
    this.#destroying ??= setTimeout(() => {
      this.#destroying = null;
      this.#save();
      window.destroy();
    }, DESTROY_AFTER_MS);
  }

  /** Shows how far something is in the taskbar, 0 to 1, or nothing. */
  progress(fraction: number | null): void {
    this.#window?.setProgressBar(fraction ?? -1);
  }

  rebuild(): void {
    this.#save();
    this.#window?.destroy();
    this.show(this.#place);
  }

  #front(window: BrowserWindow): void {
    if (this.#maximize) window.maximize();
    this.#maximize = false;
    window.show();
    window.focus();
  }

  #keep(): void {
    if (this.#destroying !== null) clearTimeout(this.#destroying);
    this.#destroying = null;
  }

  #make(): BrowserWindow {
    const { make, preload, devTools, stateFile, areas, mayPlace, showsWhenLoaded, dark, icon } = this.#options;
    const { maximized, width, height, x, y } = fitToDisplays(readWindowState(stateFile), areas(), mayPlace);
    const window = make({
      width,
      height,
      ...(x === undefined || y === undefined ? {} : { x, y }),
      minWidth: LEAST_SIZE.width,
      minHeight: LEAST_SIZE.height,
      show: false,
      title: 'Switchyard',
      // The page's own ground, so that nothing flashes before its first paint.
      backgroundColor: dark() ? '#141414' : '#f2f2f2',
      // GTK's title bar; it is set only when a window is made (native_window_views.cc).
      darkTheme: dark(),
      autoHideMenuBar: true,
      ...(icon === null ? {} : { icon }),
      webPreferences: webPreferences(preload, devTools),
    });
    this.#maximize = maximized;
    let anyway: ReturnType<typeof setTimeout> | undefined;
    let isDue = true;
    // Once only: what was minimised meanwhile stays so, and `ready-to-show` may come before loading has ended.
    const first = (): void => {
      clearTimeout(anyway);
      if (isDue && this.#wanted && !window.isDestroyed() && !window.isVisible()) this.#front(window);
      isDue = false;
    };
    window.once('ready-to-show', () => {
      this.#options.onFirstPaint();
      first();
    });
    if (showsWhenLoaded) window.webContents.once('did-finish-load', first);
    window.webContents.on('did-fail-load', (_event, code, description, url, isMainFrame) => {
      if (!isMainFrame || code === ERR_ABORTED || !isOurPage(url)) return;
      this.#options.log('the window could not be loaded', { url, code, description });
      void this.#load(window, failedPage(url));
    });
    window.on('close', (event) => {
      this.#save();
      if (this.#options.onClose()) event.preventDefault();
    });
    window.on('closed', () => {
      clearTimeout(anyway);
      this.#keep();
      if (this.#window === window) this.#window = null;
    });
    // Not `query-session-end`: another program may still call the system's end off.
    window.on('session-end', this.#options.onSystemEnds);
    window.on('unresponsive', () => {
      this.#options.onTrouble('stuck');
    });
    window.on('responsive', () => {
      this.#options.onTrouble(null);
    });
    window.webContents.on('render-process-gone', (_event, { reason, exitCode }) => {
      this.#broke(window, reason, exitCode);
    });
    const where = this.#place === null ? WINDOW_URL : `${WINDOW_URL}#${this.#place}`;
    void this.#load(window, where).then(() => {
      if (isDue && !window.isDestroyed()) anyway = setTimeout(first, SHOW_AFTER_MS);
    });
    return window;
  }

  /** Resolves when loading has ended, well or badly: `did-fail-load` tells how, and a window that is gone is no trouble. */
  #load(window: BrowserWindow, url: string): Promise<void> {
    return window.loadURL(url).catch((_: unknown) => undefined);
  }

  #goTo(window: BrowserWindow, place: string): void {
    this.#place = place;
    const now = window.webContents.getURL();
    if (now !== `${WINDOW_URL}#${place}`) void this.#load(window, `${WINDOW_URL}#${place}`);
  }

  #broke(window: BrowserWindow, reason: string, exitCode: number): void {
    if (reason === 'clean-exit') return;
    this.#options.log('the window’s process is gone', { reason, exitCode });
    if (this.#window !== window) return;
    const wanted = this.#wanted;
    window.destroy();
    this.#window = null;
    if (!this.#crashes.crashed(Date.now())) {
      this.#options.onTrouble('broken');
      return;
    }
    // A hidden one is made again when it is asked for.
    if (wanted) this.#window = this.#make();
  }

  #save(): void {
    const window = this.#window;
    if (window === null || window.isDestroyed()) return;
    const { x, y, width, height } = window.getNormalBounds();
    const state: WindowState = {
      width,
      height,
      ...(this.#options.mayPlace ? { x, y } : {}),
      maximized: this.#maximize || window.isMaximized(),
    };
    try {
      writeWindowState(this.#options.stateFile, state);
    } catch (error) {
      this.#options.log('where the window was could not be kept', { error });
    }
  }
}

/** A place to go to is part of an address: only what the page's own places are made of. */
export function safePlace(place: string): string | null {
  return /^[a-z]+(\/[\w-]+)*$/i.test(place) && isOurPage(`${WINDOW_URL}#${place}`) ? place : null;
}
