/** The whole shell at work: tray, hotkey, closing, quitting, notices, sleep. How it starts: start.test.ts. */
import { join } from 'node:path';
import type { MenuItemConstructorOptions, MessageBoxOptions } from 'electron';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { findRunningHost } from '../../../electron/host/endpoint.ts';
import { runHost } from '../../../electron/host/run.ts';
import type { Client } from '../../../shared/rpc/client.ts';
import type { JobId } from '../../../shared/ids.ts';
import { sleepGraph } from '../../support/core-harness.ts';
import { until } from '../../support/until.ts';
import type { FakeElectron } from '../../fakes/electron/electron.ts';
import { ShellSite } from './shell-site.ts';

vi.mock('electron', () => import('../../fakes/electron/ipc-main.ts'));

let site: ShellSite;

beforeEach(async () => {
  site = await ShellSite.open();
});
afterEach(async () => {
  await site.close();
});

/** Two jobs on a server that is held at its first step, so that one runs and one waits for as long as the test wants. */
async function withWork(client: Client): Promise<{ ids: JobId[]; release: () => void }> {
  const hold = site.comfy.engine.pauseAt('before-step-check');
  const { server } = await client.api.servers.add({ url: site.comfy.url, name: 'Studio', kind: 'comfy' });
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

const trayLabels = (): (string | undefined)[] => site.fake.trays[0]?.menu.map(({ label }) => label) ?? [];
const press = (id: string): void => {
  const entry = site.fake.trays[0]?.menu.find((item) => item.id === id);
  if (entry?.click === undefined) throw new Error(`the tray has no entry ${id}: ${trayLabels().join(', ')}`);
  entry.click({} as never, undefined, {});
};
async function box(
  message: RegExp,
): Promise<{ options: MessageBoxOptions; answer: FakeElectron['boxes'][number]['answer'] }> {
  await until(`a question like ${String(message)}`, () =>
    site.fake.boxes.some(({ options }) => message.test(options.message)),
  );
  const found = site.fake.boxes.find(({ options }) => message.test(options.message));
  if (found === undefined) throw new Error('unreachable');
  return found;
}

describe('the desktop app', () => {
  it('opens its window over its own scheme, with no TCP port, and answers the CLI on the private socket', async () => {
    await site.start();
    expect(site.fake.windows).toHaveLength(1);
    expect(site.fake.windows[0]?.url).toBe('app://ui/');
    expect(site.fake.handler()).not.toBeNull();
    const host = await findRunningHost(join(site.folder, 'data'));
    expect(host?.endpoint).toMatchObject({ pid: process.pid, url: null, version: '1.2.3' });
    await until('its window is painted', () => site.fake.windows[0]?.isVisible() === true);
    expect(site.perf).toEqual([]);
    const client = site.connectWindow();
    expect(JSON.parse(site.perf[0] ?? '')).toMatchObject({
      core: expect.any(Number),
      'first-paint': expect.any(Number),
      interactive: expect.any(Number),
      syncMs: { database: expect.any(Number), files: expect.any(Number), window: expect.any(Number) },
    });
    expect(await client.api.app.info({})).toMatchObject({ host: 'electron', secrets: 'system', version: '1.2.3' });
    client.close();
  });

  it('is shown when a host is started on the same data: there is one Switchyard, and it has no address to open', async () => {
    await site.start();
    site.fake.windows[0]?.hide();
    const said: string[] = [];
    const log = vi.spyOn(console, 'log').mockImplementation((text: string) => void said.push(text));
    try {
      await runHost(['--window', '--data', join(site.folder, 'data')]);
    } finally {
      log.mockRestore();
    }
    expect(said).toEqual([`Switchyard is already running on this data (process ${String(process.pid)}).`]);
    expect(site.fake.windows[0]?.isVisible()).toBe(true);
  });

  it('tells its window what of the desktop is really there, at once and when it changes', async () => {
    await site.start({ shortcuts: 'refuses' });
    const client = site.connectWindow();
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
    await site.start();
    const client = site.connectWindow();
    const { ids, release } = await withWork(client);
    await until('the tray names it', () => trayLabels().includes('Cancel “Harbour at dawn” on Studio…'));
    expect(trayLabels()).toContain('1 running, 1 waiting on 1 server');
    expect(String(site.fake.trays[0]?.image)).toContain('running');
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
    await site.start();
    const client = site.connectWindow();
    const { ids, release } = await withWork(client);
    await client.api.settings.set({ settings: { hotkey: 'Ctrl+Alt+X' } });
    await until('it is bound', () => site.fake.shortcuts.has('Control+Alt+X'));
    site.fake.shortcuts.get('Control+Alt+X')?.();
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
    await site.start();
    const client = site.connectWindow();
    expect(site.fake.windows[0]?.close()).toBe(false);
    (await box(/^Keep Switchyard in the tray/)).answer({ response: 0, checkboxChecked: true });
    await until('remembered', async () => (await client.api.settings.get({})).settings.closeToTray === 'tray');
    expect(site.fake.windows[0]?.isVisible()).toBe(false);
    site.desktop.showWindow();
    expect(site.fake.windows[0]?.isVisible()).toBe(true);
    expect(site.fake.windows[0]?.close()).toBe(false);
    expect(site.fake.boxes).toHaveLength(1);
    client.close();
  });

  it('without a tray host closing never hides: it quits, or asks while work runs', async () => {
    await site.start({}, { tray: false, words: ['--hidden'] });
    expect(site.fake.trays).toHaveLength(0);
    // Hidden at login only where it could be found again.
    expect(site.fake.windows).toHaveLength(1);
    const client = site.connectWindow();
    const { release } = await withWork(client);
    expect(site.fake.windows[0]?.close()).toBe(false);
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
    await site.start();
    const client = site.connectWindow();
    const { ids, release } = await withWork(client);
    site.fake.app.quit();
    (await box(/^Quit while/)).answer({ response: 0 });
    await until('over', () => site.fake.app.exitCode === 0);
    expect(await findRunningHost(join(site.folder, 'data'))).toBeNull();
    await site.start();
    release();
    const again = site.connectWindow();
    for (const id of ids) expect((await again.api.jobs.awaitEnd({ id })).job.state).toBe('done');
    again.close();
  });

  it('cancel jobs and quit: waits until every job has ended, with its progress in the taskbar', async () => {
    await site.start();
    const client = site.connectWindow();
    const { release } = await withWork(client);
    await until('the shell knows of it', () => trayLabels().includes('1 running, 1 waiting on 1 server'));
    site.fake.app.quit();
    (await box(/^Quit while/)).answer({ response: 1 });
    await box(/^Cancelling 2 jobs…/);
    await until('the waiting one has ended', () => (site.fake.windows[0]?.progress ?? 0) > 0);
    expect(site.fake.app.exitCode).toBeNull();
    release();
    await until('over', () => site.fake.app.exitCode === 0);
    client.close();
  });

  it('the system’s end asks nothing: windows close, the core closes, nothing is lost', async () => {
    await site.start({}, { platform: 'win32' });
    const client = site.connectWindow();
    const { release } = await withWork(client);
    // Windows emits no before-quit then.
    site.fake.windows[0]?.emit('session-end', {});
    expect(site.fake.windows[0]?.close()).toBe(true);
    await until('over', () => site.fake.app.exitCode === 0);
    expect(site.fake.boxes).toEqual([]);
    release();
    client.close();
  });

  it('a renderer that breaks is rebuilt, and the core does not notice', async () => {
    await site.start();
    const client = site.connectWindow();
    const { ids, release } = await withWork(client);
    site.fake.windows[0]?.webContents.emit('render-process-gone', {}, { reason: 'crashed', exitCode: 11 });
    expect(site.fake.windows).toHaveLength(2);
    release();
    const again = site.connectWindow();
    expect((await again.api.jobs.awaitEnd({ id: ids[1] as JobId })).job.state).toBe('done');
    again.close();
    client.close();
  });

  it('a failed job is notified of; where the system refuses, it is a toast of the window', async () => {
    await site.start({ notifications: 'fail' });
    await until('its window is painted', () => site.fake.windows[0]?.isFocused() === true);
    // None while it has the focus.
    site.fake.windows[0]?.blur();
    const client = site.connectWindow();
    const toasts: unknown[] = [];
    client.watch(['desktop.notice' as never], ({ payload }) => toasts.push(payload));
    const { server } = await client.api.servers.add({ url: site.comfy.url, name: 'Studio', kind: 'comfy' });
    const graph = { '1': { class_type: 'NoSuchNode', inputs: {} } };
    const { jobs } = await client.api.jobs.submit({
      payload: { kind: 'comfy', graph },
      serverId: server.id,
      jobs: [{ title: 'Broken' }],
    });
    await until('a toast', () => toasts.length > 0);
    expect(toasts[0]).toMatchObject({ title: '“Broken” failed', open: `history/${String(jobs[0]?.id)}` });
    site.fake.notifications[0]?.emit('click');
    expect(site.fake.windows[0]?.url).toBe(`app://ui/#history/${String(jobs[0]?.id)}`);
    client.close();
  });

  it('after sleep every socket is dropped, and made anew and reconciled within five seconds', async () => {
    await site.start();
    const client = site.connectWindow();
    const contacts: string[] = [];
    client.watch(['server.changed'], ({ payload }) => contacts.push(payload.status.contact));
    const { ids, release } = await withWork(client);
    await until('online', () => contacts.at(-1) === 'online');
    contacts.length = 0;
    const wokeAt = performance.now();
    site.fake.power.emit('resume');
    await until('it is connected anew', () => contacts.includes('connecting') && contacts.at(-1) === 'online');
    expect(performance.now() - wokeAt).toBeLessThan(5_000);
    release();
    // The new socket hears of the job that ran over the sleep.
    for (const id of ids) expect((await client.api.jobs.awaitEnd({ id })).job.state).toBe('done');
    client.close();
  });

  it('keeps the computer awake only where that is wanted, and only while something is open', async () => {
    await site.start();
    const client = site.connectWindow();
    const { ids, release } = await withWork(client);
    await until('the shell knows of it', () => trayLabels().includes('1 running, 1 waiting on 1 server'));
    expect(site.fake.blockers.size).toBe(0);
    await client.api.settings.set({ settings: { keepAwake: true } });
    await until('awake', () => site.fake.blockers.size === 1);
    expect([...site.fake.blockers.values()]).toEqual(['prevent-app-suspension']);
    release();
    for (const id of ids) await client.api.jobs.awaitEnd({ id });
    await until('allowed to sleep', () => site.fake.blockers.size === 0);
    client.close();
  });

  it('a cancel from the menu was asked for in the window, as its history says', async () => {
    await site.start();
    const client = site.connectWindow();
    const { ids, release } = await withWork(client);
    const queue = site.fake.menu().find(({ label }) => label === 'Queue')?.submenu as MenuItemConstructorOptions[];
    queue.find(({ id }) => id === 'cancel-all')?.click?.({} as never, undefined, {});
    (await box(/^Cancel 2 jobs on Studio\?/)).answer({ response: 0 });
    await until('both are being cancelled', async () => (await client.api.queue.summary({})).waiting === 0);
    release();
    for (const id of ids) expect((await client.api.jobs.awaitEnd({ id })).job.cancel?.by).toBe('window');
    client.close();
  });

  it('the glyph follows the bar it sits in, which on Windows is not the theme of programs', async () => {
    await site.start({}, { platform: 'win32' });
    expect(String(site.fake.trays[0]?.image)).toMatch(/idle-dark\.ico$/);
    site.fake.theme.shouldUseDarkColorsForSystemIntegratedUI = false;
    site.fake.theme.emit('updated');
    expect(String(site.fake.trays[0]?.image)).toMatch(/idle-light\.ico$/);
  });

  it('a notification clicked when nobody remembers it any more opens the window (Windows)', async () => {
    await site.start({}, { platform: 'win32', words: ['--hidden'] });
    expect(site.fake.windows).toHaveLength(0);
    site.fake.activation.hear?.();
    expect(site.fake.windows).toHaveLength(1);
  });

  it('a window that does not answer is asked about once, and no more when it answers again', async () => {
    await site.start();
    site.fake.windows[0]?.emit('unresponsive');
    site.fake.windows[0]?.emit('unresponsive');
    expect(site.fake.boxes.map(({ options }) => options.message)).toEqual(['The window does not answer']);
    site.fake.windows[0]?.emit('responsive');
    expect(site.fake.boxes[0]?.options.signal?.aborted).toBe(true);
    site.fake.windows[0]?.emit('unresponsive');
    site.fake.boxes[1]?.answer({ response: 0 });
    await until('made anew', () => site.fake.windows.length === 2);
  });

  it('two windows of one page are one connection: the old one ends', async () => {
    await site.start();
    const first = site.connectWindow();
    await first.hello;
    let ended = false;
    first.onClose(() => void (ended = true));
    const second = site.connectWindow();
    await until('the first has ended', () => ended);
    expect(await second.api.queue.summary({})).toMatchObject({ running: 0 });
    second.close();
  });
});
