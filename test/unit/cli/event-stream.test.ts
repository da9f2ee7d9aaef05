/** The hand-written WebSocket reader: any cut of the bytes gives the same messages. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FrameReader } from '../../../electron/cli/event-stream.ts';
import { runs } from '../../runs.ts';

const frame = (opcode: number, payload: Buffer, fin = true): Buffer => {
  const head =
    payload.length < 126
      ? Buffer.from([(fin ? 0x80 : 0) | opcode, payload.length])
      : payload.length < 65_536
        ? Buffer.alloc(4)
        : Buffer.alloc(10);
  if (payload.length >= 126) {
    head[0] = (fin ? 0x80 : 0) | opcode;
    head[1] = payload.length < 65_536 ? 126 : 127;
    if (payload.length < 65_536) head.writeUInt16BE(payload.length, 2);
    else head.writeBigUInt64BE(BigInt(payload.length), 2);
  }
  return Buffer.concat([head, payload]);
};

describe('FrameReader', () => {
  it('reads frames however they are cut', () => {
    const texts = ['{}', 'x'.repeat(200), 'ü'.repeat(40_000), ''];
    const bytes = Buffer.concat(texts.map((text) => frame(1, Buffer.from(text))));
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: bytes.length }), { maxLength: 12 }), (cuts) => {
        const got: string[] = [];
        const reader = new FrameReader((_, payload) => got.push(payload.toString()));
        const places = [0, ...[...cuts].sort((a, b) => a - b), bytes.length];
        places.slice(1).forEach((end, index) => {
          reader.push(bytes.subarray(places[index], end));
        });
        expect(got).toEqual(texts);
      }),
      { numRuns: runs(30) },
    );
  });

  it('joins fragments, with a ping between them', () => {
    const got: [number, string][] = [];
    const reader = new FrameReader((opcode, payload) => got.push([opcode, payload.toString()]));
    reader.push(
      Buffer.concat([frame(1, Buffer.from('ab'), false), frame(9, Buffer.from('?')), frame(0, Buffer.from('cd'))]),
    );
    expect(got).toEqual([
      [9, '?'],
      [1, 'abcd'],
    ]);
  });
});
