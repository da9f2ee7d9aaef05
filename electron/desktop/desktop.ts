/**
 * The shell once Electron is ready: core, private socket, window, tray, hotkey, notifications, life, tied together. Decides
 * nothing itself; each part has its file. What must happen before Electron is ready is in main.ts.
 */
import { join } from 'node:path';
import type { MessageBoxOptions, MessageBoxReturnValue } from 'electron';
import type { CancelScope } from '../../shared/cancel.ts';
import { toAppError } from '../../shared/errors.ts';
import type { TrayAction } from '../../shared/tray-model.ts';
import { trayModel } from '../../shared/tray-model.ts';
import { startDemo } from '../host/demo.ts';
import type { DesktopArguments } from './arguments.ts';
import { CancelDialog } from './cancel-dialog.ts';
import { coreCalls } from './core-calls.ts';
import { acceptConnections } from './ipc-connection.ts';
import { Life } from './life.ts';
import { setStartAtLogin, startedAtLogin, startsAtLogin } from './login-item.ts';
import type { LoginItemOptions } from './login-item.ts';
import type { ElectronParts } from './electron-parts.ts';
import type { Marks } from './marks.ts';
import { menuTemplate } from './menu.ts';
import { Notifier } from './notifier.ts';
import { openCore } from './open-core.ts';
import { guardSession } from './permissions.ts';
import { startPrivateService } from './private-service.ts';
import { createAppHandler, serveApp } from './protocol.ts';
import { Hotkey } from './shortcut.ts';
import { startText, updateDialog } from './text.ts';
import { TrayFeed } from './tray-feed.ts';
import { hasTrayHost } from './tray-host.ts';
import type { Run } from './tray-host.ts';
import { trayIconFile } from './tray-icons.ts';
import { SwitchyardTray } from './tray.ts';
import { Updates, mannerHere } from './updates.ts';
import type { Updater } from './updates.ts';
import { WindowLink } from './window-link.ts';
import { MainWindow, guardContents, safePlace } from './window.ts';

export interface DesktopOptions {
  electron: ElectronParts;
  args: DesktopArguments;
  version: string;
  platform: NodeJS.Platform;
  env: Readonly<Record<string, string | undefined>>;
  words: readonly string[];
  /** Where the built window, the preload script and the icons are. */
  places: { rendererDir: string; preload: string; icons: string; resources: string };
  /** Built with a signing key. */
  signed: boolean;
  marks: Marks;
  loadUpdater: () => Promise<Updater>;
  /** Tests give their own bus. */
  runProgram?: Run;
  /** Written once the window has something to show, with `--perf`. */
  perf: (line: string) => void;
}

const CORE_DEADLINE_MS = 3_000;

export interface Desktop {
  showWindow(): void;
  /** As the menu's Quit. */
  quit(): void;
  /** A signal or the system's end: nothing is asked. */
  systemEnds(): void;
}

/** @throws AppError `storage` when another Switchyard holds the data folder. */
export async function startDesktop(options: DesktopOptions): Promise<Desktop> {
  const { electron, args, version, platform, env, places, marks } = options;
  const { app, dialog } = electron;
  marks.mark('ready');
  const kept = join(args.dataDir, 'desktop');
  const show = (box: MessageBoxOptions): Promise<MessageBoxReturnValue> => {
    const parent = window.open;
    return parent?.isVisible() === true ? dialog.showMessageBox(parent, box) : dialog.showMessageBox(box);
  };

  const core = await openCore({ safe: electron.safeStorage, shell: electron.shell, args, version, platform, show });
  marks.mark('core');
  const log = core.log.child({ part: 'desktop' });
  const life = new AbortController();
  let tray: SwitchyardTray | null = null;
  let menuPaused: boolean | null = null;
  let service: { close(): Promise<void> } | null = null;
  let demo: AsyncDisposable | null = null;
  const ask = coreCalls(core, 'window', life.signal);
  const asTray = coreCalls(core, 'tray', life.signal);
  const failed = (error: unknown, title: string): void => {
    log.error(title, { error: toAppError(error) });
    void show({ type: 'warning', message: title, detail: toAppError(error).message });
  };

  const { session } = electron;
  guardSession(session.defaultSession);
  const openExternal = (url: string): void => {
    electron.shell.openExternal(url).catch((error: unknown) => {
      log.warn('an address could not be opened', { error });
    });
  };
  app.on('web-contents-created', (_event, contents) => {
    guardContents(contents, { serverUrls: () => feed.serverUrls, openExternal });
  });
  serveApp(
    electron.protocol,
    createAppHandler({
      rendererDir: places.rendererDir,
      media: core.media,
      onBug: (error, where) => {
        log.error('an answer to the window failed', { where, error });
      },
    }),
  );

  const login: LoginItemOptions = { app, executable: env['APPIMAGE'] ?? process.execPath, platform, env };
  const feed = new TrayFeed(core.events, changed, (settings) => {
    hotkey.set(settings.hotkey);
    setStartAtLogin(login, settings.startAtLogin);
    link.stateChanged();
  });
  const hotkey = new Hotkey(electron.globalShortcut, () => {
    cancel('hotkey', { server: 'all', which: 'mine' }, 'stop');
  });
  const link = new WindowLink({
    core,
    version,
    state: () => {
      const { state } = hotkey;
      return {
        tray: tray !== null,
        startAtLogin: startsAtLogin(login),
        hotkey: {
          state: state.state,
          accelerator: state.state === 'off' ? null : state.accelerator,
          why: state.state === 'refused' ? state.why : null,
        },
      };
    },
  });
  const window = new MainWindow({
    make: (box) => new electron.BrowserWindow(box),
    preload: places.preload,
    devTools: !app.isPackaged,
    stateFile: join(kept, 'window.json'),
    areas: () => {
      const primary = electron.screen.getPrimaryDisplay();
      return [primary, ...electron.screen.getAllDisplays().filter(({ id }) => id !== primary.id)].map(
        (each) => each.workArea,
      );
    },
    mayPlace: platform !== 'linux' || env['XDG_SESSION_TYPE'] !== 'wayland',
    dark: () => electron.nativeTheme.shouldUseDarkColors,
    icon: platform === 'linux' ? join(places.icons, 'linux', '256x256.png') : null,
    onClose: () => !machine.ending && machine.input({ type: 'close' }).includes('keep-window'),
    onFirstPaint: () => {
      marks.mark('first-paint');
      if (args.perf) options.perf(marks.line(process.memoryUsage.rss()));
    },
    onSystemEnds: () => void machine.input({ type: 'system-ends' }),
    onTrouble: (what) => {
      void windowTrouble(what);
    },
    log: (message, fields) => {
      log.warn(message, fields);
    },
  });
  const connections = acceptConnections({
    onConnection: (connection, id) => {
      marks.mark('interactive');
      link.serve(connection, id);
    },
    onRefused: (channel, why) => {
      log.warn('refused a message of a page', { channel, why });
    },
  });
  const counts = (): { running: number; waiting: number } => {
    const { summary } = feed;
    return { running: (summary?.running ?? 0) + (summary?.collecting ?? 0), waiting: summary?.waiting ?? 0 };
  };
  const machine = new Life({
    facts: () => ({
      busy: core.busy(),
      submitting: feed.submitting,
      tray: tray !== null,
      settings: feed.settings,
    }),
    counts,
    show,
    hideWindow: () => {
      window.hide();
    },
    progress: (fraction) => {
      if (fraction === 0) window.show('queue');
      window.progress(fraction);
    },
    remember: (settings) => {
      ask('settings.set', { settings }).catch((error: unknown) => {
        log.warn('the answer could not be kept', { error });
      });
    },
    cancelAll: async () => {
      await ask('cancel.run', { scope: { server: 'all', which: 'mine' }, mode: 'stop' });
    },
    closeCore: async () => {
      life.abort();
      for (const part of [updates, notifier, hotkey, feed, connections, link]) part[Symbol.dispose]();
      tray?.[Symbol.dispose]();
      await demo?.[Symbol.asyncDispose]();
      await service?.close();
      await withinMs(core.close(CORE_DEADLINE_MS), CORE_DEADLINE_MS + 500);
    },
    exit: () => {
      app.exit(0);
    },
    installUpdate: () => {
      updates.install();
    },
    updateLater: () => {
      void show({ type: 'info', message: updateDialog.wait });
    },
    reconnect: () => {
      void reconnectAll();
    },
    failed: (error) => {
      failed(error, startText.failedToEnd);
    },
  });

  const notifier = new Notifier({
    events: core.events,
    make: electron.Notification.isSupported() ? (box) => new electron.Notification(box) : null,
    settings: () => feed.settings,
    focused: () => window.focused,
    serverName: (id) => feed.serverName(id),
    open: (place) => {
      window.show(safePlace(place) ?? 'queue');
    },
    toast: ({ title, body, open }) => {
      link.notice({ title, body, open });
    },
  });
  const updates = new Updates({
    manner: mannerHere({
      packaged: app.isPackaged,
      platform,
      env,
      resourcesPath: places.resources,
      signed: options.signed,
    }),
    version,
    load: options.loadUpdater,
    notice: (notice) => {
      notifier.show(notice);
    },
    show,
    restart: () => void machine.input({ type: 'update' }),
    log: (message, fields) => {
      log.warn(message, fields);
    },
  });
  const cancels = new CancelDialog({
    ask,
    show,
    failed: (error, title) => {
      failed(error, title);
    },
  });

  function changed(): void {
    tray?.changed();
    machine.queueChanged();
    const paused = feed.summary?.paused ?? false;
    if (paused === menuPaused) return;
    menuPaused = paused;
    const template = menuTemplate({ platform, paused, devTools: !app.isPackaged, act });
    electron.Menu.setApplicationMenu(electron.Menu.buildFromTemplate(template));
  }
  function cancel(by: 'tray' | 'hotkey', scope: CancelScope, mode: 'stop' | 'if-waiting'): void {
    void cancels.run({ scope, mode, by });
  }
  function act(action: TrayAction): void {
    switch (action.do) {
      case 'cancel':
        cancel('tray', action.scope, action.mode);
        return;
      case 'pause':
      case 'resume':
        asTray(action.do === 'pause' ? 'queue.pause' : 'queue.resume', {}).catch((error: unknown) => {
          failed(error, startText.failedToDo);
        });
        return;
      case 'free-memory':
        asTray('servers.freeMemory', { id: action.serverId }).catch((error: unknown) => {
          failed(error, startText.failedToDo);
        });
        return;
      case 'open':
        window.show(action.place);
        return;
      case 'quit':
        machine.input({ type: 'quit' });
    }
  }
  async function reconnectAll(): Promise<void> {
    const { servers } = await ask('servers.list', {});
    await Promise.all(servers.filter(({ enabled }) => enabled).map(({ id }) => ask('servers.reconnect', { id })));
  }
  async function windowTrouble(what: 'broken' | 'stuck'): Promise<void> {
    const broken = what === 'broken';
    const { response } = await dialog.showMessageBox({
      type: 'warning',
      message: broken ? startText.windowGone : startText.stuck,
      detail: broken ? startText.windowGoneDetail : startText.stuckDetail,
      buttons: [startText.reload, startText.wait],
      defaultId: 1,
      cancelId: 1,
    });
    if (response === 0) window.rebuild();
  }

  app.on('before-quit', (event) => {
    machine.input({ type: 'quit' });
    if (!machine.ending) event.preventDefault();
  });
  app.on('will-quit', (event) => {
    if (!machine.over) event.preventDefault();
  });
  // Closing windows ends nothing here: the machine says when.
  app.on('window-all-closed', () => undefined);
  app.on('activate', () => {
    window.show();
  });
  electron.powerMonitor.on('resume', () => void machine.input({ type: 'resume' }));
  electron.powerMonitor.on('shutdown', () => void machine.input({ type: 'system-ends' }));

  service = await startPrivateService({
    core,
    dataDir: args.dataDir,
    version,
    windows: () => link.count,
    onWindowWanted: () => {
      window.show();
    },
  });
  if (args.demo) demo = await startDemo(core.handlers);
  await feed.load(ask);
  hotkey.set(feed.settings.hotkey);
  const trayShown = await hasTrayHost(platform, options.runProgram);
  if (trayShown) {
    tray = new SwitchyardTray({
      platform,
      makeTray: (image) => new electron.Tray(image),
      makeMenu: electron.Menu.buildFromTemplate.bind(electron.Menu),
      image: (glyph) =>
        electron.nativeImage.createFromPath(
          trayIconFile(join(places.icons, 'tray'), glyph, platform, electron.nativeTheme.shouldUseDarkColors),
        ),
      model: () => trayModel(feed.facts(hotkeyFact())),
      act,
    });
  }
  function hotkeyFact(): { accelerator: string; bound: boolean } | null {
    const { state } = hotkey;
    return state.state === 'off' ? null : { accelerator: state.accelerator, bound: state.state === 'bound' };
  }
  changed();
  link.stateChanged();
  // Hidden only where it can be found again.
  if (!(tray !== null && startedAtLogin(login, options.words))) window.show();
  marks.mark('window-made');

  return {
    showWindow: () => {
      window.show();
    },
    quit: () => void machine.input({ type: 'quit' }),
    systemEnds: () => void machine.input({ type: 'system-ends' }),
  };
}

async function withinMs(work: Promise<void>, ms: number): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms);
  });
  await Promise.race([work, late]);
  clearTimeout(timer);
}
