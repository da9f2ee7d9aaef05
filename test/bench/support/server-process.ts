/**
 * The process the fake servers live in, answering a measure's questions over IPC. Stamps what arrives and what leaves with
 * the monotonic clock both processes share. Changes nothing about how the servers behave.
 */
import { startComfyServer } from '../../../electron/demo/comfy/server.ts';
import type { ComfyServerHandle, ComfyServerOptions } from '../../../electron/demo/comfy/server.ts';
import { numberIn } from '../../../electron/demo/comfy/node.ts';
import type { NodeClass } from '../../../electron/demo/comfy/node.ts';
import { installSwarmNodes } from '../../../electron/demo/swarm/nodes.ts';
import { startSwarmServer } from '../../../electron/demo/swarm/server.ts';
import type { SwarmServerHandle, SwarmServerOptions } from '../../../electron/demo/swarm/server.ts';
import { monotonic } from '../measure.ts';
import { harmOf } from './swarm-harm.ts';
import type { Harm, RandomJob } from './swarm-harm.ts';

type Nothing = Record<string, never>;

export interface Arrival {
  path: string;
  /** Ids named in the body: of `POST /queue {delete}` and `POST /interrupt {prompt_id}`. */
  ids: string[];
  atMs: number;
}
export interface Frames {
  /** JSON frames sent since the last question. */
  count: number;
  overMs: number;
  /** When the frame was handed to the socket, by prompt id. */
  started: Record<string, number>;
  succeeded: Record<string, number>;
  interrupted: Record<string, number>;
}

const comfys: ComfyServerHandle[] = [];
let swarm: SwarmServerHandle | null = null;
const arrivals: Arrival[] = [];
const cancelled = new Set<string>();
let frames: Frames = { count: 0, overMs: 0, started: {}, succeeded: {}, interrupted: {} };
let framesSince = monotonic();
let flood: NodeJS.Timeout | null = null;

/**
 * ProbeSleep with a picture of 8 by 8: four jobs with fifty previews a second each leave the fake servers no core of their
 * own if each is painted at 64 by 64.
 */
const previewing: NodeClass = {
  name: 'BenchPreviews',
  category: 'bench',
  output: ['IMAGE'],
  required: {
    steps: ['INT', { default: 5, min: 1, max: 1_000_000 }],
    ms: ['INT', { default: 20, min: 0, max: 60_000 }],
    seed: ['INT', { default: 0, min: 0, max: 2_147_483_648 }],
  },
  run: async (context, inputs) => {
    const picture = { width: 8, height: 8, text: 'bench', seed: numberIn(inputs, 'seed', 0) };
    const steps = numberIn(inputs, 'steps', 5);
    const beganAt = monotonic();
    for (let step = 1; step <= steps; step += 1) {
      // By the clock: fifty a second stay fifty a second on a busy machine.
      await context.sleep(Math.max(0, beganAt + step * numberIn(inputs, 'ms', 20) - monotonic()));
      await context.step(step, steps, () => picture);
    }
    return { outputs: [[picture]] };
  },
};

function theSwarm(): SwarmServerHandle {
  if (swarm === null) throw new Error('no SwarmUI was started');
  return swarm;
}

function idsIn(body: unknown): string[] {
  const { prompt_id: one, delete: many } = (body ?? {}) as { prompt_id?: unknown; delete?: unknown };
  return [one, ...(Array.isArray(many) ? (many as unknown[]) : [])].filter((id) => typeof id === 'string');
}

/** Every request and every frame of one engine gets its time. */
function watch({ engine }: ComfyServerHandle): void {
  const record = engine.record.bind(engine);
  engine.record = (request) => {
    if (request.method === 'POST')
      arrivals.push({ path: request.path.replace(/^\/api/, ''), ids: idsIn(request.body), atMs: monotonic() });
    record(request);
  };
  const send = engine.wire.sendJson.bind(engine.wire);
  engine.wire.sendJson = (type, data, to) => {
    const at = monotonic();
    frames.count += 1;
    const id = (data as { prompt_id?: unknown }).prompt_id;
    if (typeof id === 'string' && type === 'execution_start') frames.started[id] = at;
    if (typeof id === 'string' && type === 'execution_success') frames.succeeded[id] = at;
    if (typeof id === 'string' && type === 'execution_interrupted') frames.interrupted[id] = at;
    send(type, data, to);
  };
}

const verbs = {
  comfy: async (options: ComfyServerOptions): Promise<{ url: string }> => {
    const server = await startComfyServer(options);
    watch(server);
    comfys.push(server);
    return { url: server.url };
  },
  /** A SwarmUI over `backends` ComfyUI servers of its own. */
  swarm: async ({
    backends = 1,
    overQueue,
    comfy,
    ...options
  }: Omit<SwarmServerOptions, 'backends'> & {
    backends?: number;
    overQueue?: number;
    comfy?: ComfyServerOptions;
  }): Promise<{ url: string }> => {
    const made: ComfyServerHandle[] = [];
    for (let index = 0; index < backends; index += 1) {
      // Another seed each, or their prompts would have the same ids.
      const server = await startComfyServer({ ...comfy, seed: index + 1 });
      installSwarmNodes(server.engine);
      (server.engine.classes as Map<string, NodeClass>).set(previewing.name, previewing);
      made.push(server);
    }
    comfys.push(...made);
    swarm = await startSwarmServer({
      graceMs: 20,
      ...options,
      backends: made.map((server) => ({ address: server.url, ...(overQueue === undefined ? {} : { overQueue }) })),
    });
    await swarm.engine.ready();
    return { url: swarm.url };
  },
  /** What came in since the last question. */
  arrivals: (_: Nothing): Arrival[] => arrivals.splice(0),
  frames: (_: Nothing): Frames => {
    const now = monotonic();
    const answer = { ...frames, overMs: now - framesSince };
    frames = { count: 0, overMs: 0, started: {}, succeeded: {}, interrupted: {} };
    framesSince = now;
    return answer;
  },
  /** Progress frames about whatever runs on the first ComfyUI, evenly, so many a second; 0 ends it. */
  flood: ({ perSecond }: { perSecond: number }): void => {
    if (flood !== null) clearInterval(flood);
    flood = null;
    const [server] = comfys;
    if (perSecond === 0 || server === undefined) return;
    const beganAt = monotonic();
    let sent = 0;
    flood = setInterval(() => {
      const due = Math.floor(((monotonic() - beganAt) / 1_000) * perSecond);
      for (; sent < due; sent += 1) {
        const { engine } = server;
        const [prompt_id] = engine.queue.runningIds;
        const [client] = engine.wire.clientIds;
        if (prompt_id === undefined || client === undefined) continue;
        engine.wire.sendJson('progress', { value: sent % 100, max: 100, prompt_id, node: '1' }, client);
      }
    }, 1);
  },
  /** Sessions that were ever opened, the slots of every backend, and how many steps were computed. */
  swarmState: (
    _: Nothing,
  ): { sessions: number; slots: { max: number; free: number; lost: number }[]; steps: number } => {
    const { engine } = theSwarm();
    return {
      sessions: engine.events('session').length,
      slots: comfys.map((_server, index) => engine.slots(index)),
      steps: comfys.reduce(
        (sum, server) => sum + server.engine.log.filter((entry) => entry.event === 'step').length,
        0,
      ),
    };
  },
  /** What came of the last rounds; interrupts that hit the wrong one are counted over all of them. */
  swarmHarm: (jobs: RandomJob[]): Harm => {
    for (const { mark, role } of jobs) if (role === 'cancelled') cancelled.add(mark);
    return harmOf(
      theSwarm().engine,
      comfys.map((server) => server.engine),
      jobs,
      cancelled,
    );
  },
};
export type Verbs = typeof verbs;

process.on('message', (message) => {
  const { id, verb, args } = message as { id: number; verb: keyof Verbs; args: never };
  const work = async (): Promise<unknown> => await verbs[verb](args);
  work().then(
    (value) => process.send?.({ id, value: value ?? null }),
    (error: unknown) =>
      process.send?.({ id, error: error instanceof Error ? (error.stack ?? error.message) : String(error) }),
  );
});
// Nobody is left to ask.
process.once('disconnect', () => process.exit(0));
