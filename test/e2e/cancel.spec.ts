/** Cancelling in a real browser over a real core and host: at three moments of a job's life, all at once, foreign work unharmed. */
import { expect, test } from '@playwright/test';
import type { ServerId } from '../../shared/ids.ts';
import { pictureGraph, sleepGraph } from '../support/core-harness.ts';
import { startWindowHost } from '../support/window-host.ts';
import type { WindowHost } from '../support/window-host.ts';
import { foreignRows, idAt, question, rowOf, submitTitled, willSay } from './support/queue-page.ts';

let host: WindowHost;
let serverId: ServerId;

test.beforeEach(async () => {
  host = await startWindowHost();
  serverId = await host.core.addServer(host.comfy.url, { name: 'Studio' });
});
test.afterEach(async () => {
  await host.close();
});

/** One that runs, one staged on the server, one that waits with us. */
const three = ['runs now', 'staged there', 'waits here'];
const slow = () => sleepGraph(3_000, 20);

test('submit, watch, done: progress, picture, and the end in words', async ({ page }) => {
  await host.open(page);
  // It stands still at a step until the row has been read.
  const hold = host.comfy.engine.pauseAt('before-step-check');
  await submitTitled(host, serverId, ['a red kiosk'], () => sleepGraph(40, 50));
  const row = rowOf(page, 'a red kiosk');
  await expect(row).toContainText('KSampler');
  await expect(row.getByRole('progressbar')).toHaveAttribute('aria-valuenow', /\d/);
  await expect(page.getByRole('heading', { level: 1 })).toContainText('1 running');
  const done = willSay(page, 'a red kiosk', /Done/);
  hold.release();
  await done;
  // It keeps its place for a moment, then leaves for History.
  await expect(row).toHaveCount(0);
});

test('cancel while it waits with us: removed at once, never sent, put back in its old place', async ({ page }) => {
  const jobs = await submitTitled(host, serverId, [...three, 'last'], slow);
  await host.core.waitState(idAt(jobs, 1), 'accepted');
  await host.open(page);
  await rowOf(page, 'waits here')
    .getByRole('button', { name: /^Cancel/ })
    .click();
  const dialog = question(page);
  await expect(dialog).toContainText('Cancel “waits here” on Studio?');
  await expect(dialog).toContainText('1 waiting is removed');
  await expect(dialog.getByRole('button', { name: 'Keep job' })).toBeFocused();
  await dialog.getByRole('textbox', { name: 'Note' }).fill('wrong lens');
  const cancelledHere = willSay(page, 'waits here', /Cancelled before it was sent/);
  await dialog.getByRole('button', { name: 'Cancel job' }).click();
  await cancelledHere;
  await expect(page.getByRole('status').filter({ hasText: '1 waiting job cancelled' })).toBeVisible();
  const cancelled = await host.core.job(idAt(jobs, 2));
  expect(cancelled).toMatchObject({
    state: 'cancelled',
    attempts: 0,
    cancel: { by: 'window', note: 'wrong lens', outcome: { reach: 'local' } },
  });

  await page.getByRole('status').getByRole('button', { name: 'Put back' }).click();
  await expect(rowOf(page, 'waits here').filter({ hasText: 'waiting' })).toHaveCount(1);
  const { jobs: open } = await host.core.call('jobs.list', {});
  expect(open.map((job) => job.title)).toEqual(['runs now', 'staged there', 'waits here', 'last']);
});

test('cancel while it waits on the server: the one that runs and the one behind it go on', async ({ page }) => {
  const jobs = await submitTitled(host, serverId, three, slow);
  await host.core.waitState(idAt(jobs, 1), 'accepted');
  const key = await host.core.keyOf(idAt(jobs, 1));
  await host.open(page);
  await expect(rowOf(page, 'staged there')).toContainText('next on the server');
  await rowOf(page, 'staged there')
    .getByRole('button', { name: /^Cancel/ })
    .click();
  const cancelled = willSay(page, 'staged there', /Cancelled; it had not started/);
  await question(page).getByRole('button', { name: 'Cancel job' }).click();
  await cancelled;
  expect(host.comfy.engine.executionsOf(key)).toBe(0);
  expect((await host.core.job(idAt(jobs, 0))).state).toBe('running');
  await expect(rowOf(page, 'waits here')).toContainText('next on the server');
});

test('cancel while it runs: the row says what it waits for, then how it ended; the next job is unharmed', async ({
  page,
}) => {
  const jobs = await submitTitled(host, serverId, three, () => sleepGraph(300, 400));
  await host.core.waitState(idAt(jobs, 0), 'running');
  await host.open(page);
  const row = rowOf(page, 'runs now');
  await expect(row).toContainText('KSampler');
  await row.getByRole('button', { name: /^Cancel/ }).click();
  await expect(question(page)).toContainText('1 running stops at its next step. Its images so far are kept.');
  // The server stands still before it looks for an interrupt, so that the row can be read while it waits.
  const hold = host.comfy.engine.pauseAt('before-step-check');
  await hold.reached;
  await question(page).getByRole('button', { name: 'Cancel job' }).click();
  await expect(row).toContainText('Cancelling…');
  await expect(row).toContainText('waiting for KSampler');
  hold.release();
  await host.core.waitState(idAt(jobs, 0), 'cancelled');
  await expect(rowOf(page, 'staged there')).toContainText('KSampler');
  await page.getByRole('link', { name: /^History/ }).click();
  const ended = page.getByRole('row').filter({ hasText: 'runs now' });
  await expect(ended).toContainText(/Cancelled after \d/);
  await expect(ended).toContainText('by you');
  expect((await host.core.job(idAt(jobs, 0))).state).toBe('cancelled');
});

test('Esc keeps the job, and the focus goes back to where it was', async ({ page }) => {
  const jobs = await submitTitled(host, serverId, ['runs now'], slow);
  await host.core.waitState(idAt(jobs, 0), 'running');
  await host.open(page);
  await rowOf(page, 'runs now').click();
  await page.keyboard.press('Delete');
  await expect(question(page)).toBeVisible();
  await page.keyboard.press('Escape');
  await expect(question(page)).toHaveCount(0);
  await expect(rowOf(page, 'runs now')).toBeFocused();
  expect((await host.core.job(idAt(jobs, 0))).state).toBe('running');
});

test('cancel all asks with counts, leaves foreign work alone, and puts back what had not run', async ({ page }) => {
  const foreign = host.comfy.engine.addForeign(sleepGraph(40, 5), { clientId: 'someone' });
  const behind = host.comfy.engine.addForeign(sleepGraph(3_000, 20), { clientId: 'someone' });
  const jobs = await submitTitled(host, serverId, ['one', 'two', 'three', 'four'], slow);
  await host.core.waitState(idAt(jobs, 1), 'accepted');
  await host.open(page);
  await expect(foreignRows(page).first()).toBeVisible();
  await page.getByRole('button', { name: 'Cancel all…' }).click();
  const dialog = question(page);
  await expect(dialog).toContainText('Cancel 4 jobs on Studio?');
  await expect(dialog).toContainText(/foreign jobs? (is|are) left alone/);
  await dialog.getByRole('button', { name: 'Cancel 4 jobs' }).click();
  for (const index of [0, 1, 2, 3]) await host.core.waitState(idAt(jobs, index), 'cancelled');
  await expect(page.getByRole('status').filter({ hasText: '4 waiting jobs cancelled' })).toBeVisible();
  expect(host.comfy.engine.outcomesOf(foreign.promptId)).not.toContain('interrupted');
  expect(host.comfy.engine.outcomesOf(behind.promptId)).not.toContain('interrupted');
  await page.getByRole('status').getByRole('button', { name: 'Put back' }).click();
  await expect(page.getByTestId('job-row').filter({ hasNotText: 'Cancelled' })).toHaveCount(4);
});

test('a foreign job is cancelled by name and alone, and the question says whose it is', async ({ page }) => {
  const graph = () => sleepGraph(3_000, 20) as Parameters<typeof host.comfy.engine.addForeign>[0];
  const running = host.comfy.engine.addForeign(graph(), { clientId: 'someone' });
  host.comfy.engine.addForeign(graph(), { clientId: 'someone' });
  await host.open(page);
  await expect(foreignRows(page)).toHaveCount(2);
  await foreignRows(page).nth(1).getByRole('button').click();
  await expect(question(page)).toContainText('Cancel 1 foreign job on Studio?');
  await expect(question(page)).toContainText('someone may be waiting for it');
  await question(page).getByRole('button', { name: 'Cancel job' }).click();
  await expect(foreignRows(page)).toHaveCount(1);
  await expect(foreignRows(page)).toContainText('running');
  expect(host.comfy.engine.outcomesOf(running.promptId)).toEqual([]);
});

test('"Don’t ask for one job of mine" is kept, and several still ask', async ({ page }) => {
  const jobs = await submitTitled(host, serverId, [...three, 'another', 'and one'], slow);
  await host.core.waitState(idAt(jobs, 1), 'accepted');
  await host.open(page);
  await rowOf(page, 'waits here')
    .getByRole('button', { name: /^Cancel/ })
    .click();
  await question(page).getByRole('checkbox').check();
  await question(page).getByRole('button', { name: 'Cancel job' }).click();
  await host.core.waitState(idAt(jobs, 2), 'cancelled');
  await rowOf(page, 'another')
    .getByRole('button', { name: /^Cancel/ })
    .click();
  await host.core.waitState(idAt(jobs, 3), 'cancelled');
  await expect(question(page)).toHaveCount(0);
  await page.getByRole('button', { name: 'Cancel all…' }).click();
  await expect(question(page)).toContainText('Cancel 3 jobs on Studio?');
});

test('a queue that moved on between question and answer is asked about again', async ({ page }) => {
  const jobs = await submitTitled(host, serverId, three, slow);
  await host.core.waitState(idAt(jobs, 1), 'accepted');
  await host.open(page);
  await page.getByRole('button', { name: 'Cancel all…' }).click();
  await expect(question(page)).toContainText('Cancel 3 jobs on Studio?');
  await submitTitled(host, serverId, ['came late'], slow);
  await question(page).getByRole('button', { name: 'Cancel 3 jobs' }).click();
  await expect(question(page)).toContainText('The queue has changed since');
  await expect(question(page)).toContainText('Cancel 4 jobs on Studio?');
  expect((await host.core.job(idAt(jobs, 0))).state).toBe('running');
  await question(page).getByRole('button', { name: 'Keep jobs' }).click();
});

test('reload mid-job: the same rows, the same truth', async ({ page }) => {
  const jobs = await submitTitled(host, serverId, three, slow);
  await host.core.waitState(idAt(jobs, 0), 'running');
  await host.open(page);
  await expect(rowOf(page, 'runs now')).toContainText('KSampler');
  await page.reload();
  await expect(rowOf(page, 'runs now')).toContainText('KSampler');
  await expect(rowOf(page, 'staged there')).toContainText('next on the server');
  await expect(rowOf(page, 'waits here')).toContainText('waiting');
});

test('the server restarts: what was on it is told honestly, what waited runs', async ({ page }) => {
  const jobs = await submitTitled(host, serverId, ['runs now', 'staged there'], slow);
  const [later] = await submitTitled(host, serverId, ['a picture'], () => pictureGraph('a picture'));
  await host.core.waitState(idAt(jobs, 1), 'accepted');
  await host.open(page);
  const told = willSay(page, 'runs now', /The server restarted/);
  await host.comfy.restart(300);
  await told;
  if (later !== undefined) await host.core.waitState(later.id, 'done');
  expect((await host.core.job(idAt(jobs, 0))).state).toBe('failed');
});

test('a job that does not stop: seconds first, then what else can be done; nothing is escalated by itself', async ({
  page,
}) => {
  // The server stands still before it looks for an interrupt, for as long as the test reads.
  const hold = host.comfy.engine.pauseAt('before-step-check');
  const jobs = await submitTitled(host, serverId, ['stuck'], slow);
  await host.core.waitState(idAt(jobs, 0), 'running');
  await hold.reached;
  await host.open(page);
  await rowOf(page, 'stuck')
    .getByRole('button', { name: /^Cancel/ })
    .click();
  await question(page).getByRole('button', { name: 'Cancel job' }).click();
  await expect(rowOf(page, 'stuck')).toContainText(/\d(\.\d)? s/);
  await rowOf(page, 'stuck').getByRole('button', { name: 'What now…' }).click({ timeout: 60_000 });
  await expect(page.getByRole('menuitem', { name: /^Free memory/ })).toBeVisible();
  await page.getByRole('menuitem', { name: /^Wait/ }).click();
  await expect(rowOf(page, 'stuck').getByRole('button', { name: 'What now…' })).toHaveCount(0);
  await expect(rowOf(page, 'stuck')).toContainText('Cancelling…');
  const ended = willSay(page, 'stuck', /Cancelled after|Finished before/);
  hold.release();
  await ended;
});
