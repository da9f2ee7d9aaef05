/**
 * The command line as a user has it: `switchyard` as a child process, against a real host as another one, against a fake
 * server in this one. Everything below a temporary directory; `close` leaves nothing running.
 */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensureBuilt } from '../../electron/build.ts';
import { startComfyServer } from '../../electron/demo/comfy/server.ts';
import type { ComfyServerHandle, ComfyServerOptions } from '../../electron/demo/comfy/server.ts';
import { readEndpoint } from '../../electron/host/endpoint-file.ts';
import { root } from '../suites.ts';
import { until } from './until.ts';

export interface CliRun {
  /** Null when a signal ended it. */
  code: number | null;
  stdout: string;
  stderr: string;
}

export interface RunningCli {
  child: ChildProcess;
  /** What it has printed so far. */
  stdout(): string;
  stderr(): string;
  ended: Promise<CliRun>;
}

/** Every step is a process of its own, and the machine may be busy: this only ends a hang. */
const HANGS_MS = 60_000;

/** Whatever JSON holds; the tests compare it at once. */
export type Parsed = ReturnType<typeof JSON.parse>;

export const WORKFLOW = join(root, 'resources', 'workflows', 'text-to-image.json');

/** The bundle as it is installed; built first where it is older than its sources, which in `npm test` it never is. */
export async function builtCli(): Promise<string> {
  await ensureBuilt(['cli']);
  return join(root, 'dist', 'cli', 'switchyard.js');
}

/** No terminal anywhere: stdin is closed, stdout and stderr are pipes, as in a script. */
export function startCli(
  bundle: string,
  words: readonly string[],
  env: Readonly<Record<string, string>> = {},
): RunningCli {
  const child = spawn(process.execPath, [bundle, ...words], {
    env: { ...process.env, SWITCHYARD_DATA: '', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const ended = new Promise<CliRun>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => {
      resolve({ code, stdout, stderr });
    });
  });
  return { child, stdout: () => stdout, stderr: () => stderr, ended };
}

export class CliRig {
  readonly dataDir = mkdtempSync(join(tmpdir(), 'switchyard-cli-'));
  readonly server: ComfyServerHandle;
  #bundle = '';
  #host: ChildProcess | null = null;

  private constructor(server: ComfyServerHandle) {
    this.server = server;
  }

  /** A host that knows one server, called `Studio`. */
  static async open(options: ComfyServerOptions = {}): Promise<CliRig> {
    const rig = new CliRig(await startComfyServer({ stepMs: 10, previews: false, ...options }));
    try {
      await rig.#getReady();
    } catch (error) {
      // A host that came too late would outlive the tests, and its server would keep them from ending.
      await rig.close();
      throw error;
    }
    return rig;
  }

  async #getReady(): Promise<void> {
    this.#bundle = await builtCli();
    await this.startHost();
    const added = await this.run('servers', 'add', this.server.url, '--name', 'Studio');
    if (added.code !== 0) throw new Error(`the server could not be added: ${added.stderr}`);
    await until(
      'the server is online',
      async () => (await this.json('servers', 'list')).data.servers[0].status.contact === 'online',
      HANGS_MS,
    );
  }

  async startHost(): Promise<void> {
    const host = spawn(
      process.execPath,
      [join(root, 'electron', 'host', 'host.ts'), '--no-open', '--port', '0', '--data', this.dataDir],
      { stdio: ['ignore', 'ignore', 'inherit'] },
    );
    this.#host = host;
    await until('the host listens', () => readEndpoint(this.dataDir)?.pid === host.pid, HANGS_MS);
  }

  async stopHost(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    const host = this.#host;
    this.#host = null;
    if (host?.exitCode !== null) return;
    const gone = new Promise((resolve) => host.once('close', resolve));
    host.kill(signal);
    await gone;
  }

  get bundle(): string {
    return this.#bundle;
  }

  start(...words: string[]): RunningCli {
    return startCli(this.#bundle, words, { SWITCHYARD_DATA: this.dataDir });
  }

  run(...words: string[]): Promise<CliRun> {
    return this.start(...words).ended;
  }

  /** With `--json`: its code and the one object on stdout. Throws when there is anything else there. */
  async json(
    ...words: string[]
  ): Promise<{ code: number | null; ok: boolean; data: Parsed; error: Parsed; stderr: string }> {
    const { code, stdout, stderr } = await this.run(...words, '--json');
    return { code, stderr, error: undefined, ...JSON.parse(stdout) };
  }

  /** Queues a job that runs for about a minute unless it is stopped; its id. */
  async submitLong(...words: string[]): Promise<string> {
    const { data, code, stderr } = await this.json(
      'submit',
      WORKFLOW,
      '--set',
      'KSampler.steps=6000',
      '--server',
      'Studio',
      ...words,
    );
    if (code !== 0) throw new Error(stderr);
    return data.jobs[0].id;
  }

  async untilState(id: string, state: string): Promise<void> {
    await until(`job ${id} is ${state}`, async () => (await this.json('job', id)).data.job.state === state, HANGS_MS);
  }

  /** Everything of ours and of others is gone: the next test starts with an empty queue. */
  async clear(): Promise<void> {
    await this.run('cancel', '--all', '--foreign', '-y', '-q');
    await this.run('resume', '-q');
  }

  async close(): Promise<void> {
    await this.stopHost();
    await this.server.close();
    rmSync(this.dataDir, { recursive: true, force: true });
  }
}
