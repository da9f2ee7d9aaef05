/**
 * The SwarmUI adapter against a real server (SWARM_URL), with a ComfyUI and the probe nodes behind it. Stops only what
 * it started itself; needs a server on which nobody else's work matters less than seconds.
 */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { until } from '../support/until.ts';
import { probeParams, SwarmRig } from '../support/swarm-rig.ts';
import type { RigJob } from '../support/swarm-rig.ts';

const url = process.env['SWARM_URL'];

describe.skipIf(url === undefined)('a real SwarmUI', () => {
  let rig: SwarmRig;
  let neighbour: SwarmRig;
  beforeEach(async () => {
    rig = await new SwarmRig(url ?? '').online();
    neighbour = await new SwarmRig(url ?? '').online();
  });
  afterEach(async () => {
    await rig.close();
    await neighbour.close();
  });

  const queue = async (): Promise<string> => {
    const [running, waiting] = await fetch(`${url ?? ''}/ComfyBackendDirect/queue`).then(async (answer) => {
      const listing = (await answer.json()) as { queue_running: unknown[]; queue_pending: unknown[] };
      return [listing.queue_running, listing.queue_pending];
    });
    return JSON.stringify([running, waiting]);
  };
  const notThere = async (job: RigJob): Promise<void> => {
    expect(await queue()).not.toContain(job.attempt.attemptId);
  };

  test('one image: accepted, running, previews, stored', async () => {
    const job = await rig.accepted(await rig.send(probeParams(6, 60, { preview: true })));
    const end = await rig.ended(job);
    if (end.type !== 'finished') return expect.fail(JSON.stringify(end));
    for (const output of end.outputs) expect(await rig.read(output)).toMatchObject({ mime: 'image/png' });
    expect(job.lives.some((live) => live.type === 'preview')).toBe(true);
  });

  test("its mark is in the backend's queue while it runs (S18)", async () => {
    const job = await rig.running(await rig.accepted(await rig.send(probeParams(20, 60))));
    expect(await queue()).toContain(job.attempt.attemptId);
    expect(await rig.stop(job)).toMatchObject({
      report: 'ended',
      fact: { type: 'stopped', reach: 'running', evidence: 'proven' },
    });
    await notThere(job);
  });

  test('sixty cancels at random moments beside a neighbour: none runs on, the neighbour ends each time, both slots stay', async () => {
    const slots = rig.adapter.slots();
    for (let round = 0; round < 60; round += 1) {
      const other = await neighbour.accepted(await neighbour.send(probeParams(3, 30)));
      const job = await rig.send(probeParams(300, 20));
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 250));
      const report = await rig.stop(job);
      expect(report, JSON.stringify(job.steps)).toMatchObject({
        report: 'ended',
        fact: { type: 'stopped', evidence: 'proven' },
      });
      await notThere(job);
      expect(await neighbour.ended(other)).toMatchObject({ type: 'finished' });
    }
    await rig.adapter.refresh(AbortSignal.timeout(5_000));
    expect(rig.adapter.slots()).toBe(slots);
    const both = [
      await rig.running(await rig.accepted(await rig.send(probeParams(20, 30)))),
      await rig.accepted(await rig.send(probeParams(2, 30))),
    ];
    for (const job of both) expect(await rig.ended(job)).toMatchObject({ type: 'finished' });
  });

  test('ten at once, more than there are slots: none runs on', async () => {
    for (let round = 0; round < 5; round += 1) {
      const jobs: RigJob[] = [];
      for (let index = 0; index < 10; index += 1) jobs.push(await rig.accepted(await rig.send(probeParams(300, 20))));
      const [first] = jobs;
      if (first === undefined) return;
      await rig.running(first);
      for (const report of await Promise.all(jobs.map((job) => rig.stop(job))))
        expect(report).toMatchObject({ report: 'ended', fact: { type: 'stopped', evidence: 'proven' } });
      for (const job of jobs) await notThere(job);
    }
    const job = await rig.accepted(await rig.send(probeParams(2, 30)));
    expect(await rig.ended(job)).toMatchObject({ type: 'finished' });
  });

  test('several images: those that came are kept', async () => {
    const job = await rig.accepted(await rig.send(probeParams(10, 50), 5));
    await until('an image came', () => job.lives.some((live) => live.type === 'fraction' && live.overall > 0.45));
    const report = await rig.stop(job);
    if (report.report !== 'ended' || report.fact.type !== 'stopped') return expect.fail(JSON.stringify(report));
    expect(report.fact.outputs.length).toBeGreaterThan(0);
    for (const output of report.fact.outputs) expect((await rig.read(output)).bytes).toBeGreaterThan(100);
    await notThere(job);
  });

  test('bad input has its code', async () => {
    expect(await (await rig.send({ model: 'no-such-model', prompt: 'x' })).submitted).toMatchObject({
      result: 'rejected',
      elsewhere: true,
    });
    expect(await (await rig.send(probeParams(1, 1, {}, { steps: 'abc' }))).submitted).toMatchObject({
      result: 'rejected',
      elsewhere: false,
    });
    const failing = await rig.accepted(await rig.send(probeParams(4, 20, { fail_at: 2 })));
    expect(await rig.ended(failing)).toMatchObject({ type: 'executionFailed', error: { code: 'execution_failed' } });
    const unknown = await rig.accepted(
      await rig.send({ comfyworkflowraw: '{"1":{"class_type":"NoSuchNode","inputs":{}}}' }),
    );
    expect(await rig.ended(unknown)).toMatchObject({ type: 'executionFailed', error: { code: 'server_rejected' } });
  });

  test("somebody else's prompt is seen and stopped by its id; ours goes on", async () => {
    const other = await neighbour.running(await neighbour.accepted(await neighbour.send({ ...probeParams(300, 30) })));
    const ours = await rig.accepted(await rig.send(probeParams(3, 30)));
    const theirs = (): string | undefined => rig.foreign?.jobs.find((job) => job.state === 'running')?.remoteKey;
    await until('it is seen', async () => {
      await rig.adapter.refresh(AbortSignal.timeout(5_000));
      return theirs() !== undefined;
    });
    const report = await rig.adapter.stopForeign(theirs() ?? '', {
      mode: () => 'stop',
      signal: AbortSignal.timeout(20_000),
      onStep: () => undefined,
    });
    expect(report).toMatchObject({ report: 'ended', fact: { type: 'stopped', reach: 'running' } });
    expect(await rig.ended(ours)).toMatchObject({ type: 'finished' });
    await neighbour.ended(other);
  });

  test('models, parameters, backends and memory', async () => {
    const catalogue = await rig.adapter.manage.catalogue(false, AbortSignal.timeout(20_000));
    expect(catalogue.params.length).toBeGreaterThan(100);
    expect(catalogue.defaults).toMatchObject({ steps: 20, width: 512 });
    await rig.adapter.refresh(AbortSignal.timeout(5_000));
    expect(rig.adapter.manage.backends()[0]).toMatchObject({ type: 'comfyui_api', state: 'running', slots: 2 });
    expect(rig.link.status().memory?.totalBytes).toBeGreaterThan(0);
    await rig.adapter.freeMemory(AbortSignal.timeout(20_000));
  });
});
