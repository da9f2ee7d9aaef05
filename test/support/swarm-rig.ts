/**
 * A real link and adapter on a SwarmUI (demo engine or a real server), with everything they tell kept for assertions.
 * Stands in for the core: it leases and sends, looks at open attempts on every new connection, gives keys back.
 */
import { LogSink } from '../../electron/core/log.ts';
import type {
  AttemptRef,
  ForeignEnded,
  LookupResult,
  SendAttempt,
  StopReport,
  SubmitResult,
} from '../../electron/core/servers/adapter.ts';
import { ServerLink } from '../../electron/core/servers/link.ts';
import { SwarmAdapter } from '../../electron/core/servers/swarm/adapter.ts';
import type { CancelMode } from '../../shared/cancel.ts';
import { newAttemptId, newJobId, newServerId, uuidv4 } from '../../shared/ids.ts';
import type { OutputRef, ServerFact } from '../../shared/job-fact.ts';
import type { JobPayload } from '../../shared/job.ts';
import type { Credential, ForeignView, ServerStatus } from '../../shared/server.ts';
import type { LiveUpdate } from '../../shared/phase.ts';
import { until } from './until.ts';

export interface SwarmRigOptions {
  readonly credential?: Credential | null;
  readonly allowUntargetedInterrupt?: boolean;
  readonly maxInFlight?: number;
  /** Starts at once; default true. */
  readonly start?: boolean;
}

export interface Step {
  readonly step: string;
  readonly route: string | null;
  readonly detail: string | undefined;
}

/** A raw graph of one cooperative sampler; `more` are its further inputs. */
export function probeParams(
  steps: number,
  ms: number,
  more: Record<string, unknown> = {},
  params: Record<string, unknown> = {},
): Extract<JobPayload, { kind: 'swarm' }>['params'] {
  const seed = Math.floor(Math.random() * 2_000_000_000);
  const graph = {
    '9': { class_type: 'SwarmSaveImageWS', inputs: { images: ['10', 0] } },
    '10': { class_type: 'ProbeSleep', inputs: { steps, ms, ...more, seed: 'SEED' } },
  };
  // SwarmUI fills in the seed, another one for each image: what ComfyUI has computed before it would not compute again.
  return { prompt: 'probe', seed, comfyworkflowraw: JSON.stringify(graph).replace('"SEED"', '${seed}'), ...params };
}

/** One attempt of the rig. */
export class RigJob {
  readonly attempt: SendAttempt;
  readonly submitted: Promise<SubmitResult>;
  readonly steps: Step[] = [];
  readonly facts: ServerFact[] = [];
  readonly lives: LiveUpdate[] = [];

  constructor(attempt: SendAttempt, submitted: Promise<SubmitResult>) {
    this.attempt = attempt;
    this.submitted = submitted;
  }

  get key(): string {
    return this.attempt.remoteKey;
  }
  /** As the core would hand it over later. */
  ref(serverBoot: string | null): AttemptRef {
    const { attemptId, jobId, remoteKey } = this.attempt;
    return { attemptId, jobId, remoteKey, serverBoot, startedAt: this.started ? Date.now() : null };
  }
  get started(): boolean {
    return this.facts.some((fact) => fact.type === 'started');
  }
  end(): ServerFact | undefined {
    return this.facts.find(
      (fact) =>
        fact.type === 'finished' ||
        fact.type === 'stopped' ||
        fact.type === 'executionFailed' ||
        fact.type === 'vanished',
    );
  }
}

export class SwarmRig {
  readonly link: ServerLink;
  /** By session: a session is used again, so the newest of each. `all` has every one. */
  readonly jobs = new Map<string, RigJob>();
  readonly all: RigJob[] = [];
  readonly statuses: ServerStatus[] = [];
  readonly endings: ForeignEnded[] = [];
  readonly sink = new LogSink(null);
  readonly open = new Set<string>();
  foreign: ForeignView | null = null;
  readonly lookups = new Map<string, LookupResult>();
  #adapter: SwarmAdapter | null = null;

  constructor(url: string, options: SwarmRigOptions = {}) {
    this.link = new ServerLink({
      server: {
        id: newServerId(),
        kind: 'swarm',
        name: 'test',
        url,
        clientId: uuidv4(),
        maxInFlight: options.maxInFlight ?? 8,
        allowUntargetedInterrupt: options.allowUntargetedInterrupt ?? false,
      },
      makeAdapter: (context) => {
        this.#adapter = new SwarmAdapter(context);
        return this.#adapter;
      },
      hooks: {
        reconcile: async (_id, signal) => {
          for (const job of this.jobs.values()) {
            if (!this.open.has(job.key)) continue;
            this.adapter.resume(job.ref(this.boot(job)));
            const found = await this.adapter.lookup(job.ref(this.boot(job)), signal);
            this.lookups.set(job.key, found);
            if (found.found === 'ended') this.#fact(job.key, found.fact);
          }
        },
        onFact: (_id, key, fact) => {
          this.#fact(key, fact);
        },
        onLive: (_id, key, update) => this.jobs.get(key)?.lives.push(update),
        onForeign: (_id, view, ended) => {
          this.foreign = view;
          this.endings.push(...ended);
        },
        onStatus: (_id, status) => this.statuses.push(status),
        onOnline: () => undefined,
      },
      credential: () => Promise.resolve(options.credential ?? null),
      isOurs: (key) => this.open.has(key),
      witness: { get: () => null, set: () => undefined },
      log: this.sink.log(),
      random: () => 0,
      backoffScale: 0.05,
    });
    if (options.start !== false) this.link.start();
  }

  readonly #boots = new Map<string, string | null>();
  boot(job: RigJob): string | null {
    return this.#boots.get(job.key) ?? null;
  }

  get adapter(): SwarmAdapter {
    if (this.#adapter === null) throw new Error('no adapter');
    return this.#adapter;
  }

  #fact(key: string, fact: ServerFact): void {
    this.jobs.get(key)?.facts.push(fact);
    if (fact.type === 'started' || fact.type === 'accepted') return;
    this.open.delete(key);
    this.adapter.releaseKey(key);
  }

  async online(): Promise<this> {
    await this.link.whenOnline(AbortSignal.timeout(30_000));
    return this;
  }

  async send(params: Extract<JobPayload, { kind: 'swarm' }>['params'], images = 1): Promise<RigJob> {
    const remoteKey = await this.adapter.leaseKey(AbortSignal.timeout(30_000));
    const attempt: SendAttempt = {
      attemptId: newAttemptId(),
      jobId: newJobId(),
      remoteKey,
      startedAt: null,
      serverBoot: null,
      payload: { kind: 'swarm', images, params },
    };
    this.open.add(remoteKey);
    const submitted = this.adapter.submit(attempt).then((result) => {
      if (result.result === 'accepted') this.#boots.set(remoteKey, this.link.serverBoot);
      else if (result.result !== 'unsure') this.open.delete(remoteKey);
      return result;
    });
    const job = new RigJob(attempt, submitted);
    this.jobs.set(remoteKey, job);
    this.all.push(job);
    return job;
  }

  async accepted(job: RigJob): Promise<RigJob> {
    const result = await job.submitted;
    if (result.result !== 'accepted') throw new Error(`not accepted: ${JSON.stringify(result)}`);
    return job;
  }

  async running(job: RigJob): Promise<RigJob> {
    await until('it runs', () => job.started);
    return job;
  }

  async ended(job: RigJob, ms = 30_000): Promise<ServerFact> {
    await until('it ends', () => job.end() !== undefined, ms);
    const end = job.end();
    if (end === undefined) throw new Error('no end');
    return end;
  }

  async stop(
    job: RigJob,
    mode: CancelMode | (() => CancelMode) = 'stop',
    signal: AbortSignal = new AbortController().signal,
  ): Promise<StopReport> {
    const report = await this.adapter.stop(job.ref(this.boot(job)), {
      mode: typeof mode === 'string' ? () => mode : mode,
      signal,
      onStep: (step, route, detail) => job.steps.push({ step, route, detail }),
    });
    if (report.report === 'ended') this.#fact(job.key, report.fact);
    if (report.report === 'started') job.facts.push({ type: 'started' });
    return report;
  }

  async read(output: OutputRef): Promise<{ mime: string | null; bytes: number }> {
    const answer = await this.adapter.readOutput(output, AbortSignal.timeout(20_000));
    let bytes = 0;
    for await (const chunk of answer.body) bytes += chunk.byteLength;
    return { mime: answer.mime, bytes };
  }

  async close(): Promise<void> {
    await this.link.close();
  }
}
