/**
 * The built host as a process, and a client on it as the window has one: over its WebSocket. Follows jobs by their events,
 * each with the time it arrived here.
 */
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readEndpoint } from '../../../electron/host/endpoint-file.ts';
import { connectToHost } from '../../support/connect-host.ts';
import type { JobId, ServerId } from '../../../shared/ids.ts';
import type { JobPatch, JobPayload, JobView } from '../../../shared/job.ts';
import { createClient } from '../../../shared/rpc/client.ts';
import type { Client } from '../../../shared/rpc/client.ts';
import { root } from '../../suites.ts';
import { until } from '../../support/until.ts';
import { monotonic } from '../measure.ts';
import { atEnd } from './ends.ts';

export const hostScript = join(root, 'dist', 'host', 'host.js');

export interface HostProcess {
  readonly pid: number;
  readonly dataDir: string;
  readonly url: string;
  readonly token: string;
  /** From before it was started until it said where it is. */
  readonly startedInMs: number;
  /** What `--perf` printed. */
  readonly perf: { coreMs: number; listeningMs: number; rssMiB: number };
  /** An address that opens the window once. */
  readonly launchUrl: string;
  close(): Promise<void>;
}

export function tempDirectory(): string {
  const path = mkdtempSync(join(tmpdir(), 'switchyard-bench-'));
  atEnd(() => {
    rmSync(path, { recursive: true, force: true });
  });
  return path;
}

/** Starts `dist/host/host.js`, which `npm run bench` has built. */
export async function startHost(dataDir = tempDirectory()): Promise<HostProcess> {
  if (!existsSync(hostScript)) throw new Error('the host is not built: npm run build');
  const began = monotonic();
  const child = spawn(process.execPath, [hostScript, '--data', dataDir, '--port', '0', '--no-open', '--perf'], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let out = '';
  let err = '';
  const listening = { afterMs: Infinity };
  child.stdout.on('data', (part: Buffer) => {
    out += part.toString();
    if (listening.afterMs === Infinity && out.includes('/launch?code=')) listening.afterMs = monotonic() - began;
  });
  child.stderr.on('data', (part: Buffer) => (err += part.toString()));
  const ended = new Promise<void>((resolve) => {
    child.once('close', () => {
      resolve();
    });
  });
  const close = atEnd(async () => {
    if (child.exitCode !== null) return;
    child.kill('SIGTERM');
    const hard = setTimeout(() => child.kill('SIGKILL'), 10_000);
    await ended;
    clearTimeout(hard);
  });
  await until(
    `the host listens: ${err}`,
    () => {
      if (child.exitCode !== null) throw new Error(`the host ended with ${String(child.exitCode)}: ${err}`);
      return listening.afterMs !== Infinity && err.includes('}');
    },
    60_000,
  );
  const endpoint = readEndpoint(dataDir);
  if (typeof endpoint?.url !== 'string') throw new Error('the host left no endpoint');
  const perfLine = err.split('\n').find((line) => line.startsWith('{')) ?? '{}';
  return {
    pid: child.pid ?? 0,
    dataDir,
    url: endpoint.url,
    token: readFileSync(endpoint.tokenFile, 'utf8').trim(),
    startedInMs: listening.afterMs,
    perf: JSON.parse(perfLine) as HostProcess['perf'],
    launchUrl: /http:\S+\/launch\?code=\S+/.exec(out)?.[0] ?? '',
    close,
  };
}

/** A client of the host over TCP, with every job it hears of. */
export class HostClient {
  readonly client: Client;
  readonly jobs = new Map<JobId, JobView>();
  readonly #listeners = new Set<(job: JobView, atMs: number) => void>();

  constructor(client: Client) {
    this.client = client;
    client.watch(['job.changed'], ({ payload }) => {
      const at = monotonic();
      this.jobs.set(payload.id, payload);
      for (const listener of [...this.#listeners]) listener(payload, at);
    });
  }

  static async connect(host: HostProcess): Promise<HostClient> {
    const client = createClient(await connectToHost({ url: host.url, token: host.token }));
    atEnd(() => {
      client.close();
    });
    await client.hello;
    return new HostClient(client);
  }

  get api(): Client['api'] {
    return this.client.api;
  }

  onJob(listener: (job: JobView, atMs: number) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** Resolves with the time of the first event, from now on, that shows a job as wanted; rejects after `deadlineMs`. */
  event(what: string, wanted: (job: JobView) => boolean, deadlineMs = 30_000): Promise<{ job: JobView; atMs: number }> {
    return new Promise((resolve, reject) => {
      const done = this.onJob((job, atMs) => {
        if (!wanted(job)) return;
        clearTimeout(timer);
        done();
        resolve({ job, atMs });
      });
      const timer = setTimeout(() => {
        done();
        reject(new Error(`never happened: ${what}`));
      }, deadlineMs);
    });
  }

  /** As `event`, but content with what is known already. */
  async state(id: JobId, ...states: JobView['state'][]): Promise<JobView> {
    const known = this.jobs.get(id);
    if (known !== undefined && states.includes(known.state)) return known;
    return (await this.event(`job is ${states.join(' or ')}`, (job) => job.id === id && states.includes(job.state)))
      .job;
  }

  async addServer(url: string, more: { kind?: 'comfy' | 'swarm'; maxInFlight?: number } = {}): Promise<ServerId> {
    const { server } = await this.api.servers.add({ kind: 'comfy', url, ...more });
    await until(
      'the server is online',
      async () =>
        (await this.api.servers.list({})).servers.find((one) => one.id === server.id)?.status.contact === 'online',
      20_000,
    );
    return server.id;
  }

  async submit(
    payload: JobPayload,
    more: { serverId?: ServerId; patches?: JobPatch[]; held?: boolean } = {},
  ): Promise<JobId[]> {
    const { jobs } = await this.api.jobs.submit({
      payload,
      serverId: more.serverId ?? null,
      jobs: (more.patches ?? [{}]).map((patch) => ({ patch })),
      ...(more.held === undefined ? {} : { held: more.held }),
    });
    return jobs.map((job) => job.id);
  }

  /** The remote key of a job's newest attempt. */
  async keyOf(id: JobId): Promise<{ key: string; attemptId: string }> {
    const last = (await this.api.jobs.get({ id })).attempts.at(-1);
    if (last === undefined) throw new Error('it was never sent');
    return { key: last.remoteKey, attemptId: last.id };
  }
}
