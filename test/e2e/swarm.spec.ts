/** SwarmUI in a real browser: New job from its parameters, its backends, other users' work, and cancels of both. */
import { join } from 'node:path';
import AxeBuilder from '@axe-core/playwright';
import { expect, test } from '@playwright/test';
import type { ServerId } from '../../shared/ids.ts';
import { root } from '../suites.ts';
import { probeParams } from '../support/swarm-rig.ts';
import { SwarmSite } from '../support/swarm-site.ts';
import { startWindowHost } from '../support/window-host.ts';
import type { WindowHost } from '../support/window-host.ts';
import { question, rowOf, willSay } from './support/queue-page.ts';

let host: WindowHost;
let site: SwarmSite;
let serverId: ServerId;

async function begin(...options: Parameters<typeof SwarmSite.start>): Promise<void> {
  site = await SwarmSite.start(...options);
  host = await startWindowHost();
  serverId = await host.core.addServer(site.swarm.url, { kind: 'swarm', name: 'Upstairs' });
}
test.afterEach(async () => {
  await host.close();
  await site.close();
});

const MODELS = [
  { name: 'dreamscape-xl.safetensors', title: 'Dreamscape XL', architecture: 'sdxl', width: 1024, height: 768 },
  { name: 'studio-sd15.safetensors', title: 'Studio 1.5', architecture: 'sd15', width: 128, height: 64 },
];

test('parameters become a batch: a model with its own size, variants, images, one further parameter', async ({
  page,
}) => {
  await begin({ models: MODELS });
  await host.open(page, 'new');
  // Only a SwarmUI server is there: its form comes first.
  await expect(page.getByRole('radio', { name: 'SwarmUI parameters' })).toBeChecked();
  const model = page.getByRole('combobox', { name: 'Model' });
  await expect(model).toHaveValue('Dreamscape XL');
  await expect(page.getByLabel('width')).toHaveValue('1024');
  await model.click();
  await model.fill('studio');
  await expect(page.getByRole('listbox', { name: 'Models of this server' }).getByRole('option')).toHaveCount(1);
  expect((await new AxeBuilder({ page }).analyze()).violations).toEqual([]);
  await model.press('Enter');
  await expect(model).toHaveValue('Studio 1.5');
  await expect(page.getByLabel('width')).toHaveValue('128');

  await page.getByLabel('Prompt', { exact: true }).fill('lake, {fog|rain}');
  await page.getByLabel('steps').fill('2');
  await page.getByRole('spinbutton', { name: 'Images' }).fill('2');
  await page.getByText('further parameters in').click();
  await page.locator('summary', { hasText: 'Sampling' }).click();
  await page.getByLabel('Sampler').selectOption('heun');
  const card = page.getByRole('region', { name: 'What it will make' });
  await expect(card).toContainText('2 jobs');
  await expect(card).toContainText('4 images · 2 prompts, one batch');
  await page.getByLabel('Prompt', { exact: true }).press('Control+Enter');
  await expect(page.getByText('2 jobs queued')).toBeVisible();

  const { jobs } = await host.core.call('jobs.list', {});
  const { rows } = await host.core.call('history.page', {});
  const made = [...jobs, ...rows.flatMap((row) => (row.type === 'job' ? [row.job] : []))];
  const [first] = made;
  if (first === undefined) throw new Error('nothing was queued');
  const { payload } = await host.core.call('jobs.get', { id: first.id });
  expect(payload).toMatchObject({
    kind: 'swarm',
    images: 2,
    params: { model: 'studio-sd15', width: 128, height: 64, steps: 2, sampler: 'heun' },
  });
  for (const job of made) expect((await host.core.waitState(job.id, 'done')).outputs.stored).toBe(2);
});

test('a workflow file goes into SwarmUI’s own queue when a SwarmUI server is chosen', async ({ page }) => {
  await begin();
  await host.open(page, 'new');
  await page.getByRole('radio', { name: 'ComfyUI workflow' }).click();
  await page.locator('input[type=file]').setInputFiles({
    name: 'probe.json',
    mimeType: 'application/json',
    buffer: Buffer.from(
      JSON.stringify({
        '9': { class_type: 'SwarmSaveImageWS', inputs: { images: ['10', 0] } },
        '10': { class_type: 'ProbeSleep', inputs: { steps: 2, ms: 5, seed: 4 } },
      }),
    ),
  });
  await page.getByRole('combobox', { name: 'Server' }).selectOption(serverId);
  await expect(page.getByText('It goes into SwarmUI’s own queue as a whole')).toBeVisible();
  await page.getByLabel('Seeds per prompt').fill('2');
  await page.getByRole('button', { name: /^Queue 2 jobs/ }).click();
  await expect(page.getByText('2 jobs queued')).toBeVisible();
  await host.core.waitFor('both are done', async () => {
    const { rows } = await host.core.call('history.page', {});
    return (
      rows.length === 2 &&
      rows.every((row) => row.type === 'job' && row.job.state === 'done' && row.job.outputs.stored === 1)
    );
  });
});

test('a server that does not answer says so in the form, and what was typed stays', async ({ page }) => {
  await begin({ models: MODELS });
  await host.open(page, 'new');
  await page.getByLabel('Prompt', { exact: true }).fill('a lake');
  await site.swarm.close();
  await expect(page.getByText('Upstairs does not answer now.').first()).toBeVisible({ timeout: 60_000 });
  await expect(page.getByLabel('Prompt', { exact: true })).toHaveValue('a lake');
});

test('the row says which image it is at; a cancel is proven and keeps what was made', async ({ page }) => {
  await begin();
  await host.open(page);
  // ComfyUI stands still at a step of the image that is to be read.
  const { engine } = site.comfy;
  const first = engine.pauseAt('before-step-check');
  await host.core.call('jobs.submit', {
    payload: { kind: 'swarm', images: 3, params: probeParams(200, 25) },
    serverId,
    title: 'heron',
    jobs: [{ title: 'heron' }],
  });
  const row = rowOf(page, 'heron');
  await expect(row).toContainText('Image 1 of 3, ');
  first.release();
  await host.core.waitFor('one image is made', () => engine.log.some((entry) => entry.event === 'success'));
  const second = engine.pauseAt('before-step-check');
  await expect(row).toContainText('Image 2 of 3, ');
  await row.getByRole('button', { name: /^Cancel/ }).click();
  const cancelling = willSay(page, 'heron', /Cancelling…/);
  const cancelled = willSay(page, 'heron', /Cancelled after .* 1 of 3 images kept/);
  // A ComfyUI that stands still is not seen to stop: then nothing is proven.
  second.release();
  await question(page).getByRole('button', { name: 'Cancel job' }).click();
  await cancelling;
  await cancelled;
});

test('backends: state and slots, a restart told to wait, a re-creation that says what is lost; nothing unasked', async ({
  page,
}) => {
  await begin();
  await host.open(page, 'servers');
  const box = page.getByRole('article', { name: /^Upstairs/ });
  const backends = box.getByRole('region', { name: 'Backends' });
  await expect(backends).toContainText('ready');
  await expect(backends).toContainText('takes 2 jobs, has none');
  await expect(box).toContainText('Each of your jobs runs in a session of its own');
  expect((await new AxeBuilder({ page }).analyze()).violations).toEqual([]);
  await backends.getByRole('button', { name: /^More for/ }).click();
  await page.getByRole('menuitem', { name: 'Restart…' }).click();
  await expect(question(page)).toContainText('takes as long as the job that runs there');
  await expect(question(page).getByRole('button', { name: 'Leave it as it is' })).toBeFocused();
  await page.keyboard.press('Escape');
  await backends.getByRole('button', { name: /^More for/ }).click();
  await page.getByRole('menuitem', { name: 'Re-create…' }).click();
  await expect(question(page)).toContainText('is lost, other people’s jobs too');
  await expect(question(page)).toHaveCount(1);
  const before = (await host.core.call('servers.backends', { id: serverId })).backends.map(({ id }) => id);
  await question(page).getByRole('button', { name: 'Re-create it' }).click();
  await host.core.waitFor('a new one took its place', async () => {
    const { backends: now } = await host.core.call('servers.backends', { id: serverId });
    return now.length === 1 && !before.includes(now[0]?.id ?? 0);
  });
  await expect(page.getByText('is re-created')).toBeVisible();
});

test('another user: counted by name, explained, and stopped as a whole only after the question; ours goes on', async ({
  page,
}) => {
  await begin({ users: [{ id: 'anna', role: 'user', permissions: ['*'] }] });
  const client = site.stranger();
  const session = await client.newSession({ 'X-SWARM-USER_ID': 'anna' });
  const theirs = [
    await client.generate(session, probeParams(2_000, 20)),
    await client.generate(session, probeParams(2_000, 20)),
    await client.generate(session, probeParams(2_000, 20)),
  ];
  await host.core.waitFor('two of hers are on the backend', async () => {
    await host.core.call('servers.backends', { id: serverId });
    const { servers } = await host.core.call('foreign.list', { serverId });
    return servers[0]?.total === 2 && servers[0].counts.some(({ user }) => user === 'anna');
  });
  const { jobs } = await host.core.call('jobs.submit', {
    payload: { kind: 'swarm', images: 1, params: probeParams(3, 10) },
    serverId,
    title: 'mine',
    jobs: [{ title: 'mine' }],
  });
  await host.open(page);
  await expect(page.getByTestId('foreign-row')).toHaveCount(2);
  const counts = page.getByTestId('counts-row');
  await expect(counts).toContainText('1 job of anna');
  await expect(counts).toContainText('SwarmUI does not list them one by one');
  await counts.getByRole('button', { name: 'About…' }).click();
  await expect(question(page)).toContainText('anna: 1 waiting');
  await question(page).getByRole('button', { name: 'Cancel everything here…' }).click();
  await expect(question(page)).toContainText('Cancel everything on Upstairs?');
  await expect(question(page).getByRole('button', { name: 'Keep jobs' })).toBeFocused();
  expect((await new AxeBuilder({ page }).analyze()).violations).toEqual([]);
  await question(page).getByRole('radio', { name: 'Everything of anna' }).check();
  await expect(question(page)).toContainText('every session of anna');
  await question(page).getByRole('button', { name: 'Stop work of anna' }).click();
  for (const one of theirs) await one.ended();
  expect(theirs.flatMap((one) => one.images())).toEqual([]);
  const [mine] = jobs;
  if (mine === undefined) throw new Error('it was queued');
  expect((await host.core.waitState(mine.id, 'done')).outputs.stored).toBe(1);
});

test('what runs for somebody else on a backend is cancelled alone, by id', async ({ page }) => {
  await begin();
  const theirs = await site.foreignJob('stranger', 2_000, 20);
  await host.core.waitFor('it is seen', async () => {
    await host.core.call('servers.backends', { id: serverId });
    return (await host.core.call('foreign.list', { serverId })).servers[0]?.total === 1;
  });
  await host.open(page);
  const row = page.getByTestId('foreign-row');
  await expect(row).toContainText('running');
  await row.getByRole('button', { name: /^Cancel/ }).click();
  await expect(question(page)).toContainText('sent by another client');
  await question(page).getByRole('button', { name: 'Cancel job' }).click();
  await theirs.stream.ended();
  expect(site.inComfy(site.promptOf('stranger'))).toEqual(['interrupted']);
  await expect(row).toHaveCount(0);
});

test('no switch where no SwarmUI server is', async ({ page }) => {
  await begin();
  await host.core.addServer(host.comfy.url, { name: 'Studio' });
  await host.core.call('servers.remove', { id: serverId });
  await host.open(page, 'new');
  await page.locator('input[type=file]').setInputFiles(join(root, 'resources', 'workflows', 'text-to-image.json'));
  await expect(page.getByRole('button', { name: /^Queue/ }).first()).toBeVisible();
  await expect(page.getByRole('radio', { name: 'SwarmUI parameters' })).toHaveCount(0);
});
