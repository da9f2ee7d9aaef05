/**
 * The server's output, temp and input folders, in memory. They outlive a restart of the engine, as a real folder does. Bytes are made on first
 * use, so that a run costs no painting nobody looks at.
 */
import type { FileRef } from './node.ts';

interface StoredFile {
  readonly contentType: string;
  readonly make: () => Uint8Array;
  bytes?: Uint8Array;
}

/** How many made files are kept in memory; older ones are made again when asked for. */
const madeLimit = 48;

const key = (file: FileRef): string => `${file.type}/${file.subfolder}/${file.filename}`;

export class FileStore {
  readonly #files = new Map<string, StoredFile>();
  readonly #counters = new Map<string, number>();
  readonly #made: StoredFile[] = [];

  /** Next free name as ComfyUI makes it: `prefix_00001_.png`; folders in the prefix become the subfolder. */
  next(prefix: string, extension: string, type: 'output' | 'temp'): FileRef {
    const clean = prefix
      .replaceAll('\\', '/')
      .split('/')
      .filter((part) => part !== '' && part !== '..' && part !== '.');
    const name = clean.pop() ?? 'ComfyUI';
    const subfolder = clean.join('/');
    const counterKey = `${type}/${subfolder}/${name}`;
    const count = (this.#counters.get(counterKey) ?? 0) + 1;
    this.#counters.set(counterKey, count);
    return { filename: `${name}_${String(count).padStart(5, '0')}_.${extension}`, subfolder, type };
  }

  put(file: FileRef, contentType: string, make: () => Uint8Array): void {
    this.#files.set(key(file), { contentType, make });
  }

  get(file: FileRef): { contentType: string; bytes: Uint8Array } | undefined {
    const stored = this.#files.get(key(file));
    if (!stored) return undefined;
    if (!stored.bytes) {
      stored.bytes = stored.make();
      this.#made.push(stored);
      if (this.#made.length > madeLimit) delete this.#made.shift()?.bytes;
    }
    return { contentType: stored.contentType, bytes: stored.bytes };
  }
}
