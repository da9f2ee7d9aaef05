/** The whole shell with a real core, a real database, a real private socket and a real server, and an Electron without a system. */
import { EventEmitter } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MessageChannel } from 'node:worker_threads';
import type { MenuItemConstructorOptions, MessageBoxOptions } from 'electron';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { startDesktop } from '../../../electron/desktop/desktop.ts';
import type { Desktop } from '../../../electron/desktop/desktop-options.ts';
import { Marks } from '../../../electron/desktop/marks.ts';
import { startComfyServer } from '../../../electron/demo/comfy-server.ts';
import type { ComfyServerHandle } from '../../../electron/demo/comfy-server.ts';
import { findRunningHost } from '../../../electron/host/endpoint.ts';
import { runHost } from '../../../electron/host/run-host.ts';
import { createClient } from '../../../shared/rpc/client.ts';
import type { Client } from '../../../shared/rpc/client.ts';
import { portConnection } from '../../../shared/rpc/connection.ts';
import type { JobId } from '../../../shared/ids.ts';
import { sleepGraph } from '../../support/core-harness.ts';
import { until } from '../../support/until.ts';
import { fakeElectron } from '../../fakes/electron/electron.ts';
import type { FakeBehaviour, FakeElectron } from '../../fakes/electron/electron.ts';

const ipc = vi.hoisted((): { main: unknown } => ({ main: null }));
vi.mock('electron', async () => {
  const { EventEmitter: Emitter } = await import('node:events');
  const main = new Emitter();
  ipc.main = main;
  return { ipcMain: main };
});

let folder: string;
let comfy: ComfyServerHandle;
let fake: FakeElectron;
let desktop: Desktop;
let perf: string[];

async function start(
  behaviour: FakeBehaviour = {},
  options: {
    tray?: boolean;
    platform?: NodeJS.Platform;
    session?: string;
    words?: string[];
    /** Called with the Electron that is being used, before anything is made in it. */
    watch?: () => void;
    onUp?: () => void;
  } = {},
): Promise<void> {
  fake = fakeElectron(behaviour);
  options.watch?.();
  perf = [];
  await startDesktop({
    electron: fake.parts,
    args: { dataDir: join(folder, 'data'), demo: false, hidden: false, perf: true },
    version: '1.2.3',
    platform: options.platform ?? 'linux',
    env: { XDG_SESSION_TYPE: options.session ?? 'x11', XDG_CONFIG_HOME: join(folder, 'config') },
    words: options.words ?? [],
    places: { rendererDir: join(folder, 'ui'), preload: '/preload.cjs', icons: '/icons', resources: folder },
    signed: false,
    marks: new Marks(),
    loadUpdater: () => Promise.reject(new Error('no updates from a checkout')),
    runProgram: async () => (options.tray === false ? 'b false' : 'b true'),
    perf: (line) => perf.push(line),
    onUp: (up) => {
      desktop = up;
      options.onUp?.();
    },
  });
}

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'switchyard-shell-'));
  comfy = await startComfyServer({ stepMs: 5 });
});
afterEach(async () => {
  desktop.systemEnds();
  await until('the app is over', () => fake.app.exitCode !== null);
  await comfy.close();
  rmSync(folder, { recursive: true, force: true });
});

/** What the page does through the preload script: a channel, one end to the main process. */
function connectWindow(): Client {
  const { port1, port2 } = new MessageChannel();
  const main = Object.assign(new EventEmitter(), {
    postMessage: (value: unknown) => {
      port2.postMessage(value);
    },
    start: () => port2.on('message', (data) => main.emit('message', { data, ports: [] })),
    close: () => {
      port2.close();
    },
  });
  port2.on('close', () => main.emit('close'));
  const frame = { url: 'app://ui/#queue', origin: 'app://ui', parent: null };
  (ipc.main as EventEmitter).emit(
    'switchyard:connect',
    { senderFrame: frame, ports: [main], sender: { id: fake.windows.at(-1)?.webContents.id } },
    null,
  );
  return createClient(portConnection(port1));
}

/** Two jobs on a server that is held at its first step, so that one runs and one waits for as long as the test wants. */
async function withWork(client: Client): Promise<{ ids: JobId[]; release: () => void }> {
  const hold = comfy.engine.pauseAt('before-step-check');
  const { server } = await client.api.servers.add({ url: comfy.url, name: 'Studio', kind: 'comfy' });
  const { jobs } = await client.api.jobs.submit({
    payload: { kind: 'comfy', graph: sleepGraph(20, 5) },
    serverId: server.id,
    jobs: [{ title: 'Harbour at dawn' }, { title: 'Paper heron' }],
  });
  const ids = jobs.map(({ id }) => id);
  await until('the first runs', async () => (await client.api.queue.summary({})).runningIds.length === 1);
  return {
    ids,
    release: () => {
      hold.release();
    },
  };
}

const trayLabels = (): (string | undefined)[] => fake.trays[0]?.menu.map(({ label }) => label) ?? [];
const press = (id: string): void => {
  const entry = fake.trays[0]?.menu.find((item) => item.id === id);
  if (entry?.click === undefined) throw new Error(`the tray has no entry ${id}: ${trayLabels().join(', ')}`);
  entry.click({} as never, undefined, {});
};
async function box(
  message: RegExp,
): Promise<{ options: MessageBoxOptions; answer: FakeElectron['boxes'][number]['answer'] }> {
  await until(`a question like ${String(message)}`, () =>
    fake.boxes.some(({ options }) => message.test(options.message)),
  );
  const found = fake.boxes.find(({ options }) => message.test(options.message));
  if (found === undefined) throw new Error('unreachable');
  return found;
}

describe('the desktop app', () => {
  it('opens its window over its own scheme, with no TCP port, and answers the CLI on the private socket', async () => {
    await start();
    expect(fake.windows).toHaveLength(1);
    expect(fake.windows[0]?.url).toBe('app://ui/');
    expect(fake.handler()).not.toBeNull();
    const host = await findRunningHost(join(folder, 'data'));
    expect(host?.endpoint).toMatchObject({ pid: process.pid, url: null, version: '1.2.3' });
    await until('its window is painted', () => fake.windows[0]?.isVisible() === true);
    expect(perf).toEqual([]);
    const client = connectWindow();
    expect(JSON.parse(perf[0] ?? '')).toMatchObject({
      core: expect.any(Number),
      'first-paint': expect.any(Number),
      interactive: expect.any(Number),
      syncMs: { database: expect.any(Number), files: expect.any(Number), window: expect.any(Number) },
    });
    expect(await client.api.app.info({})).toMatchObject({ host: 'electron', secrets: 'system', version: '1.2.3' });
    client.close();
  });

  it('is shown when a host is started on the same data: there is one Switchyard, and it has no address to open', async () => {
    await start();
    fake.windows[0]?.hide();
    const said: string[] = [];
    const log = vi.spyOn(console, 'log').mockImplementation((text: string) => void said.push(text));
    try {
      await runHost(['--window', '--data', join(folder, 'data')]);
    } finally {
      log.mockRestore();
    }
    expect(said).toEqual([`Switchyard is already running on this data (process ${String(process.pid)}).`]);
    expect(fake.windows[0]?.isVisible()).toBe(true);
  });

  it('tells its window what of the desktop is really there, at once and when it changes', async () => {
    await start({ shortcuts: 'refuses' });
    const client = connectWindow();
    const states: unknown[] = [];
    client.watch(['desktop.state' as never], ({ payload }) => states.push(payload));
    await until('the first state', () => states.length > 0);
    expect(states[0]).toEqual({
      tray: true,
      startAtLogin: false,
      hotkey: { state: 'off', accelerator: null, why: null },
      newer: null,
    });
    await client.api.settings.set({ settings: { hotkey: 'Ctrl+Alt+X' } });
    await until('the hotkey', () => states.length > 1);
    expect(states[1]).toMatchObject({ hotkey: { state: 'refused', accelerator: 'Control+Alt+X', why: 'system' } });
    client.close();
  });

  it('tray: cancels exactly the job it names, and asks first', async () => {
    await start();
    const client = connectWindow();
    const { ids, release } = await withWork(client);
    await until('the tray names it', () => trayLabels().includes('Cancel “Harbour at dawn” on Studio…'));
    expect(trayLabels()).toContain('1 running, 1 waiting on 1 server');
    expect(String(fake.trays[0]?.image)).toContain('running');
    press(`cancel:${String(ids[0])}`);
    const question = await box(/^Cancel “Harbour at dawn”/);
    expect(question.options.buttons).toEqual(['Cancel job', 'Keep job']);
    question.answer({ response: 0 });
    await until('the cancel is on its way', async () => (await client.api.queue.summary({})).cancelling === 1);
    release();
    const { job } = await client.api.jobs.awaitEnd({ id: ids[0] as JobId });
    expect([job.state, job.cancel?.by]).toEqual(['cancelled', 'tray']);
    expect((await client.api.jobs.awaitEnd({ id: ids[1] as JobId })).job.state).toBe('done');
    client.close();
  });

  it('hotkey: the question from anywhere, marked as asked by the hotkey', async () => {
    await start();
    const client = connectWindow();
    const { ids, release } = await withWork(client);
    await client.api.settings.set({ settings: { hotkey: 'Ctrl+Alt+X' } });
    await until('it is bound', () => fake.shortcuts.has('Control+Alt+X'));
    fake.shortcuts.get('Control+Alt+X')?.();
    (await box(/^Cancel 2 jobs on Studio\?/)).answer({ response: 0 });
    await until('both are being cancelled', async () => (await client.api.queue.summary({})).waiting === 0);
    release();
    for (const id of ids)
      expect((await client.api.jobs.awaitEnd({ id })).job).toMatchObject({
        state: 'cancelled',
        cancel: { by: 'hotkey' },
      });
    client.close();
  });

  it('closing the window asks once, hides into the tray, and the core goes on', async () => {
    await start();
    const client = connectWindow();
    expect(fake.windows[0]?.close()).toBe(false);
    (await box(/^Keep Switchyard in the tray/)).answer({ response: 0, checkboxChecked: true });
    await until('remembered', async () => (await client.api.settings.get({})).settings.closeToTray === 'tray');
    expect(fake.windows[0]?.isVisible()).toBe(false);
    desktop.showWindow();
    expect(fake.windows[0]?.isVisible()).toBe(true);
    expect(fake.windows[0]?.close()).toBe(false);
    expect(fake.boxes).toHaveLength(1);
    client.close();
  });

  it('without a tray host closing never hides: it quits, or asks while work runs', async () => {
    await start({}, { tray: false, words: ['--hidden'] });
    expect(fake.trays).toHaveLength(0);
    // Hidden at login only where it could be found again.
    expect(fake.windows).toHaveLength(1);
    const client = connectWindow();
    const { release } = await withWork(client);
    expect(fake.windows[0]?.close()).toBe(false);
    const question = await box(/^Quit while/);
    expect(question.options).toMatchObject({
      buttons: ['Quit, jobs keep running on the servers', 'Cancel jobs and quit', 'Don’t quit'],
      defaultId: 0,
      cancelId: 2,
    });
    question.answer({ response: 2 });
    release();
    await until('idle', async () => (await client.api.queue.summary({})).running === 0);
    client.close();
  });

  it('quit while jobs run: they keep running on the server, and are picked up again', async () => {
    await start();
    const client = connectWindow();
    const { ids, release } = await withWork(client);
    fake.app.quit();
    (await box(/^Quit while/)).answer({ response: 0 });
    await until('over', () => fake.app.exitCode === 0);
    expect(await findRunningHost(join(folder, 'data'))).toBeNull();
    await start();
    release();
    const again = connectWindow();
    for (const id of ids) expect((await again.api.jobs.awaitEnd({ id })).job.state).toBe('done');
    again.close();
  });

  it('cancel jobs and quit: waits until every job has ended, with its progress in the taskbar', async () => {
    await start();
    const client = connectWindow();
    const { release } = await withWork(client);
    await until('the shell knows of it', () => trayLabels().includes('1 running, 1 waiting on 1 server'));
    fake.app.quit();
    (await box(/^Quit while/)).answer({ response: 1 });
    await box(/^Cancelling 2 jobs…/);
    await until('the waiting one has ended', () => (fake.windows[0]?.progress ?? 0) > 0);
    expect(fake.app.exitCode).toBeNull();
    release();
    await until('over', () => fake.app.exitCode === 0);
    client.close();
  });

  it('the system’s end asks nothing: windows close, the core closes, nothing is lost', async () => {
    await start({}, { platform: 'win32' });
    const client = connectWindow();
    const { release } = await withWork(client);
    // Windows emits no before-quit then.
    fake.windows[0]?.emit('session-end', {});
    expect(fake.windows[0]?.close()).toBe(true);
    await until('over', () => fake.app.exitCode === 0);
    expect(fake.boxes).toEqual([]);
    release();
    client.close();
  });

  it('a renderer that breaks is rebuilt, and the core does not notice', async () => {
    await start();
    const client = connectWindow();
    const { ids, release } = await withWork(client);
    fake.windows[0]?.webContents.emit('render-process-gone', {}, { reason: 'crashed', exitCode: 11 });
    expect(fake.windows).toHaveLength(2);
    release();
    const again = connectWindow();
    expect((await again.api.jobs.awaitEnd({ id: ids[1] as JobId })).job.state).toBe('done');
    again.close();
    client.close();
  });

  it('a failed job is notified of; where the system refuses, it is a toast of the window', async () => {
    await start({ notifications: 'fail' });
    await until('its window is painted', () => fake.windows[0]?.isFocused() === true);
    // None while it has the focus.
    fake.windows[0]?.blur();
    const client = connectWindow();
    const toasts: unknown[] = [];
    client.watch(['desktop.notice' as never], ({ payload }) => toasts.push(payload));
    const { server } = await client.api.servers.add({ url: comfy.url, name: 'Studio', kind: 'comfy' });
    const graph = { '1': { class_type: 'NoSuchNode', inputs: {} } };
    const { jobs } = await client.api.jobs.submit({
      payload: { kind: 'comfy', graph },
      serverId: server.id,
      jobs: [{ title: 'Broken' }],
    });
    await until('a toast', () => toasts.length > 0);
    expect(toasts[0]).toMatchObject({ title: '“Broken” failed', open: `history/${String(jobs[0]?.id)}` });
    fake.notifications[0]?.emit('click');
    expect(fake.windows[0]?.url).toBe(`app://ui/#history/${String(jobs[0]?.id)}`);
    client.close();
  });

  it('after sleep every socket is dropped, and made anew and reconciled within five seconds', async () => {
    await start();
    const client = connectWindow();
    const contacts: string[] = [];
    client.watch(['server.changed'], ({ payload }) => contacts.push(payload.status.contact));
    const { ids, release } = await withWork(client);
    await until('online', () => contacts.at(-1) === 'online');
    contacts.length = 0;
    const wokeAt = performance.now();
    fake.power.emit('resume');
    await until('it is connected anew', () => contacts.includes('connecting') && contacts.at(-1) === 'online');
    expect(performance.now() - wokeAt).toBeLessThan(5_000);
    release();
    // The new socket hears of the job that ran over the sleep.
    for (const id of ids) expect((await client.api.jobs.awaitEnd({ id })).job.state).toBe('done');
    client.close();
  });

  it('keeps the computer awake only where that is wanted, and only while something is open', async () => {
    await start();
    const client = connectWindow();
    const { ids, release } = await withWork(client);
    await until('the shell knows of it', () => trayLabels().includes('1 running, 1 waiting on 1 server'));
    expect(fake.blockers.size).toBe(0);
    await client.api.settings.set({ settings: { keepAwake: true } });
    await until('awake', () => fake.blockers.size === 1);
    expect([...fake.blockers.values()]).toEqual(['prevent-app-suspension']);
    release();
    for (const id of ids) await client.api.jobs.awaitEnd({ id });
    await until('allowed to sleep', () => fake.blockers.size === 0);
    client.close();
  });

  it('a cancel from the menu was asked for in the window, as its history says', async () => {
    await start();
    const client = connectWindow();
    const { ids, release } = await withWork(client);
    const queue = fake.menu().find(({ label }) => label === 'Queue')?.submenu as MenuItemConstructorOptions[];
    queue.find(({ id }) => id === 'cancel-all')?.click?.({} as never, undefined, {});
    (await box(/^Cancel 2 jobs on Studio\?/)).answer({ response: 0 });
    await until('both are being cancelled', async () => (await client.api.queue.summary({})).waiting === 0);
    release();
    for (const id of ids) expect((await client.api.jobs.awaitEnd({ id })).job.cancel?.by).toBe('window');
    client.close();
  });

  it('the glyph follows the bar it sits in, which on Windows is not the theme of programs', async () => {
    await start({}, { platform: 'win32' });
    expect(String(fake.trays[0]?.image)).toMatch(/idle-dark\.ico$/);
    fake.theme.shouldUseDarkColorsForSystemIntegratedUI = false;
    fake.theme.emit('updated');
    expect(String(fake.trays[0]?.image)).toMatch(/idle-light\.ico$/);
  });

  it('a notification clicked when nobody remembers it any more opens the window (Windows)', async () => {
    await start({}, { platform: 'win32', words: ['--hidden'] });
    expect(fake.windows).toHaveLength(0);
    fake.activation.hear?.();
    expect(fake.windows).toHaveLength(1);
  });

  it('a window that does not answer is asked about once, and no more when it answers again', async () => {
    await start();
    fake.windows[0]?.emit('unresponsive');
    fake.windows[0]?.emit('unresponsive');
    expect(fake.boxes.map(({ options }) => options.message)).toEqual(['The window does not answer']);
    fake.windows[0]?.emit('responsive');
    expect(fake.boxes[0]?.options.signal?.aborted).toBe(true);
    fake.windows[0]?.emit('unresponsive');
    fake.boxes[1]?.answer({ response: 0 });
    await until('made anew', () => fake.windows.length === 2);
  });

  it('two windows of one page are one connection: the old one ends', async () => {
    await start();
    const first = connectWindow();
    await first.hello;
    let ended = false;
    first.onClose(() => void (ended = true));
    const second = connectWindow();
    await until('the first has ended', () => ended);
    expect(await second.api.queue.summary({})).toMatchObject({ running: 0 });
    second.close();
  });

  it('comes although the keychain does not answer, with its socket and its tray', async () => {
    await start({ keyring: { waits: true } });
    await until('its window is shown', () => fake.windows[0]?.isVisible() === true);
    expect(await findRunningHost(join(folder, 'data'))).not.toBeNull();
    expect(fake.trays).toHaveLength(1);
    expect(fake.storage.asked).toBe(0);
  });

  it('its bar and menus have the theme that was chosen, and the tray goes on in the system’s', async () => {
    await start({ dark: false });
    const client = connectWindow();
    expect(fake.theme.themeSource).toBe('system');
    await client.api.settings.set({ settings: { theme: 'dark' } });
    await until('it was told', () => fake.theme.themeSource === 'dark');
    await new Promise(setImmediate);
    expect(String(fake.trays[0]?.image)).toMatch(/idle-light\.png$/);
    client.close();
    desktop.systemEnds();
    await until('over', () => fake.app.exitCode === 0);
    await start({ dark: false });
    expect(fake.theme.themeSource).toBe('dark');
    expect(fake.windows[0]?.options.backgroundColor).toBe('#141414');
  });

  it('on Wayland a hotkey is asked for, and bound when it was pressed', async () => {
    await start({ shortcuts: 'portal' }, { session: 'wayland' });
    const client = connectWindow();
    const states: { hotkey: unknown }[] = [];
    client.watch(['desktop.state' as never], ({ payload }) => states.push(payload as never));
    await client.api.settings.set({ settings: { hotkey: 'Ctrl+Alt+X' } });
    const hotkey = { state: 'asked', accelerator: 'Control+Alt+X', why: null };
    await until('the window is told', () => states.length > 1);
    expect(states.at(-1)).toMatchObject({ hotkey });
    fake.shortcuts.get('Control+Alt+X')?.();
    await until('the window is told again', () => states.length > 2);
    expect(states.at(-1)).toMatchObject({ hotkey: { ...hotkey, state: 'bound' } });
    client.close();
  });

  it('on Windows a checkout’s notices are toasts: the system shows none of an app it does not know', async () => {
    await start({}, { platform: 'win32' });
    fake.windows[0]?.blur();
    const client = connectWindow();
    const toasts: unknown[] = [];
    client.watch(['desktop.notice' as never], ({ payload }) => toasts.push(payload));
    await until('its window is painted', () => fake.windows[0]?.isFocused() === true);
    fake.windows[0]?.blur();
    const { server } = await client.api.servers.add({ url: comfy.url, name: 'Studio', kind: 'comfy' });
    await client.api.jobs.submit({
      payload: { kind: 'comfy', graph: { '1': { class_type: 'NoSuchNode', inputs: {} } } },
      serverId: server.id,
      jobs: [{ title: 'Broken' }],
    });
    await until('a toast', () => toasts.length > 0);
    expect(fake.notifications).toEqual([]);
    client.close();
  });

  it.each<[string, (end: () => void) => Parameters<typeof start>[1]]>([
    ['before its window', (end) => ({ onUp: end })],
    ['while its window is made', (end) => ({ watch: () => fake.app.once('web-contents-created', end) })],
    [
      'while its socket is opened',
      (end) => ({ watch: () => fake.app.once('web-contents-created', () => setImmediate(end)) }),
    ],
  ])('a signal in the middle of the start, %s: nothing is left behind', async (_when, plan) => {
    await start({}, plan(() => desktop.systemEnds()) ?? {});
    await until('over', () => fake.app.exitCode === 0);
    expect(existsSync(join(folder, 'data', 'endpoint.json'))).toBe(false);
    expect(existsSync(join(folder, 'data', 'host', 'socket'))).toBe(false);
    expect(fake.trays.filter(({ destroyed }) => !destroyed)).toEqual([]);
    expect(fake.windows.filter((window) => !window.isDestroyed())).toEqual([]);
  });
});
