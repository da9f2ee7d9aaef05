/** The frame of the window: first start, the way between views, keys, narrow windows, policy. */
import { expect, test } from '@playwright/test';
import { sleepGraph } from '../support/core-harness.ts';
import { startWindowHost } from '../support/window-host.ts';
import type { WindowHost } from '../support/window-host.ts';
import { idAt, question, rowOf, submitTitled } from './support/queue-page.ts';

let host: WindowHost;

test.beforeEach(async () => {
  host = await startWindowHost();
});
test.afterEach(async () => {
  await host.close();
});

test('every view opens from the sidebar under the policy of the page, without an error', async ({ page }) => {
  const problems: string[] = [];
  page.on('pageerror', (error) => problems.push(error.message));
  page.on('console', (message) => {
    if (message.type() === 'error') problems.push(message.text());
  });
  await host.core.addServer(host.comfy.url, { name: 'Studio' });
  await host.open(page);
  const nav = page.getByRole('navigation', { name: 'Main' });
  for (const name of ['History', 'New job', 'Log', 'Settings', 'Servers', 'Queue']) {
    await nav.getByRole('link', { name: new RegExp(`^${name}`) }).click();
    await expect(page).toHaveTitle(new RegExp(name));
    await expect(page.getByRole('main').getByRole('heading', { level: 1 }).first()).toBeVisible();
  }
  // A dialog brings the one stylesheet that a library inserts: it carries the page's nonce.
  await page.getByRole('button', { name: 'More', exact: true }).click();
  await page.getByRole('menuitem', { name: 'Keys' }).click();
  await expect(page.getByRole('dialog', { name: 'Keys' })).toBeVisible();
  expect(problems).toEqual([]);
});

test('single keys work only in the list, and not at all when switched off', async ({ page }) => {
  const serverId = await host.core.addServer(host.comfy.url, { name: 'Studio' });
  const jobs = await submitTitled(host, serverId, ['runs now'], () => sleepGraph(3_000, 20));
  await host.core.waitState(idAt(jobs, 0), 'running');
  await host.open(page);
  await expect(rowOf(page, 'runs now')).toBeVisible();
  await page.keyboard.press('?');
  await expect(page.getByRole('dialog')).toHaveCount(0);
  await rowOf(page, 'runs now').click();
  await page.keyboard.press('?');
  await expect(page.getByRole('dialog', { name: 'Keys' })).toBeVisible();
  await page.keyboard.press('Escape');
  await host.core.call('settings.set', { settings: { singleKeys: false } });
  await expect(async () => {
    await rowOf(page, 'runs now').click();
    await page.keyboard.press('?');
    await expect(page.getByRole('dialog')).toHaveCount(0, { timeout: 300 });
  }).toPass();
});

test('no servers: the first page offers what to do', async ({ page }) => {
  await host.open(page);
  await expect(page.getByRole('main')).toContainText('Which servers should Switchyard manage?');
});

for (const width of [320, 375]) {
  test(`at ${width} px everything is reachable, nothing scrolls sideways, targets are tall enough for a thumb`, async ({
    page,
  }) => {
    await page.setViewportSize({ width, height: 700 });
    const serverId = await host.core.addServer(host.comfy.url, { name: 'Studio', maxInFlight: 1 });
    const jobs = await submitTitled(host, serverId, ['a rather long title that has to be cut somewhere', 'waits'], () =>
      sleepGraph(3_000, 20),
    );
    await host.core.waitState(idAt(jobs, 0), 'running');
    await host.open(page);
    await expect(rowOf(page, 'waits')).toBeVisible();
    expect(await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)).toBe(
      0,
    );
    const small = await page.getByRole('button').evaluateAll((buttons) =>
      buttons
        .map((button) => ({ box: button.getBoundingClientRect(), name: button.textContent }))
        .filter(({ box }) => box.width > 0 && (box.height < 44 || box.width < 44))
        .map(({ box, name }) => `${name} ${box.width}×${box.height}`),
    );
    expect(small).toEqual([]);
    await page.getByRole('button', { name: 'Cancel all…' }).click();
    await expect(question(page)).toContainText('Cancel 2 jobs on Studio?');
  });
}
