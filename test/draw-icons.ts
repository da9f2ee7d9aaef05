/**
 * Draws every icon from switchyard.svg with an installed Chromium: `node test/draw-icons.ts`. The results are committed;
 * run it again when the SVG changes. For developers only, never packed.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { chromium } from '@playwright/test';
import type { Page } from '@playwright/test';
import { TRAY_GLYPHS } from '../electron/desktop/tray/model.ts';
import { browserArguments, ensureBrowser } from './setup-browser.ts';

const here = (name: string): string => fileURLToPath(new URL(`../resources/icons/${name}`, import.meta.url));
const svg = readFileSync(here('switchyard.svg'), 'utf8').replace('<use href="#app" />', '');

/** Colour where the platform allows it: light strokes for dark bars, dark ones for light bars, black for macOS's templates. */
const TONES = {
  dark: {
    track: '#ececec',
    idle: '#a6a6a6',
    running: '#45c487',
    cancelling: '#e3a84a',
    paused: '#e3a84a',
    trouble: '#ff8a73',
  },
  light: {
    track: '#2a2a2a',
    idle: '#6b6b6b',
    running: '#157a4c',
    cancelling: '#99610a',
    paused: '#99610a',
    trouble: '#c2361c',
  },
  template: { track: '#000', idle: '#000', running: '#000', cancelling: '#000', paused: '#000', trouble: '#000' },
} as const;

/** `inset` is the share of the edge that stays empty on each side: macOS draws its icons smaller than their square. */
async function draw(
  page: Page,
  symbols: readonly string[],
  size: number,
  options: { tone?: keyof typeof TONES; inset?: number } = {},
): Promise<Buffer> {
  const { tone = 'dark', inset = 0 } = options;
  const colours = Object.entries(TONES[tone]).map(([name, colour]) => `--${name}:${colour}`);
  const margin = Math.round(size * inset);
  const inner = size - 2 * margin;
  const uses = symbols.map(
    (id) =>
      `<svg style="position:absolute;left:${String(margin)}px;top:${String(margin)}px" width="${String(inner)}" height="${String(inner)}"><use href="#${id}"/></svg>`,
  );
  await page.setViewportSize({ width: size, height: size });
  await page.setContent(
    `<body style="margin:0;${colours.join(';')}"><div style="display:none">${svg}</div>${uses.join('')}</body>`,
  );
  return page.screenshot({ omitBackground: true, clip: { x: 0, y: 0, width: size, height: size } });
}

interface Picture {
  size: number;
  png: Buffer;
}

/** An ICO of PNGs, which Windows reads since Vista. */
function ico(pictures: readonly Picture[]): Buffer {
  const head = Buffer.alloc(6 + 16 * pictures.length);
  head.writeUInt16LE(1, 2);
  head.writeUInt16LE(pictures.length, 4);
  let offset = head.length;
  for (const [index, { size, png }] of pictures.entries()) {
    const at = 6 + 16 * index;
    // 256 is written as 0.
    head.writeUInt8(size % 256, at);
    head.writeUInt8(size % 256, at + 1);
    head.writeUInt16LE(1, at + 4);
    head.writeUInt16LE(32, at + 6);
    head.writeUInt32LE(png.length, at + 8);
    head.writeUInt32LE(offset, at + 12);
    offset += png.length;
  }
  return Buffer.concat([head, ...pictures.map(({ png }) => png)]);
}

/** Apple's types for PNGs of each size; two names for one size are the plain and the @2x one. */
const ICNS_TYPES: readonly (readonly [string, number])[] = [
  ['icp4', 16],
  ['icp5', 32],
  ['ic07', 128],
  ['ic08', 256],
  ['ic09', 512],
  ['ic10', 1024],
  ['ic11', 32],
  ['ic12', 64],
  ['ic13', 256],
  ['ic14', 512],
];

function icns(pictures: ReadonlyMap<number, Buffer>): Buffer {
  const parts = ICNS_TYPES.map(([type, size]) => {
    const png = pictures.get(size) ?? Buffer.alloc(0);
    const head = Buffer.alloc(8);
    head.write(type, 0, 'latin1');
    head.writeUInt32BE(png.length + 8, 4);
    return Buffer.concat([head, png]);
  });
  const body = Buffer.concat(parts);
  const head = Buffer.alloc(8);
  head.write('icns', 0, 'latin1');
  head.writeUInt32BE(body.length + 8, 4);
  return Buffer.concat([head, body]);
}

const browser = await chromium.launch({ executablePath: ensureBrowser(), args: browserArguments() });
try {
  const page = await browser.newPage();
  for (const folder of ['linux', 'tray']) mkdirSync(here(folder), { recursive: true });

  const windowsSizes = [16, 20, 24, 32, 40, 48, 64, 256];
  const windows: Picture[] = [];
  for (const size of windowsSizes) windows.push({ size, png: await draw(page, ['app'], size) });
  writeFileSync(here('icon.ico'), ico(windows));

  for (const size of [16, 32, 48, 64, 128, 256, 512]) {
    writeFileSync(here(`linux/${String(size)}x${String(size)}.png`), await draw(page, ['app'], size));
  }

  const apple = new Map<number, Buffer>();
  for (const size of new Set(ICNS_TYPES.map(([, each]) => each))) {
    apple.set(size, await draw(page, ['app'], size, { inset: size >= 64 ? 100 / 1024 : 1 / 16 }));
  }
  writeFileSync(here('icon.icns'), icns(apple));

  for (const glyph of TRAY_GLYPHS) {
    const symbols = ['track', glyph];
    writeFileSync(here(`tray/${glyph}Template.png`), await draw(page, symbols, 16, { tone: 'template' }));
    writeFileSync(here(`tray/${glyph}Template@2x.png`), await draw(page, symbols, 32, { tone: 'template' }));
    for (const tone of ['dark', 'light'] as const) {
      // Linux takes one picture only and never scales it up: larger than any panel.
      writeFileSync(here(`tray/${glyph}-${tone}.png`), await draw(page, symbols, 32, { tone }));
      const sizes: Picture[] = [];
      for (const size of [16, 20, 24, 32]) sizes.push({ size, png: await draw(page, symbols, size, { tone }) });
      writeFileSync(here(`tray/${glyph}-${tone}.ico`), ico(sizes));
    }
  }
} finally {
  await browser.close();
}
