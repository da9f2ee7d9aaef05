/** Outcomes that no recording has: out of memory, media by name, temporary files, missing models. */
import { expect, it } from 'vitest';
import { outputRefs } from '../../../../../electron/core/servers/comfy/files.ts';
import { readEnded, readRefusal } from '../../../../../electron/core/servers/comfy/outcome.ts';
import { RefusalSchema } from '../../../../../electron/core/servers/comfy/schemas.ts';

it.each([
  ['torch.OutOfMemoryError', true],
  ['torch.cuda.OutOfMemoryError', true],
  ['MemoryError', true],
  ['RuntimeError', false],
  ['NotOutOfMemoryErrorAtAll', false],
])('%s is out of memory: %s', (type, outOfMemory) => {
  const ended = readEnded(
    {
      status_str: 'error',
      completed: false,
      messages: [['execution_error', { exception_type: type, exception_message: 'CUDA out of memory' }]],
    },
    {},
  );
  expect(ended).toMatchObject({ how: 'failed', error: { details: { outOfMemory } } });
});

it('orders outputs by node number and knows their media by name', () => {
  const refs = outputRefs({
    '10': { images: [{ filename: 'a.png', subfolder: '', type: 'output' }] },
    '9': { gifs: [{ filename: 'b.mp4', subfolder: 'v', type: 'output' }], text: ['said', 5] },
    '11': { audio: [{ filename: 'c.flac', type: 'output' }], '3d': [{ filename: 'd.glb' }], animated: [true] },
  });
  expect(refs.map(({ ordinal, nodeId, name, media }) => [ordinal, nodeId, name, media])).toEqual([
    [0, '9', 'b.mp4', 'video'],
    [1, '9', 'text-9.txt', 'text'],
    [2, '10', 'a.png', 'image'],
    [3, '11', 'c.flac', 'audio'],
    [4, '11', 'd.glb', 'other'],
  ]);
});

it('leaves temporary previews out, unless there is nothing else', () => {
  const temp = { filename: 't.png', subfolder: '', type: 'temp' };
  const kept = { filename: 'k.png', subfolder: '', type: 'output' };
  expect(outputRefs({ '1': { images: [temp] }, '2': { images: [kept] } }).map((ref) => ref.name)).toEqual(['k.png']);
  expect(outputRefs({ '1': { images: [temp] } }).map((ref) => ref.name)).toEqual(['t.png']);
});

it.each([
  ['ckpt_name', 'value_not_in_list', true],
  ['lora_name', 'value_not_in_list', true],
  ['image', 'value_not_in_list', true],
  ['sampler_name', 'value_not_in_list', true],
  ['upscale_method', 'value_not_in_list', false],
  ['ckpt_name', 'invalid_input_type', false],
])('%s with %s: elsewhere %s', (input, type, elsewhere) => {
  const refusal = RefusalSchema.parse({
    error: { type: 'prompt_outputs_failed_validation', message: 'Prompt outputs failed validation', details: '' },
    node_errors: {
      '4': {
        errors: [{ type, message: 'm', details: `${input}: 'x' not in []`, extra_info: { input_name: input } }],
        class_type: 'C',
        dependent_outputs: ['9'],
      },
    },
  });
  expect(readRefusal(refusal).elsewhere).toBe(elsewhere);
});

it('reads the error of newer servers for an unknown node', () => {
  const refusal = RefusalSchema.parse({
    error: {
      type: 'missing_node_type',
      message: "Node 'X' not found",
      details: 'Node ID #1',
      extra_info: { class_type: 'X' },
    },
    node_errors: {},
  });
  expect(readRefusal(refusal)).toMatchObject({ elsewhere: true, error: { details: { type: 'missing_node_type' } } });
});
