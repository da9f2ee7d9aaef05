/**
 * Cancelling on SwarmUI, against the demo engine with its races open: what really happened is read from the engines'
 * own logs. The decisions themselves are checked exhaustively in test/model/cancel-swarm.test.ts.
 */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { startComfyServer } from '../../electron/demo/comfy/server.ts';
import type { ComfyServerHandle } from '../../electron/demo/comfy/server.ts';
import { installSwarmNodes } from '../../electron/demo/swarm/nodes.ts';
import { startSwarmServer } from '../../electron/demo/swarm/server.ts';
import type { SwarmServerHandle, SwarmServerOptions } from '../../electron/demo/swarm/server.ts';
import { probeGraph, SwarmClient } from '../conformance/swarm-client.ts';
import { runs, runsFactor } from '../runs.ts';
import { probeParams, SwarmRig } from '../support/swarm-rig.ts';
import type { RigJob, SwarmRigOptions } from '../support/swarm-rig.ts';
import { until } from '../support/until.ts';

let comfy: ComfyServerHandle;
let swarm: SwarmServerHandle;
const rigs: SwarmRig[] = [];
const clients: SwarmClient[] = [];

async function serve(options: SwarmServerOptions = {}): Promise<void> {
  swarm = await startSwarmServer({ backends: [{ address: comfy.url }], graceMs: 20, ...options });
  await swarm.engine.ready();
}
async function connect(options: SwarmRigOptions = {}): Promise<SwarmRig> {
  const rig = new SwarmRig(swarm.url, options);
  rigs.push(rig);
  return await rig.online();
}
/** Somebody else with a program of their own. */
function stranger(): SwarmClient {
  const client = new SwarmClient(swarm.url);
  clients.push(client);
  return client;
}

const log = (job: RigJob) => swarm.engine.requestWith(job.attempt.attemptId);
const promptOf = (job: RigJob): string | undefined =>
  log(job).find((entry) => entry.promptId !== undefined && entry.promptId !== '')?.promptId;
/** How a job's prompt ended in ComfyUI itself. */
const inComfy = (promptId: string | undefined): string[] =>
  comfy.engine.log
    .filter(
      (entry) => entry.promptId === promptId && ['success', 'interrupted', 'error', 'deleted'].includes(entry.event),
    )
    .map((entry) => entry.event);
const interrupts = () => swarm.engine.events('interrupt');
const nothingGlobal = (): void => {
  expect(swarm.engine.events('comfy-interrupt-global')).toEqual([]);
  expect(swarm.engine.log.filter((entry) => entry.detail === 'global interrupt')).toEqual([]);
};

beforeEach(async () => {
  comfy = await startComfyServer();
  installSwarmNodes(comfy.engine);
});
afterEach(async () => {
  for (const rig of rigs.splice(0)) await rig.close();
  for (const client of clients.splice(0)) client.close();
  swarm.engine.releaseAll();
  await swarm.close();
  await comfy.close();
});

describe('one job', () => {
  test('running: one interrupt in its own session, then its prompt is seen interrupted', async () => {
    await serve();
    const rig = await connect();
    const job = await rig.running(await rig.accepted(await rig.send(probeParams(4_000, 20))));
    const report = await rig.stop(job);
    expect(report).toMatchObject({
      report: 'ended',
      fact: { type: 'stopped', reach: 'running', evidence: 'proven', outputs: [] },
    });
    expect(interrupts()).toHaveLength(1);
    expect(interrupts()[0]?.hit).toEqual([log(job)[0]?.request]);
    expect(inComfy(promptOf(job))).toEqual(['interrupted']);
    expect(job.steps.map((step) => step.step)).toEqual(
      expect.arrayContaining(['sent', 'heard', 'looked', 'seen-stopped']),
    );
    nothingGlobal();
  });

  test('asked for before its claim exists: held, never sent into the void (S3)', async () => {
    await serve();
    const rig = await connect();
    const pause = swarm.engine.pauseAt('before-claim');
    const job = await rig.send(probeParams(4_000, 20));
    await pause.reached;
    const stopped = rig.stop(job);
    await until('it is held', () => job.steps.some((step) => step.step === 'held'));
    expect(interrupts()).toEqual([]);
    pause.release();
    expect(await stopped).toMatchObject({ report: 'ended', fact: { type: 'stopped', evidence: 'proven' } });
    expect(interrupts()).toHaveLength(1);
    expect(inComfy(promptOf(job))).toEqual(['interrupted']);
  });

  test('asked for while its prompt is being handed over: held until it runs, so no orphan (S12)', async () => {
    await serve();
    const rig = await connect();
    const pause = swarm.engine.pauseAt('posting-prompt');
    const job = await rig.accepted(await rig.send(probeParams(4_000, 20)));
    await pause.reached;
    const stopped = rig.stop(job);
    await until('it is held', () => job.steps.some((step) => step.step === 'held'));
    expect(interrupts()).toEqual([]);
    pause.release();
    expect(await stopped).toMatchObject({ report: 'ended', fact: { type: 'stopped' } });
    expect(inComfy(promptOf(job))).toEqual(['interrupted']);
    expect(swarm.engine.events('orphan')).toEqual([]);
  });

  test('an orphan of the hand-over is found by its mark and stopped by its id (S10, S18)', async () => {
    await serve();
    const rig = await connect();
    // The hand-over takes longer than a phase needs to be called certain: then only the look afterwards can tell.
    const pause = swarm.engine.pauseAt('posting-prompt');
    const job = await rig.accepted(await rig.send(probeParams(4_000, 20)));
    await pause.reached;
    const stopped = rig.stop(job);
    await until('it is sent', () => interrupts().length > 0);
    pause.release();
    expect(await stopped).toMatchObject({
      report: 'ended',
      // ComfyUI had begun it already when it was looked for, before the stop went out.
      fact: { type: 'stopped', reach: 'running', evidence: 'proven' },
    });
    const [prompt] = comfy.engine.log.filter((entry) => entry.event === 'queued');
    expect(inComfy(prompt?.promptId)).not.toContain('success');
    expect(comfy.engine.log.filter((entry) => entry.event === 'interrupted' || entry.event === 'deleted')).toHaveLength(
      1,
    );
    nothingGlobal();
  });

  test.each([
    ['a marked one', probeParams(4_000, 20)],
    ['one without a mark', { model: 'dreamscape-xl', prompt: 'a lake', steps: 500 }],
  ])('%s that is not in its backend though it has a slot is waited for, so no orphan', async (_which, params) => {
    await serve({ models: [{ name: 'dreamscape-xl.safetensors' }] });
    const rig = await connect();
    await rig.ended(await rig.accepted(await rig.send({ model: 'dreamscape-xl', prompt: 'a lake', steps: 1 })));
    const pause = swarm.engine.pauseAt('before-post');
    const job = await rig.accepted(await rig.send(params));
    await pause.reached;
    const looks = () => comfy.engine.requests.filter(({ path }) => path.endsWith('/queue')).length;
    const before = looks();
    const stopped = rig.stop(job);
    await until('it was looked for again and again', () => looks() >= before + 5);
    expect(interrupts()).toEqual([]);
    pause.release();
    expect(await stopped).toMatchObject({ report: 'ended', fact: { type: 'stopped', evidence: 'proven' } });
    expect(swarm.engine.events('orphan')).toEqual([]);
  });

  test("an orphan that carries no mark is not called stopped because a stranger's hand-over hides it in the count", async () => {
    await serve({ models: [{ name: 'dreamscape-xl.safetensors' }] });
    const rig = await connect();
    const params = { model: 'dreamscape-xl', prompt: 'a lake' };
    await rig.ended(await rig.accepted(await rig.send({ ...params, steps: 1 })));
    const mine = swarm.engine.pauseAt('posting-prompt');
    const job = await rig.accepted(await rig.send({ ...params, steps: 500 }));
    const { request } = await mine.reached;
    const theirs = swarm.engine.pauseAt('before-post', { when: (where) => where.request !== request });
    const other = stranger();
    await other.generate(await other.newSession(), probeParams(4_000, 20));
    await theirs.reached;
    const stopped = rig.stop(job);
    await until('it is sent', () => interrupts().length > 0);
    const looks = () => comfy.engine.requests.filter(({ path }) => path.endsWith('/queue')).length;
    mine.release();
    await until('its stream has ended', () => job.steps.some((step) => step.step === 'heard'));
    const before = looks();
    // One prompt, and one call that holds a slot: not the same one.
    await until('it was looked for', () => looks() > before);
    theirs.release();
    expect(await stopped).toMatchObject({ report: 'ended', fact: { type: 'stopped', evidence: 'presumed' } });
  });

  test('pre-queued behind a stranger: stopped without touching the stranger', async () => {
    await serve();
    const rig = await connect();
    const other = stranger();
    const foreign = await other.generate(await other.newSession(), {
      ...probeParams(200, 20),
      extra_metadata: { who: 'stranger' },
    });
    await swarm.engine.until((entries) => entries.find((entry) => entry.kind === 'exec-start'));
    const job = await rig.accepted(await rig.send(probeParams(4_000, 20)));
    await until('it is handed over', () => log(job).some((entry) => entry.kind === 'accepted'));
    expect(await rig.stop(job)).toMatchObject({
      report: 'ended',
      fact: { type: 'stopped', reach: 'waiting', evidence: 'proven' },
    });
    await foreign.closed();
    expect(swarm.engine.requestWith('stranger').find((entry) => entry.kind === 'image-end')?.detail).toBe('done');
    expect(interrupts().map((entry) => entry.hit)).toEqual([[log(job)[0]?.request]]);
    nothingGlobal();
  });

  test('waiting for a slot: dropped without a word, proven by the look', async () => {
    await serve({ backends: [{ address: comfy.url, overQueue: 0 }] });
    const rig = await connect();
    const other = stranger();
    await other.generate(await other.newSession(), { ...probeParams(200, 20), extra_metadata: { who: 'stranger' } });
    await swarm.engine.until((entries) => entries.find((entry) => entry.kind === 'exec-start'));
    const job = await rig.accepted(await rig.send(probeParams(4_000, 20)));
    expect(await rig.stop(job)).toMatchObject({
      report: 'ended',
      fact: { type: 'stopped', reach: 'waiting', evidence: 'proven', outputs: [] },
    });
    expect(promptOf(job)).toBeUndefined();
    expect(swarm.engine.slots(0)).toMatchObject({ lost: 0 });
  });

  test('waiting for a slot, without a mark: never handed over, so proven beside prompts that nobody can name', async () => {
    await serve({ backends: [{ address: comfy.url, overQueue: 0 }] });
    const rig = await connect();
    const other = stranger();
    const foreign = await other.generate(await other.newSession(), probeParams(60, 20));
    await swarm.engine.until((entries) => entries.find((entry) => entry.kind === 'exec-start'));
    // Not SwarmUI's: no counter knows it, so counting prompts against slots proves nothing.
    const direct = await fetch(`${comfy.url}/prompt`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: `{"prompt":${probeGraph({ steps: 60 }).replace('${seed}', '7')}}`,
    });
    expect(direct.status).toBe(200);
    const job = await rig.accepted(await rig.send({ prompt: 'without a graph of its own' }));
    expect(await rig.stop(job)).toMatchObject({
      report: 'ended',
      fact: { type: 'stopped', reach: 'waiting', evidence: 'proven', outputs: [] },
    });
    expect(job.steps.at(-1)).toMatchObject({ step: 'seen-stopped', detail: 'no backend ever had it' });
    await foreign.closed();
    expect(foreign.images()).toHaveLength(1);
  });

  test('images that came before the stop are kept', async () => {
    await serve();
    const rig = await connect();
    const job = await rig.accepted(await rig.send(probeParams(20, 20), 4));
    await until('two images came', () => log(job).filter((entry) => entry.kind === 'image').length >= 2);
    const report = await rig.stop(job);
    expect(report).toMatchObject({ report: 'ended', fact: { type: 'stopped', reach: 'running' } });
    if (report.report !== 'ended' || report.fact.type !== 'stopped') return;
    expect(report.fact.outputs.length).toBeGreaterThanOrEqual(2);
    expect(report.fact.outputs.length).toBeLessThan(4);
    for (const output of report.fact.outputs) expect((await rig.read(output)).bytes).toBeGreaterThan(100);
  });

  test('one that finishes meanwhile is finished, not cancelled', async () => {
    await serve();
    const rig = await connect();
    const pause = swarm.engine.pauseAt('before-end');
    const job = await rig.running(await rig.accepted(await rig.send(probeParams(2, 10))));
    await pause.reached;
    const stopped = rig.stop(job);
    pause.release();
    expect(await stopped).toMatchObject({ report: 'ended', fact: { type: 'finished' } });
  });

  test('stubborn: called stopped only when its backend has let go of it', async () => {
    await serve();
    const rig = await connect();
    const job = await rig.running(await rig.accepted(await rig.send(probeParams(1, 700, { cooperative: false }))));
    const report = await rig.stop(job);
    const prompt = promptOf(job);
    const ended = comfy.engine.log.find(
      (entry) => entry.promptId === prompt && ['success', 'interrupted'].includes(entry.event),
    );
    expect(ended).toBeDefined();
    expect(report).toMatchObject({ report: 'ended', fact: { type: 'stopped', evidence: 'proven' } });
  });
});

describe('if-waiting', () => {
  test('a running job runs on', async () => {
    await serve();
    const rig = await connect();
    const job = await rig.running(await rig.accepted(await rig.send(probeParams(100, 20))));
    expect(await rig.stop(job, 'if-waiting')).toEqual({ report: 'started' });
    expect(await rig.ended(job)).toMatchObject({ type: 'finished' });
    expect(interrupts()).toEqual([]);
  });

  test('a pre-queued job is stopped', async () => {
    await serve();
    const rig = await connect();
    const first = await rig.running(await rig.accepted(await rig.send(probeParams(200, 20))));
    const job = await rig.accepted(await rig.send(probeParams(200, 20)));
    expect(await rig.stop(job, 'if-waiting')).toMatchObject({
      report: 'ended',
      fact: { type: 'stopped', reach: 'waiting' },
    });
    expect(await rig.ended(first)).toMatchObject({ type: 'finished' });
  });

  test('raised to stop while it is held, it stops what runs', async () => {
    await serve();
    const rig = await connect();
    const pause = swarm.engine.pauseAt('before-claim');
    const job = await rig.send(probeParams(4_000, 20));
    await pause.reached;
    let mode: 'if-waiting' | 'stop' = 'if-waiting';
    const stopped = rig.stop(job, () => mode);
    await until('it is held', () => job.steps.some((step) => step.step === 'held'));
    mode = 'stop';
    pause.release();
    expect(await stopped).toMatchObject({ report: 'ended', fact: { type: 'stopped', reach: 'running' } });
  });
});

describe('several at once', () => {
  test('waiting ones first, then the pre-queued, last the running one, each after the stream before it; no orphan, no lost slot', async () => {
    await serve({ grantWindowMs: 2, postWindowMs: 5 });
    // More than there are slots, as when strangers' jobs ended up behind ours.
    const rig = await connect();
    const jobs: RigJob[] = [];
    for (let index = 0; index < 6; index += 1) jobs.push(await rig.accepted(await rig.send(probeParams(4_000, 20))));
    await rig.running(jobs[0] ?? expect.fail());
    const reports = await Promise.all(jobs.map((job) => rig.stop(job)));
    for (const report of reports)
      expect(report).toMatchObject({ report: 'ended', fact: { type: 'stopped', evidence: 'proven' } });
    const order = interrupts().map((entry) => entry.hit?.[0]);
    const number = (job: RigJob | undefined): number | undefined =>
      job === undefined ? undefined : log(job)[0]?.request;
    expect(order.slice(0, 4).sort()).toEqual(jobs.slice(2).map(number).sort());
    expect(order.slice(4)).toEqual([number(jobs[1]), number(jobs[0])]);
    expect(swarm.engine.slots(0)).toMatchObject({ free: 2, lost: 0 });
    expect(comfy.engine.log.filter((entry) => entry.event === 'success')).toEqual([]);
    expect(swarm.engine.events('orphan')).toEqual([]);
  });

  test('one of two: the other one ends with its image', async () => {
    await serve();
    const rig = await connect();
    const first = await rig.running(await rig.accepted(await rig.send(probeParams(200, 20))));
    const second = await rig.accepted(await rig.send(probeParams(10, 20)));
    await rig.stop(first);
    expect(await rig.ended(second)).toMatchObject({ type: 'finished' });
    expect(interrupts().flatMap((entry) => entry.hit ?? [])).toEqual([log(first)[0]?.request]);
  });

  test(
    `${String(runs(30))} rounds of random cancels beside a neighbour: nobody else is hit, nothing is left, no slot is lost`,
    { timeout: 180_000 * runsFactor },
    async () => {
      await serve({ grantWindowMs: 1, postWindowMs: 3 });
      const rig = await connect();
      const other = stranger();
      for (let round = 0; round < runs(30); round += 1) {
        const neighbour = await other.generate(await other.newSession(), {
          ...probeParams(4, 10),
          extra_metadata: { who: `neighbour-${String(round)}` },
        });
        const job = await rig.accepted(await rig.send(probeParams(4_000, 10)));
        const waitMs = Math.random() * 60;
        await new Promise((resolve) => setTimeout(resolve, waitMs));
        expect(await rig.stop(job), JSON.stringify(job.steps)).toMatchObject({
          report: 'ended',
          fact: { type: 'stopped', evidence: 'proven' },
        });
        await neighbour.closed();
        expect(
          swarm.engine.requestWith(`neighbour-${String(round)}`).find((entry) => entry.kind === 'image-end')?.detail,
        ).toBe('done');
      }
      const ours = new Set(rig.all.map((job) => log(job)[0]?.request));
      for (const entry of interrupts())
        for (const hit of entry.hit ?? [])
          expect(ours.has(hit), JSON.stringify(swarm.engine.log.filter((line) => line.request === hit))).toBe(true);
      await until('the slots are free', () => swarm.engine.slots(0).free === 2);
      expect(swarm.engine.slots(0).lost).toBe(0);
      expect(comfy.engine.log.filter((entry) => entry.event === 'success')).toHaveLength(runs(30));
      const { idle, quarantined, peak } = rig.adapter.sessions;
      expect(idle + quarantined).toBeLessThanOrEqual(peak + 2);
    },
  );
});
