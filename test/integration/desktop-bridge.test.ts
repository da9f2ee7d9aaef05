/**
 * The desktop app's window for real: the whole shell (core, app:// handler, ipc-connection) and in Chromium the built window
 * behind the built preload script. Only Electron itself is missing; where its runtime is, test/e2e/desktop has it.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium } from '@playwright/test';
import type { Browser, Page } from '@playwright/test';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it, vi } from 'vitest';
import { ensureBuilt } from '../../electron/build.ts';
import { startDesktop } from '../../electron/desktop/desktop.ts';
import type { Desktop } from '../../electron/desktop/options.ts';
import { Marks } from '../../electron/desktop/marks.ts';
import { startComfyServer } from '../../electron/demo/comfy/server.ts';
import type { ComfyServerHandle } from '../../electron/demo/comfy/server.ts';
import { findRunningHost } from '../../electron/host/endpoint.ts';
import { browserArguments, ensureBrowser } from '../setup-browser.ts';
import { root } from '../suites.ts';
import { openBridge } from '../support/chromium-bridge.ts';
import type { Bridge } from '../support/chromium-bridge.ts';
import { sleepGraph } from '../support/core-harness.ts';
import { until } from '../support/until.ts';
import { fakeElectron } from '../fakes/electron/electron.ts';
import type { FakeElectron } from '../fakes/electron/electron.ts';
import { ipcMain } from '../fakes/electron/ipc-main.ts';

vi.mock('electron', () => import('../fakes/electron/ipc-main.ts'));

let browser: Browser;
let folder: string;
let comfy: ComfyServerHandle;
let fake: FakeElectron;
let desktop: Desktop;
let bridge: Bridge;

beforeAll(async () => {
  await ensureBuilt(['renderer', 'desktop']);
  browser = await chromium.launch({ executablePath: ensureBrowser(), args: browserArguments() });
}, 120_000);
afterAll(async () => {
  await browser.close();
});

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'switchyard-bridge-'));
  comfy = await startComfyServer({ stepMs: 5 });
  fake = fakeElectron({ notifications: 'fail' });
  await startDesktop({
    electron: fake.parts,
    args: { dataDir: join(folder, 'data'), demo: false, hidden: false, perf: false },
    version: '0.0.0-test',
    platform: 'linux',
    env: {},
    words: [],
    places: {
      rendererDir: join(root, 'dist/renderer'),
      preload: '',
      icons: join(root, 'resources/icons'),
      resources: folder,
    },
    signed: false,
    marks: new Marks(),
    loadUpdater: () => Promise.reject(new Error('no updates from a checkout')),
    runProgram: async () => 'b true',
    perf: () => undefined,
    onUp: (up) => void (desktop = up),
  });
  const handler = fake.handler();
  if (handler === null) throw new Error('no handler for app://');
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
  bridge = await openBridge({ context, ipcMain, handler, contentsId: 1 });
});
afterEach(async () => {
  await bridge.page.context().close();
  desktop.systemEnds();
  await until('the app is over', () => fake.app.exitCode !== null);
  await comfy.close();
  rmSync(folder, { recursive: true, force: true });
});

/** Over the private socket, as the CLI does: the window must hear of it by itself. */
async function ask(call: string, args: unknown): Promise<Record<string, unknown>> {
  const host = await findRunningHost(join(folder, 'data'));
  if (host === null) throw new Error('no private socket');
  const { request } = await import('node:http');
  return new Promise((resolve, reject) => {
    const headers = { host: 'localhost', authorization: `Bearer ${host.token}`, 'content-type': 'application/json' };
    const asking = request(
      { socketPath: host.endpoint.socketPath, method: 'POST', path: `/api/${call}`, headers, agent: false },
      (response) => {
        let text = '';
        response.on('data', (part: Buffer) => void (text += part.toString()));
        response.on('end', () => {
          resolve(JSON.parse(text) as Record<string, unknown>);
        });
      },
    );
    asking.on('error', reject);
    asking.end(JSON.stringify(args));
  });
}

async function heldJobs(): Promise<{ release: () => void }> {
  const hold = comfy.engine.pauseAt('before-step-check');
  const { server } = (await ask('servers.add', { url: comfy.url, name: 'Studio', kind: 'comfy' })) as {
    server: { id: string };
  };
  await ask('jobs.submit', {
    payload: { kind: 'comfy', graph: sleepGraph(20, 5) },
    serverId: server.id,
    jobs: [{ title: 'Harbour at dawn' }, { title: 'Paper heron' }],
  });
  return {
    release: () => {
      hold.release();
    },
  };
}

const row = (page: Page, title: string) => page.getByText(title, { exact: false }).first();

it('the window opens over its port, follows the queue, and the tray cancels what it shows', async () => {
  const { page, complaints } = bridge;
  await page.locator('main h1').first().waitFor();
  const { release } = await heldJobs();
  await row(page, 'Harbour at dawn').waitFor();
  await row(page, 'Paper heron').waitFor();
  await until(
    'the tray names it',
    () => fake.trays[0]?.menu.some(({ label }) => label?.startsWith('Cancel “Harbour at dawn”') === true) === true,
  );
  fake.trays[0]?.menu
    .find(({ label }) => label?.startsWith('Cancel “Harbour') === true)
    ?.click?.({} as never, undefined, {});
  await until('the question', () => fake.boxes.length > 0);
  fake.boxes[0]?.answer({ response: 0 });
  await page.getByText('Cancelling…').first().waitFor();
  release();
  await page.getByText('Cancelling…').first().waitFor({ state: 'detached' });
  expect(complaints).toEqual([]);
}, 180_000);

it('a reload in the middle of a job finds everything again', async () => {
  const { page } = bridge;
  const { release } = await heldJobs();
  await row(page, 'Harbour at dawn').waitFor();
  await page.reload();
  await row(page, 'Harbour at dawn').waitFor();
  await row(page, 'Paper heron').waitFor();
  release();
  await until('all done', async () => {
    const { running, waiting, collecting } = (await ask('queue.summary', {})) as {
      running: number;
      waiting: number;
      collecting: number;
    };
    return running + waiting + collecting === 0;
  });
}, 180_000);

it('what the system would not notify of is a toast, which leads to the job', async () => {
  // None is shown while the window has the focus.
  await until('the window is shown', () => fake.windows[0]?.isFocused() === true);
  fake.windows[0]?.blur();
  const { page } = bridge;
  await page.locator('main h1').first().waitFor();
  const { server } = (await ask('servers.add', { url: comfy.url, name: 'Studio', kind: 'comfy' })) as {
    server: { id: string };
  };
  const { jobs } = (await ask('jobs.submit', {
    payload: { kind: 'comfy', graph: { '1': { class_type: 'NoSuchNode', inputs: {} } } },
    serverId: server.id,
    jobs: [{ title: 'Broken' }],
  })) as { jobs: { id: string }[] };
  const toast = page.getByRole('status').filter({ hasText: '“Broken” failed' });
  await toast.getByRole('button', { name: 'Open' }).click();
  await until('the job', () => page.url().endsWith(`#history/${jobs[0]?.id ?? ''}`));
}, 180_000);

it('Settings has what only the desktop can do, and says what really holds', async () => {
  const { page } = bridge;
  await page.locator('main h1').first().waitFor();
  await page.evaluate(() => void (location.hash = 'settings'));
  const group = page.getByRole('region', { name: 'Desktop' });
  const keys = group.getByRole('textbox', { name: 'Hotkey to cancel everything of mine' });
  await group.getByText('Off.').waitFor();
  await keys.press('Control+Alt+KeyX');
  await group.getByText('Control+Alt+X is bound.').waitFor();
  expect([...fake.shortcuts.keys()]).toEqual(['Control+Alt+X']);
  await keys.press('Control+KeyC');
  await group.getByText('is not bound: every program uses that one itself').waitFor();
  expect([...fake.shortcuts.keys()]).toEqual([]);
  await keys.press('Backspace');
  await group.getByText('Off.').waitFor();
  await group.getByRole('combobox', { name: 'Closing the window' }).selectOption('quit');
  await group.getByRole('switch', { name: /Keep the computer awake/ }).click();
  await group.getByRole('switch', { name: /Start at login/ }).click();
  await group.getByText('The system did not take it').waitFor();
  const { settings } = (await ask('settings.get', {})) as { settings: Record<string, unknown> };
  expect(settings).toMatchObject({ closeToTray: 'quit', keepAwake: true, startAtLogin: true, hotkey: null });
}, 180_000);

it('how well sign-ins are kept is said once it is known: when the first one was kept', async () => {
  const { page } = bridge;
  await page.locator('main h1').first().waitFor();
  await page.evaluate(() => void (location.hash = 'settings'));
  await page.getByText('kept by the system; how safely is not known').waitFor();
  await ask('servers.add', { url: comfy.url, name: 'Studio', kind: 'comfy' });
  await page.evaluate(() => void (location.hash = 'servers'));
  const box = page.getByRole('article', { name: /^Studio/ });
  await box.getByRole('button', { name: 'Edit…' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Sign-in').selectOption({ label: 'Header' });
  await dialog.getByLabel('Authorization header').fill('Bearer abc');
  await dialog.getByRole('button', { name: 'Save' }).click();
  await dialog.waitFor({ state: 'detached' });
  await page.evaluate(() => void (location.hash = 'settings'));
  await page.getByText('in the system’s keychain').waitFor();
}, 180_000);

it('the page reaches a port and nothing else: no Node, no Electron, no way to the bridge', async () => {
  const { page } = bridge;
  await page.locator('main h1').first().waitFor();
  const reached = await page.evaluate(() =>
    [
      'require',
      'process',
      'module',
      'exports',
      'global',
      'Buffer',
      'electron',
      'ipcRenderer',
      'fromMain',
      'toMain',
      'setImmediate',
    ].filter((name) => name in globalThis),
  );
  expect(reached).toEqual([]);
  const blank = await page.context().newPage();
  await blank.goto('about:blank');
  const names = (): string[] => Object.getOwnPropertyNames(globalThis);
  const known = new Set(await blank.evaluate(names));
  // What the page itself defines is its own business; functions and objects handed in would show here.
  const added = (await page.evaluate(names)).filter((name) => !known.has(name));
  expect(added.filter((name) => !/^(__)?playwright|^__pw/i.test(name))).toEqual([]);
}, 180_000);

it('a port asked for by a frame inside the page, or with other words, is not given', async () => {
  const { page } = bridge;
  await page.locator('main h1').first().waitFor();
  const ports = await page.evaluate(async () => {
    let got = 0;
    addEventListener('message', (event) => {
      got += event.ports.length;
    });
    for (const words of ['switchyard:connect', { type: 'switchyard:ready' }, 'switchyard:ready ', null])
      postMessage(words, location.origin);
    const { port1 } = new MessageChannel();
    postMessage('hello', location.origin, [port1]);
    await new Promise((resolve) => setTimeout(resolve, 50));
    return got;
  });
  // The one this page sent to itself.
  expect(ports).toBe(1);
}, 180_000);

it('the policy of the window lets no script of another, no eval and no frame through', async () => {
  const { page } = bridge;
  await page.locator('main h1').first().waitFor();
  await page.evaluate(async () => {
    const seen: string[] = [];
    Object.assign(globalThis, { seen });
    addEventListener('securitypolicyviolation', (event) => seen.push(event.effectiveDirective));
    const img = document.createElement('img');
    img.src = 'http://127.0.0.1:1/x.png';
    document.body.append(img);
    document.body.append(Object.assign(document.createElement('iframe'), { src: 'http://127.0.0.1:1/' }));
    await fetch('http://127.0.0.1:1/').catch(() => undefined);
    // Not in this turn: what the tools of the browser run may always evaluate.
    await new Promise<void>((resolve) => {
      setTimeout(() => {
        try {
          (0, eval)('1');
        } catch (_) {
          seen.push('eval');
        }
        resolve();
      });
    });
  });
  // The browser tells of them in its own time.
  await until('all four were refused', async () => {
    const seen = await page.evaluate(() => (globalThis as unknown as { seen: string[] }).seen);
    return ['img-src', 'frame-src', 'connect-src', 'eval'].every((each) => seen.includes(each));
  });
}, 180_000);
