/** New job in a real browser: workflows from files and images, answers to what is none, batches, refusals. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import AxeBuilder from '@axe-core/playwright';
import { expect, test } from '@playwright/test';
import type { Page } from '@playwright/test';
import { root } from '../suites.ts';
import { startWindowHost } from '../support/window-host.ts';
import type { WindowHost } from '../support/window-host.ts';
import { png, textChunk } from '../unit/shared/workflow/image-makers.ts';

const sample = join(root, 'resources', 'workflows', 'text-to-image.json');
let host: WindowHost;

test.beforeEach(async () => {
  host = await startWindowHost();
  await host.core.addServer(host.comfy.url, { name: 'Studio' });
});
test.afterEach(async () => {
  await host.close();
});

const give = (page: Page, name: string, bytes: Uint8Array | string): Promise<void> =>
  page
    .locator('input[type=file]')
    .setInputFiles({ name, mimeType: 'application/octet-stream', buffer: Buffer.from(bytes) });

test('a workflow file becomes a batch of its prompts and seeds, and runs', async ({ page }) => {
  await host.open(page, 'new');
  await page.locator('input[type=file]').setInputFiles(sample);
  await expect(page.getByLabel('Prompt', { exact: true })).toHaveValue(/harbour at dawn/);
  await page.getByLabel('Prompt', { exact: true }).fill('harbour, {fog|rain}');
  await page.getByLabel('Seeds per prompt').fill('3');
  await page.getByLabel('steps').fill('2');
  await page.getByLabel('width').fill('64');
  await page.getByLabel('height').fill('64');
  const card = page.getByRole('region', { name: 'What it will make' });
  await expect(card).toContainText('6 jobs');
  await expect(card).toContainText('fog, 3 seeds');
  expect((await new AxeBuilder({ page }).analyze()).violations).toEqual([]);

  await page.getByLabel('Prompt', { exact: true }).press('Control+Enter');
  await expect(page.getByText('6 jobs queued')).toBeVisible();
  await host.core.waitFor('all six are done', async () => {
    const { rows } = await host.core.call('history.page', {});
    return rows.length === 6 && rows.every((row) => row.type === 'job' && row.job.state === 'done');
  });
  const { rows } = await host.core.call('history.page', {});
  const jobs = rows.flatMap((row) => (row.type === 'job' ? [row.job] : []));
  expect(new Set(jobs.map(({ info }) => info.seed)).size).toBe(6);
  expect(new Set(jobs.map(({ title }) => title))).toEqual(new Set(['harbour, fog', 'harbour, rain']));
  expect(jobs[0]?.info).toMatchObject({ width: 64, height: 64, source: 'text-to-image.json' });
});

test('without a file: a sample and the button, two clicks', async ({ page }) => {
  await host.open(page, 'new');
  const samples = page.getByRole('region', { name: 'Or start from a sample' });
  await expect(samples.getByRole('button')).toHaveCount(3);
  expect((await new AxeBuilder({ page }).analyze()).violations).toEqual([]);
  await samples.getByRole('button', { name: 'Two passes' }).click();
  await expect(samples).toHaveCount(0);
  await page.getByRole('button', { name: /^Queue 1 job/ }).click();
  await expect(page.getByText('1 job queued')).toBeVisible();
  await host.core.waitFor('the sample is done', async () => {
    const { rows } = await host.core.call('history.page', {});
    return rows.some((row) => row.type === 'job' && row.job.state === 'done');
  });
});

test('an image that carries a workflow is as good as the file', async ({ page }) => {
  await host.open(page, 'new');
  await give(page, 'harbour_00001_.png', png(textChunk('prompt', readFileSync(sample, 'utf8'))));
  await expect(page.getByText('harbour_00001_.png')).toBeVisible();
  await expect(page.getByText('from the image')).toBeVisible();
  await expect(page.getByRole('button', { name: /^Queue 3 jobs/ })).toBeEnabled();
});

test('a pasted workflow is taken, but not what is pasted into a field', async ({ page }) => {
  await host.open(page, 'new');
  const paste = (text: string): Promise<void> =>
    page.evaluate((pasted) => {
      const data = new DataTransfer();
      data.setData('text/plain', pasted);
      (document.activeElement ?? document.body).dispatchEvent(
        new ClipboardEvent('paste', { clipboardData: data, bubbles: true, cancelable: true }),
      );
    }, text);
  await paste(readFileSync(sample, 'utf8'));
  await expect(page.getByText('pasted workflow')).toBeVisible();
  await page.getByLabel('Prompt', { exact: true }).focus();
  await paste('not a workflow');
  await expect(page.getByRole('alert')).toHaveCount(0);
});

test("the editor's own format is answered with how to export the right one, and what was there stays", async ({
  page,
}) => {
  await host.open(page, 'new');
  await page.locator('input[type=file]').setInputFiles(sample);
  await give(
    page,
    'my-graph.json',
    JSON.stringify({ last_node_id: 3, nodes: [{ id: 1, type: 'KSampler' }], links: [], version: 0.4 }),
  );
  await expect(page.getByRole('alert')).toContainText('my-graph.json is in the editor’s own format');
  await expect(page.getByRole('alert')).toContainText('Export (API)');
  await expect(page.getByLabel('Prompt', { exact: true })).toHaveValue(/harbour/);
  await give(page, 'holiday.txt', 'a red kiosk');
  await expect(page.getByRole('alert')).toContainText('holiday.txt is not JSON');
});

test('what the server refuses is said by node', async ({ page }) => {
  await host.open(page, 'new');
  await page.locator('input[type=file]').setInputFiles(sample);
  await page.getByLabel('Prompt', { exact: true }).fill('kiosk');
  await page
    .getByRole('textbox', { name: 'Sampler' })
    .or(page.getByRole('combobox', { name: 'Sampler' }))
    .fill('no-such-sampler');
  await page.getByLabel('Server').selectOption({ index: 1 });
  await page.getByRole('button', { name: /^Queue 1 job/ }).click();
  await expect(page.getByRole('alert')).toContainText('Studio refused it');
  await expect(page.getByRole('alert')).toContainText('KSampler: Value not in list');
});

test('the last workflow is there again after a reload, with what was typed', async ({ page }) => {
  await host.open(page, 'new');
  await page.locator('input[type=file]').setInputFiles(sample);
  await page.getByLabel('Prompt', { exact: true }).fill('a heron');
  await expect.poll(() => page.evaluate(() => localStorage.getItem('switchyard.new-job') ?? '')).toContain('a heron');
  await page.reload();
  await expect(page.getByLabel('Prompt', { exact: true })).toHaveValue('a heron');
});

test('a number that is none blocks the button and says where', async ({ page }) => {
  await host.open(page, 'new');
  await page.locator('input[type=file]').setInputFiles(sample);
  await page.getByLabel('steps').fill('');
  await expect(page.getByRole('region', { name: 'What it will make' })).toContainText('A number is missing');
  await expect(page.getByRole('button', { name: /^Queue/ }).first()).toBeDisabled();
});
