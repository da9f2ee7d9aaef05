/**
 * Node classes for tests. `Probe*`: same names, inputs and behaviour as the node pack on the recorded real server, so that one graph runs on
 * both. `Test*`: only here. No pictures of interest.
 */
import { NodeFailure, numberIn, textIn } from './node.ts';
import type { NodeClass, NodeContext, NodeResult } from './node.ts';
import type { Picture } from './pictures.ts';

const seed = ['INT', { default: 0, min: 0, max: 2147483648 }] as const;
const milliseconds = ['INT', { default: 100, min: 0, max: 600000 }] as const;
const stepCount = ['INT', { default: 5, min: 1, max: 100000 }] as const;
const probe = { category: 'probe', module: 'custom_nodes.probe_pack' } as const;
const test = { category: 'test', module: 'custom_nodes.test_pack' } as const;

const grey = (inputs: Record<string, unknown>): Picture => ({
  width: 64,
  height: 64,
  text: 'probe',
  seed: numberIn(inputs, 'seed', 0),
});

interface Steps {
  readonly steps: number;
  readonly ms: number;
  readonly preview?: boolean;
  /** 1-based; 0 = never. */
  readonly failAt?: number;
}

async function stepwise(context: NodeContext, inputs: Record<string, unknown>, how: Steps): Promise<NodeResult> {
  const { steps, ms, preview = false, failAt = 0 } = how;
  for (let step = 1; step <= steps; step++) {
    await context.sleep(ms);
    if (step === failAt) throw new NodeFailure('RuntimeError', `failed at step ${step}`);
    await context.step(step, steps, preview ? () => ({ ...grey(inputs), done: step / (steps + 1) }) : undefined);
  }
  return { outputs: [[grey(inputs)]] };
}

function wave(): Uint8Array {
  // 0.1 s of 8 kHz, 8-bit mono silence: a valid WAV file.
  const data = Buffer.alloc(800, 128);
  const header = Buffer.alloc(44);
  header.write('RIFF', 0, 'latin1');
  header.writeUInt32LE(36 + data.length, 4);
  header.write('WAVEfmt ', 8, 'latin1');
  header.writeUInt32LE(16, 16);
  header.writeUInt16LE(1, 20);
  header.writeUInt16LE(1, 22);
  header.writeUInt32LE(8000, 24);
  header.writeUInt32LE(8000, 28);
  header.writeUInt16LE(1, 32);
  header.writeUInt16LE(8, 34);
  header.write('data', 36, 'latin1');
  header.writeUInt32LE(data.length, 40);
  return Buffer.concat([header, data]);
}

/** The first box of an MP4 file: enough for "is this an mp4", not playable. */
const mp4 = (): Uint8Array => Buffer.from('0000001c6674797069736f6d0000020069736f6d69736f326d703431', 'hex');

export const probeNodes: readonly NodeClass[] = [
  {
    ...probe,
    name: 'ProbeSleep',
    output: ['IMAGE'],
    required: { steps: stepCount, ms: milliseconds, seed },
    optional: {
      preview: ['BOOLEAN', { default: false }],
      cooperative: ['BOOLEAN', { default: true }],
      fail_at: ['INT', { default: 0, min: 0, max: 100000 }],
      batch: ['INT', { default: 1, min: 1, max: 64 }],
      marker: ['STRING', { default: '' }],
      upstream: ['*', {}],
    },
    async run(context, inputs) {
      const steps = numberIn(inputs, 'steps', 5);
      const ms = numberIn(inputs, 'ms', 100);
      const batch = Array.from({ length: numberIn(inputs, 'batch', 1) }, () => grey(inputs));
      if (inputs['cooperative'] === false) {
        await context.sleep(steps * ms);
        return { outputs: [batch] };
      }
      const failAt = numberIn(inputs, 'fail_at', 0);
      await stepwise(context, inputs, { steps, ms, preview: inputs['preview'] === true, failAt });
      return { outputs: [batch] };
    },
  },
  {
    ...probe,
    name: 'ProbeOut',
    output: [],
    outputNode: true,
    required: { images: ['IMAGE', {}] },
    optional: { say: ['STRING', { default: '' }] },
    run(context, inputs) {
      const say = textIn(inputs, 'say');
      if (say !== '') context.text(say);
      return { ui: { text: ['ok'] } };
    },
  },
  {
    ...probe,
    name: 'ProbeFail',
    output: ['IMAGE'],
    required: { message: ['STRING', { default: 'probe failure' }], seed },
    optional: { upstream: ['*', {}] },
    run(_context, inputs) {
      throw new NodeFailure('RuntimeError', textIn(inputs, 'message'));
    },
  },
  {
    ...probe,
    name: 'ProbeBlock',
    output: ['IMAGE'],
    required: { ms: milliseconds, seed },
    optional: { marker: ['STRING', { default: '' }], upstream: ['*', {}] },
    async run(context, inputs) {
      await context.sleep(numberIn(inputs, 'ms', 100));
      return { outputs: [[grey(inputs)]] };
    },
  },
  {
    ...probe,
    name: 'ProbeBlockOut',
    output: [],
    outputNode: true,
    required: { ms: milliseconds, seed },
    optional: { marker: ['STRING', { default: '' }], upstream: ['*', {}] },
    async run(context, inputs) {
      await context.sleep(numberIn(inputs, 'ms', 100));
      return { ui: { text: ['block done'] } };
    },
  },
  {
    ...probe,
    name: 'ProbeBlocker',
    output: ['IMAGE'],
    required: { message: ['STRING', { default: '' }], seed },
    run: (_context, inputs) => ({ blocked: { message: textIn(inputs, 'message') } }),
  },
  {
    ...probe,
    name: 'ProbeNaN',
    output: [],
    outputNode: true,
    required: { seed },
    run: () => ({ ui: { value: [NaN, Infinity] } }),
  },
  {
    ...probe,
    name: 'ProbeTqdm',
    output: ['IMAGE'],
    required: { steps: stepCount, ms: milliseconds, seed },
    async run(context, inputs) {
      // Tells its progress to the console only, as a real tqdm loop does.
      await context.sleep(numberIn(inputs, 'ms', 100) * numberIn(inputs, 'steps', 5));
      return { outputs: [[grey(inputs)]] };
    },
  },
  {
    ...test,
    name: 'TestVideo',
    output: [],
    outputNode: true,
    required: {},
    optional: { filename_prefix: ['STRING', { default: 'video/demo' }], seed, upstream: ['*', {}] },
    run: (context, inputs) => ({
      ui: {
        images: [
          context.save({
            prefix: textIn(inputs, 'filename_prefix', 'video/demo'),
            extension: 'mp4',
            type: 'output',
            contentType: 'video/mp4',
            bytes: mp4,
          }),
        ],
        animated: [true],
      },
    }),
  },
  {
    ...test,
    name: 'TestAudio',
    output: [],
    outputNode: true,
    required: {},
    optional: { filename_prefix: ['STRING', { default: 'audio/demo' }], seed, upstream: ['*', {}] },
    run: (context, inputs) => ({
      ui: {
        audio: [
          context.save({
            prefix: textIn(inputs, 'filename_prefix', 'audio/demo'),
            extension: 'wav',
            type: 'output',
            contentType: 'audio/wav',
            bytes: wave,
          }),
        ],
      },
    }),
  },
];
