/**
 * Electron's `app` without a system. Read against main of 22 August 2026: `whenReady` resolves once `ready` is reached, which
 * the entry's module never sees before it has been evaluated to its end (node_bindings.cc `JoinAppCode`); quitting asks
 * `before-quit`, closes windows one after the other and asks `will-quit` when the last is gone; `exit` ends the process at once
 * before the main loop runs, which is after the turn of `ready`, later it destroys the windows, asks nobody, and the process ends
 * some turns on (browser.cc, electron_browser_main_parts.cc); login items do nothing on Linux and in an unsigned app on macOS.
 */
import { EventEmitter } from 'node:events';
import type { FakeWindow } from './window.ts';

export class FakeApp extends EventEmitter {
  readonly isPackaged: boolean;
  readonly windows: FakeWindow[] = [];
  readonly paths = new Map<string, string>();
  exitCode: number | null = null;
  relaunched = false;
  /** Tests of the whole process only. */
  lock = true;
  onExit: (code: number) => void = () => undefined;
  #quitting = false;
  #looping: boolean;
  #ready: PromiseWithResolvers<void> | null;

  constructor(packaged: boolean, ready: boolean) {
    super();
    this.isPackaged = packaged;
    this.#ready = ready ? null : Promise.withResolvers();
    this.#looping = ready;
  }

  get isReady(): boolean {
    return this.#ready === null;
  }

  whenReady(): Promise<void> {
    return this.#ready?.promise ?? Promise.resolve();
  }

  becomeReady(): void {
    this.#ready?.resolve();
    this.#ready = null;
    setImmediate(() => (this.#looping = true));
    this.emit('ready');
  }

  /** What can't be had before: Electron throws. */
  needsReady(what: string): void {
    if (!this.isReady) throw new Error(`${what} can't be used before the app is ready`);
  }

  needsNotReady(what: string): void {
    if (this.isReady) throw new Error(`${what} should be called before app is ready`);
  }

  requestSingleInstanceLock(): boolean {
    return this.lock;
  }

  setPath(name: string, path: string): void {
    this.paths.set(name, path);
  }

  getAppPath(): string {
    return process.cwd();
  }

  enableSandbox(): void {
    this.needsNotReady('app.enableSandbox()');
  }

  setAppUserModelId(): void {}
  setDesktopName(): void {}
  setToastActivatorCLSID(): void {}

  quit(): void {
    if (this.#quitting || this.exitCode !== null) return;
    if (this.#prevented('before-quit')) return;
    this.#quitting = true;
    const open = this.windows.filter((window) => !window.isDestroyed());
    if (open.length === 0) this.#shutDown();
    else for (const window of open) if (!window.close()) this.#quitting = false;
  }

  exit(code = 0): void {
    if (this.exitCode !== null) return;
    this.exitCode = code;
    for (const window of this.windows) window.destroy();
    if (this.#looping) setImmediate(this.onExit, code);
    else this.onExit(code);
  }

  opened(window: FakeWindow): void {
    this.windows.push(window);
    window.once('closed', () => {
      if (this.exitCode !== null || this.windows.some((each) => !each.isDestroyed())) return;
      if (this.#quitting) this.#shutDown();
      else this.emit('window-all-closed');
    });
    this.emit('web-contents-created', {}, window.webContents);
  }

  #shutDown(): void {
    if (this.#prevented('will-quit')) this.#quitting = false;
    else this.exit(0);
  }

  #prevented(name: 'before-quit' | 'will-quit'): boolean {
    let prevented = false as boolean;
    this.emit(name, { preventDefault: () => void (prevented = true) });
    return prevented;
  }

  /** Takes effect only when the app exits. */
  relaunch(): void {
    this.relaunched = true;
  }

  getLoginItemSettings(): { openAtLogin: boolean; wasOpenedAtLogin: boolean } {
    return { openAtLogin: false, wasOpenedAtLogin: false };
  }

  setLoginItemSettings(): void {}
}
