/**
 * Outputs on disk, below one folder: written as tmp → fsync → rename, named, removed. Knows no server and no database;
 * what has no row is swept by sweep.ts.
 */
import { createHash } from 'node:crypto';
import { mkdirSync, rmSync } from 'node:fs';
import { mkdir, open, rename, rm } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { dirname, extname, join } from 'node:path';
import { AppError } from '../../../shared/errors.ts';
import type { OutputRow, StoredFile } from '../db/output-store.ts';
import type { Log } from '../log.ts';
import type { OutputBody } from '../servers/adapter.ts';
import { sniff } from '../sniff.ts';

/** What a file system says when it can't take a file; none of them is the server's fault. */
const NO_PLACE = new Set([
  'ENOSPC',
  'EDQUOT',
  'EACCES',
  'EPERM',
  'EROFS',
  'ENOTDIR',
  'EEXIST',
  'EISDIR',
  'EIO',
  'EMFILE',
  'ENFILE',
  'ENAMETOOLONG',
]);

export class OutputFiles {
  readonly root: string;
  readonly #log: Log;
  readonly #beforeRename: () => void;

  constructor(root: string, log: Log, beforeRename: () => void) {
    this.root = root;
    this.#log = log;
    this.#beforeRename = beforeRename;
    mkdirSync(root, { recursive: true, mode: 0o700 });
  }

  /** Absolute path of a stored output. */
  pathOf(file: string): string {
    return join(this.root, file);
  }

  remove(files: readonly string[]): void {
    for (const file of files) {
      try {
        rmSync(join(this.root, file), { force: true });
      } catch (error) {
        // Its row is gone already: the sweep at the next start takes it.
        this.#log.warn('a file could not be removed yet', { file, error });
      }
    }
  }

  /** Puts what a server sends under its final name, whole or not at all. `createdAt`: of its job. */
  async store(
    row: Pick<OutputRow, 'job_id' | 'ordinal' | 'name'>,
    createdAt: number,
    body: OutputBody,
  ): Promise<StoredFile> {
    const created = new Date(createdAt);
    const month = `${String(created.getFullYear())}-${String(created.getMonth() + 1).padStart(2, '0')}`;
    const file = `${month}/${row.job_id}/${String(row.ordinal).padStart(3, '0')}-${safeName(row.name)}`;
    const path = join(this.root, file);
    const tmp = `${path}.part`;
    try {
      await mkdir(dirname(path), { recursive: true, mode: 0o700 });
      const hash = createHash('sha256');
      const head: Uint8Array[] = [];
      let headBytes = 0;
      let bytes = 0;
      const handle = await open(tmp, 'w', 0o600);
      try {
        for await (const chunk of body.body) {
          await writeAll(handle, chunk);
          hash.update(chunk);
          bytes += chunk.byteLength;
          if (headBytes < 65_536) {
            head.push(chunk);
            headBytes += chunk.byteLength;
          }
        }
        if (body.bytes !== null && body.bytes !== bytes)
          throw new AppError('server_protocol', `the file ended after ${String(bytes)} of ${String(body.bytes)} bytes`);
        await handle.sync();
      } finally {
        await handle.close();
      }
      this.#beforeRename();
      await rename(tmp, path);
      const found = sniff(Buffer.concat(head));
      return {
        file,
        sha256: hash.digest('hex'),
        bytes,
        mime: found?.mime ?? null,
        width: found?.width ?? null,
        height: found?.height ?? null,
      };
    } catch (error) {
      await rm(tmp, { force: true }).catch(() => undefined);
      const code = error instanceof Error && 'code' in error ? error.code : undefined;
      if (typeof code === 'string' && NO_PLACE.has(code))
        throw new AppError('storage', `the file can't be written: ${code}`, { cause: error });
      throw error;
    }
  }
}

/** A single write may take less than it was given, on a disk that is nearly full for one. */
async function writeAll(handle: FileHandle, chunk: Uint8Array): Promise<void> {
  for (let at = 0; at < chunk.byteLength;) at += (await handle.write(chunk, at)).bytesWritten;
}

/** A server's file name as one of ours: no separators, no leading dots, at most 120 characters with its ending kept. */
export function safeName(name: string): string {
  const clean = name
    // eslint-disable-next-line no-control-regex -- control characters are exactly what must not get into a file name
    .replaceAll(/[\u0000-\u001f\u007f<>:"/\\|?*]/g, '_')
    .replace(/^\.+/, '')
    .replace(/[. ]+$/, '');
  if (clean === '') return 'output';
  const ending = extname(clean).slice(0, 12);
  return clean.length <= 120 ? clean : clean.slice(0, 120 - ending.length) + ending;
}
