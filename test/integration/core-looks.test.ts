/** What looks at a server may and may not say: absence is believed only when it must be, and then said as what it is. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startComfyServer } from '../../electron/demo/comfy/server.ts';
import type { ComfyServerHandle } from '../../electron/demo/comfy/server.ts';
import { CoreHarness, sleepGraph } from '../support/core-harness.ts';

let server: ComfyServerHandle;
let core: CoreHarness;

beforeEach(async () => {
  server = await startComfyServer();
  core = await CoreHarness.open();
});
afterEach(async () => {
  await core.close();
  await server.close();
});

describe('unsure submits', () => {
  it('believed-too-soon: a request still in validation is absent for a while; it is adopted, never sent twice', async () => {
    await core.close();
    core = await CoreHarness.open({
      timing: { settleWindowMs: 3_000, settleLooks: 5, absentAgainMs: 100, watchdogMs: 1_000, notSentPauseMs: 50 },
    });
    const serverId = await core.addServer(server.url);
    const graph = sleepGraph(2, 10);
    server.dropRequestNext('/prompt', { method: 'POST' });
    const [job] = await core.submit(graph, { serverId });
    await core.waitState(job.id, 'submitting');
    const key = await core.keyOf(job.id);
    const looks = (): number =>
      server.engine.requests.filter(
        (request) => request.method === 'GET' && /\/(jobs|history|queue)/.test(request.path),
      ).length;
    const before = looks();
    await core.waitFor('it was looked for twice, in vain', () => looks() >= before + 2);
    expect((await core.job(job.id)).state).toBe('submitting');
    server.engine.submit({ prompt: graph, prompt_id: key, client_id: 'the same' });
    const done = await core.waitState(job.id, 'done', 'failed');
    expect(done.attempts).toBe(1);
    expect(server.engine.executionsOf(key)).toBe(1);
  });
});

describe('what a look may say', () => {
  it('absent-once: a job that one look does not find is looked for again, and goes on', async () => {
    await core.close();
    core = await CoreHarness.open({
      timing: { settleWindowMs: 400, settleLooks: 5, absentAgainMs: 5_000, watchdogMs: 600, notSentPauseMs: 50 },
    });
    const serverId = await core.addServer(server.url);
    const [job] = await core.submit(sleepGraph(1, 8_000), { serverId });
    await core.waitState(job.id, 'running');
    const key = await core.keyOf(job.id);
    const looks = (): number =>
      server.engine.requests.filter((request) => request.method === 'GET' && request.path.includes(key)).length;
    const before = looks();
    // Absent for the watchdog and for the first look that settles it; there again for the second.
    const see = [
      server.failNext(`/jobs/${key}`, 404, { times: 100, method: 'GET' }),
      server.failNext(`/history/${key}`, 200, { times: 100, method: 'GET', body: '{}' }),
      server.failNext('/jobs', 500, { times: 100, method: 'GET' }),
      server.failNext('/queue', 200, { times: 100, method: 'GET', body: '{"queue_running": [], "queue_pending": []}' }),
    ];
    await core.waitFor('it was looked for twice, in vain', () => looks() >= before + 2);
    // Blind for a fifth of what must lie between two looks that are believed.
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    for (const undo of see) undo();
    expect((await core.waitState(job.id, 'done', 'failed')).state).toBe('done');
  });

  it('ran-but-its-result-is-gone: a start was seen, so it is lost and never "removed before it started"', async () => {
    const serverId = await core.addServer(server.url);
    const [witness] = await core.submit(sleepGraph(1, 5), { serverId });
    await core.waitState(witness.id, 'done');
    const end = server.engine.pauseAt('before-node', { nodeId: '2' });
    const [job] = await core.submit(sleepGraph(1, 10), { serverId });
    await core.waitState(job.id, 'running');
    const key = await core.keyOf(job.id);
    await server.goDown();
    end.release();
    await core.waitFor('it ran to its end while nobody listened', () =>
      server.engine.outcomesOf(key).includes('success'),
    );
    server.engine.editHistory({ delete: [key] });
    await server.comeUp();
    const ended = await core.waitState(job.id, 'failed');
    expect(ended.error).toMatchObject({ code: 'lost', details: { cause: 'no-trace' } });
  });

  it('restarted-while-waiting: a job that waited on a server that was restarted is lost, never "removed by another client"', async () => {
    const serverId = await core.addServer(server.url);
    const [running] = await core.submit(sleepGraph(2_000, 20), { serverId });
    await core.waitState(running.id, 'running');
    const [staged] = await core.submit(sleepGraph(1, 5), { serverId });
    await core.waitState(staged.id, 'accepted');
    await server.restart();
    for (const { id } of [running, staged])
      expect((await core.waitState(id, 'failed')).error).toMatchObject({
        code: 'lost',
        details: { cause: 'server-restarted' },
      });
  });

  it('cancel-in-flight: a stop waits for the submit it is about; no look is made before the answer', async () => {
    const serverId = await core.addServer(server.url);
    const [running] = await core.submit(sleepGraph(2_000, 20), { serverId });
    await core.waitState(running.id, 'running');
    server.delayNext('/prompt', 600, { method: 'POST' });
    const [job] = await core.submit(sleepGraph(1, 5), { serverId });
    await core.waitState(job.id, 'submitting');
    const key = await core.keyOf(job.id);
    await core.cancel(job.id);
    let looked = false;
    await core.waitFor('the submit is answered', async () => {
      const { state } = await core.job(job.id);
      if (state === 'submitting') looked ||= server.engine.requests.some((request) => request.path.includes(key));
      return state !== 'submitting';
    });
    expect(looked).toBe(false);
    expect((await core.waitState(job.id, 'cancelled')).cancel?.outcome).toMatchObject({
      reach: 'waiting',
      evidence: 'proven',
    });
  });
});
