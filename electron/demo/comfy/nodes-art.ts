/**
 * The node classes of a small text-to-image graph, with the names, inputs and limits of ComfyUI's own, painting pictures of pictures.ts
 * in place of running a model. Enough for the demo and for sample workflows; not a catalogue of ComfyUI's nodes.
 */
import { numberIn, textIn } from './node.ts';
import type { NodeClass, NodeContext, NodeResult } from './node.ts';
import { paint } from './pictures.ts';
import type { Picture } from './pictures.ts';
import { encodePng } from './png.ts';

const samplers = [
  'euler',
  'euler_ancestral',
  'heun',
  'dpm_2',
  'dpmpp_2m',
  'dpmpp_2m_sde',
  'dpmpp_3m_sde',
  'ddim',
  'uni_pc',
] as const;
const schedulers = ['simple', 'sgm_uniform', 'karras', 'exponential', 'ddim_uniform', 'beta', 'normal'] as const;
const checkpoints = [
  'dreamscape-xl.safetensors',
  'studio-sd15.safetensors',
  'riso-print-xl.safetensors',
  'sd_xl_base_1.0.safetensors',
  'v1-5-pruned-emaonly-fp16.safetensors',
  'v1-5-pruned-emaonly.safetensors',
  'sd_xl_base_1.0_0.9vae.safetensors',
] as const;

/** 2^64 − 1 as JSON numbers can hold it. */
const maxSeed = 2 ** 64;

interface Conditioning {
  readonly text: string;
}
interface Latent {
  readonly width: number;
  readonly height: number;
  readonly batch: number;
  readonly picture?: Picture;
  readonly seeds?: readonly number[];
}

const size = (standard: number): readonly [string, Record<string, unknown>] => [
  'INT',
  { default: standard, min: 16, max: 16384, step: 8 },
];

function latentOf(value: unknown): Latent {
  return typeof value === 'object' && value !== null && 'width' in value
    ? (value as Latent)
    : { width: 512, height: 512, batch: 1 };
}

function picturesOf(value: unknown): readonly Picture[] {
  return Array.isArray(value) ? (value as readonly Picture[]) : [{ width: 64, height: 64, text: '', seed: 0 }];
}

async function sample(context: NodeContext, inputs: Record<string, unknown>, seed: number): Promise<NodeResult> {
  const steps = numberIn(inputs, 'steps', 20);
  const latent = latentOf(inputs['latent_image']);
  const positive = inputs['positive'] as Conditioning | undefined;
  const scene: Picture = { width: latent.width, height: latent.height, text: positive?.text ?? '', seed };
  for (let step = 1; step <= steps; step++) {
    await context.sleep(context.stepMs);
    await context.step(step, steps, () => ({ ...scene, done: step / (steps + 1) }));
  }
  return {
    outputs: [
      { ...latent, picture: scene, seeds: Array.from({ length: latent.batch }, (_, i) => seed + i) } satisfies Latent,
    ],
  };
}

function saveAll(
  context: NodeContext,
  inputs: Record<string, unknown>,
  prefix: string,
  type: 'output' | 'temp',
): NodeResult {
  const texts = context.metadata();
  const images = picturesOf(inputs['images']).map((picture) =>
    context.save({
      prefix,
      extension: 'png',
      type,
      contentType: 'image/png',
      bytes: () => encodePng(paint(picture), texts),
    }),
  );
  return { ui: { images } };
}

export const artNodes: readonly NodeClass[] = [
  {
    name: 'CheckpointLoaderSimple',
    displayName: 'Load Checkpoint',
    category: 'loaders',
    output: ['MODEL', 'CLIP', 'VAE'],
    required: { ckpt_name: [checkpoints, {}] },
    async run(context, inputs) {
      await context.sleep(context.stepMs * 3);
      const name = textIn(inputs, 'ckpt_name');
      return { outputs: [{ model: name }, { clip: name }, { vae: name }] };
    },
  },
  {
    name: 'CLIPTextEncode',
    displayName: 'CLIP Text Encode (Prompt)',
    category: 'conditioning',
    output: ['CONDITIONING'],
    required: { text: ['STRING', { multiline: true, dynamicPrompts: true }], clip: ['CLIP', {}] },
    async run(context, inputs) {
      await context.sleep(context.stepMs / 4);
      return { outputs: [{ text: textIn(inputs, 'text') } satisfies Conditioning] };
    },
  },
  {
    name: 'EmptyLatentImage',
    displayName: 'Empty Latent Image',
    category: 'latent',
    output: ['LATENT'],
    required: { width: size(512), height: size(512), batch_size: ['INT', { default: 1, min: 1, max: 4096 }] },
    run: (_context, inputs) => ({
      outputs: [
        {
          width: numberIn(inputs, 'width', 512),
          height: numberIn(inputs, 'height', 512),
          batch: numberIn(inputs, 'batch_size', 1),
        } satisfies Latent,
      ],
    }),
  },
  {
    name: 'KSampler',
    category: 'sampling',
    output: ['LATENT'],
    required: {
      model: ['MODEL', {}],
      seed: ['INT', { default: 0, min: 0, max: maxSeed, control_after_generate: true }],
      steps: ['INT', { default: 20, min: 1, max: 10000 }],
      cfg: ['FLOAT', { default: 8, min: 0, max: 100, step: 0.1, round: 0.01 }],
      sampler_name: [samplers, {}],
      scheduler: [schedulers, {}],
      positive: ['CONDITIONING', {}],
      negative: ['CONDITIONING', {}],
      latent_image: ['LATENT', {}],
      denoise: ['FLOAT', { default: 1, min: 0, max: 1, step: 0.01 }],
    },
    run: (context, inputs) => sample(context, inputs, numberIn(inputs, 'seed', 0)),
  },
  {
    name: 'VAEDecode',
    displayName: 'VAE Decode',
    category: 'latent',
    output: ['IMAGE'],
    required: { samples: ['LATENT', {}], vae: ['VAE', {}] },
    async run(context, inputs) {
      await context.sleep(context.stepMs * 2);
      const latent = latentOf(inputs['samples']);
      const scene = latent.picture ?? { width: latent.width, height: latent.height, text: '', seed: 0 };
      return { outputs: [(latent.seeds ?? [scene.seed]).map((seed) => ({ ...scene, seed }))] };
    },
  },
  {
    name: 'SaveImage',
    displayName: 'Save Image',
    category: 'image',
    output: [],
    outputNode: true,
    required: {
      images: ['IMAGE', { tooltip: 'The images to save.' }],
      filename_prefix: ['STRING', { default: 'ComfyUI', tooltip: 'The prefix for the file to save.' }],
    },
    run: (context, inputs) => saveAll(context, inputs, textIn(inputs, 'filename_prefix', 'ComfyUI'), 'output'),
  },
  {
    name: 'PreviewImage',
    displayName: 'Preview Image',
    category: 'image',
    output: [],
    outputNode: true,
    required: { images: ['IMAGE', {}] },
    run: (context, inputs) => saveAll(context, inputs, 'ComfyUI_temp_demo', 'temp'),
  },
  {
    name: 'EmptyImage',
    category: 'image',
    output: ['IMAGE'],
    required: {
      width: ['INT', { default: 512, min: 1, max: 16384, step: 1 }],
      height: ['INT', { default: 512, min: 1, max: 16384, step: 1 }],
      batch_size: ['INT', { default: 1, min: 1, max: 4096 }],
      color: ['INT', { default: 0, min: 0, max: 0xffffff, step: 1, display: 'color' }],
    },
    run: (_context, inputs) => {
      const picture: Picture = {
        width: numberIn(inputs, 'width', 512),
        height: numberIn(inputs, 'height', 512),
        text: '',
        seed: 0,
        color: numberIn(inputs, 'color', 0),
      };
      return { outputs: [Array.from({ length: numberIn(inputs, 'batch_size', 1) }, () => picture)] };
    },
  },
  {
    name: 'ImageScale',
    displayName: 'Upscale Image',
    category: 'image/upscaling',
    output: ['IMAGE'],
    required: {
      image: ['IMAGE', {}],
      upscale_method: [['nearest-exact', 'bilinear', 'area', 'bicubic', 'lanczos'], {}],
      width: ['INT', { default: 512, min: 0, max: 16384, step: 1 }],
      height: ['INT', { default: 512, min: 0, max: 16384, step: 1 }],
      crop: [['disabled', 'center'], {}],
    },
    run: (_context, inputs) => ({
      outputs: [
        picturesOf(inputs['image']).map((p) => ({
          ...p,
          width: numberIn(inputs, 'width', 512) || p.width,
          height: numberIn(inputs, 'height', 512) || p.height,
        })),
      ],
    }),
  },
];
