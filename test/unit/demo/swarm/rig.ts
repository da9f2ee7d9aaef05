/** One ComfyUI, one SwarmUI before it, one client: what the tests of the SwarmUI engine need. Everything closes with `using`-like `stop`. */
import { startComfyServer } from '../../../../electron/demo/comfy/server.ts';
import type { ComfyServerHandle } from '../../../../electron/demo/comfy/server.ts';
import { installSwarmNodes } from '../../../../electron/demo/swarm/nodes.ts';
import type { SwarmNodesOptions } from '../../../../electron/demo/swarm/nodes.ts';
import { startSwarmServer } from '../../../../electron/demo/swarm/server.ts';
import type { SwarmServerHandle, SwarmServerOptions } from '../../../../electron/demo/swarm/server.ts';
import { probeGraph, SwarmClient } from '../../../conformance/swarm-client.ts';
import type { Message, Stream } from '../../../conformance/swarm-client.ts';

export interface Rig {
  readonly comfy: ComfyServerHandle;
  readonly swarm: SwarmServerHandle;
  readonly client: SwarmClient;
  /** a job in a session of its own, `options` for `ProbeSleep` */
  job(name: string, options?: Message, body?: Message): Promise<Job>;
  stop(): Promise<void>;
}

export interface Job {
  readonly name: string;
  readonly session: string;
  readonly stream: Stream;
}

export async function startRig(options: SwarmServerOptions = {}, nodes: SwarmNodesOptions = {}): Promise<Rig> {
  const comfy = await startComfyServer();
  installSwarmNodes(comfy.engine, nodes);
  const swarm = await startSwarmServer({ backends: [{ address: comfy.url }], graceMs: 20, ...options });
  await swarm.engine.ready();
  const client = new SwarmClient(swarm.url);
  return {
    comfy,
    swarm,
    client,
    async job(name, probe = {}, body = {}) {
      const session = await client.newSession();
      const stream = await client.generate(session, {
        comfyworkflowraw: probeGraph(probe, { attempt: name }),
        extra_metadata: { job: name },
        ...body,
      });
      return { name, session, stream };
    },
    async stop() {
      client.close();
      await swarm.close();
      await comfy.close();
    },
  };
}

/** The prompt ids ComfyUI ever got for a job, by its mark in `_meta`. */
export function promptsOf(rig: Rig, name: string): string[] {
  const request = rig.swarm.engine.requestWith(name);
  return [
    ...new Set(
      request.flatMap((entry) => (entry.promptId === undefined || entry.promptId === '' ? [] : [entry.promptId])),
    ),
  ];
}
