/** The host goes away under an open window and comes back: what is said meanwhile, and that nothing is lost. */
import { expect, test } from '@playwright/test';
import { sleepGraph } from '../support/core-harness.ts';
import { startWindowHost } from '../support/window-host.ts';
import type { WindowHost } from '../support/window-host.ts';
import { idAt, rowOf, submitTitled } from './support/queue-page.ts';

let host: WindowHost;

test.beforeEach(async () => {
  host = await startWindowHost();
});
test.afterEach(async () => {
  await host.close();
});

const titles = ['runs now', 'waits first', 'waits second'] as const;

test('a restart of the host: a calm bar, then the same queue in the same window', async ({ page }) => {
  const serverId = await host.core.addServer(host.comfy.url, { name: 'Studio' });
  const [first, ...others] = titles;
  const end = host.comfy.engine.pauseAt('before-node', { nodeId: '2' });
  const jobs = [
    ...(await submitTitled(host, serverId, [first], () => sleepGraph(1, 20))),
    ...(await submitTitled(host, serverId, others, () => sleepGraph(2, 20))),
  ];
  await host.core.waitState(idAt(jobs, 0), 'running');
  await host.open(page);
  for (const title of titles) await expect(rowOf(page, title)).toBeVisible();
  // Lost if the page were loaded anew.
  await page.evaluate(() => {
    document.body.dataset['kept'] = 'yes';
  });
  const bar = page.getByText('Reconnecting… what you see may be old.');
  await expect(bar).toHaveCount(0);

  await host.restart(async () => {
    await expect(bar).toBeVisible();
    for (const title of titles) await expect(rowOf(page, title)).toBeVisible();
    await expect(page.getByRole('alertdialog')).toHaveCount(0);
  });

  await expect(bar).toHaveCount(0);
  await expect(page.locator('body[data-kept="yes"]')).toHaveCount(1);
  for (const title of titles) await expect(rowOf(page, title)).toBeVisible();
  // Alive again, not only painted: what happens on the core now is seen, and each job ran once.
  await submitTitled(host, serverId, ['came later'], () => sleepGraph(2, 20));
  await expect(rowOf(page, 'came later')).toBeVisible();
  end.release();
  for (const index of [0, 1, 2]) await host.core.waitState(idAt(jobs, index), 'done');
  for (const index of [0, 1, 2])
    expect((await host.core.call('jobs.get', { id: idAt(jobs, index) })).attempts).toHaveLength(1);
});

test('a host that does not know the page any more: the bar says to open Switchyard again', async ({
  page,
  context,
}) => {
  await host.core.addServer(host.comfy.url, { name: 'Studio' });
  await host.open(page);
  await host.restart(() => context.clearCookies());
  await expect(page.getByText(/can no longer talk to Switchyard.* Open it again from Switchyard/)).toBeVisible();
  // Opened again, the same window is at home again.
  await host.open(page);
  await expect(page.getByText(/Open it again/)).toHaveCount(0);
});
