/** The hand-written HTTP and WebSocket readers: any cut of the bytes gives the same messages; what is cut off gives none. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FrameReader } from '../../../electron/cli/event-stream.ts';
import { readAnswer } from '../../../electron/cli/http-call.ts';

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
      { numRuns: 30 },
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

describe('readAnswer', () => {
  const head = 'HTTP/1.1 409 Conflict\r\nX: y\r\n';
  it('reads a length, chunks, or everything until the end', () => {
    expect(readAnswer(Buffer.from(`${head}Content-Length: 2\r\n\r\n{}`))).toEqual({ status: 409, body: '{}' });
    expect(
      readAnswer(Buffer.from(`${head}Transfer-Encoding: chunked\r\n\r\n3\r\n{"a\r\n4;x=1\r\n":1}\r\n0\r\n\r\n`)),
    ).toEqual({ status: 409, body: '{"a":1}' });
    expect(readAnswer(Buffer.from(`${head}\r\n{}`))).toEqual({ status: 409, body: '{}' });
  });

  it('never takes half an answer for a whole one', () => {
    const whole = Buffer.from(`${head}Transfer-Encoding: chunked\r\n\r\n3\r\n{"a\r\n4\r\n":1}\r\n0\r\n\r\n`);
    const complete = whole.indexOf('\r\n0\r\n') + 5;
    for (let end = 0; end < complete; end += 1) expect(readAnswer(whole.subarray(0, end))).toBeNull();
    const sized = Buffer.from(`${head}Content-Length: 5\r\n\r\nabcde`);
    for (let end = 0; end < sized.length; end += 1) expect(readAnswer(sized.subarray(0, end))).toBeNull();
  });
});
