/**
 * A real core on a real data directory against fake servers, driven through the contract's handlers. `open` and `reopen`
 * stand for start and restart; `waitFor` waits for a fact, never for a time.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createCore } from '../../electron/core/core.ts';
import type { Core, CoreOptions } from '../../electron/core/core.ts';
import type { SecretStore } from '../../electron/core/ports.ts';
import { contract } from '../../shared/contract.ts';
import type { CallName, Contract, Events } from '../../shared/contract.ts';
import type { InputOf, OutputOf } from '../../shared/contract-types.ts';
import type { JobId, ServerId } from '../../shared/ids.ts';
import { isTerminal } from '../../shared/job-machine.ts';
import type { JobPatch, JobView } from '../../shared/job.ts';
import type { ComfyGraph } from '../../shared/workflow/graph.ts';
import type { Credential } from '../../shared/server.ts';

/** A secret store in memory: a port's honest implementation, not a mock of a module. */
export function memorySecrets(): SecretStore & { readonly held: Map<string, Credential> } {
  const held = new Map<string, Credential>();
  return {
    held,
    protection: 'none',
    get: (ref) => Promise.resolve(held.get(ref) ?? null),
    set: (ref, credential) => {
      held.set(ref, credential);
      return Promise.resolve();
    },
    delete: (ref) => {
      held.delete(ref);
      return Promise.resolve();
    },
  };
}

export class CoreHarness {
  readonly dataDir: string;
  readonly secrets = memorySecrets();
  readonly revealed: string[] = [];
  #core: Core | null = null;
  readonly #options: Partial<CoreOptions>;
  /** Every event since the core was opened, in order. */
  readonly seen: { [T in keyof Events]: { topic: T; payload: Events[T] } }[keyof Events][] = [];
  readonly #waiting = new Set<() => void>();

  constructor(options: Partial<CoreOptions> = {}) {
    this.dataDir = mkdtempSync(join(tmpdir(), 'switchyard-core-'));
    this.#options = options;
  }

  static async open(options: Partial<CoreOptions> = {}): Promise<CoreHarness> {
    const harness = new CoreHarness(options);
    await harness.start();
    return harness;
  }

  get core(): Core {
    if (this.#core === null) throw new Error('the core is not open');
    return this.#core;
  }

  async start(): Promise<void> {
    this.#core = await createCore({
      dataDir: this.dataDir,
      version: '0.0.0-test',
      host: 'node',
      secrets: this.secrets,
      shell: {
        reveal: (file) => {
          this.revealed.push(file);
          return Promise.resolve();
        },
      },
      logDir: null,
      backoffScale: 0.05,
      timing: { settleWindowMs: 400, settleLooks: 5, absentAgainMs: 100, watchdogMs: 1_000, notSentPauseMs: 50 },
      ...this.#options,
    });
    for (const topic of Object.keys(contract.events) as (keyof Events)[]) {
      this.#core.events.on(topic, (payload) => {
        this.seen.push({ topic, payload } as (typeof this.seen)[number]);
        for (const check of [...this.#waiting]) check();
      });
    }
  }

  async stop(): Promise<void> {
    await this.#core?.close();
    this.#core = null;
  }

  async restart(): Promise<void> {
    await this.stop();
    await this.start();
  }

  async close(): Promise<void> {
    await this.stop();
    rmSync(this.dataDir, { recursive: true, force: true });
  }

  /** A call as a transport makes it: arguments and reply validated. */
  async call<Name extends CallName>(
    name: Name,
    args: InputOf<Contract['calls'][Name]>,
    signal = new AbortController().signal,
  ): Promise<OutputOf<Contract['calls'][Name]>> {
    const spec = contract.calls[name];
    const handler = this.core.handlers[name] as (
      args: unknown,
      context: { signal: AbortSignal; face: 'window' },
    ) => unknown;
    const value = await handler(spec.input.parse(args), { signal, face: 'window' });
    return spec.output.parse(value) as OutputOf<Contract['calls'][Name]>;
  }

  async addServer(
    url: string,
    more: { maxInFlight?: number; name?: string; kind?: 'comfy' | 'swarm' } = {},
  ): Promise<ServerId> {
    const { server } = await this.call('servers.add', { kind: 'comfy', url, ...more });
    await this.waitFor('the server is online', async () => (await this.server(server.id)).status.contact === 'online');
    return server.id;
  }

  async server(id: ServerId): Promise<OutputOf<Contract['calls']['servers.list']>['servers'][number]> {
    const { servers } = await this.call('servers.list', {});
    const found = servers.find((server) => server.id === id);
    if (found === undefined) throw new Error('no such server');
    return found;
  }

  async submit(
    graph: ComfyGraph,
    more: {
      serverId?: ServerId | null;
      patches?: JobPatch[];
      clientToken?: string;
      held?: boolean;
      at?: 'front' | 'end';
    } = {},
  ): Promise<[JobView, ...JobView[]]> {
    const { jobs } = await this.call('jobs.submit', {
      payload: { kind: 'comfy', graph },
      serverId: more.serverId ?? null,
      jobs: (more.patches ?? [{}]).map((patch) => ({ patch })),
      ...(more.clientToken === undefined ? {} : { clientToken: more.clientToken }),
      ...(more.held === undefined ? {} : { held: more.held }),
      ...(more.at === undefined ? {} : { at: more.at }),
    });
    return [nth(jobs, 0), ...jobs.slice(1)];
  }

  async job(id: JobId): Promise<JobView> {
    return (await this.call('jobs.get', { id })).job;
  }

  /** The remote key of a job's newest attempt. */
  async keyOf(id: JobId): Promise<string> {
    const { attempts } = await this.call('jobs.get', { id });
    const last = attempts.at(-1);
    if (last === undefined) throw new Error('never sent');
    return last.remoteKey;
  }

  async waitState(id: JobId, ...states: JobView['state'][]): Promise<JobView> {
    let job = await this.job(id);
    await this.waitFor(`job is ${states.join(' or ')}`, async () => {
      job = await this.job(id);
      if (isTerminal(job.state) && !states.includes(job.state))
        throw new Error(
          `the job is ${job.state}, not ${states.join(' or ')}: ${JSON.stringify(job.error ?? job.cancel?.outcome)}`,
        );
      return states.includes(job.state);
    });
    return job;
  }

  async cancel(...ids: JobId[]): Promise<OutputOf<Contract['calls']['cancel.run']>> {
    return this.call('cancel.run', { scope: { jobs: ids } });
  }

  /** Re-checks at every event of the core and every 10 ms, until the deadline. */
  async waitFor(what: string, condition: () => boolean | Promise<boolean>, deadlineMs = 30_000): Promise<void> {
    const until = performance.now() + deadlineMs;
    for (;;) {
      if (await condition()) return;
      if (performance.now() > until) throw new Error(`waited ${String(deadlineMs)} ms in vain: ${what}`);
      await new Promise<void>((resolve) => {
        const done = (): void => {
          clearTimeout(timer);
          this.#waiting.delete(done);
          resolve();
        };
        const timer = setTimeout(done, 10);
        this.#waiting.add(done);
      });
    }
  }
}

/** The item at an index that must be there. */
export function nth<T>(items: readonly T[], index: number): T {
  const item = items[index];
  if (item === undefined) throw new Error(`there is no item ${String(index)}`);
  return item;
}

let seed = 1;

/** A graph of one cooperative sleep in steps and one output; never the same twice, so that nothing comes from a cache. */
export function sleepGraph(steps: number, ms: number): ComfyGraph {
  seed += 1;
  return {
    '1': { class_type: 'ProbeSleep', inputs: { steps, ms, seed }, _meta: { title: 'KSampler' } },
    '2': { class_type: 'ProbeOut', inputs: { images: ['1', 0] } },
  };
}

/** A small picture: text to latent to a saved file. */
export function pictureGraph(prompt = 'harbour at dawn'): ComfyGraph {
  seed += 1;
  return {
    '1': { class_type: 'CheckpointLoaderSimple', inputs: { ckpt_name: 'dreamscape-xl.safetensors' } },
    '2': { class_type: 'CLIPTextEncode', inputs: { text: prompt, clip: ['1', 1] } },
    '3': { class_type: 'CLIPTextEncode', inputs: { text: 'people', clip: ['1', 1] } },
    '4': { class_type: 'EmptyLatentImage', inputs: { width: 128, height: 96, batch_size: 1 } },
    '5': {
      class_type: 'KSampler',
      inputs: {
        seed,
        steps: 4,
        cfg: 7,
        sampler_name: 'euler',
        scheduler: 'normal',
        denoise: 1,
        model: ['1', 0],
        positive: ['2', 0],
        negative: ['3', 0],
        latent_image: ['4', 0],
      },
    },
    '6': { class_type: 'VAEDecode', inputs: { samples: ['5', 0], vae: ['1', 2] } },
    '7': { class_type: 'SaveImage', inputs: { filename_prefix: 'harbour', images: ['6', 0] } },
  };
}
