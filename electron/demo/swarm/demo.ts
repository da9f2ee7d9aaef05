/**
 * The SwarmUI half of `npm start -- --demo`: a SwarmUI with one backend, three models and, if asked, another person who makes a
 * picture now and then. Its ComfyUI is a demo one of its own. What a server can do: server.ts.
 */
import { startDemoComfy } from '../comfy/demo.ts';
import type { DemoComfy, DemoPace } from '../comfy/demo.ts';
import { runRequest } from './generate.ts';
import { installSwarmNodes } from './nodes.ts';
import { startSwarmServer } from './server.ts';
import type { SwarmServerHandle } from './server.ts';
import type { ModelSpec } from './types.ts';

export interface DemoSwarmOptions {
  /** title of the backend (default "Demo ComfyUI") */
  readonly name?: string;
  readonly pace?: DemoPace;
  readonly port?: number;
  /** Whether the user `anna` uses this server too. Default true. */
  readonly foreign?: boolean;
}

export interface DemoSwarm {
  readonly url: string;
  readonly server: SwarmServerHandle;
  close(): Promise<void>;
}

const MODELS: readonly ModelSpec[] = [
  {
    name: 'dreamscape-xl.safetensors',
    title: 'Dreamscape XL',
    architecture: 'stable-diffusion-xl-v1-base',
    width: 1024,
    height: 1024,
    description: 'Calm landscapes.',
  },
  {
    name: 'riso-print-xl.safetensors',
    title: 'Riso Print XL',
    architecture: 'stable-diffusion-xl-v1-base',
    width: 1024,
    height: 1024,
    description: 'Posters in few colours.',
  },
  {
    name: 'studio-sd15.safetensors',
    title: 'Studio 1.5',
    architecture: 'stable-diffusion-v1',
    width: 512,
    height: 512,
    description: 'Small and quick.',
  },
];
const LOAD_MS = 1800;
const VISIT_EVERY_MS = 60_000;
const PROMPTS = [
  'alpine lake, first light, mirror water',
  'desert canyon at noon',
  'mossy forest path after rain',
  'night train through the valley',
] as const;

/** Starts on loopback. Rejects if the port is taken. */
export async function startDemoSwarm(options: DemoSwarmOptions = {}): Promise<DemoSwarm> {
  const own = await ownComfy(options);
  const server = await startSwarmServer({
    port: options.port ?? 0,
    backends: [{ address: own.url, title: options.name ?? 'Demo ComfyUI' }],
    models: MODELS,
    users: [{ id: 'anna', role: 'user' }],
    gpus: {
      '0': {
        id: 0,
        name: 'Demo GPU',
        temperature: 61,
        utilization_gpu: 74,
        utilization_memory: 52,
        total_memory: 25_769_803_776,
        free_memory: 11_811_160_064,
        used_memory: 13_958_643_712,
      },
    },
  });
  const sendAway = (options.foreign ?? true) ? visit(server) : null;
  return {
    url: server.url,
    server,
    async close() {
      sendAway?.();
      await server.close();
      await own.close();
    },
  };
}

async function ownComfy(options: DemoSwarmOptions): Promise<DemoComfy> {
  const comfy = await startDemoComfy({
    name: 'Demo GPU',
    foreign: false,
    ...(options.pace === undefined ? {} : { pace: options.pace }),
  });
  installSwarmNodes(comfy.server.engine, { loadMs: Object.fromEntries(MODELS.map((model) => [model.name, LOAD_MS])) });
  return comfy;
}

/** Another user: a picture, and a further one whenever hers is done. Returns what sends her away. */
function visit(server: SwarmServerHandle): () => void {
  const { core } = server.engine;
  const user = core.disk.users.getOrMake('anna');
  const session = core.openSession(user, '127.0.0.1');
  let count = 0;
  let busy = false;
  const makeOne = (): void => {
    if (busy || !core.isAlive()) return;
    busy = true;
    const prompt = PROMPTS[count % PROMPTS.length] ?? PROMPTS[0];
    count += 1;
    const wish = { prompt, model: 'dreamscape-xl', width: 1024, height: 768, steps: 20, seed: 700 + count };
    void runRequest(core, session, wish, 1, () => undefined, { offset: 0 }).finally(() => {
      busy = false;
    });
  };
  makeOne();
  const timer = setInterval(makeOne, VISIT_EVERY_MS);
  timer.unref(); // the demo must not keep a process alive by itself
  return () => {
    clearInterval(timer);
  };
}
