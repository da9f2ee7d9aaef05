/**
 * The adapter against a real ComfyUI with the probe nodes, named by COMFY_URL; without it every test is printed as
 * skipped. The server may be shared: only ids of our own are touched, and the neighbours are our own second client.
 */
import { afterEach, describe, expect, it } from 'vitest';
import { ComfyRig, sleepGraph, stubbornGraph, until } from '../support/comfy-rig.ts';

const url = process.env['COMFY_URL'];
/** Tries of each race. */
const rounds = Number(process.env['LIVE_ROUNDS'] ?? 25);
const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

async function join(): Promise<ComfyRig> {
  const rig = await ComfyRig.online(url ?? '');
  closers.push(() => rig.close());
  return rig;
}

/** What the server itself says became of a prompt: the judge over our own reports. */
async function truth(id: string): Promise<'never ran' | 'interrupted' | 'success' | 'error'> {
  const body = (await (await fetch(`${url ?? ''}/history/${id}`)).json()) as Record<
    string,
    { status: { status_str: string; messages: [string, unknown][] } }
  >;
  const status = body[id]?.status;
  if (status === undefined) return 'never ran';
  if (status.messages.at(-1)?.[0] === 'execution_interrupted') return 'interrupted';
  return status.status_str === 'success' ? 'success' : 'error';
}
const said = (report: { report: string; fact?: { type: string; reach?: string } }): string =>
  report.fact === undefined
    ? report.report
    : report.fact.type === 'stopped'
      ? report.fact.reach === 'waiting'
        ? 'never ran'
        : 'interrupted'
      : 'success';

describe.skipIf(url === undefined)('a real ComfyUI (COMFY_URL)', () => {
  it('runs a job to its end with progress, previews and a stored picture', async () => {
    const rig = await join();
    const attempt = await rig.submit({
      ...sleepGraph(10, 30, { preview: true }),
      '2': { class_type: 'SaveImage', inputs: { images: ['1', 0], filename_prefix: 'switchyard-live' } },
    });
    const finished = await rig.heard(attempt.remoteKey, 'finished');
    expect(finished.outputs).toMatchObject([{ nodeId: '2', media: 'image' }]);
    expect(rig.lives.some((live) => live.update.type === 'preview' && live.update.bytes.byteLength > 50)).toBe(true);
    expect(rig.lives.some((live) => live.update.type === 'step')).toBe(true);
    const output = finished.outputs[0];
    if (output === undefined) throw new Error('no output');
    const body = await rig.link.adapter.readOutput(output, AbortSignal.timeout(5_000));
    const chunks: Uint8Array[] = [];
    for await (const chunk of body.body) chunks.push(chunk);
    expect(Buffer.concat(chunks).subarray(1, 4).toString()).toBe('PNG');
  });

  it('cancels while waiting; the running one and a stranger are unharmed', async () => {
    const [rig, stranger] = [await join(), await join()];
    const running = await rig.submit(sleepGraph(15, 100));
    const waiting = await rig.submit(sleepGraph(5, 10));
    const other = await stranger.submit(sleepGraph(5, 10));
    expect(await rig.stop(waiting)).toMatchObject({
      report: 'ended',
      fact: { type: 'stopped', reach: 'waiting', evidence: 'proven' },
    });
    await rig.heard(running.remoteKey, 'finished');
    await stranger.heard(other.remoteKey, 'finished');
    expect(rig.factsOf(waiting.remoteKey).map((fact) => fact.type)).not.toContain('started');
  });

  it('cancels a running job; the next of ours and a stranger are unharmed', async () => {
    const [rig, stranger] = [await join(), await join()];
    const running = await rig.submit(sleepGraph(300, 100));
    const next = await rig.submit(sleepGraph(5, 10));
    const other = await stranger.submit(sleepGraph(5, 10));
    await until('progress', () =>
      rig.lives.some((live) => live.key === running.remoteKey && live.update.type === 'step'),
    );
    expect(await rig.stop(running)).toMatchObject({
      report: 'ended',
      fact: { type: 'stopped', reach: 'running', evidence: 'proven' },
    });
    await rig.heard(next.remoteKey, 'finished');
    await stranger.heard(other.remoteKey, 'finished');
  });

  it('cancels just after the start, many times, and never a neighbour', async () => {
    const [rig, stranger] = [await join(), await join()];
    for (let round = 0; round < rounds; round += 1) {
      const target = await rig.submit(sleepGraph(200, 20));
      const other = await stranger.submit(sleepGraph(1, 1));
      await new Promise((resolve) => setTimeout(resolve, round % 5));
      const report = await rig.stop(target);
      expect(report).toMatchObject({ report: 'ended', fact: { type: 'stopped' } });
      expect(await truth(target.remoteKey)).toBe(said(report));
      await stranger.heard(other.remoteKey, 'finished');
    }
  });

  it('tells the truth about a stubborn job', async () => {
    const rig = await join();
    const stubborn = await rig.submit(stubbornGraph(1_500));
    await rig.heard(stubborn.remoteKey, 'started');
    expect(await rig.stop(stubborn)).toMatchObject({ report: 'ended', fact: { type: 'stopped', reach: 'running' } });
    const last = await rig.submit({
      '1': { class_type: 'ProbeBlockOut', inputs: { ms: 1_500, seed: Math.floor(Math.random() * 1e9) } },
    });
    await rig.heard(last.remoteKey, 'started');
    expect(await rig.stop(last)).toMatchObject({ report: 'ended', fact: { type: 'finished' } });
  });

  it('cancels at the end of a job without harming the next one', async () => {
    const [rig, stranger] = [await join(), await join()];
    for (let round = 0; round < rounds; round += 1) {
      const target = await rig.submit(sleepGraph(5, 10));
      const other = await stranger.submit(sleepGraph(2, 10));
      await rig.heard(target.remoteKey, 'started');
      await new Promise((resolve) => setTimeout(resolve, 40 + (round % 25)));
      const report = await rig.stop(target);
      expect(['finished', 'stopped']).toContain(report.report === 'ended' ? report.fact.type : report.report);
      expect(await truth(target.remoteKey)).toBe(said(report));
      await stranger.heard(other.remoteKey, 'finished');
    }
  });

  it('sees and stops one job of a stranger, by id', async () => {
    const [rig, stranger] = [await join(), await join()];
    const first = await stranger.submit(sleepGraph(100, 50));
    const second = await stranger.submit(sleepGraph(3, 10));
    await until('both listed', () => rig.foreign?.jobs.length === 2);
    expect(rig.foreign?.order).toEqual([first.remoteKey, second.remoteKey]);
    const { request } = rig.request();
    expect(await rig.link.adapter.stopForeign(first.remoteKey, request)).toMatchObject({
      report: 'ended',
      fact: { type: 'stopped' },
    });
    await stranger.heard(second.remoteKey, 'finished');
    expect(await stranger.heard(first.remoteKey, 'stopped')).toMatchObject({ by: 'another-client' });
    await until('how they ended', () => rig.endings.length >= 2);
    expect(rig.endings.find((ended) => ended.remoteKey === first.remoteKey)?.how).toBe('cancelled-by-us');
    expect(rig.endings.find((ended) => ended.remoteKey === second.remoteKey)?.how).toBe('done');
  });
});
