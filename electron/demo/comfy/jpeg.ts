/**
 * Writes small baseline JPEG files (4:4:4, standard Huffman tables of ITU-T T.81 Annex K), because real servers send sampler previews as JPEG.
 * Encodes only; quality is fixed.
 */
import type { Pixels } from './png.ts';

/** Position of the k-th coefficient in zigzag order, row-major in the 8 × 8 block. */
const zigzag: readonly number[] = (() => {
  const order: number[] = [];
  for (let sum = 0; sum < 15; sum++) {
    const cells = Array.from({ length: 8 }, (_, i) => [i, sum - i] as const).filter(([, x]) => x >= 0 && x < 8);
    // Even diagonals run upwards, odd ones downwards.
    if (sum % 2 === 0) cells.reverse();
    for (const [y, x] of cells) order.push(y * 8 + x);
  }
  return order;
})();

/** One step size per coefficient in zigzag order: fine at low frequencies, coarse at high ones; about quality 75. */
const quantisation: readonly number[] = Array.from({ length: 64 }, (_, k) => Math.round(6 + k * 0.9));

interface HuffmanSpec {
  /** How many codes of 1…16 bits. */
  readonly counts: readonly number[];
  readonly symbols: readonly number[];
}

const dcSpec: HuffmanSpec = {
  counts: [0, 1, 5, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0],
  symbols: Array.from({ length: 12 }, (_, i) => i),
};

/**
 * A flat AC table: every (run, size) the encoder can produce, end-of-block shortest. Larger than Annex K's by a few per cent, but derived instead
 * of copied: 1 code of 2 bits, 12 of 6 bits, 149 of 9 bits.
 */
const acSpec: HuffmanSpec = (() => {
  const short = [0x01, 0x02, 0x03, 0x04, 0x05, 0x11, 0x12, 0x13, 0x21, 0x22, 0x31, 0x41];
  const all: number[] = [0xf0];
  for (let run = 0; run < 16; run++) for (let size = 1; size <= 10; size++) all.push(run * 16 + size);
  const long = all.filter((symbol) => !short.includes(symbol));
  return {
    counts: [0, 1, 0, 0, 0, short.length, 0, 0, long.length, 0, 0, 0, 0, 0, 0, 0],
    symbols: [0x00, ...short, ...long],
  };
})();

interface Code {
  readonly bits: number;
  readonly length: number;
}

/** Canonical codes: counted up within a length, shifted left at each longer one. */
function codesOf({ counts, symbols }: HuffmanSpec): ReadonlyMap<number, Code> {
  const codes = new Map<number, Code>();
  let bits = 0;
  let next = 0;
  counts.forEach((count, index) => {
    for (let i = 0; i < count; i++) codes.set(symbols[next++] ?? 0, { bits: bits++, length: index + 1 });
    bits <<= 1;
  });
  return codes;
}

const dcCodes = codesOf(dcSpec);
const acCodes = codesOf(acSpec);

/** cos((2x + 1) u π / 16) with the DCT's scale, indexed [u * 8 + x]. */
const cosines = Float64Array.from({ length: 64 }, (_, i) => {
  const u = i >> 3;
  return Math.cos(((2 * (i & 7) + 1) * u * Math.PI) / 16) * (u === 0 ? Math.SQRT1_2 : 1) * 0.5;
});

class BitWriter {
  readonly #bytes: number[] = [];
  #held = 0;
  #heldBits = 0;

  write(bits: number, length: number): void {
    for (let i = length - 1; i >= 0; i--) {
      this.#held = (this.#held << 1) | ((bits >> i) & 1);
      if (++this.#heldBits < 8) continue;
      this.#bytes.push(this.#held);
      // A 0xFF in the data is followed by 0x00, or it would read as a marker.
      if (this.#held === 0xff) this.#bytes.push(0);
      this.#held = 0;
      this.#heldBits = 0;
    }
  }

  finish(): Buffer {
    while (this.#heldBits > 0) this.write(1, 1);
    return Buffer.from(this.#bytes);
  }
}

/** Bits needed for |value|. */
const sizeOf = (value: number): number => 32 - Math.clz32(Math.abs(value));

function writeCoded(
  out: BitWriter,
  codes: ReadonlyMap<number, Code>,
  symbol: number,
  value: number,
  size: number,
): void {
  const code = codes.get(symbol);
  if (!code) throw new RangeError(`no code for symbol ${symbol}`);
  out.write(code.bits, code.length);
  if (size > 0) out.write(value < 0 ? value + (1 << size) - 1 : value, size);
}

/** Transforms, quantises and writes one 8 × 8 block; returns its DC value. */
function writeBlock(out: BitWriter, samples: Float64Array, previousDc: number): number {
  const rows = new Float64Array(64);
  const levels = new Int32Array(64);
  for (let y = 0; y < 8; y++) {
    for (let u = 0; u < 8; u++) {
      let sum = 0;
      for (let x = 0; x < 8; x++) sum += (samples[y * 8 + x] ?? 0) * (cosines[u * 8 + x] ?? 0);
      rows[y * 8 + u] = sum;
    }
  }
  for (let k = 0; k < 64; k++) {
    const at = zigzag[k] ?? 0;
    const v = at >> 3;
    let sum = 0;
    for (let y = 0; y < 8; y++) sum += (rows[y * 8 + (at & 7)] ?? 0) * (cosines[v * 8 + y] ?? 0);
    levels[k] = Math.max(-1023, Math.min(1023, Math.round(sum / (quantisation[k] ?? 1))));
  }
  const dc = levels[0] ?? 0;
  const size = sizeOf(dc - previousDc);
  writeCoded(out, dcCodes, size, dc - previousDc, size);
  let run = 0;
  for (let k = 1; k < 64; k++) {
    const level = levels[k] ?? 0;
    if (level === 0) {
      run += 1;
      continue;
    }
    for (; run > 15; run -= 16) writeCoded(out, acCodes, 0xf0, 0, 0);
    writeCoded(out, acCodes, run * 16 + sizeOf(level), level, sizeOf(level));
    run = 0;
  }
  if (run > 0) writeCoded(out, acCodes, 0x00, 0, 0);
  return dc;
}

function segment(marker: number, ...data: readonly number[]): Buffer {
  return Buffer.from([0xff, marker, (data.length + 2) >> 8, (data.length + 2) & 255, ...data]);
}

function scan({ width, height, rgb }: Pixels): Buffer {
  const out = new BitWriter();
  const planes = [new Float64Array(64), new Float64Array(64), new Float64Array(64)] as const;
  const dc = [0, 0, 0];
  for (let top = 0; top < height; top += 8) {
    for (let left = 0; left < width; left += 8) {
      for (let i = 0; i < 64; i++) {
        // Blocks over the edge repeat the last row and column.
        const at = (Math.min(height - 1, top + (i >> 3)) * width + Math.min(width - 1, left + (i & 7))) * 3;
        const [r, g, b] = [rgb[at] ?? 0, rgb[at + 1] ?? 0, rgb[at + 2] ?? 0];
        planes[0][i] = 0.299 * r + 0.587 * g + 0.114 * b - 128;
        planes[1][i] = -0.168736 * r - 0.331264 * g + 0.5 * b;
        planes[2][i] = 0.5 * r - 0.418688 * g - 0.081312 * b;
      }
      planes.forEach((plane, c) => (dc[c] = writeBlock(out, plane, dc[c] ?? 0)));
    }
  }
  return out.finish();
}

/** Encodes `pixels` as a baseline JPEG (JFIF). About 10 ms for 256 × 256. */
export function encodeJpeg(pixels: Pixels): Buffer {
  const { width, height } = pixels;
  const component = (id: number): number[] => [id, 0x11, 0];
  return Buffer.concat([
    Buffer.from([0xff, 0xd8]),
    segment(0xe0, ...Buffer.from('JFIF\0', 'latin1'), 1, 1, 0, 0, 1, 0, 1, 0, 0),
    segment(0xdb, 0, ...quantisation),
    segment(
      0xc0,
      8,
      height >> 8,
      height & 255,
      width >> 8,
      width & 255,
      3,
      ...component(1),
      ...component(2),
      ...component(3),
    ),
    segment(0xc4, 0x00, ...dcSpec.counts, ...dcSpec.symbols),
    segment(0xc4, 0x10, ...acSpec.counts, ...acSpec.symbols),
    segment(0xda, 3, 1, 0, 2, 0, 3, 0, 0, 63, 0),
    scan(pixels),
    Buffer.from([0xff, 0xd9]),
  ]);
}
