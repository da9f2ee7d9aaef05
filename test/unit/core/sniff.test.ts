/** What a file is, by its bytes. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sniff, sniffMedia } from '../../../electron/core/sniff.ts';

describe('sniff', () => {
  const bytes = (...parts: (string | number[])[]): Uint8Array =>
    Uint8Array.from([
      ...parts.flatMap((part) => (typeof part === 'string' ? [...part].map((c) => c.charCodeAt(0)) : part)),
      ...Array.from({ length: 32 }, () => 0),
    ]);

  it('tells by the first bytes, never by a name', () => {
    expect(sniff(bytes([0x89], 'PNG', [13, 10, 26, 10, 0, 0, 0, 13], 'IHDR', [0, 0, 2, 0, 0, 0, 1, 0]))).toEqual({
      mime: 'image/png',
      width: 512,
      height: 256,
    });
    expect(sniff(bytes('GIF89a', [4, 1, 2, 0]))).toEqual({ mime: 'image/gif', width: 260, height: 2 });
    expect(sniff(bytes([0xff, 0xd8, 0xff, 0xe0, 0, 4, 0, 0, 0xff, 0xc0, 0, 17, 8, 1, 0, 2, 0]))).toEqual({
      mime: 'image/jpeg',
      width: 512,
      height: 256,
    });
    expect(sniff(bytes('RIFF', [0, 0, 0, 0], 'WEBPVP8X', [10, 0, 0, 0, 0, 0, 0, 0, 0xff, 1, 0, 0xff, 0, 0]))).toEqual({
      mime: 'image/webp',
      width: 512,
      height: 256,
    });
    expect(sniff(bytes([0, 0, 0, 24], 'ftypisom'))?.mime).toBe('video/mp4');
    expect(sniff(bytes('<svg xmlns="x"><script/>'))).toBeNull();
    expect(sniff(bytes('<!doctype html>'))).toBeNull();
    expect(sniff(new Uint8Array(3))).toBeNull();
  });

  it.each([
    [[0x1a, 0x45, 0xdf, 0xa3], 'B\x82\x88matroska', 'video/webm'],
    [[0, 0, 0, 20], 'ftypqt  ', 'video/mp4'],
    [[0, 0, 0, 20], 'ftypM4A ', 'video/mp4'],
    [[0, 0, 0, 20], 'ftypavio', 'image/avif'],
    [[0xff, 0xf1], 'P\x80', 'audio/mpeg'],
  ])('tells what no page shows, too: %j %j', (start, rest, mime) => {
    expect(sniff(bytes(start, rest))).toEqual({ mime, width: null, height: null });
    expect(sniffMedia(bytes(start, rest))).toBeNull();
  });

  it('never throws', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (some) => {
        sniff(some);
        sniff(Uint8Array.from([0xff, 0xd8, ...some]));
      }),
    );
  });
});
