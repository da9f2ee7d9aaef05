/** Runs the SwarmUI suite against the demo engine, and against a real server when `SWARM_URL` is set. */
import { afterAll, beforeAll, describe, test } from 'vitest';
import { startComfyServer } from '../../electron/demo/comfy/server.ts';
import type { ComfyServerHandle } from '../../electron/demo/comfy/server.ts';
import { installSwarmNodes } from '../../electron/demo/swarm/nodes.ts';
import { startSwarmServer } from '../../electron/demo/swarm/server.ts';
import type { SwarmServerHandle } from '../../electron/demo/swarm/server.ts';
import { swarmConformance } from './swarm.ts';

describe('demo engine', () => {
  let comfy: ComfyServerHandle | undefined;
  let swarm: SwarmServerHandle | undefined;
  beforeAll(async () => {
    comfy = await startComfyServer();
    installSwarmNodes(comfy.engine);
    swarm = await startSwarmServer({ backends: [{ address: comfy.url }], graceMs: 60 });
    await swarm.engine.ready();
  });
  afterAll(async () => {
    await swarm?.close();
    await comfy?.close();
  });
  swarmConformance({ name: 'demo engine', graceMs: 60 }, { url: () => swarm?.url ?? '' });
});

const real = process.env['SWARM_URL'];
describe('real server', () => {
  if (real === undefined || real === '')
    test.skip('SWARM_URL is not set: the suite did not run against a real SwarmUI', () => undefined);
  else swarmConformance({ name: real, graceMs: 2000 }, { url: () => real.replace(/\/$/, '') });
});
