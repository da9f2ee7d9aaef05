/**
 * Saved images of the engine: names, folders by date, what `ListImages` and `/View` give back (swarmui §3.5, rec 25),
 * and the metadata text that travels with each image. In memory; survives the engine's restart as files on disk would.
 */
import { crc32 } from 'node:zlib';
import type { JsonObject } from './types.ts';

export interface StoredImage {
  readonly user: string;
  /** below the user's folder, e.g. `raw/2026-11-21/0113002--unknown.png` */
  readonly path: string;
  readonly bytes: Buffer;
  readonly metadata: string;
  readonly atMs: number;
}

/** `2026-11-21`, local time as the server's clock has it */
export function dayOf(now: Date): string {
  return `${String(now.getFullYear())}-${String(now.getMonth() + 1).padStart(2, '0')}-${String(now.getDate()).padStart(2, '0')}`;
}

export class OutputStore {
  readonly #images = new Map<string, StoredImage>();

  /** @returns the path below the user's folder */
  save(user: string, stem: string, prompt: string, model: string, bytes: Buffer, metadata: string, now: Date): string {
    const words = prompt
      .replace(/[^\w ,.-]/g, '')
      .slice(0, 40)
      .trim();
    const base = `raw/${dayOf(now)}/${stem}-${words}-${model}`;
    let path = `${base}.png`;
    for (let n = 1; this.#images.has(`${user}/${path}`); n += 1) path = `${base}-${String(n)}.png`;
    this.#images.set(`${user}/${path}`, {
      user,
      path,
      bytes: withText(bytes, 'parameters', metadata),
      metadata,
      atMs: now.getTime(),
    });
    return path;
  }

  get(user: string, path: string): StoredImage | null {
    return this.#images.get(`${user}/${path}`) ?? null;
  }

  /** As the route `ListImages`: `depth` 1 = the files of `path` itself. Newest first unless reversed; by name likewise descending. */
  list(
    user: string,
    path: string,
    depth: number,
    sortBy: string,
    reverse: boolean,
  ): { folders: string[]; files: { src: string; metadata: string }[] } {
    const prefix = path.replace(/^\/+|\/+$/g, '');
    const below = prefix === '' ? '' : `${prefix}/`;
    const folders = new Set<string>();
    const files: { src: string; metadata: string; atMs: number }[] = [];
    for (const image of this.#images.values()) {
      if (image.user !== user || !image.path.startsWith(below)) continue;
      const src = image.path.slice(below.length);
      const parts = src.split('/');
      for (let n = 1; n < parts.length && n <= depth; n += 1) folders.add(parts.slice(0, n).join('/'));
      if (parts.length <= depth) files.push({ src, metadata: image.metadata, atMs: image.atMs });
    }
    files.reverse();
    if (sortBy === 'Date') files.sort((a, b) => b.atMs - a.atMs);
    else files.sort((a, b) => (a.src < b.src ? 1 : -1));
    if (reverse) files.reverse();
    return { folders: [...folders], files: files.map(({ src, metadata }) => ({ src, metadata })) };
  }
}

/**
 * What SwarmUI does to the values of `extra_metadata`: nested ones become indented text, ISO dates another notation
 * (swarmui §1.3, rec 25).
 */
export function mangleExtra(extra: JsonObject): JsonObject {
  const out: JsonObject = {};
  for (const [key, value] of Object.entries(extra)) {
    if (typeof value === 'object' && value !== null) out[key] = JSON.stringify(value, null, 2);
    else if (typeof value === 'string') out[key] = mangleDate(value);
    else out[key] = value;
  }
  return out;
}

function mangleDate(text: string): string {
  const match = /^(\d{4})-(\d{2})-(\d{2})T(\d{2}:\d{2}:\d{2})(?:\.\d+)?(?:Z|[+-]\d{2}:\d{2})?$/.exec(text);
  return match === null ? text : `${match[2] ?? ''}/${match[3] ?? ''}/${match[1] ?? ''} ${match[4] ?? ''}`;
}

/** Puts a tEXt chunk behind the header of a PNG; leaves anything else as it is. */
function withText(png: Buffer, key: string, text: string): Buffer {
  if (png.length < 33 || png.readUInt32BE(0) !== 0x89504e47) return png;
  const data = Buffer.concat([Buffer.from(`tEXt${key}\0`, 'latin1'), Buffer.from(text, 'utf8')]);
  const chunk = Buffer.alloc(data.length + 8);
  chunk.writeUInt32BE(data.length - 4, 0);
  data.copy(chunk, 4);
  chunk.writeUInt32BE(crc32(data), data.length + 4);
  return Buffer.concat([png.subarray(0, 33), chunk, png.subarray(33)]);
}
