/**
 * The ComfyUI half of `npm start -- --demo`: a server at a pleasant pace and, if asked, another person who queues a picture now and then. Always
 * the same pictures in the same order. What a server is and can do: server.ts.
 */
import type { ComfyEngine } from './engine.ts';
import { seededRandom } from './pictures.ts';
import { startComfyServer } from './server.ts';
import type { ComfyServerHandle } from './server.ts';
import type { ComfyVersion, Graph } from './types.ts';

/** Milliseconds per sampler step. A picture of 24 steps takes about 4, 6 or 9 s. */
const paces = { brisk: 120, calm: 200, slow: 320 } as const;
/** How often the other person looks whether to queue again. */
const visitEveryMs = 45_000;
export type DemoPace = keyof typeof paces;

export interface DemoComfyOptions {
  /** Named as the device in `/system_stats`. Default "Demo GPU". */
  readonly name?: string;
  /** Default `calm`. */
  readonly pace?: DemoPace;
  /** Default 0: any free port. */
  readonly port?: number;
  readonly version?: ComfyVersion;
  /** Whether somebody else uses this server too. Default true. */
  readonly foreign?: boolean;
}

export interface DemoComfy {
  readonly url: string;
  readonly server: ComfyServerHandle;
  close(): Promise<void>;
}

const prompts = [
  'harbour at dawn, long exposure, fog over the cranes',
  'red kiosk in snow, 35 mm, flash',
  'paper sculpture of a heron, studio light',
  'night train through the valley, neon windows',
  'mossy forest path after rain',
  'desert canyon at noon, wide portrait',
  'alpine lake, first light, mirror water',
  'poster, four suns, riso print',
] as const;

export interface DemoGraphOptions {
  readonly text: string;
  readonly seed: number;
  readonly steps?: number;
  readonly width?: number;
  readonly height?: number;
}

/** An ordinary text-to-image workflow in API format, as ComfyUI exports it. */
export function demoGraph(options: DemoGraphOptions): Graph {
  const { text, seed, steps = 24, width = 1024, height = 768 } = options;
  const node = (title: string, class_type: string, inputs: Record<string, unknown>): Graph[string] => ({
    class_type,
    inputs,
    _meta: { title },
  });
  return {
    '3': node('KSampler', 'KSampler', {
      seed,
      steps,
      cfg: 7,
      sampler_name: 'dpmpp_2m',
      scheduler: 'karras',
      denoise: 1,
      model: ['4', 0],
      positive: ['6', 0],
      negative: ['7', 0],
      latent_image: ['5', 0],
    }),
    '4': node('Load Checkpoint', 'CheckpointLoaderSimple', { ckpt_name: 'dreamscape-xl.safetensors' }),
    '5': node('Empty Latent Image', 'EmptyLatentImage', { width, height, batch_size: 1 }),
    '6': node('Positive prompt', 'CLIPTextEncode', { text, clip: ['4', 1] }),
    '7': node('Negative prompt', 'CLIPTextEncode', { text: 'text, watermark', clip: ['4', 1] }),
    '8': node('VAE Decode', 'VAEDecode', { samples: ['3', 0], vae: ['4', 2] }),
    '9': node('Save Image', 'SaveImage', { filename_prefix: 'demo', images: ['8', 0] }),
  };
}

/** Starts the demo server on loopback. Rejects if the port is taken. */
export async function startDemoComfy(options: DemoComfyOptions = {}): Promise<DemoComfy> {
  const server = await startComfyServer({
    stepMs: paces[options.pace ?? 'calm'],
    port: options.port ?? 0,
    version: options.version ?? '0.8.0',
    deviceName: options.name ?? 'Demo GPU',
  });
  const stopVisitor = (options.foreign ?? true) ? visit(server.engine) : undefined;
  return {
    url: server.url,
    server,
    close: async () => {
      stopVisitor?.();
      await server.close();
    },
  };
}

/** Another person: two pictures at once, later one more whenever none of theirs waits. Returns what sends them away. */
function visit(engine: ComfyEngine): () => void {
  const random = seededRandom(20_26);
  let count = 0;
  const queueOne = (): void => {
    const text = prompts[count % prompts.length] ?? prompts[0];
    count += 1;
    engine.addForeign(demoGraph({ text, seed: Math.floor(random() * 1e9), steps: 20 + Math.floor(random() * 11) }), {
      clientId: 'anna',
    });
  };
  queueOne();
  queueOne();
  const timer = setInterval(() => {
    if (engine.queue.pending.every((item) => item[3]['client_id'] !== 'anna')) queueOne();
  }, visitEveryMs);
  // The demo must not keep a process alive by itself.
  timer.unref();
  return () => {
    clearInterval(timer);
  };
}
