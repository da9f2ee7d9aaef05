/** Settings and Log in a real browser: each setting is kept by the core and takes effect; deleting history asks. */
import AxeBuilder from '@axe-core/playwright';
import { expect, test } from '@playwright/test';
import { startWindowHost } from '../support/window-host.ts';
import type { WindowHost } from '../support/window-host.ts';

let host: WindowHost;

test.beforeEach(async () => {
  host = await startWindowHost();
  await host.core.addServer(host.comfy.url, { name: 'Studio' });
});
test.afterEach(async () => {
  await host.close();
});

test('a setting takes effect at once and is kept', async ({ page }) => {
  await host.open(page, 'settings');
  await page.getByRole('radio', { name: 'Dark' }).click();
  await expect(page.locator('html')).toHaveAttribute('data-theme', 'dark');
  await page.getByRole('switch', { name: /Ask before cancelling one job/ }).click();
  await expect
    .poll(async () => (await host.core.call('settings.get', {})).settings)
    .toMatchObject({ theme: 'dark', askForOne: false });
  expect((await new AxeBuilder({ page }).analyze()).violations).toEqual([]);
});

test('keeping less of history asks before it deletes', async ({ page }) => {
  await host.open(page, 'settings');
  await page.getByRole('combobox', { name: 'Keep ended jobs' }).selectOption({ label: '30 days' });
  const dialog = page.getByRole('alertdialog', { name: 'Remove jobs older than 30 days?' });
  await expect(dialog.getByRole('button', { name: 'Keep everything' })).toBeFocused();
  await page.keyboard.press('Escape');
  expect((await host.core.call('settings.get', {})).settings.keepHistoryDays).toBe(0);
  await page.getByRole('combobox', { name: 'Keep ended jobs' }).selectOption({ label: '30 days' });
  await dialog.getByRole('button', { name: 'Remove old jobs' }).click();
  await expect.poll(async () => (await host.core.call('settings.get', {})).settings.keepHistoryDays).toBe(30);
});

test('the log shows what happened, by level and search', async ({ page }) => {
  await host.open(page, 'log');
  const log = page.getByRole('log');
  await expect(log).not.toBeEmpty();
  expect((await new AxeBuilder({ page }).analyze()).violations).toEqual([]);
  await page.getByRole('textbox', { name: 'Search the log' }).fill('no line has these words');
  await expect(page.getByText('No line matches')).toBeVisible();
});
