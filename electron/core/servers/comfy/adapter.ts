/**
 * ServerAdapter for ComfyUI: puts probe, event stream, looks, stops and foreign work together. Reports facts; decides no
 * job's state, keeps nothing on disk, and comes back from nothing by itself (the server link does).
 */
import { AppError } from '../../../../shared/errors.ts';
import { uuidv4 } from '../../../../shared/ids.ts';
import type { OutputRef } from '../../../../shared/job-fact.ts';
import type { CapabilitiesOf } from '../../../../shared/server.ts';
import type { Trace } from '../../net/trace.ts';
import { HttpClient } from '../../net/http-client.ts';
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
import { AnswerTimes } from '../answer-times.ts';
import type { StopPower } from './cancel.ts';
import { StopDesk } from './desk.ts';
import { Endings } from './endings.ts';
import { Evidence } from './evidence.ts';
import { readOutput } from './files.ts';
import { ForeignWatch } from './foreign.ts';
import { ComfyHttp } from './http.ts';
import { Looks } from './look.ts';
import type { Listing } from './look.ts';
import { probeComfy, problemsOf, readMemory } from './probe.ts';
import { Session } from './session.ts';
import { signInHeaders } from './sign-in.ts';
import { Stops } from './stops.ts';
import { sendPrompt } from './submit.ts';
import { Tracks } from './tracks.ts';
import { PATIENT, Watchdog } from './watchdog.ts';
import type { WatchTiming } from './watchdog.ts';
import { Witness } from './witness.ts';

export interface ComfyAdapterOptions {
  readonly trace?: Trace;
  readonly timing?: WatchTiming;
}

const NO_CAPABILITIES: CapabilitiesOf<'comfy'> = {
  kind: 'comfy',
  promptId: false,
  targetedInterrupt: false,
  jobsApi: false,
  jobCancel: false,
  previewMetadata: false,
};
const STATUS_EVERY_MS = 2_000;

export class ComfyAdapter implements ServerAdapter {
  readonly kind = 'comfy';
  readonly #context: AdapterContext;
  readonly #client: HttpClient;
  readonly #http: ComfyHttp;
  readonly #session: Session;
  readonly #tracks: Tracks;
  readonly #endings: Endings;
  readonly #looks: Looks;
  readonly #stops: Stops;
  readonly #foreign: ForeignWatch;
  readonly #watchdog: Watchdog;
  readonly #witness: Witness;
  readonly #evidence: Evidence;
  #capabilities = NO_CAPABILITIES;
  readonly #answers = new AnswerTimes(20);
  #answersToldAt = -Infinity;
  #order: readonly string[] = [];
  /** The witness of the time before this connection, if it was in the history still when this one began. */
  #oldWitness: string | null = null;

  constructor(context: AdapterContext, options: ComfyAdapterOptions = {}) {
    this.#context = context;
    this.#witness = new Witness(context.witness);
    const headers = (): Promise<Record<string, string>> => signInHeaders(context);
    const trace = options.trace === undefined ? {} : { trace: options.trace };
    this.#client = new HttpClient({
      baseUrl: context.server.url,
      credentials: headers,
      onAnswer: (tookMs) => this.#answered(tookMs),
      ...trace,
    });
    this.#http = new ComfyHttp(this.#client);
    this.#tracks = new Tracks(context.sink, (track) => void this.#endings.resolve(track));
    this.#session = new Session({
      url: context.server.url,
      clientId: context.server.clientId,
      headers,
      ...trace,
      onEvent: (event) => {
        this.#tracks.handle(event);
      },
      onStatus: (remaining) => {
        if (remaining !== null) context.sink.status({ queueLength: remaining });
        this.#foreign.poke();
      },
      onEnd: () => {
        for (const track of this.#tracks.all()) track.wake.wake();
      },
    });
    this.#evidence = new Evidence(this.#http, this.#session, this.#witness, context.log);
    const desk = new StopDesk(this.#http);
    const parts = { http: this.#http, session: this.#session, tracks: this.#tracks, witness: this.#witness };
    this.#endings = new Endings({ ...parts, desk, log: context.log });
    this.#looks = new Looks({ ...parts, jobsApi: () => this.#capabilities.jobsApi, endings: this.#endings });
    this.#foreign = new ForeignWatch({
      ...parts,
      adapter: context,
      looks: this.#looks,
      jobsApi: () => this.#capabilities.jobsApi,
      onListing: (listing, askedAt) => {
        this.#listed(listing, askedAt);
      },
    });
    const recycle = (why: string): void => {
      this.recycle(why);
    };
    const seeing = { ...parts, looks: this.#looks, evidence: this.#evidence, recycle };
    this.#watchdog = new Watchdog({
      ...seeing,
      foreign: this.#foreign,
      log: context.log,
      timing: options.timing ?? PATIENT,
      problems: (problems) => {
        context.sink.status({ problems: [...problems, ...problemsOf(this.#capabilities)] });
      },
    });
    this.#stops = new Stops({ ...seeing, desk, power: () => this.#power() });
  }

  async connect(signal: AbortSignal): Promise<Connection> {
    const probe = await probeComfy(this.#http, signal);
    this.#capabilities = probe.capabilities;
    const { lost } = await this.#session.open(signal);
    this.#context.sink.status({
      queueLength: probe.queueLength,
      memory: probe.memory,
      problems: problemsOf(probe.capabilities),
    });
    this.#tracks.reconnected();
    this.#oldWitness = await this.#evidence.renewWitness(AbortSignal.any([signal, this.#session.signal]));
    this.#foreign.attach(this.#session.signal);
    this.#watchdog.attach(this.#session.signal);
    return {
      version: probe.version,
      capabilities: probe.capabilities,
      serverBoot: null,
      lost,
      close: () => this.#session.close(),
    };
  }

  slots(): number {
    return this.#context.server.maxInFlight;
  }

  async leaseKey(): Promise<string> {
    return uuidv4();
  }

  releaseKey(remoteKey: string): void {
    this.#tracks.forget(remoteKey);
  }

  async submit(attempt: SendAttempt): Promise<SubmitResult> {
    if (!this.#session.isOpen) {
      // Without the stream its events would be lost; nothing was sent.
      return {
        result: 'not-sent',
        error: new AppError('server_unreachable', 'the event stream is not open', {
          details: { delivery: 'not-sent' },
        }),
      };
    }
    const track = this.#tracks.follow(attempt.remoteKey);
    const witness = this.#witness.get();
    const result = await sendPrompt(
      this.#http,
      this.#context.server.clientId,
      this.#capabilities,
      attempt,
      track,
      this.#session.signal,
      () => this.#looks.look(track, this.#session.signal),
    );
    if (result.result === 'accepted') {
      track.confirmed = true;
      // As good as a look that says "waiting", but for frames: it was stored after this witness ended.
      track.sighting ??= { connection: -1, frames: 0, witness };
      this.#foreign.poke();
    } else if (result.result !== 'unsure') this.#tracks.forget(attempt.remoteKey);
    return result;
  }

  resume(attempt: AttemptRef): void {
    const track = this.#tracks.follow(attempt.remoteKey);
    // Sent before this connection, and open as far as was known then: it had not ended when that witness had.
    if (this.#oldWitness !== null) track.sighting ??= { connection: -1, frames: 0, witness: this.#oldWitness };
    if (attempt.startedAt !== null) track.startSeen = true;
  }

  async lookup(attempt: AttemptRef, signal: AbortSignal): Promise<LookupResult> {
    const followed = this.#tracks.get(attempt.remoteKey) !== undefined;
    this.resume(attempt);
    const track = this.#tracks.follow(attempt.remoteKey);
    const look = await this.#looks.look(track, signal);
    switch (look.saw) {
      case 'waiting': {
        const place = this.#order.indexOf(track.key);
        return { found: 'waiting', place: place === -1 ? null : place + 1 };
      }
      case 'running':
        return { found: 'running' };
      case 'ended':
        this.#tracks.end(track, look.fact, false);
        this.#witness.set(track.key);
        return { found: 'ended', fact: look.fact };
      case 'absent':
        // A look at a key that is only watched for must not make us follow it for ever.
        if (!followed && attempt.startedAt === null) this.#tracks.forget(track.key);
        return { found: 'absent', sameBoot: (await this.#evidence.witnessStands(track, signal)) ? true : null };
    }
  }

  async stop(attempt: AttemptRef, request: StopRequest): Promise<StopReport> {
    this.resume(attempt);
    return await this.#stops.stop(this.#tracks.follow(attempt.remoteKey), request);
  }

  async stopForeign(remoteKey: string, request: StopRequest): Promise<StopReport> {
    const track = this.#tracks.borrow(remoteKey);
    this.#foreign.setCancelling(remoteKey, true);
    try {
      const report = await this.#stops.stop(track, request);
      if (report.report === 'ended' && report.fact.type === 'stopped') this.#foreign.stoppedByUs(remoteKey);
      return report;
    } finally {
      this.#foreign.setCancelling(remoteKey, false);
    }
  }

  async readOutput(output: OutputRef, signal: AbortSignal): Promise<OutputBody> {
    return await readOutput(this.#http, output, signal);
  }

  async freeMemory(signal: AbortSignal): Promise<void> {
    await this.#http.free(signal);
  }

  async refresh(signal: AbortSignal): Promise<void> {
    const [stats] = await Promise.all([this.#http.systemStats(signal), this.#foreign.refresh()]);
    this.#context.sink.status({ memory: readMemory(stats) });
  }

  async close(): Promise<void> {
    await this.#session.close();
    await this.#client.close();
  }

  recycle(why: string): void {
    this.#context.log.info('the event stream is replaced', { why });
    void this.#session.close();
  }

  #power(): StopPower {
    if (this.#capabilities.jobCancel) return 'job-cancel';
    if (this.#capabilities.targetedInterrupt) return 'targeted';
    return this.#context.server.allowUntargetedInterrupt ? 'untargeted' : 'none';
  }

  #listed(listing: Listing, askedAt: number): void {
    this.#order = listing.waiting;
    for (const [index, key] of listing.waiting.entries()) {
      if (this.#tracks.get(key) !== undefined) this.#context.sink.live(key, { type: 'place', place: index + 1 });
    }
    this.#watchdog.listed(listing, askedAt);
  }

  #answered(tookMs: number): void {
    this.#answers.add(tookMs);
    const now = performance.now();
    if (now - this.#answersToldAt < STATUS_EVERY_MS) return;
    this.#answersToldAt = now;
    this.#context.sink.status({ answersInMs: this.#answers.median() });
  }
}
