/** The desktop app in the real Electron: only where its runtime is; elsewhere skipped, with the reason, and counted. */
import { spawnSync } from 'node:child_process';
import { expect, test } from '@playwright/test';
import { findElectronRuntime } from '../../../electron/start/runtime.ts';
import { findRunningHost } from '../../../electron/host/endpoint.ts';
import { smoke } from '../../packed-smoke.ts';
import { root } from '../../suites.ts';
import { startElectron } from './electron-app.ts';
import type { RunningApp } from './electron-app.ts';

const runtime = findElectronRuntime();
let running: RunningApp;

test.beforeEach(async () => {
  const info = test.info();
  test.skip(info.project.name !== 'electron', 'runs in the project electron');
  test.skip(runtime === undefined, "Electron's runtime is not on this machine (npx install-electron fetches it)");
  running = await startElectron(runtime ?? '');
});
test.afterEach(async () => {
  const info = test.info();
  if (info.project.name === 'electron' && runtime !== undefined) await running.close();
});

test('opens its window in the sandbox, on its own scheme, with nothing of Node in it', async () => {
  const { app, page } = running;
  expect(page.url()).toMatch(/^app:\/\/ui\//);
  const reached = await page.evaluate(() =>
    ['require', 'process', 'module', 'Buffer', 'ipcRenderer'].filter((name) => name in globalThis),
  );
  expect(reached).toEqual([]);
  const preferences = await app.evaluate(({ BrowserWindow }) => {
    const [window] = BrowserWindow.getAllWindows();
    const contents = window?.webContents as unknown as { getLastWebPreferences: () => Record<string, unknown> };
    return contents.getLastWebPreferences();
  });
  expect(preferences).toMatchObject({ sandbox: true, contextIsolation: true, nodeIntegration: false });
});

test('navigation, new windows and permissions are refused', async () => {
  const { app, page } = running;
  const before = page.url();
  await page.evaluate(() => {
    location.href = 'https://example.com/';
    window.open('https://example.com/');
  });
  await expect.poll(() => page.url()).toBe(before);
  expect(await app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows().length)).toBe(1);
  expect(await page.evaluate(async () => (await navigator.permissions.query({ name: 'geolocation' })).state)).toBe(
    'denied',
  );
});

test('answers the CLI on its private socket, and listens on no TCP port', async () => {
  const host = await findRunningHost(running.dataDir);
  expect(host?.endpoint.url).toBeNull();
});

test('a second start shows the first, and ends', () => {
  const { ELECTRON_RUN_AS_NODE: _, ...env } = process.env;
  const asRoot = process.getuid?.() === 0 ? ['--no-sandbox'] : [];
  const second = spawnSync(runtime ?? '', [root, ...asRoot, '--data', running.dataDir], {
    env,
    timeout: 20_000,
    encoding: 'utf8',
  });
  expect(second.status).toBe(0);
  expect(second.stdout).toContain('Switchyard is open already');
});

test('a window whose process dies is rebuilt, and finds its core', async () => {
  const { app } = running;
  const next = app.waitForEvent('window');
  await app.evaluate(({ BrowserWindow }) => {
    BrowserWindow.getAllWindows()[0]?.webContents.forcefullyCrashRenderer();
  });
  const page = await next;
  await page.locator('main h1').first().waitFor();
});

test('SIGTERM ends it without a question while a demo job runs, and in order', async () => {
  const asRoot = process.getuid?.() === 0 ? ['--no-sandbox'] : [];
  const seen = await smoke(runtime ?? '', [root, ...asRoot]);
  expect(seen.at(-1)).toMatch(/^SIGTERM ended it|^Windows has no SIGTERM/);
});
