/** History in a real browser: what ended is there in words, is found again, gets its second chance, and can be taken along. */
import { readFileSync } from 'node:fs';
import AxeBuilder from '@axe-core/playwright';
import { expect, test } from '@playwright/test';
import type { ServerId } from '../../shared/ids.ts';
import { pictureGraph, sleepGraph } from '../support/core-harness.ts';
import { startWindowHost } from '../support/window-host.ts';
import type { WindowHost } from '../support/window-host.ts';

let host: WindowHost;
let serverId: ServerId;

test.beforeEach(async () => {
  host = await startWindowHost();
  serverId = await host.core.addServer(host.comfy.url, { name: 'Studio', maxInFlight: 1 });
});
test.afterEach(async () => {
  await host.close();
});

async function done(prompt: string): Promise<void> {
  const [job] = await host.core.submit(pictureGraph(prompt));
  await host.core.waitState(job.id, 'done');
}

/** One cancelled while it ran, one while it waited. */
async function cancelTwo(): Promise<void> {
  const [running] = await host.core.submit(sleepGraph(3_000, 20), { serverId });
  const [waiting] = await host.core.submit(sleepGraph(3_000, 20), { serverId });
  await host.core.waitState(running.id, 'running');
  await host.core.call('cancel.run', { scope: { jobs: [running.id, waiting.id] }, by: 'tray', note: 'wrong lens' });
  await host.core.waitState(running.id, 'cancelled');
  await host.core.waitState(waiting.id, 'cancelled');
}

test('endings in words, with picture, by whom and from where', async ({ page }) => {
  await done('a red kiosk');
  await cancelTwo();
  await host.open(page, 'history');
  const grid = page.getByRole('grid', { name: 'Jobs that ended' });
  await expect(grid.getByRole('row').filter({ hasText: 'a red kiosk' })).toContainText(/Done in .*1 image/);
  await expect(grid.getByRole('row').filter({ hasText: 'Cancelled after' })).toContainText(
    'by you, from the tray: “wrong lens”',
  );
  await expect(grid.getByRole('row').filter({ hasText: 'Cancelled before it was sent' })).toHaveCount(1);
  await expect(grid.getByRole('row').filter({ hasText: 'a red kiosk' }).locator('img')).toHaveJSProperty(
    'complete',
    true,
  );
  expect((await new AxeBuilder({ page }).analyze()).violations).toEqual([]);
});

test('put back makes one job, once', async ({ page }) => {
  await cancelTwo();
  await host.core.call('queue.pause', {});
  await host.open(page, 'history');
  const row = page.getByRole('row').filter({ hasText: 'Cancelled before it was sent' });
  await row.getByRole('button', { name: /^Put back/ }).click();
  await expect(row).toContainText('put back');
  await expect(row.getByRole('button', { name: /^Details/ })).toBeVisible();
  expect((await host.core.call('jobs.list', {})).jobs).toHaveLength(1);
});

test('run again from the row; the new one appears above when it has ended, without a reload', async ({ page }) => {
  await done('a red kiosk');
  await host.open(page, 'history');
  await page
    .getByRole('row')
    .filter({ hasText: 'a red kiosk' })
    .getByRole('button', { name: /^Run again/ })
    .click();
  await page.mouse.move(0, 0);
  await expect(page.getByRole('heading', { level: 1 })).toContainText('2 jobs', { timeout: 60_000 });
  await expect(page.getByRole('row').filter({ hasText: 'a red kiosk' })).toHaveCount(2);
});

test('search as one types, filters, and back', async ({ page }) => {
  await done('a red kiosk in snow');
  await done('paper heron');
  await cancelTwo();
  await host.open(page, 'history');
  const heading = page.getByRole('heading', { level: 1 });
  await expect(heading).toContainText('4 jobs');
  await page.getByRole('textbox', { name: /Search/ }).fill('kios');
  await expect(heading).toContainText('1 found');
  await expect(page.getByRole('row').filter({ hasText: 'a red kiosk in snow' })).toHaveCount(1);
  await page.getByRole('button', { name: 'Clear search' }).click();
  await page.getByRole('button', { name: 'Cancelled', exact: true }).click();
  await expect(heading).toContainText('2 found');
  await page.getByRole('button', { name: 'Failed', exact: true }).click();
  await expect(page.getByText('Nothing here matches')).toBeVisible();
  await page.getByRole('button', { name: 'Show everything' }).click();
  await expect(heading).toContainText('4 jobs');
});

test('a failed job shows its node and traceback, and all failed run again after one question', async ({ page }) => {
  const graph = pictureGraph('too large');
  const [job] = await host.core.submit({
    ...graph,
    '6': { class_type: 'ProbeFail', inputs: { image: ['5', 0] }, _meta: { title: 'Upscale' } },
    '7': { class_type: 'SaveImage', inputs: { filename_prefix: 'x', images: ['6', 0] } },
  });
  await host.core.waitState(job.id, 'failed');
  await host.open(page, 'history');
  await page.getByRole('row').filter({ hasText: 'too large' }).click();
  const panel = page.getByRole('complementary', { name: 'Details of this job' });
  await expect(panel.getByRole('heading', { name: 'What went wrong' })).toBeVisible();
  await expect(panel.getByRole('listitem').filter({ hasText: 'Submitted' })).toBeVisible();
  expect((await new AxeBuilder({ page }).analyze()).violations).toEqual([]);
  await host.core.call('queue.pause', {});
  await page.getByRole('button', { name: 'Run failed again (1)…' }).click();
  const dialog = page.getByRole('alertdialog', { name: 'Run 1 failed job again?' });
  await expect(dialog.getByRole('button', { name: 'Not now' })).toBeFocused();
  await dialog.getByRole('button', { name: 'Run 1 job again' }).click();
  await expect.poll(async () => (await host.core.call('jobs.list', {})).jobs.length).toBe(1);
});

test('details: the cancel trail, the pictures large, removing asks', async ({ page }) => {
  await done('a red kiosk');
  await cancelTwo();
  await host.open(page, 'history');
  await page.getByRole('row').filter({ hasText: 'Cancelled after' }).click();
  const panel = page.getByRole('complementary', { name: 'Details of this job' });
  await expect(panel.getByText('Cancel saved to disk, by you, from the tray')).toBeVisible();
  await expect(panel.getByText('Seen stopped')).toBeVisible();
  await page.getByRole('row').filter({ hasText: 'a red kiosk' }).click();
  await panel.getByRole('button', { name: /show large/ }).click();
  await expect(page.getByRole('dialog').locator('img')).toHaveJSProperty('complete', true);
  await page.getByRole('dialog').getByRole('button', { name: 'Show in the file manager' }).click();
  await expect.poll(() => host.core.revealed.length).toBe(1);
  await page.keyboard.press('Escape');
  await panel.getByRole('button', { name: 'Remove from History…' }).click();
  await page.getByRole('alertdialog').getByRole('button', { name: 'Remove job' }).click();
  await expect(page.getByRole('heading', { level: 1 })).toContainText('2 jobs');
  await expect(page.getByRole('row').filter({ hasText: 'a red kiosk' })).toHaveCount(0);
});

test('keyboard alone: from the search into the list, down, open, close, focus back', async ({ page }) => {
  await done('first');
  await done('second');
  await host.open(page, 'history');
  await page.getByRole('textbox', { name: /Search/ }).focus();
  await page.keyboard.press('ArrowDown');
  await expect(page.getByRole('row').filter({ hasText: 'second' })).toBeFocused();
  await page.keyboard.press('ArrowDown');
  await expect(page.getByRole('row').filter({ hasText: 'first' })).toBeFocused();
  await page.keyboard.press('Enter');
  await expect(page.getByRole('complementary')).toContainText('first');
  await page.keyboard.press('Escape');
  await expect(page.getByRole('complementary')).toHaveCount(0);
  await expect(page.getByRole('row').filter({ hasText: 'first' })).toBeFocused();
  await page.keyboard.press('/');
  await expect(page.getByRole('textbox', { name: /Search/ })).toBeFocused();
});

test('export as a table and as data', async ({ page }) => {
  await done('a "red" kiosk, in snow');
  await host.open(page, 'history');
  for (const [item, ending] of [
    ['As a table (CSV)', '.csv'],
    ['As data (JSON)', '.json'],
  ] as const) {
    await page.getByRole('button', { name: 'Export…' }).click();
    const download = page.waitForEvent('download');
    await page.getByRole('menuitem', { name: item }).click();
    const file = await download;
    expect(file.suggestedFilename()).toMatch(new RegExp(`\\${ending}$`));
    const text = readFileSync(await file.path(), 'utf8');
    if (ending === '.json') expect(JSON.stringify(JSON.parse(text))).toContain('red');
    else expect(text).toContain('"a ""red"" kiosk, in snow"');
  }
});
