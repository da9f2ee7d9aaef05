/** What the shell uses of Electron, as one type, so that a test can give it. Holds no code. */
import type {
  App,
  BrowserWindow,
  Dialog,
  GlobalShortcut,
  Menu,
  NativeTheme,
  Notification,
  PowerMonitor,
  PowerSaveBlocker,
  Protocol,
  SafeStorage,
  Screen,
  Shell,
  Tray,
  nativeImage,
  session,
} from 'electron';

export interface ElectronParts {
  app: App;
  BrowserWindow: typeof BrowserWindow;
  Menu: typeof Menu;
  Notification: typeof Notification;
  Tray: typeof Tray;
  dialog: Dialog;
  globalShortcut: GlobalShortcut;
  nativeImage: typeof nativeImage;
  nativeTheme: NativeTheme;
  powerMonitor: PowerMonitor;
  powerSaveBlocker: PowerSaveBlocker;
  protocol: Protocol;
  safeStorage: SafeStorage;
  screen: Screen;
  session: typeof session;
  shell: Shell;
}
