/**
 * The shell once Electron is ready: core, private socket, window, tray, hotkey, notifications, life, tied together. Decides
 * nothing itself; each part has its file. What must happen before Electron is ready is in main.ts.
 */
import type { MessageBoxOptions, MessageBoxReturnValue } from 'electron';
import { toAppError } from '../../shared/errors.ts';
import type { DesktopState } from '../../shared/desktop-topics.ts';
import { trayModel } from './tray/model.ts';
import type { TrayAction, TrayModel } from './tray/model.ts';
import { startDemo } from '../host/load-demo.ts';
import { Acts } from './acts.ts';
import { Awake } from './life/awake.ts';
import { CancelDialog } from './cancel-dialog.ts';
import { closeAll } from './life/close-all.ts';
import { coreCalls } from './core-calls.ts';
import type { Ask } from './core-calls.ts';
import type { DesktopOptions } from './options.ts';
import { acceptConnections } from './window/ipc-connection.ts';
import { Life } from './life/life.ts';
import { setStartAtLogin, startedAtLogin, startsAtLogin } from './life/login-item.ts';
import type { LoginItemOptions } from './life/login-item.ts';
import { lifeCalls } from './life/calls.ts';
import { showMenu } from './menu.ts';
import { openCore } from './open-core.ts';
import { guardPages } from './window/page.ts';
import { startPrivateService } from './private-service.ts';
import { shellNotifier } from './notices/shell-notifier.ts';
import { shellUpdates } from './notices/shell-updates.ts';
import { shellWindow } from './window/shell.ts';
import { Hotkey, hotkeyFact, hotkeyView } from './shortcut.ts';
import { showTray } from './tray/show.ts';
import { hearSystem } from './life/system-events.ts';
import { startText, updateDialog } from './text.ts';
import { Theme } from './window/theme.ts';
import { TrayFeed } from './tray/feed.ts';
import { hasTrayHost } from './tray/host.ts';
import type { SwitchyardTray } from './tray/tray.ts';
import { isWayland } from './window/wayland.ts';
import { WindowLink } from './window/link.ts';
import { WindowTrouble } from './window/trouble.ts';

/** @throws AppError `storage` when another Switchyard holds the data folder. */
export async function startDesktop(options: DesktopOptions): Promise<void> {
  const { electron, args, version, platform, env, places, marks } = options;
  const { app, dialog } = electron;
  marks.mark('ready');
  if (args.perf)
    marks.once(['first-paint', 'interactive'], () => {
      options.perf(marks.line(process.memoryUsage.rss()));
    });
  // Asked of another process: its answer is there by the time it is needed.
  const trayHost = hasTrayHost(platform, options.runProgram);
  const show = (box: MessageBoxOptions): Promise<MessageBoxReturnValue> => {
    const parent = window.open;
    return parent?.isVisible() === true ? dialog.showMessageBox(parent, box) : dialog.showMessageBox(box);
  };

  const core = await openCore({
    safe: electron.safeStorage,
    shell: electron.shell,
    args,
    version,
    platform,
    show,
    marks,
  });
  marks.mark('core');
  const log = core.log.child({ part: 'desktop' });
  const life = new AbortController();
  let tray: SwitchyardTray | null = null;
  let menuPaused: boolean | null = null;
  let service: ReturnType<typeof startPrivateService> | null = null;
  let demo: Promise<AsyncDisposable> | null = null;
  let newer: DesktopState['newer'] = null;
  const askAs = (face: 'tray' | 'hotkey' | 'window'): Ask => coreCalls(core, face, life.signal);
  const ask = askAs('window');
  const warn = (message: string, fields: Record<string, unknown>): void => {
    log.warn(message, fields);
  };
  const failed = (error: unknown, title: string): void => {
    log.error(title, { error: toAppError(error) });
    void show({ type: 'warning', message: title, detail: toAppError(error).message });
  };

  guardPages({
    electron,
    rendererDir: places.rendererDir,
    media: core.media,
    serverUrls: () => feed.serverUrls,
    marks,
    log,
  });

  const login: LoginItemOptions = { app, executable: env['APPIMAGE'] ?? process.execPath, platform, env };
  const theme = new Theme(electron.nativeTheme);
  const feed = new TrayFeed(core.events, changed, (settings) => {
    theme.choose(settings.theme);
    hotkey.set(settings.hotkey);
    setStartAtLogin(login, settings.startAtLogin);
    link.stateChanged();
  });
  const awake = new Awake(electron.powerSaveBlocker);
  const hotkey = new Hotkey(electron.globalShortcut, {
    certain: !isWayland(platform, env),
    press: () => acts.cancel('hotkey', { server: 'all', which: 'mine' }, 'stop'),
    proven: () => link.stateChanged(),
  });
  const link = new WindowLink({
    core,
    version,
    state: () => ({
      tray: tray !== null,
      startAtLogin: startsAtLogin(login),
      hotkey: hotkeyView(hotkey.state),
      newer,
    }),
  });
  const window = shellWindow(options, {
    onClose: () => !machine.ending && machine.input({ type: 'close' }).includes('keep-window'),
    onFirstPaint: () => marks.mark('first-paint'),
    onSystemEnds: () => void machine.input({ type: 'system-ends' }),
    onTrouble: (what) => {
      void trouble.tell(what);
    },
    log: warn,
  });
  const trouble = new WindowTrouble({
    show: (box) => dialog.showMessageBox(box),
    rebuild: () => window.rebuild(),
  });
  let closed: Promise<void> | null = null;
  const closeCore = (): Promise<void> => {
    life.abort();
    const parts = [updates, notifier, hotkey, awake, feed, connections, link, tray];
    return (closed ??= closeAll(parts, { demo, service }, core));
  };
  const connections = acceptConnections({
    onConnection: (connection, id) => {
      marks.mark('interactive');
      link.serve(connection, id);
    },
    onRefused: (channel, why) => log.warn('refused a message of a page', { channel, why }),
  });
  const machine = new Life({
    facts: () => ({
      busy: !life.signal.aborted && core.busy(),
      submitting: feed.submitting,
      tray: tray !== null,
      settings: feed.settings,
    }),
    counts: () => feed.counts,
    show,
    hideWindow: () => window.hide(),
    progress: (fraction) => {
      if (fraction === 0) window.show('queue');
      window.progress(fraction);
    },
    ...lifeCalls(ask, log),
    closeCore,
    exit: () => app.exit(0),
    installUpdate: () => updates.install(),
    updateLater: () => {
      void show({ type: 'info', message: updateDialog.wait });
    },
    failed: (error) => failed(error, startText.failedToEnd),
  });

  const notifier = shellNotifier(options, { events: core.events, feed, link, window });
  const updates = shellUpdates(options, {
    notice: (notice) => notifier.show(notice),
    show,
    restart: () => void machine.input({ type: 'update' }),
    newer: (found) => {
      newer = found;
      link.stateChanged();
    },
    log: warn,
  });
  const cancels = new CancelDialog({ ask, show, failed });

  const acts = new Acts({
    ask: askAs,
    cancels,
    open: (place) => window.show(place),
    quit: () => void machine.input({ type: 'quit' }),
    failed,
  });

  const showWindow = (): void => {
    window.show();
  };
  function changed(): void {
    tray?.changed();
    machine.queueChanged();
    const { running, waiting } = feed.counts;
    const paused = feed.summary?.paused ?? false;
    awake.set(feed.settings.keepAwake && (running > 0 || (waiting > 0 && !paused)));
    if (paused === menuPaused) return;
    menuPaused = paused;
    marks.sync('menu', () => {
      const act = (action: TrayAction): void => {
        acts.do(action, 'window');
      };
      showMenu(electron.Menu, { platform, paused, devTools: !app.isPackaged, act });
    });
  }

  hearSystem({
    electron,
    life: machine,
    showWindow,
    themeChanged: () => tray?.redraw(),
    log: warn,
  });
  // A notification that outlived the process that showed it, or started this one: there is no object to hear its click.
  if (platform === 'win32') electron.Notification.handleActivation(showWindow);

  options.onUp({
    showWindow,
    quit: () => void machine.input({ type: 'quit' }),
    systemEnds: () => void machine.input({ type: 'system-ends' }),
  });
  const showFirst = (): void => {
    marks.sync('window', () => {
      window.show();
    });
    marks.mark('window-made');
  };
  // It may be ended between any two steps, and what is made after that would be closed by nobody.
  const goOn = (): void => {
    life.signal.throwIfAborted();
  };
  const open = async (): Promise<void> => {
    goOn();
    await feed.load(ask);
    goOn();
    theme.choose(feed.settings.theme);
    hotkey.set(feed.settings.hotkey);
    if (args.demo) await (demo = startDemo(core.handlers));
    goOn();
    const hidden = startedAtLogin(login, options.words);
    if (!hidden) showFirst();
    goOn();
    const windows = (): number => link.count;
    service = startPrivateService({ core, dataDir: args.dataDir, version, windows, onWindowWanted: showWindow });
    await service;
    const hasTray = await trayHost;
    goOn();
    if (hasTray) {
      const model = (): TrayModel => trayModel(feed.facts(hotkeyFact(hotkey.state)));
      tray = showTray(options, theme, model, (action) => {
        acts.do(action, 'tray');
      });
    }
    changed();
    link.stateChanged();
    // Hidden only where it can be found again.
    if (hidden && tray === null) showFirst();
  };
  try {
    await open();
  } catch (error) {
    // Ended while it was starting: what it waited for is closed.
    if (life.signal.aborted) return;
    await closeCore();
    throw error;
  }
}
