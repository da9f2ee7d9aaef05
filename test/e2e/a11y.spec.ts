/** Accessibility of queue and question: axe in both themes, targets, live regions, forced colours and reduced motion still work. */
import AxeBuilder from '@axe-core/playwright';
import { expect, test } from '@playwright/test';
import { sleepGraph } from '../support/core-harness.ts';
import { startWindowHost } from '../support/window-host.ts';
import type { WindowHost } from '../support/window-host.ts';
import { foreignRows, idAt, question, rowOf, submitTitled } from './support/queue-page.ts';

let host: WindowHost;

test.beforeEach(async () => {
  host = await startWindowHost();
  const serverId = await host.core.addServer(host.comfy.url, { name: 'Studio' });
  const jobs = await submitTitled(host, serverId, ['runs now', 'staged there', 'waits here', 'held'], () =>
    sleepGraph(3_000, 20),
  );
  await host.core.call('jobs.hold', { ids: [idAt(jobs, 3)] });
  await host.core.waitState(idAt(jobs, 0), 'running');
  host.comfy.engine.addForeign(sleepGraph(3_000, 20), { clientId: 'someone' });
});
test.afterEach(async () => {
  await host.close();
});

for (const colorScheme of ['light', 'dark'] as const) {
  test(`axe finds nothing in the queue, the inspector and the question (${colorScheme})`, async ({ page }) => {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    await host.open(page);
    await expect(foreignRows(page)).toHaveCount(1);
    await rowOf(page, 'runs now').click();
    await page.keyboard.press('Enter');
    await expect(page.getByRole('complementary', { name: 'Details' })).toContainText('Trail');
    expect((await new AxeBuilder({ page }).analyze()).violations).toEqual([]);
    await page.getByRole('button', { name: 'Cancel all…' }).click();
    await expect(question(page)).toContainText('Cancel 4 jobs');
    expect((await new AxeBuilder({ page }).analyze()).violations).toEqual([]);
  });
}

test('every button is at least 24 px each way and has a name', async ({ page }) => {
  await host.open(page);
  await expect(rowOf(page, 'waits here')).toBeVisible();
  const wrong = await page.getByRole('button').evaluateAll((buttons) =>
    buttons
      .map((button) => ({
        box: button.getBoundingClientRect(),
        name: (button.getAttribute('aria-label') ?? button.textContent).trim(),
      }))
      .filter(({ box, name }) => name === '' || (box.width > 0 && (box.height < 24 || box.width < 24)))
      .map(({ box, name }) => `${name} ${box.width}×${box.height}`),
  );
  expect(wrong).toEqual([]);
});

test('one Tab stop for the list, arrows inside it, the buttons of the focused row after it', async ({ page }) => {
  await host.open(page);
  await rowOf(page, 'waits here').click();
  await page.keyboard.press('ArrowUp');
  await page.keyboard.press('ArrowDown');
  await expect(rowOf(page, 'waits here')).toBeFocused();
  await page.keyboard.press('Tab');
  await expect(rowOf(page, 'waits here').getByRole('button')).toBeFocused();
  await page.keyboard.press('Tab');
  expect(await page.evaluate(() => document.activeElement?.closest('[role="grid"]') === null)).toBe(true);
});

test('forced colours keep the track and the words', async ({ page }) => {
  await page.emulateMedia({ forcedColors: 'active' });
  await host.open(page);
  await expect(rowOf(page, 'waits here').locator('svg').first()).toBeVisible();
  await expect(rowOf(page, 'runs now')).toContainText('KSampler');
});
