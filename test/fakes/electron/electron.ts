/**
 * What the shell uses of Electron, without a system: fails like the real thing, and answers when it does. Read against main of
 * 22 August 2026, besides the files beside this one: a notification that Linux refuses has `failed` before `show` returns
 * (libnotify_notification.cc); a theme that is set holds at once, and `updated` comes in a later turn
 * (electron_api_native_theme.cc); a box is answered in a later turn, an aborted one as if dismissed (lib/browser/api/dialog.ts);
 * a destroyed tray throws at every call. Nobody emits `before-quit` when Windows ends: that is for whoever plays Windows.
 */
import { EventEmitter } from 'node:events';
import type {
  BrowserWindowConstructorOptions,
  MenuItemConstructorOptions,
  MessageBoxOptions,
  MessageBoxReturnValue,
} from 'electron';
import type { ElectronParts } from '../../../electron/desktop/electron-parts.ts';
import { FakeApp } from './app.ts';
import { FakeSafeStorage } from './safe-storage.ts';
import type { KeyringBehaviour } from './safe-storage.ts';
import { FakeShortcuts } from './shortcuts.ts';
import type { ShortcutBehaviour } from './shortcuts.ts';
import { FakeWindow } from './window.ts';
import type { WindowBehaviour } from './window.ts';

export interface FakeBehaviour {
  packaged?: boolean;
  /** False: `ready` comes when the test says so, as it does for the entry. */
  ready?: boolean;
  notifications?: 'work' | 'fail' | 'none';
  keyring?: KeyringBehaviour;
  shortcuts?: ShortcutBehaviour;
  window?: WindowBehaviour;
  /** The system's own theme. */
  dark?: boolean;
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
    this.emit(this.#behaviour.notifications === 'fail' ? 'failed' : 'show', {}, 'no notification service');
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

class FakeTheme extends EventEmitter {
  systemDark: boolean;
  /** Windows: its taskbar's own. */
  shouldUseDarkColorsForSystemIntegratedUI = true;
  #source: 'system' | 'light' | 'dark' = 'system';

  constructor(systemDark: boolean) {
    super();
    this.systemDark = systemDark;
  }

  get shouldUseDarkColors(): boolean {
    return this.#source === 'system' ? this.systemDark : this.#source === 'dark';
  }

  get themeSource(): 'system' | 'light' | 'dark' {
    return this.#source;
  }

  set themeSource(source: 'system' | 'light' | 'dark') {
    this.#source = source;
    setImmediate(() => this.emit('updated'));
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
  theme: FakeTheme;
  storage: FakeSafeStorage;
  /** Why the computer is kept awake, by number. */
  blockers: Map<number, string>;
  activation: { hear: (() => void) | null };
  handler: () => ((request: Request) => Promise<Response>) | null;
  opened: string[];
  revealed: string[];
}

export function fakeElectron(behaviour: FakeBehaviour = {}): FakeElectron {
  const app = new FakeApp(behaviour.packaged ?? false, behaviour.ready ?? true);
  const trays: FakeTray[] = [];
  const notifications: FakeNotification[] = [];
  const boxes: FakeElectron['boxes'] = [];
  const shortcuts = new FakeShortcuts(behaviour.shortcuts);
  const storage = new FakeSafeStorage(behaviour.keyring);
  const power = new EventEmitter();
  const opened: string[] = [];
  const revealed: string[] = [];
  const activation: FakeElectron['activation'] = { hear: null };
  let appMenu: MenuItemConstructorOptions[] = [];
  const blockers = new Map<number, string>();
  const theme = new FakeTheme(behaviour.dark ?? true);
  let handler: ((request: Request) => Promise<Response>) | null = null;
  const ignore = (): void => undefined;
  const guarded = {
    setPermissionRequestHandler: ignore,
    setPermissionCheckHandler: ignore,
    setDevicePermissionHandler: ignore,
    setBluetoothPairingHandler: ignore,
    setDisplayMediaRequestHandler: ignore,
    setUSBProtectedClassesHandler: ignore,
  };

  const parts = {
    app,
    BrowserWindow: class extends FakeWindow {
      constructor(options: BrowserWindowConstructorOptions) {
        app.needsReady('BrowserWindow');
        super(options, behaviour.window);
        app.opened(this);
      }
    },
    Menu: {
      buildFromTemplate: (template: MenuItemConstructorOptions[]) => ({ template }),
      setApplicationMenu: (menu: { template: MenuItemConstructorOptions[] } | null) =>
        void (appMenu = menu?.template ?? []),
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
        app.needsReady('Tray');
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
          options.signal?.addEventListener('abort', () => {
            setImmediate(resolve, { response: options.cancelId ?? 0, checkboxChecked: false });
          });
        }),
    },
    globalShortcut: shortcuts,
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
      registerSchemesAsPrivileged: () => {
        app.needsNotReady('protocol.registerSchemesAsPrivileged');
      },
      handle: (_scheme: string, given: (request: Request) => Promise<Response>) => {
        handler = given;
      },
    },
    safeStorage: storage,
    screen: {
      getPrimaryDisplay: () => ({ id: 1, workArea: { x: 0, y: 0, width: 1920, height: 1040 } }),
      getAllDisplays: () => [{ id: 1, workArea: { x: 0, y: 0, width: 1920, height: 1040 } }],
    },
    session: {
      get defaultSession() {
        app.needsReady('session.defaultSession');
        return guarded;
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
    windows: app.windows,
    trays,
    menu: () => appMenu,
    notifications,
    boxes,
    shortcuts: shortcuts.bound,
    power,
    theme,
    storage,
    blockers,
    activation,
    handler: () => handler,
    opened,
    revealed,
  };
}
