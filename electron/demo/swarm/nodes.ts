/**
 * Gives a demo ComfyUI the node classes SwarmUI brings with its node pack, as far as its graphs need them, and the options of
 * `ProbeSleep` used in the SwarmUI recordings. Changes that engine's class table only.
 */
import type { ComfyEngine } from '../comfy/engine.ts';
import { NodeFailure, numberIn, textIn } from '../comfy/node.ts';
import type { NodeClass } from '../comfy/node.ts';
import { paint } from '../comfy/pictures.ts';
import type { Picture } from '../comfy/pictures.ts';
import { encodePng } from '../comfy/png.ts';
import { binaryFrame, uint32 } from '../comfy/wire.ts';

const pack = { category: 'SwarmUI', module: 'custom_nodes.SwarmComfyCommon' } as const;
const isPicture = (value: unknown): value is Picture =>
  typeof value === 'object' && value !== null && 'width' in value && 'height' in value;

export interface SwarmNodesOptions {
  /** names `CheckpointLoaderSimple` accepts besides its own */
  readonly checkpoints?: readonly string[];
  /** how long a checkpoint of that name takes to load, in ms */
  readonly loadMs?: Readonly<Record<string, number>>;
}

export function installSwarmNodes(engine: ComfyEngine, options: SwarmNodesOptions = {}): void {
  const loader = engine.classes.get('CheckpointLoaderSimple');
  const classes: NodeClass[] = [
    {
      ...pack,
      name: 'SwarmSaveImageWS',
      output: [],
      outputNode: true,
      notCached: true,
      required: { images: ['IMAGE', {}] },
      // Progress 12345 of 12345, then the PNG as a binary frame (swarmui rec 42); no `executed` follows.
      run: async (context, inputs) => {
        const images = Array.isArray(inputs['images']) ? (inputs['images'] as unknown[]).filter(isPicture) : [];
        const clientId = clientOf(engine, context.promptId);
        for (const image of images) {
          await context.step(12345, 12345);
          if (clientId === null) continue;
          const png = encodePng(paint(image, image.width, image.height));
          engine.wire.sendBinary(binaryFrame(1, uint32(2), png), clientId);
        }
        return {};
      },
    },
    {
      ...pack,
      name: 'SwarmJustLoadTheModelPlease',
      output: [],
      outputNode: true,
      notCached: true,
      required: { model: ['MODEL', {}], clip: ['CLIP', {}], vae: ['VAE', {}] },
      run: () => ({}),
    },
    {
      category: 'test',
      module: 'custom_nodes.test_pack',
      name: 'TestBigImage',
      output: [],
      outputNode: true,
      notCached: true,
      required: { megabytes: ['INT', { default: 1 }] },
      // As SwarmSaveImageWS, but of any size: the start of a PNG, then zeros. Give the node an id from 100 on.
      run: async (context, inputs) => {
        await context.step(12345, 12345);
        const clientId = clientOf(engine, context.promptId);
        const bytes = Buffer.alloc(numberIn(inputs, 'megabytes', 1) * 1_000_000);
        bytes.set([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
        if (clientId !== null) engine.wire.sendBinary(binaryFrame(1, uint32(2), bytes), clientId);
        return {};
      },
    },
    {
      category: 'test',
      module: 'custom_nodes.test_pack',
      name: 'TestZeroMax',
      output: ['IMAGE'],
      required: { seed: ['INT', { default: 0 }] },
      // 0 of 0: SwarmUI makes the word "NaN" of it (swarmui §3.2).
      run: async (context, inputs) => {
        await context.step(0, 0);
        return { outputs: [[{ width: 16, height: 16, text: 'zero', seed: numberIn(inputs, 'seed', 0) }]] };
      },
    },
    {
      category: 'probe',
      module: 'custom_nodes.probe_pack',
      name: 'ProbeSleep',
      output: ['IMAGE'],
      required: { steps: ['INT', { default: 5 }], ms: ['INT', { default: 100 }], seed: ['INT', { default: 0 }] },
      optional: {
        preview: ['BOOLEAN', { default: false }],
        cooperative: ['BOOLEAN', { default: true }],
        fail_at: ['INT', { default: 0 }],
        batch: ['INT', { default: 1 }],
        upstream: ['*', {}],
      },
      run: async (context, inputs) => {
        const steps = numberIn(inputs, 'steps', 5);
        const picture: Picture = { width: 64, height: 64, text: 'probe', seed: numberIn(inputs, 'seed', 0) };
        for (let step = 1; step <= steps; step += 1) {
          await context.sleep(numberIn(inputs, 'ms', 100));
          if (numberIn(inputs, 'fail_at', 0) === step) throw new NodeFailure('RuntimeError', 'probe failed on purpose');
          if (inputs['cooperative'] === false) continue;
          await context.step(
            step,
            steps,
            inputs['preview'] === true ? () => ({ ...picture, done: step / (steps + 1) }) : undefined,
          );
        }
        return { outputs: [Array.from({ length: Math.max(1, numberIn(inputs, 'batch', 1)) }, () => picture)] };
      },
    },
  ];
  if (loader !== undefined) {
    const [known] = loader.required['ckpt_name'] ?? [[]];
    classes.push({
      ...loader,
      required: { ckpt_name: [[...(typeof known === 'string' ? [] : known), ...(options.checkpoints ?? [])], {}] },
      run: async (context, inputs) => {
        await context.sleep(options.loadMs?.[textIn(inputs, 'ckpt_name')] ?? 0);
        return loader.run(context, inputs);
      },
    });
  }
  const table = engine.classes;
  if (!(table instanceof Map)) throw new Error('the class table of this ComfyUI engine cannot be extended');
  for (const one of classes) table.set(one.name, one);
}

function clientOf(engine: ComfyEngine, promptId: string): string | null {
  const id = [...engine.queue.running.values()].find((item) => item[1] === promptId)?.[3]['client_id'];
  return typeof id === 'string' ? id : null;
}
