/**
 * Paints the demo's pictures: calm abstract landscapes (sky, sun, bands of land or water), chosen by the prompt's words and the seed, always
 * the same for the same input. Pixels only; files are made in comfy-png.ts.
 */
import type { Pixels } from './comfy-png.ts';

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
export function hashText(text: string): number {
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
  const named = palettes.find(([pattern]) => pattern.test(picture.text));
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

function colourAt(scene: Scene, x: number, y: number, aspect: number, soft: number): Rgb {
  const { sun } = scene;
  let colour = mix(scene.sky[0], scene.sky[1], Math.min(1, y * 1.5));
  const away = Math.hypot((x - sun.x) * aspect, y - sun.y);
  colour = mix(colour, sun.color, 0.3 * Math.max(0, 1 - away / (sun.r * 4)) ** 2);
  colour = mix(sun.color, colour, smooth(sun.r, soft, away));
  for (const band of scene.bands) {
    const line =
      band.base +
      band.slope * (x - 0.5) +
      band.swell * (Math.sin(x * band.wave + band.phase) + 0.4 * Math.sin(x * band.wave * 2.3 + band.phase * 2));
    const cover = smooth(line, soft, y);
    if (cover > 0)
      colour = mix(colour, mix(mix(band.color, band.far, 0.35), band.color, Math.min(1, (y - line) * 4)), cover);
  }
  return colour;
}

/**
 * Paints at `width` × `height`. Unfinished pictures (`done` < 1) look like a sampler's latent preview: coarse cells whose noise fades.
 * About 10 ms for 256 × 256.
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
  const soft = 0.012 + 0.12 * (1 - done);
  for (let cy = 0; cy < height; cy += cell) {
    for (let cx = 0; cx < width; cx += cell) {
      const [r, g, b] = colourAt(scene, (cx + cell / 2) / width, (cy + cell / 2) / height, width / height, soft);
      const n = (noise() - 0.5) * 220 * strength;
      const m = (noise() - 0.5) * 120 * strength;
      const grain = done >= 1 ? 0 : 1 - 0.55 * strength;
      const fade = done >= 1 ? 1 : grain;
      const paintCell = [
        128 + (r - 128) * fade + n,
        128 + (g - 128) * fade + n * 0.7 + m,
        128 + (b - 128) * fade + n * 0.6 - m,
      ].map((v) => Math.min(255, Math.max(0, Math.round(v))));
      for (let y = cy; y < Math.min(height, cy + cell); y++) {
        for (let x = cx; x < Math.min(width, cx + cell); x++) rgb.set(paintCell, (y * width + x) * 3);
      }
    }
  }
  return { width, height, rgb };
}
