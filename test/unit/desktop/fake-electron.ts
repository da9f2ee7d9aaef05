/**
 * What the shell uses of Electron, without a system. It fails like the real thing: no tray host, notifications that are
 * refused, safeStorage without a keyring, `before-quit` that nobody emits on Windows, login items that do nothing.
 */
import { EventEmitter } from 'node:events';
import type {
  BrowserWindowConstructorOptions,
  MenuItemConstructorOptions,
  MessageBoxOptions,
  MessageBoxReturnValue,
} from 'electron';
import type { ElectronParts } from '../../../electron/desktop/electron-parts.ts';
import { FakeWindow } from './fake-window.ts';

export interface FakeBehaviour {
  packaged?: boolean;
  notifications?: 'work' | 'fail' | 'none';
  keyring?: 'gnome_libsecret' | 'basic_text' | 'none';
  shortcuts?: 'work' | 'refuse';
}

class FakeApp extends EventEmitter {
  readonly isPackaged: boolean;
  exitCode: number | null = null;
  relaunched = false;

  constructor(packaged: boolean) {
    super();
    this.isPackaged = packaged;
  }

  /** As Electron: `before-quit`, every window's `close`, `will-quit`, and only then the end. */
  quit(windows: readonly FakeWindow[]): void {
    if (this.exitCode !== null) return;
    let prevented = false as boolean;
    const event = { preventDefault: () => void (prevented = true) };
    const isPrevented = (): boolean => prevented;
    this.emit('before-quit', event);
    if (isPrevented()) return;
    for (const window of windows.filter((each) => !each.isDestroyed())) if (!window.close()) return;
    this.emit('will-quit', event);
    if (!isPrevented()) this.exitCode = 0;
  }

  exit(code = 0): void {
    this.exitCode ??= code;
  }

  /** Takes effect only when the app exits. */
  relaunch(): void {
    this.relaunched = true;
  }

  getLoginItemSettings(): { openAtLogin: boolean; wasOpenedAtLogin: boolean } {
    return { openAtLogin: false, wasOpenedAtLogin: false };
  }

  /** Does nothing, as on Linux and in an unsigned app on macOS. */
  setLoginItemSettings(): void {}
}

class FakeNotification extends EventEmitter {
  readonly title: string;
  readonly body: string;
  readonly #behaviour: FakeBehaviour;

  constructor({ title = '', body = '' }: { title?: string; body?: string }, behaviour: FakeBehaviour) {
    super();
    this.title = title;
    this.body = body;
    this.#behaviour = behaviour;
  }

  show(): void {
    if (this.#behaviour.notifications === 'fail')
      queueMicrotask(() => this.emit('failed', {}, 'UNErrorDomain error 1'));
  }

  close(): void {}
}

class FakeTray extends EventEmitter {
  menu: MenuItemConstructorOptions[] = [];
  tip = '';
  image: unknown;
  destroyed = false;

  constructor(image: unknown) {
    super();
    this.image = image;
  }

  #alive(): void {
    if (this.destroyed) throw new TypeError('Object has been destroyed');
  }

  setContextMenu(menu: { template: MenuItemConstructorOptions[] }): void {
    this.#alive();
    this.menu = menu.template;
  }

  popUpContextMenu(menu: { template: MenuItemConstructorOptions[] }): void {
    this.setContextMenu(menu);
  }

  setImage(image: unknown): void {
    this.#alive();
    this.image = image;
  }

  setToolTip(tip: string): void {
    this.#alive();
    this.tip = tip;
  }

  destroy(): void {
    this.destroyed = true;
  }
}

export interface FakeElectron {
  parts: ElectronParts;
  app: FakeApp;
  windows: FakeWindow[];
  trays: FakeTray[];
  menu: () => MenuItemConstructorOptions[];
  notifications: FakeNotification[];
  boxes: { options: MessageBoxOptions; answer: (value: Partial<MessageBoxReturnValue>) => void }[];
  shortcuts: Map<string, () => void>;
  power: EventEmitter;
  theme: EventEmitter & { shouldUseDarkColors: boolean; shouldUseDarkColorsForSystemIntegratedUI: boolean };
  /** Why the computer is kept awake, by number. */
  blockers: Map<number, string>;
  activation: { hear: (() => void) | null };
  handler: () => ((request: Request) => Promise<Response>) | null;
  opened: string[];
  revealed: string[];
}

export function fakeElectron(behaviour: FakeBehaviour = {}): FakeElectron {
  const app = new FakeApp(behaviour.packaged ?? false);
  const windows: FakeWindow[] = [];
  const trays: FakeTray[] = [];
  const notifications: FakeNotification[] = [];
  const boxes: FakeElectron['boxes'] = [];
  const shortcuts = new Map<string, () => void>();
  const power = new EventEmitter();
  const opened: string[] = [];
  const revealed: string[] = [];
  const activation: FakeElectron['activation'] = { hear: null };
  let appMenu: MenuItemConstructorOptions[] = [];
  const blockers = new Map<number, string>();
  const theme = Object.assign(new EventEmitter(), {
    shouldUseDarkColors: true,
    shouldUseDarkColorsForSystemIntegratedUI: true,
  });
  let handler: ((request: Request) => Promise<Response>) | null = null;
  const ignore = (): void => undefined;

  const parts = {
    app,
    BrowserWindow: class extends FakeWindow {
      constructor(options: BrowserWindowConstructorOptions) {
        super(options);
        windows.push(this);
        app.emit('web-contents-created', {}, this.webContents);
      }
    },
    Menu: {
      buildFromTemplate: (template: MenuItemConstructorOptions[]) => ({ template }),
      setApplicationMenu: (menu: { template: MenuItemConstructorOptions[] }) => void (appMenu = menu.template),
    },
    Notification: class extends FakeNotification {
      static isSupported(): boolean {
        return behaviour.notifications !== 'none';
      }

      /** Windows only, and at once for the click that started the app. */
      static handleActivation(callback: () => void): void {
        activation.hear = callback;
      }

      constructor(options: { title?: string; body?: string }) {
        super(options, behaviour);
        notifications.push(this);
      }
    },
    Tray: class extends FakeTray {
      constructor(image: unknown) {
        super(image);
        trays.push(this);
      }
    },
    dialog: {
      showMessageBox: (...args: unknown[]) =>
        new Promise<MessageBoxReturnValue>((resolve) => {
          const options = args.at(-1) as MessageBoxOptions;
          boxes.push({
            options,
            answer: (value) => {
              resolve({ response: options.cancelId ?? 0, checkboxChecked: false, ...value });
            },
          });
          // An aborted box resolves as if it had been dismissed.
          options.signal?.addEventListener('abort', () => {
            resolve({ response: options.cancelId ?? 0, checkboxChecked: false });
          });
        }),
    },
    globalShortcut: {
      register: (accelerator: string, press: () => void) => {
        if (behaviour.shortcuts !== 'refuse') shortcuts.set(accelerator, press);
        return behaviour.shortcuts !== 'refuse';
      },
      unregister: (accelerator: string) => void shortcuts.delete(accelerator),
      isRegistered: (accelerator: string) => shortcuts.has(accelerator),
    },
    nativeImage: { createFromPath: (path: string) => path },
    nativeTheme: theme,
    powerMonitor: power,
    powerSaveBlocker: {
      start: (kind: string) => {
        const id = blockers.size + 1;
        blockers.set(id, kind);
        return id;
      },
      stop: (id: number) => blockers.delete(id),
    },
    protocol: {
      handle: (_scheme: string, given: (request: Request) => Promise<Response>) => {
        handler = given;
      },
    },
    safeStorage: {
      isAsyncEncryptionAvailable: async () => behaviour.keyring !== 'none',
      getSelectedStorageBackend: () => behaviour.keyring ?? 'gnome_libsecret',
      encryptStringAsync: async (text: string) => Buffer.from(text).reverse(),
      decryptStringAsync: async (data: Buffer) => ({
        result: Buffer.from(data).reverse().toString(),
        shouldReEncrypt: false,
      }),
    },
    screen: {
      getPrimaryDisplay: () => ({ id: 1, workArea: { x: 0, y: 0, width: 1920, height: 1040 } }),
      getAllDisplays: () => [{ id: 1, workArea: { x: 0, y: 0, width: 1920, height: 1040 } }],
    },
    session: {
      defaultSession: {
        setPermissionRequestHandler: ignore,
        setPermissionCheckHandler: ignore,
        setDevicePermissionHandler: ignore,
        setBluetoothPairingHandler: ignore,
        setDisplayMediaRequestHandler: ignore,
        setUSBProtectedClassesHandler: ignore,
      },
    },
    shell: {
      openExternal: async (url: string) => void opened.push(url),
      showItemInFolder: (file: string) => void revealed.push(file),
    },
  } satisfies Record<keyof ElectronParts, unknown>;

  return {
    parts: parts as unknown as ElectronParts,
    app,
    windows,
    trays,
    menu: () => appMenu,
    notifications,
    boxes,
    shortcuts,
    power,
    theme,
    blockers,
    activation,
    handler: () => handler,
    opened,
    revealed,
  };
}
