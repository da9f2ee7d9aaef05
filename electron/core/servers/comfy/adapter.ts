/**
 * ServerAdapter for ComfyUI: puts probe, event stream, looks, stops and foreign work together. Reports facts; decides no
 * job's state, keeps nothing on disk, and comes back from nothing by itself (the server link does).
 */
import { AppError } from '../../../../shared/errors.ts';
import { uuidv4 } from '../../../../shared/ids.ts';
import type { OutputRef } from '../../../../shared/job-fact.ts';
import type { Capabilities } from '../../../../shared/server.ts';
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
import { median } from '../median.ts';
import type { StopPower } from './cancel.ts';
import { StopDesk } from './desk.ts';
import { Evidence, FENCE_MS } from './evidence.ts';
import { ForeignWatch } from './foreign.ts';
import { ComfyHttp } from './http.ts';
import { Looks } from './look.ts';
import type { Listing } from './look.ts';
import { endedFact, fileOf, readEnded, readHeard } from './outcome.ts';
import type { Ended, EndedFact } from './outcome.ts';
import { probeComfy, readMemory } from './probe.ts';
import { Session } from './session.ts';
import { signInHeaders } from './sign-in.ts';
import { runStop } from './stop.ts';
import type { StopPort } from './stop.ts';
import { sendPrompt } from './submit.ts';
import { Tracks } from './tracks.ts';
import type { Track } from './tracks.ts';
import { PATIENT, Watchdog } from './watchdog.ts';
import type { WatchTiming } from './watchdog.ts';
import { Witness } from './witness.ts';

export interface ComfyAdapterOptions {
  readonly trace?: Trace;
  /** Monotonic clock, ms. */
  readonly now?: () => number;
  readonly timing?: WatchTiming;
}

const NO_CAPABILITIES: Capabilities = {
  promptId: false,
  targetedInterrupt: false,
  jobsApi: false,
  jobCancel: false,
  previewMetadata: false,
  permissions: [],
  passthrough: false,
};
const STATUS_EVERY_MS = 2_000;
const ANSWERS_KEPT = 20;

export class ComfyAdapter implements ServerAdapter {
  readonly kind = 'comfy';
  readonly #context: AdapterContext;
  readonly #client: HttpClient;
  readonly #http: ComfyHttp;
  readonly #session: Session;
  readonly #tracks: Tracks;
  readonly #looks: Looks;
  readonly #desk: StopDesk;
  readonly #foreign: ForeignWatch;
  readonly #watchdog: Watchdog;
  readonly #now: () => number;
  readonly #witness: Witness;
  readonly #evidence: Evidence;
  #capabilities = NO_CAPABILITIES;
  #answers: number[] = [];
  #answersToldAt = -Infinity;
  readonly #unknownFrames = new Map<string, number>();
  #order: readonly string[] = [];
  /** The witness of the time before this connection, if it was in the history still when this one began. */
  #oldWitness: string | null = null;

  constructor(context: AdapterContext, options: ComfyAdapterOptions = {}) {
    this.#context = context;
    this.#now = options.now ?? (() => performance.now());
    this.#witness = new Witness(context.witness, this.#now);
    const headers = (): Promise<Record<string, string>> => signInHeaders(context);
    const trace = options.trace === undefined ? {} : { trace: options.trace };
    this.#client = new HttpClient({
      baseUrl: context.server.url,
      credentials: headers,
      onAnswer: (tookMs) => this.#answered(tookMs),
      ...trace,
    });
    this.#http = new ComfyHttp(this.#client);
    this.#tracks = new Tracks({
      fact: (key, fact) => {
        context.sink.fact(key, fact);
      },
      live: (key, update) => {
        context.sink.live(key, update);
      },
      onOver: (track) => void this.#resolveEnd(track),
      now: this.#now,
    });
    this.#session = new Session({
      url: context.server.url,
      clientId: context.server.clientId,
      headers,
      ...trace,
      onEvent: (event) => {
        if (event.type === 'unknown')
          this.#unknownFrames.set(event.name, (this.#unknownFrames.get(event.name) ?? 0) + 1);
        else this.#tracks.handle(event);
      },
      onStatus: (remaining) => {
        if (remaining !== null) context.sink.status({ queueLength: remaining });
        this.#foreign.poke();
      },
      onEnd: () => {
        for (const track of this.#tracks.all()) track.wake.wake();
      },
    });
    this.#evidence = new Evidence(this.#http, this.#session, this.#witness);
    this.#looks = new Looks({
      http: this.#http,
      jobsApi: () => this.#capabilities.jobsApi,
      connection: () => this.#session,
      witness: () => this.#witness.get(),
      started: (track) => {
        this.#tracks.started(track);
      },
      fact: (track, ended) => this.#fact(track, ended),
    });
    this.#desk = new StopDesk(this.#http, this.#now);
    this.#foreign = new ForeignWatch({
      serverId: context.server.id,
      http: this.#http,
      sink: context.sink,
      now: this.#now,
      list: (signal) => this.#looks.list(signal),
      isOurs: (key) => context.isOurs(key) || this.#tracks.wasOurs(key),
      jobsApi: () => this.#capabilities.jobsApi,
      onListing: (listing, askedAt) => this.#listed(listing, askedAt),
      onEnded: (key) => {
        this.#witness.set(key);
      },
      onError: (error) => {
        context.log.debug('foreign work could not be listed', { error });
      },
    });
    this.#watchdog = new Watchdog({
      http: this.#http,
      session: this.#session,
      tracks: this.#tracks,
      looks: this.#looks,
      now: this.#now,
      log: context.log,
      timing: options.timing ?? PATIENT,
      provesRemoval: (track, signal) => this.#evidence.provesRemoval(track, signal),
      problems: (problems) => {
        context.sink.status({ problems: [...problems, ...this.#standingProblems()] });
      },
      poke: () => {
        this.#foreign.poke();
      },
      recycle: (why) => {
        this.recycle(why);
      },
    });
  }

  async connect(signal: AbortSignal): Promise<Connection> {
    const probe = await probeComfy(this.#http, signal);
    this.#capabilities = probe.capabilities;
    const { lost } = await this.#session.open(signal);
    this.#context.sink.status({
      queueLength: probe.queueLength,
      memory: probe.memory,
      problems: this.#standingProblems(),
    });
    this.#tracks.reconnected();
    this.#oldWitness = await this.#renewWitness(AbortSignal.any([signal, this.#session.signal]));
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
    return await this.#stop(this.#tracks.follow(attempt.remoteKey), request);
  }

  async stopForeign(remoteKey: string, request: StopRequest): Promise<StopReport> {
    const track = this.#tracks.borrow(remoteKey);
    this.#foreign.setCancelling(remoteKey, true);
    try {
      const report = await this.#stop(track, request);
      if (report.report === 'ended' && report.fact.type === 'stopped') this.#foreign.stoppedByUs(remoteKey);
      return report;
    } finally {
      this.#foreign.setCancelling(remoteKey, false);
    }
  }

  async readOutput(output: OutputRef, signal: AbortSignal): Promise<OutputBody> {
    const answer = await this.#http.view(fileOf(output), signal);
    if (answer.status === 200)
      return { mime: answer.contentType === '' ? null : answer.contentType, bytes: answer.bytes, body: answer.body };
    for await (const _chunk of answer.body); // Read to its end, so that the connection can be used again.
    const gone = answer.status === 404 || answer.status === 400 || answer.status === 410;
    throw new AppError(
      gone ? 'outputs_unavailable' : 'server_protocol',
      `the file is answered with ${String(answer.status)}`,
      { details: { status: answer.status, name: output.name } },
    );
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
    this.#session.drop(why);
  }

  async #stop(track: Track, request: StopRequest): Promise<StopReport> {
    track.stopping += 1;
    try {
      const report = await runStop(track, this.#stopPort(track), request);
      if (report.report === 'ended') {
        this.#tracks.end(track, report.fact, false);
        if (report.fact.type !== 'vanished' && !(report.fact.type === 'stopped' && report.fact.reach === 'waiting'))
          this.#witness.set(track.key);
      }
      return report;
    } finally {
      track.stopping -= 1;
    }
  }

  #stopPort(track: Track): StopPort {
    const session = this.#session;
    return {
      epoch: () => session.epoch,
      power: () => this.#power(),
      look: (signal) => this.#looks.look(track, signal),
      frameSinceWaiting: () => this.#evidence.frameSinceWaiting(track),
      fence: () => session.fence(FENCE_MS),
      witnessStands: (signal) => this.#evidence.witnessStands(track, signal),
      delete: (signal) => this.#desk.delete(track.key, signal, session.signal),
      interrupt: (signal) => this.#desk.interrupt(track.key, this.#power(), signal),
      nextStatusFrame: (ms, signal) => session.nextFrame(ms, signal),
      recycle: (why) => {
        this.recycle(why);
      },
      now: this.#now,
    };
  }

  #power(): StopPower {
    if (this.#capabilities.jobCancel) return 'job-cancel';
    if (this.#capabilities.targetedInterrupt) return 'targeted';
    return this.#context.server.allowUntargetedInterrupt ? 'untargeted' : 'none';
  }

  /** The stream says it is over; history, written before that (reference §4.4), says how. */
  async #resolveEnd(track: Track): Promise<void> {
    try {
      const entry = await this.#http.history(track.key, this.#session.signal);
      const ended =
        entry === null
          ? readHeard(track.heard, track.executed)
          : readEnded(entry.status ?? null, entry.outputs ?? null);
      if (ended === null) return; // The watchdog goes on looking.
      if (entry !== null) this.#witness.set(track.key);
      this.#tracks.end(track, this.#fact(track, ended));
    } catch (error) {
      this.#context.log.debug('a result could not be looked up; the watchdog will', { remoteKey: track.key, error });
    }
  }

  #fact(track: Track, ended: Ended): EndedFact {
    if (ended.how !== 'interrupted') return endedFact(ended, 'unknown');
    if (this.#desk.interrupted(track.key)) return endedFact(ended, 'unknown');
    const endedAt = this.#now();
    const startedAt = track.startedAt ?? endedAt - (ended.ranMs ?? 0);
    return endedFact(ended, this.#desk.mayHaveHit(track.key, startedAt, endedAt) ? 'collateral' : 'another-client');
  }

  #listed(listing: Listing, askedAt: number): void {
    this.#order = listing.waiting;
    for (const [index, key] of listing.waiting.entries()) {
      if (this.#tracks.get(key) !== undefined) this.#context.sink.live(key, { type: 'place', place: index + 1 });
    }
    this.#watchdog.listed(listing, askedAt);
  }

  async #renewWitness(signal: AbortSignal): Promise<string | null> {
    try {
      return await this.#evidence.renewWitness(signal);
    } catch (error) {
      this.#context.log.debug('no witness could be read', { error });
      return null;
    }
  }

  #standingProblems(): { code: string; params: Record<string, string | number> }[] {
    return [
      ...(this.#capabilities.promptId ? [] : [{ code: 'no-prompt-id', params: {} }]),
      ...(this.#capabilities.targetedInterrupt ? [] : [{ code: 'no-targeted-interrupt', params: {} }]),
    ];
  }

  #answered(tookMs: number): void {
    this.#answers.push(tookMs);
    if (this.#answers.length > ANSWERS_KEPT) this.#answers.shift();
    if (this.#now() - this.#answersToldAt < STATUS_EVERY_MS) return;
    this.#answersToldAt = this.#now();
    this.#context.sink.status({ answersInMs: median(this.#answers) });
  }
}
