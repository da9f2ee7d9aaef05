/**
 * `node test/packed-smoke.ts PLACE`, a program or the folder electron-builder wrote: starts what is shipped as a user would, with
 * demo servers and a data folder of its own, waits until its window's page talks to its core and a job runs, and sends a SIGTERM:
 * it must end by itself, without a question, and leave neither its discovery file nor its socket behind. For programs that no
 * debugger can be tied to.
 */
import '../electron/node-gate.ts';
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { hostLink } from '../electron/cli/host-link.ts';
import { endpointFile } from '../electron/host/endpoint-file.ts';
import { findRunningHost } from '../electron/host/endpoint.ts';
import type { RunningHost } from '../electron/host/endpoint.ts';
import { until } from './support/until.ts';

const START_MS = 60_000;
const END_MS = 20_000;

export interface SmokeOptions {
  /** False where Electron is played: no page is there to connect. */
  page?: boolean;
  env?: NodeJS.ProcessEnv;
}

/** Resolves to what was seen, a sentence each. @throws Error with the program's output when something is not as it must be */
export async function smoke(program: string, words: readonly string[], options: SmokeOptions = {}): Promise<string[]> {
  const { page = true, env: given = process.env } = options;
  const folder = mkdtempSync(join(tmpdir(), 'switchyard-smoke-'));
  const data = join(folder, 'demo');
  // Left in the environment it makes Electron plain Node, which knows no window.
  const { ELECTRON_RUN_AS_NODE: _, ...env } = given;
  const child = spawn(program, [...words, '--demo', '--data', folder], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  const now: { output: string; ended: string | null; pid: number | null } = { output: '', ended: null, pid: null };
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (part: Buffer) => (now.output += part.toString()));
  child.once('error', (error) => (now.ended = error.message));
  // Not `close`: what it started may hold its output open.
  child.once('exit', (code, signal) => (now.ended = String(signal ?? code)));
  const alive = (): void => {
    if (now.ended !== null) throw new Error(`it ended with ${now.ended}`);
  };
  const seen: string[] = [];
  try {
    const { pid, socketPath } = await found(data, page, alive);
    now.pid = pid;
    seen.push(`process ${String(pid)} answers, ${page ? 'its window is there' : 'without a page'}`);
    const link = hostLink(data, () => undefined, AbortSignal.timeout(START_MS));
    await until('a job runs', async () => (alive(), (await link.call('queue.summary', {})).running > 0), START_MS);
    await link.close();
    seen.push('a job runs');
    if (process.platform === 'win32') return [...seen, 'Windows has no SIGTERM: its end was not looked at'];
    process.kill(pid, 'SIGTERM');
    await until('it has ended', () => now.ended !== null, END_MS);
    if (now.ended !== '0') throw new Error(`it ended with ${String(now.ended)} after SIGTERM`);
    if (existsSync(endpointFile(data))) throw new Error('its discovery file is still there');
    if (existsSync(socketPath)) throw new Error('its socket is still there');
    return [...seen, 'SIGTERM ended it without a question, and in order'];
  } catch (error) {
    const what = error instanceof Error ? error.message : String(error);
    throw new Error([what, ...seen, now.output].join('\n'), { cause: error });
  } finally {
    // An AppImage is a process of its own around the app's.
    const { pid } = now;
    if (pid !== null && now.ended === null) afterwards(() => process.kill(pid, 'SIGKILL'));
    child.kill('SIGKILL');
    afterwards(() => {
      rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 });
    });
  }
}

/** The verdict is known by then: what is gone already, or held by a process that is about to go, changes nothing of it. */
function afterwards(run: () => void): void {
  try {
    run();
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
  }
}

/** Where it listens, once its page has connected too, if there is to be one. */
async function found(dataDir: string, page: boolean, alive: () => void): Promise<RunningHost['endpoint']> {
  const seen: RunningHost[] = [];
  await until(
    page ? 'its window talks to its core' : 'it can be found',
    async () => {
      alive();
      const host = await findRunningHost(dataDir);
      if (host !== null && (!page || host.windows > 0)) seen.push(host);
      return seen.length > 0;
    },
    START_MS,
  );
  const [host] = seen;
  if (host === undefined) throw new Error('unreachable');
  return host.endpoint;
}

/** The program inside an unpacked build, or undefined. */
export function packedProgram(folder: string): string | undefined {
  if (!existsSync(folder)) return undefined;
  const names = readdirSync(folder);
  const unpacked = names.find((name) => /unpacked$|^mac/.test(name));
  const places = [['switchyard'], ['Switchyard.exe'], ['Switchyard.app', 'Contents', 'MacOS', 'Switchyard']];
  return unpacked === undefined
    ? undefined
    : places.map((place) => join(folder, unpacked, ...place)).find((path) => existsSync(path));
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const place = process.argv[2] === undefined ? undefined : resolve(process.argv[2]);
  const isFolder = place !== undefined && statSync(place, { throwIfNoEntry: false })?.isDirectory() === true;
  const program = isFolder ? packedProgram(place) : place;
  if (program === undefined) {
    console.error(`No packed app in ${String(place)}. Usage: node test/packed-smoke.ts PLACE`);
    process.exit(2);
  }
  console.log(program);
  for (const line of await smoke(program, [])) console.log(line);
}
