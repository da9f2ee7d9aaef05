/** Reading workflows: every carrier, every refusal, and bytes nobody meant as a file. */
import { readdirSync, readFileSync } from 'node:fs';
import { Buffer } from 'node:buffer';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { inflate } from '../../../../renderer/submit/inflate.ts';
import { readWorkflowFile, readWorkflowText } from '../../../../shared/workflow/read-file.ts';
import type { ReadResult } from '../../../../shared/workflow/result.ts';
import { ComfyGraphSchema } from '../../../../shared/workflow/graph.ts';
import { jpeg, packedChunk, png, textChunk, tiff, webp, worldChunk } from './image-makers.ts';
import { runs } from '../../../runs.ts';

const graph = {
  '1': { class_type: 'CLIPTextEncode', inputs: { text: 'Hafen, Nebel: “grau”', clip: ['2', 1] } },
  '2': { class_type: 'Loader', inputs: {} },
};
const text = JSON.stringify(graph);
const editors = JSON.stringify({
  last_node_id: 4,
  nodes: [{ id: 1, type: 'KSampler', pos: [0, 0] }],
  links: [],
  version: 0.4,
});
const utf8 = (value: string): Uint8Array => new TextEncoder().encode(value);

function graphOf(result: ReadResult): unknown {
  return result.type === 'workflow' ? result.graph : result;
}
const reasonOf = (result: ReadResult): string => (result.type === 'refused' ? result.reason : result.type);

describe('a graph is found in', () => {
  it.each([
    ['JSON', utf8(text), 'json'],
    ['JSON with a byte order mark', utf8(`\uFEFF${text}`), 'json'],
    ['UTF-16 JSON', Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from(text, 'utf16le')]), 'json'],
    ['a saved body of POST /prompt', utf8(JSON.stringify({ prompt: graph, client_id: 'x' })), 'json'],
    ['PNG tEXt', png(textChunk('prompt', text)), 'png'],
    ['PNG zTXt', png(packedChunk('prompt', text)), 'png'],
    ['PNG iTXt', png(worldChunk('prompt', text, false)), 'png'],
    ['packed PNG iTXt', png(worldChunk('prompt', text, true)), 'png'],
    ['PNG with both formats', png(textChunk('workflow', editors), textChunk('prompt', text)), 'png'],
    [
      'WebP as ComfyUI writes it',
      webp(
        tiff(
          [
            [0x010f, `workflow:${editors}`],
            [0x0110, `prompt:${text}`],
          ],
          true,
        ),
        true,
      ),
      'webp',
    ],
    ['WebP without the EXIF prefix, big-endian', webp(tiff([[0x0110, `Prompt:${text}`]], false), false), 'webp'],
    ['JPEG EXIF', jpeg(tiff([[0x0110, `prompt:${text}`]], true)), 'jpeg'],
  ] as const)('%s', async (_, bytes, origin) => {
    const result = await readWorkflowFile('a.bin', bytes, inflate);
    expect(graphOf(result)).toEqual(graph);
    expect(result).toMatchObject({ type: 'workflow', name: 'a.bin', origin, inexact: [] });
  });

  it('JSON with the NaN that Python writes, without touching texts', () => {
    const result = readWorkflowText(
      'x',
      '{"1": {"class_type": "A", "inputs": {"text": "NaN, \\"Infinity\\""}, "is_changed": [NaN, -Infinity]}}',
    );
    expect(graphOf(result)).toEqual({
      '1': { class_type: 'A', inputs: { text: 'NaN, "Infinity"' }, is_changed: [null, null] },
    });
  });
});

it('says which seeds are too large to be kept exactly', () => {
  const result = readWorkflowText(
    'x',
    '{"3": {"class_type": "KSampler", "inputs": {"seed": 18446744073709551615, "steps": 20}}}',
  );
  expect(result).toMatchObject({ type: 'workflow', inexact: ['3.seed'] });
});

describe("the editor's own format is recognised", () => {
  it.each([
    ['as JSON', utf8(editors)],
    ['as PNG without the other', png(textChunk('workflow', editors))],
    ['as PNG whose prompt is unreadable', png(textChunk('prompt', '{"a":'), textChunk('workflow', editors))],
    ['as WebP', webp(tiff([[0x010f, `workflow:${editors}`]], true), true)],
  ] as const)('%s', async (_, bytes) => {
    expect(await readWorkflowFile('ui.json', bytes, inflate)).toMatchObject({ type: 'ui-format', name: 'ui.json' });
  });
});

describe('is refused with its reason:', () => {
  it.each([
    ['nothing', utf8(''), 'empty'],
    ['blanks', utf8('  \n'), 'empty'],
    ['prose', utf8('a red kiosk in snow'), 'not-json'],
    ['a list', utf8('[1, 2]'), 'not-a-workflow'],
    ['an empty object', utf8('{}'), 'not-a-workflow'],
    ['settings of something else', utf8('{"theme": "dark"}'), 'not-a-workflow'],
    [
      'a graph with a node without class',
      utf8('{"1": {"class_type": "A", "inputs": {}}, "2": {"inputs": {}}}'),
      'broken-node',
    ],
    [
      'too many nodes',
      utf8(
        JSON.stringify(
          Object.fromEntries(Array.from({ length: 5_001 }, (__, id) => [id, { class_type: 'A', inputs: {} }])),
        ),
      ),
      'too-many-nodes',
    ],
    ['very deep JSON', utf8('['.repeat(100_000)), 'not-a-workflow'],
    ['a zip', Uint8Array.from([0x50, 0x4b, 3, 4, 0, 0]), 'unknown-file'],
    ['a PNG without text', png(), 'image-without-workflow'],
    [
      'a PNG of another generator',
      png(textChunk('parameters', 'a kiosk\nSteps: 20, Sampler: Euler')),
      'image-with-other-parameters',
    ],
    ['a PNG whose packed text is damaged', png(packedChunk('prompt', text).fill(0, 20, 30)), 'image-without-workflow'],
    ['a WebP without EXIF', webp(Buffer.alloc(0), false), 'image-without-workflow'],
    ['a JPEG cut short', jpeg(tiff([[0x0110, `prompt:${text}`]], true)).subarray(0, 40), 'image-without-workflow'],
  ] as const)('%s', async (_, bytes, reason) => {
    expect(reasonOf(await readWorkflowFile('x', bytes, inflate))).toBe(reason);
  });

  it('a packed text that grows without end', async () => {
    const bomb = png(packedChunk('prompt', ' '.repeat(30 * 1024 * 1024)));
    expect(bomb.length).toBeLessThan(100_000);
    expect(reasonOf(await readWorkflowFile('bomb.png', bomb, inflate))).toBe('image-without-workflow');
  });
});

it('never throws, whatever the bytes', async () => {
  const starts = [
    png(textChunk('prompt', text), packedChunk('workflow', editors)),
    webp(tiff([[0x0110, `prompt:${text}`]], true), true),
    jpeg(tiff([[0x0110, `prompt:${text}`]], false)),
    utf8(text),
  ];
  const damage = fc.record({
    of: fc.nat(starts.length - 1),
    cut: fc.nat(),
    bytes: fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 12 }),
  });
  await fc.assert(
    fc.asyncProperty(fc.oneof(damage, fc.uint8Array({ maxLength: 200 })), async (input) => {
      let bytes: Uint8Array;
      if (input instanceof Uint8Array) bytes = input;
      else {
        const whole = starts[input.of] ?? utf8('');
        bytes = Uint8Array.from(whole.subarray(0, 1 + (input.cut % whole.length)));
        for (const [at, value] of input.bytes) bytes[at % bytes.length] = value;
      }
      const result = await readWorkflowFile('fuzz', bytes, inflate);
      if (result.type === 'workflow') expect(ComfyGraphSchema.safeParse(result.graph).success).toBe(true);
    }),
    { numRuns: runs(800) },
  );
});

it('every JSON value gets an answer, and what is taken is a graph to the core as well', () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 6 }), (value) => {
      const result = readWorkflowText('fuzz', JSON.stringify(value));
      if (result.type === 'workflow') expect(ComfyGraphSchema.safeParse(result.graph).success).toBe(true);
    }),
  );
});

it('the sample workflows are in the format', () => {
  const folder = new URL('../../../../resources/workflows/', import.meta.url);
  const files = readdirSync(folder);
  expect(files.length).toBeGreaterThan(1);
  for (const file of files)
    expect(readWorkflowText(file, readFileSync(new URL(file, folder), 'utf8')).type).toBe('workflow');
});
