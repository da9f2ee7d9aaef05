/** The SwarmUI adapter on the demo engine: connect, send, progress, outputs, failures. Cancels are in swarm-cancel.test.ts. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { startComfyServer } from '../../electron/demo/comfy-server.ts';
import type { ComfyServerHandle } from '../../electron/demo/comfy-server.ts';
import { installSwarmNodes } from '../../electron/demo/swarm-nodes.ts';
import { startSwarmServer } from '../../electron/demo/swarm-server.ts';
import type { SwarmServerHandle, SwarmServerOptions } from '../../electron/demo/swarm-server.ts';
import { probeParams, SwarmRig } from '../support/swarm-rig.ts';
import type { SwarmRigOptions } from '../support/swarm-rig.ts';

let comfy: ComfyServerHandle;
let swarm: SwarmServerHandle;
const rigs: SwarmRig[] = [];

async function serve(options: SwarmServerOptions = {}): Promise<void> {
  swarm = await startSwarmServer({ backends: [{ address: comfy.url }], graceMs: 20, ...options });
  await swarm.engine.ready();
}
async function connect(options: SwarmRigOptions = {}): Promise<SwarmRig> {
  const rig = new SwarmRig(swarm.url, options);
  rigs.push(rig);
  return await rig.online();
}

beforeEach(async () => {
  comfy = await startComfyServer();
  installSwarmNodes(comfy.engine);
});
afterEach(async () => {
  for (const rig of rigs.splice(0)) await rig.close();
  await swarm.close();
  await comfy.close();
});

describe('a job', () => {
  test('is accepted, runs with rising progress, and its image can be read', async () => {
    await serve();
    const rig = await connect();
    expect(rig.adapter.slots()).toBe(2);
    const job = await rig.accepted(await rig.send(probeParams(6, 20)));
    const end = await rig.ended(job);
    expect(job.started).toBe(true);
    expect(end).toMatchObject({ type: 'finished' });
    if (end.type !== 'finished') return;
    expect(end.outputs).toHaveLength(1);
    const [output] = end.outputs;
    if (output === undefined) return;
    expect((await rig.read(output)).bytes).toBeGreaterThan(100);
    const fractions = job.lives.flatMap((live) => (live.type === 'fraction' ? [live.overall] : []));
    expect(fractions.length).toBeGreaterThan(3);
    expect([...fractions].sort((a, b) => a - b)).toEqual(fractions);
  });

  test('is stopped while it runs: its stream ends, and its prompt is seen gone from the backend', async () => {
    await serve();
    const rig = await connect();
    const other = await rig.running(await rig.accepted(await rig.send(probeParams(60, 20))));
    const job = await rig.accepted(await rig.send(probeParams(60, 20)));
    const report = await rig.stop(other);
    expect(report).toMatchObject({ report: 'ended', fact: { type: 'stopped', reach: 'running', evidence: 'proven' } });
    expect(await rig.ended(job)).toMatchObject({ type: 'finished' });
  });
});
