/** A BrowserWindow without a system: the same events in the same order, and it throws once destroyed, as the real one does. */
import { EventEmitter } from 'node:events';
import type { BrowserWindowConstructorOptions } from 'electron';

let nextId = 1;

export class FakeContents extends EventEmitter {
  readonly id = nextId++;
  readonly #window: FakeWindow;
  openHandler: ((details: { url: string }) => unknown) | null = null;

  constructor(window: FakeWindow) {
    super();
    this.#window = window;
  }

  getURL(): string {
    return this.#window.url;
  }

  setWindowOpenHandler(handler: (details: { url: string }) => unknown): void {
    this.openHandler = handler;
  }
}

export class FakeWindow extends EventEmitter {
  readonly options: BrowserWindowConstructorOptions;
  readonly webContents = new FakeContents(this);
  url = '';
  progress = -1;
  #visible = false;
  #focused = false;
  #destroyed = false;

  constructor(options: BrowserWindowConstructorOptions) {
    super();
    this.options = options;
  }

  #alive(): void {
    if (this.#destroyed) throw new TypeError('Object has been destroyed');
  }

  loadURL(url: string): Promise<void> {
    this.#alive();
    this.url = url;
    return Promise.resolve();
  }

  /** True when it really closed. */
  close(): boolean {
    this.#alive();
    let prevented = false as boolean;
    this.emit('close', { preventDefault: () => void (prevented = true) });
    if (!prevented) this.destroy();
    return !prevented;
  }

  /** Emits `closed` and not `close`, as the real one. */
  destroy(): void {
    if (this.#destroyed) return;
    this.#destroyed = true;
    this.#visible = false;
    this.emit('closed');
  }

  isDestroyed(): boolean {
    return this.#destroyed;
  }

  show(): void {
    this.#alive();
    this.#visible = true;
  }

  hide(): void {
    this.#alive();
    this.#visible = false;
    this.#focused = false;
  }

  focus(): void {
    this.#alive();
    this.#focused = true;
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

  isMinimized(): boolean {
    return false;
  }

  isMaximized(): boolean {
    return false;
  }

  restore(): void {
    this.#alive();
  }

  maximize(): void {
    this.#alive();
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
