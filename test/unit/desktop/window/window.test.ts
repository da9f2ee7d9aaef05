import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BrowserWindow, BrowserWindowConstructorOptions } from 'electron';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { CrashBudget } from '../../../../electron/desktop/window/crash-budget.ts';
import { MainWindow, safePlace } from '../../../../electron/desktop/window/window.ts';
import type { WindowOptions } from '../../../../electron/desktop/window/window.ts';
import { fitToDisplays, readWindowState, writeWindowState } from '../../../../electron/desktop/window/state.ts';
import { FakeWindow } from '../../../fakes/electron/window.ts';
import type { WindowBehaviour } from '../../../fakes/electron/window.ts';

describe('where it was', () => {
  const screen = { x: 0, y: 0, width: 1920, height: 1040 };
  const left = { x: -1920, y: 0, width: 1920, height: 1080 };
  it('is where it is again, when it can be caught there', () => {
    expect(
      fitToDisplays({ x: -1800, y: 50, width: 1000, height: 700, maximized: false }, [screen, left], true),
    ).toEqual({ x: -1800, y: 50, width: 1000, height: 700, maximized: false });
  });
  it.each([
    [{ x: -1800, y: 50 }],
    [{ x: 1900, y: 0 }],
    [{ x: 0, y: 1030 }],
    [{ x: 0, y: -500 }],
    [{ x: 99_999, y: 0 }],
  ])('%j lies outside: the system chooses', (place) => {
    expect(fitToDisplays({ ...place, width: 1000, height: 700, maximized: true }, [screen], true)).toEqual({
      width: 1000,
      height: 700,
      maximized: true,
    });
  });
  it('is never restored on Wayland, its size is', () => {
    expect(fitToDisplays({ x: 5, y: 5, width: 900, height: 600, maximized: false }, [screen], false)).toEqual({
      width: 900,
      height: 600,
      maximized: false,
    });
  });
  it('has a size that can be used', () => {
    expect(fitToDisplays({ x: 0, y: 0, width: 1, height: 1, maximized: false }, [screen], true)).toMatchObject({
      width: 320,
      height: 400,
    });
    expect(fitToDisplays({ x: 0, y: 0, width: 9_000, height: 9_000, maximized: false }, [screen], true)).toMatchObject({
      width: 1920,
      height: 1040,
    });
    expect(fitToDisplays(null, [screen], true)).toEqual({ width: 1280, height: 820, maximized: false });
    expect(fitToDisplays(null, [], true)).toEqual({ width: 1280, height: 820, maximized: false });
  });
});

describe('the window', () => {
  let folder: string;
  let made: FakeWindow[];
  let given: BrowserWindowConstructorOptions[];
  let troubles: string[];
  let keep: boolean;
  /** Of the windows made from now on. */
  let behaviour: WindowBehaviour;
  /** Loads and paints what has been made: each takes a turn, as in Electron. */
  const painted = (): Promise<unknown> => vi.advanceTimersByTimeAsync(10);
  beforeEach(() => {
    behaviour = {};
    folder = mkdtempSync(join(tmpdir(), 'switchyard-window-'));
    made = [];
    given = [];
    troubles = [];
    keep = true;
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
    rmSync(folder, { recursive: true, force: true });
  });
  const make = (change: Partial<WindowOptions> = {}): MainWindow =>
    new MainWindow({
      make: (options) => {
        const window = new FakeWindow(options, behaviour);
        made.push(window);
        given.push(options);
        return window as unknown as BrowserWindow;
      },
      preload: '/preload.cjs',
      devTools: false,
      stateFile: join(folder, 'window.json'),
      areas: () => [{ x: 0, y: 0, width: 1920, height: 1040 }],
      mayPlace: true,
      showsWhenLoaded: false,
      dark: () => true,
      icon: null,
      onClose: () => keep,
      onFirstPaint: () => undefined,
      onSystemEnds: () => troubles.push('system-ends'),
      onTrouble: (what) => troubles.push(what ?? 'well again'),
      log: () => undefined,
      ...change,
    });

  it('shows itself when it has something to show, and nothing flashes before', async () => {
    const window = make();
    window.show('history/01');
    expect(given[0]).toMatchObject({ show: false, backgroundColor: '#141414' });
    expect(made[0]?.url).toBe('app://ui/#history/01');
    expect(made[0]?.isVisible()).toBe(false);
    await painted();
    expect(made[0]?.isVisible()).toBe(true);
    window.show('queue');
    expect(made).toHaveLength(1);
    expect(made[0]?.url).toBe('app://ui/#queue');
  });
  it('that is never painted while it is hidden (Wayland) is shown when it is loaded, on Linux', async () => {
    behaviour = { paints: 'never' };
    make({ showsWhenLoaded: true }).show();
    await painted();
    expect(made[0]?.isVisible()).toBe(true);
  });
  it('that is never painted elsewhere is shown three seconds after it was loaded', async () => {
    behaviour = { paints: 'never' };
    make().show();
    await painted();
    await vi.advanceTimersByTimeAsync(2_900);
    expect(made[0]?.isVisible()).toBe(false);
    await vi.advanceTimersByTimeAsync(200);
    expect(made[0]?.isVisible()).toBe(true);
  });
  it.each(['after-load', 'before-load'] as const)(
    'that was minimised within three seconds (painted %s) stays so',
    async (paints) => {
      behaviour = { paints };
      make().show();
      await painted();
      expect(made[0]?.isVisible()).toBe(true);
      made[0]?.minimize();
      await vi.advanceTimersByTimeAsync(10_000);
      expect(made[0]?.isVisible()).toBe(false);
    },
  );
  it('is brought to the front once, however many things say that it can be shown', async () => {
    make({ showsWhenLoaded: true }).show();
    await painted();
    await vi.advanceTimersByTimeAsync(10_000);
    expect(made[0]?.shows).toBe(1);
  });
  it('whose page can’t be loaded is shown all the same, says so, and can be asked to try again', async () => {
    const logged: string[] = [];
    behaviour = { loads: 'fail' };
    const window = make({ log: (message) => logged.push(message) });
    window.show('history/01');
    await painted();
    expect(made[0]?.isVisible()).toBe(true);
    expect(logged).toEqual(['the window could not be loaded']);
    const page = decodeURIComponent(made[0]?.url ?? '');
    expect(page).toMatch(/^data:text\/html.*<h1>The window could not be loaded<\/h1>/s);
    expect(page).toContain('<a href="app://ui/#history/01"');
    window.show('queue');
    expect(made[0]?.url).toBe('app://ui/#queue');
  });
  it('one whose failing page is never painted either is shown after three seconds', async () => {
    behaviour = { loads: 'fail', paints: 'never' };
    make().show();
    await vi.advanceTimersByTimeAsync(3_100);
    expect(made[0]?.isVisible()).toBe(true);
  });
  it('a load that another one replaced is no failure', async () => {
    const logged: string[] = [];
    const window = make({ log: (message) => logged.push(message) });
    window.show();
    window.show('history');
    await painted();
    // A page that was there already and was left while it still loaded (electron_api_web_contents.cc `DidFailLoad`).
    made[0]?.webContents.emit('did-fail-load', {}, -3, '', 'app://ui/#history', true);
    await painted();
    expect(logged).toEqual([]);
    expect(made[0]?.url).toBe('app://ui/#history');
  });
  it('fills the screen when it is first shown, and not before: maximising shows', async () => {
    writeWindowState(join(folder, 'window.json'), { width: 900, height: 600, maximized: true });
    const window = make();
    window.show();
    expect(made[0]?.isVisible()).toBe(false);
    // Closed before it was ever seen it is still the window that fills the screen.
    window.hide();
    await painted();
    expect(made[0]?.isVisible()).toBe(false);
    vi.advanceTimersByTime(5 * 60_000);
    expect(readWindowState(join(folder, 'window.json'))).toMatchObject({ maximized: true });
    window.show();
    await painted();
    expect([made[1]?.isVisible(), made[1]?.isMaximized()]).toEqual([true, true]);
  });
  it('keeps or lets go what is closed, and remembers where it was', async () => {
    const window = make();
    window.show();
    expect(made[0]?.close()).toBe(false);
    keep = false;
    expect(made[0]?.close()).toBe(true);
    await painted();
    expect(window.open).toBeNull();
    expect(readWindowState(join(folder, 'window.json'))).toEqual({
      x: 10,
      y: 20,
      width: 1280,
      height: 820,
      maximized: false,
    });
  });
  it('gives its memory back five minutes after it was hidden, and comes back when asked', () => {
    const window = make();
    window.show();
    window.hide();
    vi.advanceTimersByTime(4 * 60_000);
    window.show();
    vi.advanceTimersByTime(10 * 60_000);
    expect(made).toHaveLength(1);
    window.hide();
    vi.advanceTimersByTime(5 * 60_000);
    expect(made[0]?.isDestroyed()).toBe(true);
    expect(window.open).toBeNull();
    window.show();
    expect(made).toHaveLength(2);
  });
  it('is rebuilt when its renderer breaks, three times in five minutes, and then asks', async () => {
    const window = make();
    window.show();
    for (let crash = 1; crash <= 4; crash += 1) {
      await painted();
      made.at(-1)?.webContents.emit('render-process-gone', {}, { reason: 'crashed', exitCode: 11 });
    }
    expect(made).toHaveLength(4);
    expect(made.every((each) => each.isDestroyed())).toBe(true);
    expect(troubles).toEqual(['broken']);
    window.rebuild();
    expect(made).toHaveLength(5);
  });
  it('that is hidden and breaks is made again only when it is asked for', async () => {
    const window = make();
    window.show();
    await painted();
    window.hide();
    made[0]?.webContents.emit('render-process-gone', {}, { reason: 'oom', exitCode: 1 });
    expect(made).toHaveLength(1);
    window.show();
    expect(made).toHaveLength(2);
  });
  it('hears the system’s end, which Windows tells only windows; not that it may come, which can be called off', () => {
    make().show();
    made[0]?.emit('query-session-end', {});
    expect(troubles).toEqual([]);
    made[0]?.emit('session-end', {});
    expect(troubles).toEqual(['system-ends']);
  });
  it('that breaks before it was ever seen is made again', async () => {
    make().show();
    made[0]?.webContents.emit('render-process-gone', {}, { reason: 'crashed', exitCode: 11 });
    expect(made).toHaveLength(2);
    await painted();
    expect(made[1]?.isVisible()).toBe(true);
  });
  it('that is hidden before it was ready stays hidden', async () => {
    const window = make({ showsWhenLoaded: true });
    window.show();
    window.hide();
    await vi.advanceTimersByTimeAsync(10_000);
    expect(made[0]?.isVisible()).toBe(false);
  });
  it('tells that it does not answer, and that it does again', () => {
    make().show();
    made[0]?.emit('unresponsive');
    made[0]?.emit('responsive');
    expect(troubles).toEqual(['stuck', 'well again']);
  });
  it.each([
    '',
    '{',
    '[]',
    '{"width":"1"}',
    '{"width":1e9,"height":5,"maximized":false}',
    '{"width":5,"height":5,"maximized":false,"evil":1}',
  ])('opens at its usual size when what was kept is %j', (text) => {
    writeFileSync(join(folder, 'window.json'), text);
    make().show();
    expect(given[0]).toMatchObject({ width: 1280, height: 820 });
  });
  it('a place that can’t be kept is no error', () => {
    const logged: string[] = [];
    make({ stateFile: join(folder, 'window.json', 'x'), log: (message) => logged.push(message) }).show();
    writeFileSync(join(folder, 'window.json'), '');
    keep = false;
    made[0]?.close();
    expect(logged).toEqual(['where the window was could not be kept']);
  });
  it('is written whole', () => {
    const file = join(folder, 'deep', 'window.json');
    writeWindowState(file, { width: 5, height: 6, maximized: true });
    expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual({ width: 5, height: 6, maximized: true });
  });
});

it('crashes are counted within five minutes only', () => {
  const budget = new CrashBudget();
  expect([0, 1, 2, 3].map((at) => budget.crashed(at))).toEqual([true, true, true, false]);
  expect(budget.crashed(10 * 60_000)).toBe(true);
});

it('a place is only what places are made of', () => {
  expect(safePlace('history/0199-ab')).toBe('history/0199-ab');
  for (const place of ['', '/', 'a b', 'javascript:1', '../x', 'queue#x', 'queue?x', 'queue/<b>', 'https://x'])
    expect(safePlace(place), place).toBeNull();
});
