import { describe, expect, it } from 'vitest';
import type { MenuItemConstructorOptions, NativeImage, Tray } from 'electron';
import { trayModel } from '../../../../electron/desktop/tray/model.ts';
import type { TrayAction, TrayFacts } from '../../../../electron/desktop/tray/model.ts';
import { barIsDark } from '../../../../electron/desktop/tray/icons.ts';
import { SwitchyardTray, trayTemplate } from '../../../../electron/desktop/tray/tray.ts';
import type { TrayOptions } from '../../../../electron/desktop/tray/tray.ts';
import { jobId, jobView, serverView, summary } from '../samples.ts';

function site(platform: NodeJS.Platform) {
  let nowMs = 0;
  let facts: TrayFacts = {
    summary: summary(),
    running: [],
    servers: [serverView(1)],
    askForOne: true,
    hotkey: null,
  };
  const timers: { at: number; run: () => void }[] = [];
  const menus: MenuItemConstructorOptions[][] = [];
  const shown: { images: string[]; menus: number; popUps: number; tips: string[]; destroyed: boolean } = {
    images: [],
    menus: 0,
    popUps: 0,
    tips: [],
    destroyed: false,
  };
  const acted: TrayAction[] = [];
  const listeners = new Map<string, () => void>();
  // Read against docs/api/tray.md and tray_icon_linux.cc: calls answer at once, a destroyed tray throws at each, and what is
  // clicked comes later by events. Linux sends `click` for an activation and no `right-click`.
  const alive = (): void => {
    if (shown.destroyed) throw new TypeError('Object has been destroyed');
  };
  const tray = {
    on: (name: string, listener: () => void) => (alive(), listeners.set(name, listener), tray),
    setImage: (image: unknown) => (alive(), void shown.images.push(String(image))),
    setToolTip: (tip: string) => (alive(), void shown.tips.push(tip)),
    setContextMenu: () => (alive(), void (shown.menus += 1)),
    popUpContextMenu: () => (alive(), void (shown.popUps += 1)),
    destroy: () => void (shown.destroyed = true),
  };
  const options: TrayOptions = {
    platform,
    makeTray: (image) => (shown.images.push(image as unknown as string), tray as unknown as Tray),
    makeMenu: (template): never => (menus.push(template), {} as never),
    image: (glyph) => glyph as unknown as NativeImage,
    model: () => trayModel(facts),
    act: (action) => acted.push(action),
    now: () => nowMs,
    later: (run, ms) => {
      const timer = { at: nowMs + ms, run };
      timers.push(timer);
      return { [Symbol.dispose]: () => void timers.splice(timers.indexOf(timer), 1) };
    },
  };
  const subject = new SwitchyardTray(options);
  return {
    subject,
    shown,
    menus,
    acted,
    listeners,
    timers,
    set: (change: Partial<TrayFacts>) => {
      facts = { ...facts, ...change };
      subject.changed();
    },
    pass: (ms: number) => {
      nowMs += ms;
      for (const timer of timers.filter(({ at }) => at <= nowMs)) {
        timers.splice(timers.indexOf(timer), 1);
        timer.run();
      }
    },
  };
}

const labels = (template: MenuItemConstructorOptions[] | undefined): (string | undefined)[] =>
  (template ?? []).map(({ label }) => label);

describe('on Linux, where opening can’t be known', () => {
  it('the menu is built anew within a second of a change, and not more often', () => {
    const { set, pass, menus, shown } = site('linux');
    expect(menus).toHaveLength(1);
    set({ summary: summary({ running: 1, servers: 1 }), running: [jobView(1)] });
    set({ summary: summary({ running: 2, servers: 1 }), running: [jobView(1), jobView(2)] });
    expect(menus).toHaveLength(1);
    pass(1_000);
    expect(menus).toHaveLength(2);
    expect(labels(menus[1])).toEqual(expect.arrayContaining(['2 running on 1 server', 'Cancel “Job 2” on Server 1…']));
    expect(shown.images).toEqual(['idle', 'running']);
    expect(shown.tips.at(-1)).toBe('Switchyard: 2 running on 1 server');
  });
  it('and not at all when nothing in it changed', () => {
    const { set, pass, menus } = site('linux');
    for (let turn = 0; turn < 5; turn += 1) {
      set({ summary: summary() });
      pass(2_000);
    }
    expect(menus).toHaveLength(1);
  });
});

it('on linux what the desktop sends as activation opens the window, and the menu is there beside it', () => {
  const { acted, listeners, shown } = site('linux');
  listeners.get('click')?.();
  expect(acted).toEqual([{ do: 'open', place: null }]);
  expect([...listeners.keys()]).toEqual(['click']);
  expect([shown.menus, shown.popUps]).toEqual([1, 0]);
});

describe.each(['darwin', 'win32'] as const)('on %s', (platform) => {
  it('the menu is built when it opens', () => {
    const { set, menus, shown, listeners } = site(platform);
    set({ summary: summary({ running: 1 }), running: [jobView(1)] });
    expect(menus).toHaveLength(0);
    listeners.get('right-click')?.();
    expect(shown.popUps).toBe(1);
    expect(labels(menus[0])).toContain('Cancel “Job 1” on Server 1…');
  });
  it(platform === 'win32' ? 'a click opens the window' : 'a click opens the menu', () => {
    const { acted, listeners, shown } = site(platform);
    listeners.get('click')?.();
    if (platform === 'win32') expect(acted).toEqual([{ do: 'open', place: null }]);
    else expect(shown.popUps).toBe(1);
  });
});

it('an entry of a menu that stayed open cancels the job it named, whatever runs by then', () => {
  const { set, pass, menus, acted } = site('linux');
  set({ summary: summary({ running: 1 }), running: [jobView(1)] });
  pass(1_000);
  const opened = menus.at(-1);
  set({ summary: summary({ running: 1 }), running: [jobView(2)] });
  pass(1_000);
  const stale = opened?.find(({ id }) => id === `cancel:${jobId(1)}`);
  stale?.click?.({} as never, undefined, {});
  expect(acted).toEqual([{ do: 'cancel', scope: { jobs: [jobId(1)] }, mode: 'stop' }]);
});

it('nothing is drawn after the end', () => {
  const { subject, set, pass, timers } = site('linux');
  set({ summary: summary({ running: 1 }) });
  subject[Symbol.dispose]();
  expect(timers).toEqual([]);
  pass(5_000);
  // What changes at the end, or comes late: a theme is told of a turn after it was set.
  set({ summary: summary({ running: 2 }) });
  subject.redraw();
  pass(5_000);
});

it('an ampersand in a title marks no key', () => {
  const [item] = trayTemplate([{ type: 'line', label: 'Cats & dogs' }], () => undefined);
  expect(item?.label).toBe('Cats && dogs');
});

describe('the bar it sits in', () => {
  it.each<[NodeJS.Platform, string | undefined, boolean, boolean, boolean]>([
    // Windows has one theme for the programs and one for the taskbar.
    ['win32', undefined, true, false, false],
    ['win32', undefined, false, true, true],
    ['linux', 'KDE', false, false, false],
    ['linux', 'KDE', true, false, true],
    // Its bar is black in the light theme too.
    ['linux', 'ubuntu:GNOME', false, false, true],
    ['linux', undefined, false, false, false],
  ])('%s %s, the system dark %s, its taskbar %s: dark is %s', (platform, desktop, systemDark, bar, dark) => {
    const theme = { shouldUseDarkColorsForSystemIntegratedUI: bar };
    expect(barIsDark(platform, { XDG_CURRENT_DESKTOP: desktop }, systemDark, theme)).toBe(dark);
  });
});
