/**
 * The ComfyUI adapter through a real link, against the demo engine over real sockets: submit, events, outputs, cancel at
 * every moment, a stranger's job beside it. What really ran is asserted on the engine's own log.
 */
import { afterEach, describe, expect, it } from 'vitest';
import { startComfyServer } from '../../electron/demo/comfy/server.ts';
import type { ComfyServerHandle, ComfyServerOptions } from '../../electron/demo/comfy/server.ts';
import { ComfyRig, sleepGraph, stubbornGraph, until } from '../support/comfy-rig.ts';
import type { RigOptions } from '../support/comfy-rig.ts';

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

async function start(
  options: ComfyServerOptions = {},
  rigOptions: RigOptions = {},
): Promise<{ server: ComfyServerHandle; rig: ComfyRig }> {
  const server = await startComfyServer({ stepMs: 5, ...options });
  closers.push(() => server.close());
  const rig = await ComfyRig.online(server.url, rigOptions);
  closers.push(() => rig.close());
  return { server, rig };
}

describe.each(['0.3.64', '0.8.0', 'new'] as const)('on %s', (version) => {
  it('submits, follows and collects', async () => {
    const { server, rig } = await start({ version });
    const attempt = await rig.submit(sleepGraph(5, 5));
    const finished = await rig.heard(attempt.remoteKey, 'finished');
    expect(rig.factsOf(attempt.remoteKey).map((fact) => fact.type)).toEqual(['started', 'finished']);
    expect(finished.outputs).toMatchObject([{ ordinal: 0, nodeId: '2', media: 'text', text: 'ok' }]);
    expect(server.engine.executionsOf(attempt.remoteKey)).toBe(1);
    const steps = rig.lives.filter((live) => live.update.type === 'step');
    expect(steps.length).toBeGreaterThan(0);
  });

  it('removes a waiting job exactly', async () => {
    const { server, rig } = await start({ version });
    const first = await rig.submit(sleepGraph(4_000, 10));
    const second = await rig.submit(sleepGraph(5, 5));
    await rig.heard(first.remoteKey, 'started');
    const report = await rig.stop(second);
    expect(report).toMatchObject({ report: 'ended', fact: { type: 'stopped', reach: 'waiting', evidence: 'proven' } });
    expect(server.engine.log.filter((entry) => entry.event === 'interrupt-set')).toEqual([]);
    expect(await rig.stop(first)).toMatchObject({ report: 'ended', fact: { type: 'stopped', reach: 'running' } });
    await server.engine.idle();
    expect(server.engine.executionsOf(second.remoteKey)).toBe(0);
    expect(server.engine.outcomesOf(first.remoteKey)).toEqual(['interrupted']);
  });

  it('interrupts a running job and nothing else', async () => {
    const { server, rig } = await start({ version });
    const attempt = await rig.submit(sleepGraph(4_000, 10));
    const stranger = server.engine.addForeign(sleepGraph(3, 5));
    await rig.heard(attempt.remoteKey, 'started');
    const report = await rig.stop(attempt);
    expect(report).toMatchObject({ report: 'ended', fact: { type: 'stopped', reach: 'running', evidence: 'proven' } });
    await server.engine.idle();
    expect(server.engine.outcomesOf(attempt.remoteKey)).toEqual(['interrupted']);
    expect(server.engine.outcomesOf(stranger.promptId)).toEqual(['success']);
  });

  it('repeats an interrupt that was lost at pick-up', async () => {
    const { server, rig } = await start({ version });
    const hold = server.engine.pauseAt('popped');
    const attempt = await rig.submit(sleepGraph(4_000, 10));
    await hold.reached;
    const { request, steps } = rig.request();
    const stopping = rig.link.adapter.stop(attempt, request);
    await until('a first interrupt', () => steps.some((step) => step.step === 'heard'));
    hold.release();
    expect(await stopping).toMatchObject({ report: 'ended', fact: { type: 'stopped', reach: 'running' } });
    expect(steps.filter((step) => step.step === 'sent').length).toBeGreaterThan(1);
    expect(server.engine.outcomesOf(attempt.remoteKey)).toEqual(['interrupted']);
  });

  it('waits for a stubborn node, and says truthfully that it had finished', async () => {
    const { server, rig } = await start({ version });
    const attempt = await rig.submit({ '1': { class_type: 'ProbeBlockOut', inputs: { ms: 700, seed: 7 } } });
    const stranger = server.engine.addForeign(sleepGraph(3, 5));
    await rig.heard(attempt.remoteKey, 'started');
    expect(await rig.stop(attempt)).toMatchObject({ report: 'ended', fact: { type: 'finished' } });
    await server.engine.idle();
    expect(server.engine.outcomesOf(attempt.remoteKey)).toEqual(['success']);
    expect(server.engine.outcomesOf(stranger.promptId)).toEqual(['success']);
  });

  it('stops a stubborn job at the next node', async () => {
    const { server, rig } = await start({ version });
    const attempt = await rig.submit(stubbornGraph(700));
    await rig.heard(attempt.remoteKey, 'started');
    expect(await rig.stop(attempt)).toMatchObject({ report: 'ended', fact: { type: 'stopped', reach: 'running' } });
    expect(server.engine.outcomesOf(attempt.remoteKey)).toEqual(['interrupted']);
  });

  it('cancels at the boundary between two jobs without harming the next', async () => {
    const { server, rig } = await start({ version });
    const hold = server.engine.pauseAt('before-task-done');
    const attempt = await rig.submit(sleepGraph(2, 5));
    const stranger = server.engine.addForeign(sleepGraph(20, 10));
    await hold.reached;
    const { request, steps } = rig.request();
    const stopping = rig.link.adapter.stop(attempt, request);
    await until('an interrupt', () => steps.some((step) => step.step === 'heard'));
    hold.release();
    expect(await stopping).toMatchObject({ report: 'ended', fact: { type: 'finished' } });
    await server.engine.idle();
    expect(server.engine.outcomesOf(stranger.promptId)).toEqual(['success']);
  });

  it('if-waiting never interrupts', async () => {
    const { server, rig } = await start({ version });
    const end = server.engine.pauseAt('before-node', { nodeId: '2' });
    const attempt = await rig.submit(sleepGraph(1, 10));
    await rig.heard(attempt.remoteKey, 'started');
    expect(await rig.stop(attempt, 'if-waiting')).toMatchObject({ report: 'started' });
    end.release();
    await rig.heard(attempt.remoteKey, 'finished');
    const touching = server.engine.requests.filter(
      (request) => request.path.includes('/interrupt') || request.path.includes(`${attempt.remoteKey}/cancel`),
    );
    expect(touching).toEqual([]);
  });
});
