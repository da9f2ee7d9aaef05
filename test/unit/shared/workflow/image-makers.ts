/** Makes the smallest images that carry text, byte by byte, so that the readers are tested against the formats and not against each other. */
import { Buffer } from 'node:buffer';
import { crc32, deflateSync } from 'node:zlib';

const chunk = (type: string, data: Buffer): Buffer => {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const frame = Buffer.alloc(body.length + 8);
  frame.writeUInt32BE(data.length, 0);
  body.copy(frame, 4);
  frame.writeUInt32BE(crc32(body), body.length + 4);
  return frame;
};

const SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
const HEADER = chunk('IHDR', Buffer.from([0, 0, 0, 1, 0, 0, 0, 1, 8, 0, 0, 0, 0]));
const PIXEL = chunk('IDAT', deflateSync(Buffer.from([0, 127])));

export const textChunk = (keyword: string, text: string): Buffer =>
  chunk('tEXt', Buffer.from(`${keyword}\0${text}`, 'utf8'));
export const packedChunk = (keyword: string, text: string): Buffer =>
  chunk('zTXt', Buffer.concat([Buffer.from(`${keyword}\0\0`, 'latin1'), deflateSync(Buffer.from(text))]));
export const worldChunk = (keyword: string, text: string, packed: boolean): Buffer =>
  chunk(
    'iTXt',
    Buffer.concat([
      Buffer.from(`${keyword}\0${packed ? '\x01' : '\0'}\0en\0\0`, 'latin1'),
      packed ? deflateSync(Buffer.from(text)) : Buffer.from(text),
    ]),
  );

export const png = (...chunks: readonly Buffer[]): Uint8Array =>
  Buffer.concat([SIGNATURE, HEADER, ...chunks, PIXEL, chunk('IEND', Buffer.alloc(0))]);

/** An EXIF block with one directory of ASCII values, in either byte order. */
export function tiff(values: readonly [tag: number, text: string][], little: boolean): Buffer {
  const u16 = (value: number): Buffer => {
    const bytes = Buffer.alloc(2);
    if (little) bytes.writeUInt16LE(value);
    else bytes.writeUInt16BE(value);
    return bytes;
  };
  const u32 = (value: number): Buffer => {
    const bytes = Buffer.alloc(4);
    if (little) bytes.writeUInt32LE(value);
    else bytes.writeUInt32BE(value);
    return bytes;
  };
  let at = 8 + 2 + values.length * 12 + 4;
  const entries: Buffer[] = [];
  const bodies: Buffer[] = [];
  for (const [tag, text] of values) {
    const body = Buffer.from(`${text}\0`);
    entries.push(u16(tag), u16(2), u32(body.length), body.length <= 4 ? Buffer.concat([body], 4) : u32(at));
    if (body.length > 4) {
      bodies.push(body);
      at += body.length;
    }
  }
  return Buffer.concat([
    Buffer.from(little ? 'II*\0' : 'MM\0*', 'latin1'),
    u32(8),
    u16(values.length),
    ...entries,
    u32(0),
    ...bodies,
  ]);
}

/** A WebP container around an EXIF block; `before` puts an odd-sized chunk in front, to test the padding. */
export function webp(exif: Buffer, withPrefix: boolean): Uint8Array {
  const riff = (type: string, data: Buffer): Buffer => {
    const frame = Buffer.alloc(8 + data.length + (data.length % 2));
    frame.write(type, 'latin1');
    frame.writeUInt32LE(data.length, 4);
    data.copy(frame, 8);
    return frame;
  };
  const body = Buffer.concat([
    riff('VP8L', Buffer.alloc(7)),
    riff('EXIF', withPrefix ? Buffer.concat([Buffer.from('Exif\0\0', 'latin1'), exif]) : exif),
  ]);
  const size = Buffer.alloc(4);
  size.writeUInt32LE(body.length + 4);
  return Buffer.concat([Buffer.from('RIFF'), size, Buffer.from('WEBP'), body]);
}

export function jpeg(exif: Buffer): Uint8Array {
  const body = Buffer.concat([Buffer.from('Exif\0\0', 'latin1'), exif]);
  const length = Buffer.alloc(2);
  length.writeUInt16BE(body.length + 2);
  return Buffer.concat([
    Buffer.from([0xff, 0xd8, 0xff, 0xe0, 0, 4, 1, 2, 0xff, 0xe1]),
    length,
    body,
    Buffer.from([0xff, 0xda, 0, 2, 0xff, 0xd9]),
  ]);
}
