/**
 * Paints the demo's pictures: calm abstract landscapes (sky, sun, bands of land or water), chosen by the prompt's words and the seed, always
 * the same for the same input. Pixels only; files are made in png.ts.
 */
import type { Pixels } from './png.ts';

/** A picture as a value that travels along a graph's links: how to paint it, not its pixels. */
export interface Picture {
  readonly width: number;
  readonly height: number;
  /** `text` + `seed` decide the scene; a plain `color` (0xRRGGBB) wins over it. */
  readonly text: string;
  readonly seed: number;
  readonly color?: number;
  /** 0 = noise, 1 = finished. */
  readonly done?: number;
}

type Rgb = readonly [number, number, number];

interface Scene {
  readonly sky: readonly [Rgb, Rgb];
  readonly sun: { readonly x: number; readonly y: number; readonly r: number; readonly color: Rgb };
  readonly bands: readonly {
    readonly base: number;
    readonly slope: number;
    readonly swell: number;
    readonly wave: number;
    readonly phase: number;
    readonly color: Rgb;
    readonly far: Rgb;
  }[];
}

/** Small deterministic generator (mulberry32): numbers in [0, 1). */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/** FNV-1a over UTF-16 units, 32 bit. */
function hashText(text: string): number {
  let h = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193);
  return h >>> 0;
}

const hex = (value: number): Rgb => [(value >> 16) & 255, (value >> 8) & 255, value & 255];
const mix = (a: Rgb, b: Rgb, t: number): Rgb => [
  a[0] + (b[0] - a[0]) * t,
  a[1] + (b[1] - a[1]) * t,
  a[2] + (b[2] - a[2]) * t,
];

/** Sky top, sky bottom, sun, far land, near land. */
const palettes: readonly (readonly [words: RegExp, colours: readonly [number, number, number, number, number]])[] = [
  [/dawn|harbou?r|morning|fog|mist|sea|ocean/i, [0x3d5a80, 0x8fb3cc, 0xf3d9a4, 0x98c1d9, 0x2e3b42]],
  [/dusk|sunset|evening|kiosk|red|poster/i, [0x40304f, 0xd9826b, 0xffd8a8, 0x8c4a52, 0x2b2233]],
  [/night|moon|star|neon/i, [0x121a2f, 0x2f3f66, 0xe8e6d8, 0x27355a, 0x0f1524]],
  [/snow|winter|ice|paper|heron|studio/i, [0xf4f1de, 0xcfe3d4, 0xe07a5f, 0xa9cdb8, 0x6f9f8a]],
  [/forest|garden|moss|leaf|tree|jungle/i, [0xbcd0b4, 0xeaf0d9, 0xfff3c4, 0x6c8f6a, 0x2d4739]],
  [/desert|sand|dune|canyon|portrait/i, [0xe9c9a6, 0xf6e7d2, 0xfff6e0, 0xd08c60, 0x8a4f3d]],
  [/mountain|alp|glacier|lake/i, [0x6b8fb5, 0xd4e2ee, 0xfdf4dc, 0x7f95b0, 0x33465c]],
];

function sceneOf(picture: Picture): Scene {
  const words = hashText(picture.text);
  const random = seededRandom(words ^ Math.imul(picture.seed >>> 0, 0x9e3779b1));
  // The word that comes first in the prompt sets the mood.
  const named = palettes
    .map((palette) => ({ palette, at: picture.text.search(palette[0]) }))
    .filter(({ at }) => at >= 0)
    .sort((a, b) => a.at - b.at)[0]?.palette;
  const chosen = named ?? palettes[words % palettes.length];
  const [top, bottom, sun, far, near] = (chosen ?? [/./, [0x3d5a80, 0x98c1d9, 0xf3d9a4, 0x6f8fa8, 0x2e3b42]])[1].map(
    hex,
  );
  const warm = (random() - 0.5) * 24;
  const tint = (c: Rgb | undefined): Rgb => (c ? [c[0] + warm, c[1] + warm * 0.2, c[2] - warm] : [0, 0, 0]);
  const horizon = 0.42 + random() * 0.2;
  const count = 2 + Math.floor(random() * 3);
  const bands = Array.from({ length: count }, (_, i) => {
    const depth = count === 1 ? 1 : i / (count - 1);
    return {
      base: horizon + (1 - horizon) * 0.82 * depth ** 1.2,
      slope: (random() - 0.5) * 0.3 * (1 - depth * 0.5),
      swell: (0.015 + random() * 0.05) * (i === 0 ? 1.4 : 0.7),
      wave: 3 + random() * 7,
      phase: random() * 6.28,
      color: mix(tint(far), tint(near), depth),
      far: tint(bottom),
    };
  });
  return {
    sky: [tint(top), tint(bottom)],
    sun: {
      x: 0.16 + random() * 0.68,
      y: 0.14 + random() * (horizon - 0.2),
      r: 0.06 + random() * 0.08,
      color: tint(sun),
    },
    bands,
  };
}

const smooth = (edge: number, width: number, value: number): number => {
  const t = Math.min(1, Math.max(0, (value - edge) / width + 0.5));
  return t * t * (3 - 2 * t);
};

/** Height of each band's upper edge at `x`, all in 0…1 of the picture. */
function edgesAt(scene: Scene, x: number): readonly number[] {
  return scene.bands.map(
    ({ base, slope, swell, wave, phase }) =>
      base + slope * (x - 0.5) + swell * (Math.sin(x * wave + phase) + 0.4 * Math.sin(x * wave * 2.3 + phase * 2)),
  );
}

/** Writes the colour at (x, y) into `out`; no allocation here, it runs once per pixel. */
function colourAt(
  scene: Scene,
  edges: readonly number[],
  x: number,
  y: number,
  soft: number,
  aspect: number,
  out: Float64Array,
): void {
  const { sun, sky, bands } = scene;
  blend(out, sky[0], 1);
  blend(out, sky[1], Math.min(1, y * 1.5));
  const away = Math.sqrt(((x - sun.x) * aspect) ** 2 + (y - sun.y) ** 2);
  const glow = 1 - away / (sun.r * 4);
  if (glow > 0) blend(out, sun.color, 0.3 * glow * glow);
  if (away < sun.r + soft) blend(out, sun.color, 1 - smooth(sun.r, soft, away));
  for (let i = 0; i < bands.length; i++) {
    const band = bands[i];
    const depth = y - (edges[i] ?? 1);
    if (!band || depth < -soft) continue;
    const cover = smooth(0, soft, depth);
    const clear = Math.min(1, Math.max(0, depth * 4)) * 0.35 + 0.65;
    // Haze at the upper edge, the band's own colour further down.
    blendTowards(out, band.color, band.far, clear, cover);
  }
}

function blend(out: Float64Array, colour: Rgb, t: number): void {
  for (let c = 0; c < 3; c++) out[c] = (out[c] ?? 0) * (1 - t) + (colour[c] ?? 0) * t;
}

function blendTowards(out: Float64Array, near: Rgb, far: Rgb, clear: number, t: number): void {
  for (let c = 0; c < 3; c++) {
    const colour = (far[c] ?? 0) * (1 - clear) + (near[c] ?? 0) * clear;
    out[c] = (out[c] ?? 0) * (1 - t) + colour * t;
  }
}

/**
 * Paints at `width` × `height`. Unfinished pictures (`done` < 1) look like a sampler's latent preview: coarse cells whose noise fades.
 * About 60 ms for 1024 × 1024.
 */
export function paint(picture: Picture, width = picture.width, height = picture.height): Pixels {
  const rgb = new Uint8Array(width * height * 3);
  if (picture.color !== undefined) {
    const [r, g, b] = hex(picture.color);
    for (let i = 0; i < rgb.length; i += 3) rgb.set([r, g, b], i);
    return { width, height, rgb };
  }
  const scene = sceneOf(picture);
  const done = Math.min(1, picture.done ?? 1);
  const cell = done >= 1 ? 1 : 4;
  const noise = seededRandom(picture.seed ^ 0x5bd1e995);
  const strength = (1 - done) ** 1.5;
  const fade = done >= 1 ? 1 : 1 - 0.55 * strength;
  const soft = 0.012 + 0.12 * (1 - done);
  const columns = Array.from({ length: Math.ceil(width / cell) }, (_, i) => edgesAt(scene, (i + 0.5) * (cell / width)));
  const colour = new Float64Array(3);
  for (let cy = 0; cy < height; cy += cell) {
    for (let cx = 0; cx < width; cx += cell) {
      const x = (cx + cell / 2) / width;
      colourAt(scene, columns[cx / cell] ?? [], x, (cy + cell / 2) / height, soft, width / height, colour);
      const grey = strength > 0 ? (noise() - 0.5) * 220 * strength : 0;
      const tint = strength > 0 ? (noise() - 0.5) * 120 * strength : 0;
      const r = 128 + ((colour[0] ?? 0) - 128) * fade + grey;
      const g = 128 + ((colour[1] ?? 0) - 128) * fade + grey * 0.7 + tint;
      const b = 128 + ((colour[2] ?? 0) - 128) * fade + grey * 0.6 - tint;
      const right = Math.min(width, cx + cell);
      for (let py = cy; py < Math.min(height, cy + cell); py++) {
        for (let px = cx; px < right; px++) {
          const at = (py * width + px) * 3;
          rgb[at] = clampByte(r);
          rgb[at + 1] = clampByte(g);
          rgb[at + 2] = clampByte(b);
        }
      }
    }
  }
  return { width, height, rgb };
}

const clampByte = (value: number): number => (value < 0 ? 0 : value > 255 ? 255 : Math.round(value));
