/** Servers in a real browser: first start, add with test, edit, remove with and without open jobs, words for what is wrong. */
import AxeBuilder from '@axe-core/playwright';
import { expect, test } from '@playwright/test';
import { sleepGraph } from '../support/core-harness.ts';
import { startWindowHost } from '../support/window-host.ts';
import type { WindowHost } from '../support/window-host.ts';

let host: WindowHost;

test.beforeEach(async () => {
  host = await startWindowHost();
});
test.afterEach(async () => {
  await host.close();
});

test('first start: an address is tested, then added, and the queue is there', async ({ page }) => {
  await host.open(page);
  await expect(page.getByRole('heading', { name: 'Which servers should Switchyard manage?' })).toBeVisible();
  await expect(page.getByText('npm start -- --demo')).toBeVisible();
  const address = page.getByLabel('Address of another server');
  await address.fill('127.0.0.1:9');
  await page.getByRole('button', { name: 'Test' }).click();
  await expect(page.getByText('connection refused')).toBeVisible();
  await address.fill(host.comfy.url.replace('http://', ''));
  await page.getByRole('button', { name: 'Test' }).click();
  await expect(page.getByText(/ComfyUI 0\.8\.0, answers in \d+ ms/)).toBeVisible();
  expect((await new AxeBuilder({ page }).analyze()).violations).toEqual([]);
  await page.getByRole('button', { name: 'Add', exact: true }).last().click();
  await expect(page.getByRole('heading', { name: 'Which servers' })).toHaveCount(0);
  await expect(page.getByRole('navigation')).toBeVisible();
});

test('adding tests first; what fails the test is added only on a second press', async ({ page }) => {
  await host.open(page, 'servers/add');
  const dialog = page.getByRole('dialog', { name: 'Add a server' });
  await dialog.getByLabel('Address').fill('127.0.0.1:9');
  await dialog.getByRole('button', { name: 'Add server' }).click();
  await expect(dialog).toContainText('connection refused');
  await expect(dialog.getByRole('button', { name: 'Add anyway' })).toBeVisible();
  await dialog.getByLabel('Address').fill(host.comfy.url);
  await dialog.getByLabel('Name').fill('Studio');
  await dialog.getByRole('button', { name: 'Add server' }).click();
  await expect(dialog).toHaveCount(0);
  const box = page.getByRole('article', { name: /^Studio/ });
  await expect(box).toContainText('ComfyUI 0.8.0');
  await expect(box).toContainText('One running job can be stopped without touching its neighbours');
  expect((await new AxeBuilder({ page }).analyze()).violations).toEqual([]);
});

test('editing changes name and number, and a switched-off server says so', async ({ page }) => {
  await host.core.addServer(host.comfy.url, { name: 'Studio' });
  await host.open(page, 'servers');
  await page
    .getByRole('article', { name: /^Studio/ })
    .getByRole('button', { name: 'Edit…' })
    .click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Name').fill('Attic');
  await dialog.getByLabel('Jobs at once').fill('1');
  await dialog.getByLabel('Sign-in').selectOption({ label: 'Header' });
  await dialog.getByLabel('Authorization header').fill('Bearer abc');
  await dialog.getByRole('switch', { name: /Use this server/ }).click();
  await dialog.getByRole('button', { name: 'Save' }).click();
  await expect(page.getByRole('article', { name: /^Attic, switched off/ })).toContainText('leaves it alone');
  const { servers } = await host.core.call('servers.list', {});
  expect(servers[0]).toMatchObject({ name: 'Attic', maxInFlight: 1, hasCredential: true, enabled: false });
});

test('a server without open jobs goes after one question', async ({ page }) => {
  await host.core.addServer(host.comfy.url, { name: 'Studio' });
  await host.open(page, 'servers');
  await page.getByRole('button', { name: 'More for Studio' }).click();
  await page.getByRole('menuitem', { name: 'Remove…' }).click();
  const dialog = page.getByRole('alertdialog', { name: 'Remove Studio?' });
  await expect(dialog.getByRole('button', { name: 'Keep server' })).toBeFocused();
  await expect(dialog.getByRole('radiogroup')).toHaveCount(0);
  await dialog.getByRole('button', { name: 'Remove server' }).click();
  await expect.poll(async () => (await host.core.call('servers.list', {})).servers.length).toBe(0);
});

test('a server with open jobs asks what becomes of them, and cancelled ones are seen to stop', async ({ page }) => {
  const serverId = await host.core.addServer(host.comfy.url, { name: 'Studio', maxInFlight: 1 });
  const [running] = await host.core.submit(sleepGraph(3_000, 20), { serverId });
  const [waiting] = await host.core.submit(sleepGraph(3_000, 20), { serverId });
  await host.core.waitState(running.id, 'running');
  await host.open(page, 'servers');
  await page.getByRole('button', { name: 'More for Studio' }).click();
  await page.getByRole('menuitem', { name: 'Remove…' }).click();
  const dialog = page.getByRole('alertdialog', { name: 'Remove Studio?' });
  await expect(dialog).toContainText('1 job waits for it, 1 job is on it');
  await dialog.getByRole('radio', { name: 'Cancel', exact: true }).click();
  await dialog.getByRole('button', { name: 'Remove and cancel' }).click();
  await host.core.waitState(running.id, 'cancelled');
  await host.core.waitState(waiting.id, 'cancelled');
  await expect.poll(async () => (await host.core.call('servers.list', {})).servers.length).toBe(0);
  await expect(page.getByRole('article')).toHaveCount(0);
});

test('a server that stops answering says why, and that it is tried again', async ({ page }) => {
  await host.core.addServer(host.comfy.url, { name: 'Studio' });
  await host.open(page, 'servers');
  await host.comfy.goDown();
  await expect(page.getByRole('article', { name: /^Studio/ })).toContainText(
    /Not answering for .*: connection refused/,
    { timeout: 60_000 },
  );
  await expect(page.getByRole('button', { name: 'Try now' })).toBeVisible();
  await host.comfy.comeUp();
  await expect(page.getByRole('article', { name: /^Studio, online/ })).toBeVisible({ timeout: 60_000 });
});
