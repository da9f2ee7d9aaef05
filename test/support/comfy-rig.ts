/**
 * A real link and adapter on a ComfyUI (demo engine or a real server), with everything they tell kept for assertions.
 * Stands in for the core: its `reconcile` looks at every open attempt, as recovery does.
 */
import { expect } from 'vitest';
import type {
  AttemptRef,
  ForeignEnded,
  SendAttempt,
  StopReport,
  StopRequest,
  SubmitResult,
} from '../../electron/core/servers/adapter.ts';
import { ComfyAdapter } from '../../electron/core/servers/comfy/adapter.ts';
import type { WatchTiming } from '../../electron/core/servers/comfy/watchdog.ts';
import { ServerLink } from '../../electron/core/servers/link.ts';
import { LogSink } from '../../electron/core/log.ts';
import type { CancelMode } from '../../shared/cancel.ts';
import { newAttemptId, newJobId, newServerId } from '../../shared/ids.ts';
import { uuidv4 } from '../../shared/ids.ts';
import type { ServerFact } from '../../shared/job-fact.ts';
import type { ComfyGraph } from '../../shared/workflow/graph.ts';
import type { Json } from '../../shared/schema.ts';
import type { Credential, ForeignView, ServerStatus } from '../../shared/server.ts';
import type { LiveUpdate } from '../../shared/phase.ts';

export interface RigOptions {
  readonly clientId?: string;
  readonly credential?: Credential | null;
  readonly allowUntargetedInterrupt?: boolean;
  readonly maxInFlight?: number;
  /** Replaces the rig's own reconcile. */
  readonly reconcile?: (rig: ComfyRig, signal: AbortSignal) => Promise<void>;
  readonly timing?: WatchTiming;
  /** What is on disk as witness. */
  readonly witness?: string | null;
}

export interface RigStep {
  step: string;
  route: string | null;
  detail: string | undefined;
}

/** A graph that both the contract and the demo engine take as one of theirs. */
export type TestGraph = Record<
  string,
  { class_type: string; inputs: Record<string, Json>; _meta?: Record<string, Json> }
>;

/** A cooperative sampler and an output node; the seed keeps it out of the server's cache. */
export function sleepGraph(steps: number, ms: number, more: Record<string, number | boolean | string> = {}): TestGraph {
  const seed = Math.floor(Math.random() * 2_000_000_000);
  return {
    '1': { class_type: 'ProbeSleep', inputs: { steps, ms, seed, ...more }, _meta: { title: 'KSampler' } },
    '2': { class_type: 'ProbeOut', inputs: { images: ['1', 0] } },
  };
}

/** One node that never looks for an interrupt, then one that ends the prompt. */
export function stubbornGraph(ms: number): TestGraph {
  const seed = Math.floor(Math.random() * 2_000_000_000);
  return {
    '1': { class_type: 'ProbeBlock', inputs: { ms, seed } },
    '2': { class_type: 'ProbeOut', inputs: { images: ['1', 0] } },
  };
}

/** Waits for a condition, at most `ms`; fails with `what`. */
export async function until<T>(what: string, condition: () => T | undefined | null | false, ms = 30_000): Promise<T> {
  const end = performance.now() + ms;
  for (;;) {
    const value = condition();
    if (value !== undefined && value !== null && value !== false) return value;
    if (performance.now() > end) expect.fail(`waited ${String(ms)} ms for: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

export class ComfyRig {
  readonly link: ServerLink;
  readonly facts: { key: string; fact: ServerFact }[] = [];
  readonly lives: { key: string; update: LiveUpdate }[] = [];
  readonly statuses: ServerStatus[] = [];
  readonly endings: ForeignEnded[] = [];
  readonly sink = new LogSink(null);
  readonly ours = new Set<string>();
  readonly open = new Map<string, AttemptRef>();
  foreign: ForeignView | null = null;
  foreignCalls = 0;
  reconciled = 0;
  witness: string | null;

  constructor(url: string, options: RigOptions = {}) {
    const serverId = newServerId();
    this.witness = options.witness ?? null;
    this.link = new ServerLink({
      server: {
        id: serverId,
        kind: 'comfy',
        name: 'test',
        url,
        clientId: options.clientId ?? uuidv4(),
        maxInFlight: options.maxInFlight ?? 2,
        allowUntargetedInterrupt: options.allowUntargetedInterrupt ?? false,
      },
      makeAdapter: (context) =>
        new ComfyAdapter(context, options.timing === undefined ? {} : { timing: options.timing }),
      hooks: {
        reconcile: async (_id, signal) => {
          await (options.reconcile?.(this, signal) ?? this.lookAtAll(signal));
          this.reconciled += 1;
        },
        onFact: (_id, key, fact) => {
          this.facts.push({ key, fact });
          if (fact.type !== 'accepted' && fact.type !== 'started') this.open.delete(key);
        },
        onLive: (_id, key, update) => this.lives.push({ key, update }),
        onForeign: (_id, view, ended) => {
          this.foreign = view;
          this.foreignCalls += 1;
          this.endings.push(...ended);
        },
        onStatus: (_id, status) => this.statuses.push(status),
        onOnline: () => undefined,
      },
      credential: async () => options.credential ?? null,
      isOurs: (key) => this.ours.has(key),
      witness: {
        get: () => this.witness,
        set: (id) => {
          this.witness = id;
        },
      },
      log: this.sink.log(),
      random: () => 0,
      backoffScale: 0.05,
    });
  }

  static async online(url: string, options: RigOptions = {}): Promise<ComfyRig> {
    const rig = new ComfyRig(url, options);
    rig.link.start();
    await rig.link.whenOnline(AbortSignal.timeout(30_000));
    return rig;
  }

  async lookAtAll(signal: AbortSignal): Promise<void> {
    for (const attempt of [...this.open.values()]) {
      this.link.adapter.resume(attempt);
      const seen = await this.link.adapter.lookup(attempt, signal);
      if (seen.found === 'ended') {
        this.facts.push({ key: attempt.remoteKey, fact: seen.fact });
        this.open.delete(attempt.remoteKey);
      }
    }
  }

  async lease(graph: ComfyGraph, extraData?: Record<string, never>): Promise<SendAttempt> {
    const remoteKey = await this.link.adapter.leaseKey(AbortSignal.timeout(1_000));
    const attempt: SendAttempt = {
      attemptId: newAttemptId(),
      jobId: newJobId(),
      remoteKey,
      startedAt: null,
      serverBoot: null,
      payload: { kind: 'comfy', graph, ...(extraData === undefined ? {} : { extraData }) },
    };
    this.ours.add(remoteKey);
    this.open.set(remoteKey, attempt);
    return attempt;
  }

  async send(graph: ComfyGraph): Promise<{ attempt: SendAttempt; result: SubmitResult }> {
    const attempt = await this.lease(graph);
    return { attempt, result: await this.link.adapter.submit(attempt) };
  }

  /** Sends and expects it to be taken. */
  async submit(graph: ComfyGraph): Promise<SendAttempt> {
    const { attempt, result } = await this.send(graph);
    expect(result).toMatchObject({ result: 'accepted' });
    return attempt;
  }

  request(mode: CancelMode = 'stop', signal = AbortSignal.timeout(30_000)): { request: StopRequest; steps: RigStep[] } {
    const steps: RigStep[] = [];
    return {
      steps,
      request: { mode: () => mode, signal, onStep: (step, route, detail) => steps.push({ step, route, detail }) },
    };
  }

  async stop(attempt: AttemptRef, mode: CancelMode = 'stop'): Promise<StopReport & { steps: RigStep[] }> {
    const { request, steps } = this.request(mode);
    const report = await this.link.adapter.stop(attempt, request);
    if (report.report === 'ended') this.open.delete(attempt.remoteKey);
    return { ...report, steps };
  }

  factsOf(key: string): ServerFact[] {
    return this.facts.filter((entry) => entry.key === key).map((entry) => entry.fact);
  }

  /** The fact of this type about this prompt, once it is there. */
  async heard<Type extends ServerFact['type']>(
    key: string,
    type: Type,
    ms = 30_000,
  ): Promise<Extract<ServerFact, { type: Type }>> {
    return await until(
      `${type} of ${key}`,
      () => this.factsOf(key).find((fact) => fact.type === type) as Extract<ServerFact, { type: Type }> | undefined,
      ms,
    );
  }

  async close(): Promise<void> {
    await this.link.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}
