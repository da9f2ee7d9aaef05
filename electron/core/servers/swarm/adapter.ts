/**
 * ServerAdapter for SwarmUI: puts the parts together. Decides no job's state. What each part does: client.ts (the
 * connection), attempts.ts (streams and sessions), stop.ts and cancel.ts (the stop procedure), monitor.ts (what is known by
 * asking), manage.ts (backends, models, other people's work).
 */
import { AppError } from '../../../../shared/errors.ts';
import type { OutputRef } from '../../../../shared/job-fact.ts';
import { Aborted } from '../../../../shared/util/async.ts';
import type {
  AdapterContext,
  AttemptRef,
  Connection,
  LookupResult,
  OutputBody,
  SendAttempt,
  ServerAdapter,
  StopReport,
  StopRequest,
  SubmitResult,
} from '../adapter.ts';
import { Attempts } from './attempts.ts';
import { SwarmClient } from './client.ts';
import { Cooling } from './cooling.ts';
import { SwarmFiles } from './files.ts';
import { stopForeignPrompt } from './foreign-stop.ts';
import { lookupAttempt } from './lookup.ts';
import { SwarmManage } from './manage.ts';
import { Monitor } from './monitor.ts';
import type { EndFact } from './outcome.ts';
import { SessionPool } from './sessions.ts';
import { StopLine } from './stop.ts';
import { StopPorts } from './stop-ports.ts';
import type { Track } from './track.ts';

/** Where the backends may not be seen, one at a time is the only number that is never too many (S14). */
const UNSEEN_SLOTS = 1;

interface Live {
  readonly client: SwarmClient;
  readonly abort: AbortController;
  readonly lost: PromiseWithResolvers<AppError>;
  readonly done: Promise<void>;
}

export class SwarmAdapter implements ServerAdapter {
  readonly kind = 'swarm';
  readonly manage: SwarmManage;
  readonly #context: AdapterContext;
  readonly #files = new SwarmFiles();
  readonly #pool: SessionPool;
  readonly #attempts: Attempts;
  readonly #monitor: Monitor;
  readonly #line: StopLine;
  #live: Live | null = null;
  #epoch = 0;
  readonly #cooling = new Cooling();

  constructor(context: AdapterContext) {
    this.#context = context;
    const lost = (error: AppError): void => {
      this.#lose(error);
    };
    this.#pool = new SessionPool(
      {
        create: async (signal) => (await this.#client().freshSession(signal)).session_id,
        status: async (session, signal) => (await this.#client().api.currentStatus(session, signal)).status,
        interrupt: (session) => this.#client().api.interrupt(session),
        now: () => performance.now(),
      },
      context.log,
    );
    this.#attempts = new Attempts({
      context,
      pool: this.#pool,
      files: this.#files,
      lost,
      client: () => this.#live?.client ?? null,
      sameBoot: (signal) => this.#sameBoot(signal),
      sight: async (signal) => {
        if (this.#live !== null) await this.#monitor.look(this.#live.client, signal);
      },
      ended: (track, fact) => {
        this.#ended(track, fact);
      },
    });
    this.#monitor = new Monitor({
      context,
      lost,
      tracks: () => this.#attempts.all(),
      sweep: () => {
        this.#attempts.sweep();
      },
    });
    this.#line = new StopLine(
      new StopPorts({
        client: () => this.#client(),
        attempts: this.#attempts,
        monitor: this.#monitor,
        lost,
        epoch: () => this.#epoch,
        unsafe: () => this.#live?.client.targeted === false && !context.server.allowUntargetedInterrupt,
        unsettle: (track) => {
          this.#unsettle(track, performance.now());
        },
      }),
    );
    this.manage = new SwarmManage({ client: () => this.#client(), monitor: this.#monitor, log: context.log });
  }

  async connect(signal: AbortSignal): Promise<Connection> {
    await this.#drop();
    const { server, credential } = this.#context;
    const client = await SwarmClient.open(
      {
        url: server.url,
        credential,
        onAnswer: (tookMs) => {
          this.#monitor.answers.add(tookMs);
        },
      },
      signal,
    );
    try {
      this.#monitor.problems = () => [
        ...(client.targeted ? [] : [{ code: 'untargeted', params: {} }]),
        ...(this.#sendingWaits() ? [{ code: 'sending-paused', params: {} }] : []),
      ];
      await this.#monitor.askBackends(client, signal);
    } catch (error) {
      await client.close();
      throw error;
    }
    const abort = new AbortController();
    this.manage.forget();
    this.#epoch += 1;
    const lost = Promise.withResolvers<AppError>();
    const live: Live = { client, abort, lost, done: this.#monitor.run(client, abort.signal) };
    this.#live = live;
    for (const track of this.#attempts.all()) if (track.adrift) this.#attempts.endings.follow(track);
    return {
      version: client.session.version,
      capabilities: client.capabilities(),
      serverBoot: client.boot,
      lost: lost.promise,
      close: async () => {
        if (this.#live === live) await this.#drop();
      },
    };
  }

  slots(): number {
    if (this.#live === null || this.#sendingWaits()) return 0;
    return Math.min(this.#context.server.maxInFlight, this.#monitor.backends.slots() ?? UNSEEN_SLOTS);
  }

  async leaseKey(signal: AbortSignal): Promise<string> {
    const key = await this.#pool.lease(signal);
    this.#attempts.leased(key);
    return key;
  }

  releaseKey(remoteKey: string): void {
    this.#attempts.release(remoteKey);
  }

  async submit(attempt: SendAttempt): Promise<SubmitResult> {
    if (attempt.payload.kind !== 'swarm') {
      return {
        result: 'rejected',
        elsewhere: false,
        error: new AppError('server_rejected', 'a ComfyUI workflow goes to SwarmUI as its parameter comfyworkflowraw'),
      };
    }
    return await this.#attempts.submit(attempt);
  }

  resume(attempt: AttemptRef): void {
    this.#attempts.resume(attempt);
  }

  async lookup(attempt: AttemptRef, signal: AbortSignal): Promise<LookupResult> {
    return await lookupAttempt(
      { client: this.#client(), attempts: this.#attempts, files: this.#files, monitor: this.#monitor },
      attempt,
      signal,
    );
  }

  async stop(attempt: AttemptRef, request: StopRequest): Promise<StopReport> {
    if (this.#live === null) return { report: 'interrupted' };
    const track = this.#attempts.resume(attempt);
    if (track.isOfAnotherBoot(this.#live.client.boot)) {
      // What an external ComfyUI still computes for it is looked for and stopped, now and for a while.
      this.#monitor.isOver(track);
      await this.#monitor.askWork(this.#live.client, request.signal);
      return { report: 'ended', fact: { type: 'vanished', cause: 'server-restarted' } };
    }
    try {
      const report = await this.#line.stop(track, request);
      if (report.report === 'ended') track.told = true;
      return report;
    } finally {
      // Broken off after its end, the end is told as for any other.
      if (track.isOver() && track.stopping === 0 && !track.told) this.#attempts.endings.finish(track);
      this.#attempts.settledDown(track);
    }
  }

  async stopForeign(remoteKey: string, request: StopRequest): Promise<StopReport> {
    return await stopForeignPrompt(this.#client(), this.#monitor, () => this.#attempts.all(), remoteKey, request);
  }

  async readOutput(output: OutputRef, signal: AbortSignal): Promise<OutputBody> {
    return await this.#files.read(this.#live?.client ?? null, output, signal);
  }

  async freeMemory(signal: AbortSignal): Promise<void> {
    await this.manage.freeMemory(signal);
  }

  async refresh(signal: AbortSignal): Promise<void> {
    await this.#monitor.refresh(this.#client(), signal);
  }

  recycle(why: string): void {
    this.#attempts.dropDeaf(why);
  }

  /** Jobs run on at the server; another process, or a later start, finds them by their keys. */
  async close(): Promise<void> {
    await this.#drop();
    this.#attempts.terminateAll();
  }

  /** Numbers for tests and the server page. */
  get sessions(): SessionPool['counts'] {
    return this.#pool.counts;
  }

  #client(): SwarmClient {
    if (this.#live === null)
      throw new AppError('server_unreachable', 'the server is not connected', { details: { delivery: 'not-sent' } });
    return this.#live.client;
  }

  #lose(error: AppError): void {
    const live = this.#live;
    if (live === null) return;
    this.#live = null;
    this.#epoch += 1;
    live.abort.abort(new Aborted('Superseded'));
    this.#attempts.detach();
    live.lost.resolve(error);
    void live.client.close();
  }

  async #drop(): Promise<void> {
    const live = this.#live;
    if (live === null) return;
    this.#lose(new AppError('server_unreachable', 'the connection was closed by us'));
    await live.done;
    await this.#pool.close();
  }

  async #sameBoot(signal: AbortSignal): Promise<boolean> {
    const same = await this.#client().sameBoot(signal, (session) => {
      this.#pool.adopt(session);
    });
    if (!same)
      this.#lose(new AppError('server_unreachable', 'the server was restarted', { details: { restarted: true } }));
    return same;
  }

  #ended(track: Track, fact: EndFact): void {
    const now = performance.now();
    this.#unsettle(track, now);
    if (track.interrupted || fact.type === 'stopped') this.#monitor.isOver(track);
    if (fact.type === 'stopped' && fact.by === 'collateral') {
      this.#cooling.begin(now);
      this.#monitor.tellStatus();
    }
  }

  /** Whether sending waits for a neighbour's trouble to pass. */
  #sendingWaits(): boolean {
    return this.#cooling.lasts(performance.now(), this.#monitor.loading);
  }

  #unsettle(ended: Track, now: number): void {
    if (!ended.heldSlot) return;
    for (const track of this.#attempts.all()) if (track !== ended) track.unsettle(now);
  }
}
