/** How long a process takes from start to end: wall and processor time. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { monotonic } from '../measure.ts';

export interface ProcessTimes {
  wallMs: number;
  /** User and system together. */
  cpuMs: number;
}

/** Throws when it ends with another code than 0. */
export function runOnce(args: readonly string[], env: NodeJS.ProcessEnv = process.env): ProcessTimes {
  const cpuBefore = childrenCpuMs();
  const began = monotonic();
  const { status, stderr, error } = spawnSync(process.execPath, args, { env, stdio: ['ignore', 'ignore', 'pipe'] });
  const wallMs = monotonic() - began;
  if (status !== 0)
    throw new Error(`${args.join(' ')} ended with ${String(status)}: ${error?.message ?? stderr.toString()}`);
  return { wallMs, cpuMs: childrenCpuMs() - cpuBefore };
}

/** Of all children that have ended; 0 where /proc does not tell (cutime + cstime, fields 16 and 17, in ticks of 10 ms). */
function childrenCpuMs(): number {
  if (process.platform !== 'linux') return 0;
  const fields = readFileSync('/proc/self/stat', 'utf8')
    .replace(/^.*\) /s, '')
    .split(' ');
  return (Number(fields[13]) + Number(fields[14])) * 10;
}

export const nodeOnceMs = (): ProcessTimes => runOnce(['-e', '0']);
