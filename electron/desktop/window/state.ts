/**
 * Where the window was: read from a file, checked against the displays there are now, written when it changes. A file that
 * can't be read is no error, the window then opens at its usual size. Knows no BrowserWindow.
 */
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { z } from 'zod';

export interface Rectangle {
  x: number;
  y: number;
  width: number;
  height: number;
}

const side = z.number().int().min(-100_000).max(100_000);
const WindowStateSchema = z.strictObject({
  width: side,
  height: side,
  x: side.optional(),
  y: side.optional(),
  maximized: z.boolean(),
});
export type WindowState = z.infer<typeof WindowStateSchema>;

const USUAL_SIZE = { width: 1_280, height: 820 } as const;
/** Usable at 320 CSS px. */
export const LEAST_SIZE = { width: 320, height: 400 } as const;
/** So much of the window must lie on some display, or its title bar could not be caught. */
const LEAST_VISIBLE = { width: 120, height: 40 } as const;

/**
 * A state that fits the displays' work areas: never smaller than usable, never larger than the display it is on, and in
 * the middle of the first display (no x, y) when it would lie outside all. `mayPlace` is false on Wayland, where windows
 * can't choose their place.
 */
export function fitToDisplays(state: WindowState | null, areas: readonly Rectangle[], mayPlace: boolean): WindowState {
  const wanted = state ?? { ...USUAL_SIZE, maximized: false };
  const { x, y } = wanted;
  const placed = mayPlace && x !== undefined && y !== undefined ? { x, y } : null;
  const home = placed === null ? undefined : areas.find((area) => isCatchable({ ...wanted, ...placed }, area));
  const area = home ?? areas[0];
  const limit = (value: number, least: number, most: number | undefined): number =>
    Math.max(least, Math.min(value, most ?? value));
  return {
    width: limit(wanted.width, LEAST_SIZE.width, area?.width),
    height: limit(wanted.height, LEAST_SIZE.height, area?.height),
    ...(home === undefined ? {} : placed),
    maximized: wanted.maximized,
  };
}

function isCatchable(window: Rectangle, area: Rectangle): boolean {
  const across = Math.min(window.x + window.width, area.x + area.width) - Math.max(window.x, area.x);
  // The title bar is at the top: that edge must be on the display.
  const top = window.y >= area.y - 8 && window.y + LEAST_VISIBLE.height <= area.y + area.height;
  return across >= LEAST_VISIBLE.width && top;
}

/** What was written last, or null. */
export function readWindowState(file: string): WindowState | null {
  if (!existsSync(file)) return null;
  try {
    return WindowStateSchema.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch (_) {
    return null;
  }
}

/** Whole or not at all. Where the window was is not worth an error: the caller logs one. */
export function writeWindowState(file: string, state: WindowState): void {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  writeFileSync(`${file}.new`, JSON.stringify(state));
  renameSync(`${file}.new`, file);
}
