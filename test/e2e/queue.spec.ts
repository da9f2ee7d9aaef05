/** The queue in a real browser: order, holding, moving, picking, pausing, folding, the inspector, a thousand rows. */
import { expect, test } from '@playwright/test';
import type { ServerId } from '../../shared/ids.ts';
import { sleepGraph } from '../support/core-harness.ts';
import { startWindowHost } from '../support/window-host.ts';
import type { WindowHost } from '../support/window-host.ts';
import { announcer, foreignRows, idAt, question, rowOf, submitTitled, titlesInOrder } from './support/queue-page.ts';

let host: WindowHost;
let serverId: ServerId;

test.beforeEach(async () => {
  host = await startWindowHost();
  serverId = await host.core.addServer(host.comfy.url, { name: 'Studio', maxInFlight: 1 });
});
test.afterEach(async () => {
  await host.close();
});

const slow = () => sleepGraph(3_000, 20);

/** One that runs and these that wait. */
async function queued(titles: readonly string[]): Promise<void> {
  const jobs = await submitTitled(host, serverId, ['runs now', ...titles], slow);
  await host.core.waitState(idAt(jobs, 0), 'running');
}

test('our jobs and others’ stand in the order in which the server will run them', async ({ page }) => {
  const other = { clientId: 'someone' };
  host.comfy.engine.addForeign(sleepGraph(3_000, 20), other);
  const jobs = await submitTitled(host, serverId, ['ours'], slow);
  await host.core.waitState(idAt(jobs, 0), 'accepted');
  host.comfy.engine.addForeign(sleepGraph(3_000, 20), other);
  await host.open(page);
  await expect(foreignRows(page)).toHaveCount(2);
  const order = await page.locator('[data-testid="foreign-row"], [data-testid="job-row"]').evaluateAll((rows) =>
    rows
      .map((row) => ({ top: row.getBoundingClientRect().top, kind: row.getAttribute('data-testid') }))
      .sort((a, b) => a.top - b.top)
      .map((row) => row.kind),
  );
  expect(order).toEqual(['foreign-row', 'job-row', 'foreign-row']);
  await expect(rowOf(page, 'ours')).toContainText('next on the server');
  await expect(foreignRows(page).nth(1)).toContainText('number 2 on the server');
});

test('keys move a job up, down, to the front and to the end; the order is the core’s', async ({ page }) => {
  await queued(['first', 'second', 'third']);
  await host.open(page);
  await rowOf(page, 'third').click();
  await page.keyboard.press('Alt+ArrowUp');
  await expect.poll(() => titlesInOrder(page)).toEqual(['runs now', 'first', 'third', 'second']);
  await page.keyboard.press('Alt+Home');
  await expect.poll(() => titlesInOrder(page)).toEqual(['runs now', 'third', 'first', 'second']);
  await page.keyboard.press('Alt+ArrowDown');
  await expect.poll(() => titlesInOrder(page)).toEqual(['runs now', 'first', 'third', 'second']);
  await page.keyboard.press('Alt+End');
  await expect.poll(() => titlesInOrder(page)).toEqual(['runs now', 'first', 'second', 'third']);
  await expect(rowOf(page, 'third')).toBeFocused();
  const { jobs } = await host.core.call('jobs.list', {});
  expect(jobs.map((job) => job.title)).toEqual(['runs now', 'first', 'second', 'third']);
});

test('dragging a job moves its station', async ({ page }) => {
  await queued(['first', 'second', 'third']);
  await host.open(page);
  await rowOf(page, 'third').dragTo(rowOf(page, 'first'), {
    sourcePosition: { x: 300, y: 20 },
    targetPosition: { x: 300, y: 6 },
  });
  await expect.poll(() => titlesInOrder(page)).toEqual(['runs now', 'third', 'first', 'second']);
});

test('hold and release with a key; a held job is not sent', async ({ page }) => {
  await queued(['held one']);
  await host.open(page);
  await rowOf(page, 'held one').click();
  await page.keyboard.press('h');
  await expect(rowOf(page, 'held one')).toContainText('held by you');
  await page.keyboard.press('h');
  await expect(rowOf(page, 'held one')).toContainText('waiting');
});

test('picking several and cancelling exactly those', async ({ page }) => {
  await queued(['first', 'second', 'third', 'fourth']);
  await host.open(page);
  await rowOf(page, 'first').click();
  await page.keyboard.press('Shift+ArrowDown');
  await rowOf(page, 'fourth').click({ modifiers: ['ControlOrMeta'] });
  await expect(page.getByText('3 selected')).toBeVisible();
  await page.keyboard.press('Delete');
  await expect(question(page)).toContainText('Cancel 3 jobs on Studio?');
  await question(page).getByRole('button', { name: 'Cancel 3 jobs' }).click();
  await expect
    .poll(async () => (await host.core.call('jobs.list', {})).jobs.map((job) => job.title))
    .toEqual(['runs now', 'third']);
  await expect.poll(() => titlesInOrder(page)).toEqual(['runs now', 'third']);
});

test('pause sends nothing more, and says so', async ({ page }) => {
  await queued(['waits']);
  await host.open(page);
  await page.getByRole('button', { name: 'Pause', exact: true }).click();
  await expect(rowOf(page, 'waits')).toContainText('waiting, paused');
  await page.getByRole('button', { name: 'Resume', exact: true }).click();
  await expect(rowOf(page, 'waits')).not.toContainText('paused');
});

test('a batch folds into one row with its own cancel and count, and unfolds in place', async ({ page }) => {
  await queued([]);
  await host.core.call('jobs.submit', {
    payload: { kind: 'comfy', graph: slow() },
    serverId,
    title: 'kiosk',
    jobs: Array.from({ length: 5 }, () => ({})),
  });
  await host.open(page);
  const batch = page.getByTestId('batch-row');
  await expect(batch).toContainText('1–5 of 5 in its batch');
  await batch.click();
  await page.keyboard.press('ArrowRight');
  await expect(page.getByTestId('job-row')).toHaveCount(6);
  await page.keyboard.press('ArrowLeft');
  await expect(page.getByTestId('job-row')).toHaveCount(1);
  await batch.getByRole('button', { name: /^Cancel 5 jobs/ }).click();
  await expect(question(page)).toContainText('Cancel 5 jobs on Studio?');
  await question(page).getByRole('button', { name: 'Cancel 5 jobs' }).click();
  await expect.poll(async () => (await host.core.call('jobs.list', {})).jobs.length).toBe(1);
});

test('the inspector shows facts and the trail', async ({ page }) => {
  await queued([]);
  await host.open(page);
  await rowOf(page, 'runs now').click();
  await page.keyboard.press('Enter');
  const panel = page.getByRole('complementary', { name: 'Details' });
  await expect(panel).toContainText('Running on Studio');
  await expect(panel).toContainText('Sent to Studio');
  await page.keyboard.press('Escape');
  await expect(panel).toHaveCount(0);
});

test('an offline server keeps its jobs in sight, and they go on when it is back', async ({ page }) => {
  await queued(['waits']);
  await host.open(page);
  await host.comfy.goDown();
  await expect(page.getByTestId('section-row')).toContainText('Try now');
  await expect(rowOf(page, 'waits')).toContainText('waiting for the server');
  await host.comfy.comeUp();
  await expect(page.getByTestId('section-row')).toContainText('ComfyUI 0.8.0');
  await expect(rowOf(page, 'waits')).not.toContainText('for the server');
});

test('a thousand rows: few in the page, the last one reached with a key, row numbers told', async ({ page }) => {
  await queued([]);
  await host.core.call('jobs.submit', {
    payload: { kind: 'comfy', graph: slow() },
    serverId,
    title: 'many',
    jobs: Array.from({ length: 1_000 }, (_, index) => ({ title: `study ${index + 1}` })),
  });
  await host.open(page);
  await page.getByTestId('batch-row').click();
  await page.keyboard.press('ArrowRight');
  const grid = page.getByRole('grid');
  await expect(grid).toHaveAttribute('aria-rowcount', '1004');
  expect(await page.getByTestId('job-row').count()).toBeLessThan(60);
  await page.keyboard.press('End');
  await expect(rowOf(page, 'study 1000')).toBeFocused();
  await expect(rowOf(page, 'study 1000')).toHaveAttribute('aria-rowindex', '1004');
});

test('what ends is announced, gathered over two seconds, and nothing else is', async ({ page }) => {
  await host.open(page);
  await announcer(page).evaluate((element) => {
    const said: { at: number; text: string }[] = [];
    Object.assign(window, { said });
    new MutationObserver(() => said.push({ at: performance.now(), text: element.textContent })).observe(element, {
      childList: true,
      characterData: true,
      subtree: true,
    });
  });
  const from = await page.evaluate(() => performance.now());
  await submitTitled(host, serverId, ['a', 'b', 'c', 'd', 'e', 'f'], () => sleepGraph(3, 20));
  const said = (): Promise<{ at: number; text: string }[]> =>
    page.evaluate(() => (window as unknown as { said: { at: number; text: string }[] }).said);
  const finished = async (): Promise<number> =>
    (await said()).reduce((sum, { text }) => sum + Number(/(\d+) jobs? finished/.exec(text)?.[1] ?? 0), 0);
  await expect.poll(finished, { timeout: 60_000 }).toBe(6);
  // Two seconds are gathered for each, from the first end after the one before: however late the page got to saying it.
  const spoken = await said();
  expect(spoken.length).toBeLessThanOrEqual(Math.floor(((spoken.at(-1)?.at ?? 0) - from) / 2_000));
});
