/**
 * Files below the outputs folder that no row speaks of: half-written ones, and those whose row went before them. Swept
 * once after a start, folder by folder, beside the work: a long history must keep nobody waiting. Knows no database.
 */
import { readdirSync, rmdirSync, rmSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join, sep } from 'node:path';
import type { JobId } from '../../../shared/ids.ts';

export interface SweepPorts {
  /** Files that rows of this job speak of, relative to the root, with slashes. */
  filesOf(jobId: JobId): readonly string[];
  /** Its files are being written right now. */
  isBusy(jobId: JobId): boolean;
  readonly signal: AbortSignal;
}

/** How many went. Files are kept as `<month>/<job>/<file>`. Throws what the file system throws. */
export async function sweepFiles(root: string, ports: SweepPorts): Promise<number> {
  let swept = 0;
  const walk = async (folder: string): Promise<void> => {
    for (const entry of await readdir(join(root, folder), { withFileTypes: true })) {
      if (ports.signal.aborted) return;
      if (entry.isDirectory()) await walk(join(folder, entry.name));
    }
    swept += sweepFolder(root, folder, ports);
  };
  await walk('');
  return swept;
}

/** In one go: nobody can begin to write between the question and the deletion. */
function sweepFolder(root: string, folder: string, ports: SweepPorts): number {
  const [month = '', job] = folder.split(sep);
  const jobId = (job ?? '') as JobId;
  if (ports.signal.aborted || ports.isBusy(jobId)) return 0;
  const known = new Set(ports.filesOf(jobId));
  let swept = 0;
  let kept = 0;
  for (const entry of readdirSync(join(root, folder), { withFileTypes: true })) {
    const file = join(folder, entry.name);
    if (entry.isDirectory() || known.has(file.replaceAll('\\', '/'))) kept += 1;
    else {
      rmSync(join(root, file));
      swept += 1;
    }
  }
  if (kept === 0 && month !== '' && job !== undefined) rmdirSync(join(root, folder));
  return swept;
}
