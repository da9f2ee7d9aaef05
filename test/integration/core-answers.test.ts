/** What calls answer in the moments between: each test is named after the wrong answer that was given once. */
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openDatabase } from '../../electron/core/db/database.ts';
import { startComfyServer } from '../../electron/demo/comfy/server.ts';
import type { ComfyServerHandle } from '../../electron/demo/comfy/server.ts';
import type { ServerId } from '../../shared/ids.ts';
import { CoreHarness, nth, pictureGraph, sleepGraph } from '../support/core-harness.ts';
import { quietLog } from '../support/stores.ts';

let server: ComfyServerHandle;
let core: CoreHarness;
let serverId: ServerId;

beforeEach(async () => {
  server = await startComfyServer();
  core = await CoreHarness.open();
  serverId = await core.addServer(server.url);
});
afterEach(async () => {
  await core.close();
  await server.close();
});

async function strangersSeen(count: number): Promise<void> {
  await core.waitFor(
    'the strangers are seen',
    async () => nth((await core.call('foreign.list', { serverId })).servers, 0).total === count,
  );
}

describe('cancel', () => {
  it('conflict-by-finishing: what finished since the question was asked is not "more than was shown"', async () => {
    server.delayNext('/view', 60_000, { times: 10 });
    const hold = server.engine.pauseAt('before-step-check');
    const [running] = await core.submit(pictureGraph(), { serverId });
    await core.waitState(running.id, 'running');
    const [waiting] = await core.submit(pictureGraph(), { serverId, held: true });
    const scope = { jobs: [running.id, waiting.id] };
    const { token, total } = await core.call('cancel.preview', { scope, mode: 'if-waiting' });
    expect(total).toMatchObject({ local: 1, running: 0 });
    await hold.reached;
    hold.release();
    await core.waitState(running.id, 'collecting');
    const { summary } = await core.call('cancel.run', { scope, mode: 'if-waiting', previewToken: token });
    expect(summary).toMatchObject({ cancelledWaiting: 1, alreadyEnded: 1 });
  });

  it("foreign-asked-again: somebody's job that we cancelled answers so, and not that it was done", async () => {
    const [first, second] = [1, 2].map(() => server.engine.addForeign(sleepGraph(2_000, 20), { clientId: 'someone' }));
    await strangersSeen(2);
    const keys = [first?.promptId ?? '', second?.promptId ?? ''];
    const again = async () => core.call('foreign.cancel', { serverId, remoteKeys: keys, allowed: true });
    await again();
    await strangersSeen(0);
    await core.waitFor('both have ended', async () => (await again()).summary.alreadyEnded === 2);
    expect((await again()).receipts.map(({ outcome }) => outcome)).toEqual([
      { outcome: 'cancelled', reach: 'running', evidence: 'proven', partialOutputs: 0 },
      { outcome: 'cancelled', reach: 'waiting', evidence: 'proven', partialOutputs: 0 },
    ]);
  });

  it("everyone-but-the-201st: everyone's work is all of it, and a place far down is no end", async () => {
    const hold = server.engine.pauseAt('before-pop');
    const strangers = Array.from({ length: 230 }, () => server.engine.addForeign(sleepGraph(1, 1)).promptId);
    await strangersSeen(230);
    // Somebody pushes in at the front: whoever is 201st now has not gone.
    server.engine.addForeign(sleepGraph(1, 1), { number: -5 });
    await strangersSeen(231);
    const { rows } = await core.call('history.page', { filter: { foreign: 'only' } });
    expect(rows).toEqual([]);
    const scope = { server: serverId, which: 'everyone' } as const;
    const preview = await core.call('cancel.preview', { scope });
    expect(preview.total.foreign).toBe(231);
    const { summary } = await core.call('cancel.run', { scope, previewToken: preview.token, foreignAllowed: true });
    expect(summary.cancelledWaiting).toBe(231);
    await core.waitFor('nobody is left', () =>
      strangers.every((id) => server.engine.log.some((entry) => entry.promptId === id && entry.event === 'deleted')),
    );
    hold.release();
  });
});

describe('history', () => {
  it('token-of-the-forgotten: a press whose jobs were forgotten makes new ones, and their batch is listed no more', async () => {
    const press = { held: true, clientToken: 'the-same-press', patches: [{}, {}] };
    const jobs = await core.submit(sleepGraph(1, 1), press);
    await core.cancel(...jobs.map((job) => job.id));
    await core.call('jobs.remove', { ids: [nth(jobs, 0).id] });
    expect((await core.call('batches.list', {})).batches).toHaveLength(1);
    await core.call('jobs.remove', { ids: [nth(jobs, 1).id] });
    expect((await core.call('batches.list', {})).batches).toEqual([]);
    const again = await core.submit(sleepGraph(1, 1), press);
    expect(again.map((job) => job.state)).toEqual(['queued', 'queued']);
  });

  it('a-clock-a-year-ahead: what is kept for thirty days is not forgotten because the clock was set', async () => {
    const [job] = await core.submit(sleepGraph(1, 1), { held: true });
    await core.cancel(job.id);
    const real = Date.now;
    Date.now = () => real() + 365 * 86_400_000;
    try {
      await core.call('settings.set', { settings: { keepHistoryDays: 30 } });
      expect((await core.job(job.id)).state).toBe('cancelled');
    } finally {
      Date.now = real;
    }
  });
});

describe('jobs', () => {
  it('payload-of-nothing: what can not be read any more fails with that, and is not claimed again and again', async () => {
    const [job] = await core.submit(sleepGraph(1, 1), { serverId, held: true });
    await core.stop();
    const db = openDatabase({ file: join(core.dataDir, 'switchyard.db'), log: quietLog });
    db.raw.prepare("UPDATE payloads SET body = '{}'").run();
    db.close();
    await core.start();
    await core.call('jobs.release', { ids: [job.id] });
    await core.waitFor('it has ended', async () => {
      const { rows } = await core.call('history.page', {});
      return rows.some((row) => row.type === 'job' && row.job.id === job.id);
    });
    const { rows } = await core.call('history.page', {});
    expect(rows[0]).toMatchObject({ job: { state: 'failed', attempts: 1, error: { code: 'storage' } } });
  });
});
