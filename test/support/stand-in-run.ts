/** Starts the built desktop entry in the stand-in of Electron's program, and reads what it reports. Ends it when disposed. */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../suites.ts';
import type { StandIn } from '../fakes/electron/run.ts';

export const STAND_IN = join(root, 'test/fakes/electron/run.ts');
export const BUILT_MAIN = join(root, 'dist/desktop/main.js');

export interface StandInRun extends AsyncDisposable {
  child: ChildProcess;
  /** What happened so far, in its order. */
  report: () => string[];
  output: () => string;
  ended: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
}

/** `folder`: where the report goes, and with it all the entry writes unless `words` say otherwise. */
export function runStandIn(
  folder: string,
  words: readonly string[],
  standIn: StandIn = {},
  main = BUILT_MAIN,
): StandInRun {
  const file = join(folder, 'report');
  const { ELECTRON_RUN_AS_NODE: _, ...env } = process.env;
  const child = spawn(process.execPath, [STAND_IN, main, ...words], {
    cwd: folder,
    env: { ...env, STAND_IN: JSON.stringify(standIn), STAND_IN_REPORT: file },
    stdio: ['ignore', 'pipe', 'pipe'],
    // Ends a hang, so that a test which fails by one leaves nothing running.
    timeout: 60_000,
    killSignal: 'SIGKILL',
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (part: Buffer) => (output += part.toString()));
  const ended = new Promise<Awaited<StandInRun['ended']>>((resolve) =>
    child.once('close', (code, signal) => {
      resolve({ code, signal });
    }),
  );
  return {
    child,
    report: () => (existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n') : []),
    output: () => output,
    ended,
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL');
      await ended;
    },
  };
}
