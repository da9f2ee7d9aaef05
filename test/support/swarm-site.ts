/** A demo ComfyUI behind a demo SwarmUI, and rigs on it: set up and taken down by the tests that use it. */
import { startComfyServer } from '../../electron/demo/comfy/server.ts';
import type { ComfyServerHandle } from '../../electron/demo/comfy/server.ts';
import { installSwarmNodes } from '../../electron/demo/swarm/nodes.ts';
import type { SwarmNodesOptions } from '../../electron/demo/swarm/nodes.ts';
import { startSwarmServer } from '../../electron/demo/swarm/server.ts';
import type { SwarmServerHandle, SwarmServerOptions } from '../../electron/demo/swarm/server.ts';
import { SwarmClient } from '../conformance/swarm-client.ts';
import type { Stream } from '../conformance/swarm-client.ts';
import { probeParams, SwarmRig } from './swarm-rig.ts';
import type { RigJob, SwarmRigOptions } from './swarm-rig.ts';

export class SwarmSite {
  readonly comfy: ComfyServerHandle;
  readonly swarm: SwarmServerHandle;
  readonly #rigs: SwarmRig[] = [];
  readonly #clients: SwarmClient[] = [];

  private constructor(comfy: ComfyServerHandle, swarm: SwarmServerHandle) {
    this.comfy = comfy;
    this.swarm = swarm;
  }

  static async start(
    options: SwarmServerOptions | ((comfyUrl: string) => SwarmServerOptions) = {},
    nodes: SwarmNodesOptions = {},
  ): Promise<SwarmSite> {
    const comfy = await startComfyServer();
    installSwarmNodes(comfy.engine, nodes);
    const given = typeof options === 'function' ? options(comfy.url) : options;
    const swarm = await startSwarmServer({ backends: [{ address: comfy.url }], graceMs: 20, ...given });
    await swarm.engine.ready();
    return new SwarmSite(comfy, swarm);
  }

  rig(options: SwarmRigOptions = {}): SwarmRig {
    const rig = new SwarmRig(this.swarm.url, options);
    this.#rigs.push(rig);
    return rig;
  }
  async connect(options: SwarmRigOptions = {}): Promise<SwarmRig> {
    return await this.rig(options).online();
  }

  /** Somebody else, with a program of their own. */
  stranger(): SwarmClient {
    const client = new SwarmClient(this.swarm.url);
    this.#clients.push(client);
    return client;
  }
  /** A job of somebody else, found in the log by `name`. */
  async foreignJob(name: string, steps: number, ms: number): Promise<{ session: string; stream: Stream }> {
    const client = this.stranger();
    const session = await client.newSession();
    return {
      session,
      stream: await client.generate(session, { ...probeParams(steps, ms), extra_metadata: { who: name } }),
    };
  }

  /** The engine's log of one of our jobs, or of a stranger's by name. */
  log(job: RigJob | string): ReturnType<SwarmServerHandle['engine']['requestWith']> {
    return this.swarm.engine.requestWith(typeof job === 'string' ? job : job.attempt.attemptId);
  }
  promptOf(job: RigJob | string): string | undefined {
    return this.log(job).find((entry) => entry.promptId !== undefined && entry.promptId !== '')?.promptId;
  }
  /** How one prompt ended in ComfyUI itself. */
  inComfy(promptId: string | undefined): string[] {
    return this.comfy.engine.log
      .filter(
        (entry) => entry.promptId === promptId && ['success', 'interrupted', 'error', 'deleted'].includes(entry.event),
      )
      .map((entry) => entry.event);
  }

  async close(): Promise<void> {
    for (const rig of this.#rigs) await rig.close();
    for (const client of this.#clients) client.close();
    this.swarm.engine.releaseAll();
    await this.swarm.close();
    await this.comfy.close();
  }
}
