/**
 * The driver of the stop procedure for one prompt (architecture §7.2): looks, does what `nextAct` decides, and tells each
 * step, through a StopPort. Sends nothing itself and knows no HTTP.
 */
import { isAbort, toAppError } from '../../../../shared/errors.ts';
import type { ServerFact } from '../../../../shared/job-fact.ts';
import { abortReason } from '../../../../shared/util/async.ts';
import type { Wake } from '../../../../shared/util/async.ts';
import type { StopReport, StopRequest } from '../adapter.ts';
import { LookPauses, nextAct, pauseAfterInterrupt, vanished } from './cancel.ts';
import type { Look, StopFacts, StopPower } from './cancel.ts';
import type { EndedFact } from './outcome.ts';

const FRAME_GRACE_MS = 2_000;

/** What the procedure needs to know about its prompt while it runs; kept current by the event stream and by looks. */
export interface StopSubject {
  readonly key: string;
  readonly startSeen: boolean;
  /** Set once the stream (or any look) has told how it ended. */
  readonly ended: EndedFact | Extract<ServerFact, { type: 'vanished' }> | null;
  /** The node that runs now, for the trail. */
  readonly node: string | null;
  /** Woken by events that name this prompt, and by status frames while `listening`. */
  readonly wake: Wake;
}

/** What the procedure may do to a server. All but `epoch` throw AppError when the server can't be asked. */
export interface StopPort {
  /** Changes at every disconnect. */
  epoch(): number;
  power(): StopPower;
  look(signal: AbortSignal): Promise<Look>;
  frameSinceWaiting(): boolean;
  fence(): Promise<boolean>;
  witnessStands(signal: AbortSignal): Promise<boolean>;
  delete(signal: AbortSignal): Promise<void>;
  /** Answers the route and how long the server took, ms. */
  interrupt(signal: AbortSignal): Promise<{ route: string; tookMs: number }>;
  /** Resolves at the next status frame, or after `ms`. */
  nextStatusFrame(ms: number, signal: AbortSignal): Promise<void>;
  recycle(why: string): void;
}

/** Runs until it can report. Throws only the signal's reason, or a bug. */
export async function runStop(subject: StopSubject, port: StopPort, request: StopRequest): Promise<StopReport> {
  const run = new StopRun(subject, port, request);
  return await run.run();
}

class StopRun {
  readonly #subject: StopSubject;
  readonly #port: StopPort;
  readonly #request: StopRequest;
  readonly #epoch: number;
  readonly #pauses = new LookPauses();
  #lastSaw: Look['saw'] | null = null;
  #interruptedAt: number | null = null;
  #interruptTookMs = 0;
  #deletes = 0;
  #graceUntil: number | null = null;
  #saidWaiting = false;

  constructor(subject: StopSubject, port: StopPort, request: StopRequest) {
    this.#subject = subject;
    this.#port = port;
    this.#request = request;
    this.#epoch = port.epoch();
  }

  async run(): Promise<StopReport> {
    for (;;) {
      const report = await this.#round();
      if (report === null) continue;
      if (report.report === 'ended') {
        const { fact } = report;
        // Only what was seen to stop is called so in the trail.
        if (fact.type === 'stopped') this.#request.onStep('seen-stopped', null, `while ${fact.reach}`);
        else this.#request.onStep('looked', null, fact.type);
      }
      return report;
    }
  }

  /** One look and what follows from it; null when there is more to do. */
  async #round(): Promise<StopReport | null> {
    const { signal } = this.#request;
    if (signal.aborted) throw abortReason(signal);
    const early = this.#settledOtherwise();
    if (early !== null) return early;
    try {
      const look = await this.#port.look(signal);
      const late = this.#settledOtherwise();
      if (late !== null) return late;
      this.#tell(look);
      return await this.#act(look);
    } catch (error) {
      if (isAbort(error) || this.#left()) throw error;
      const app = toAppError(error);
      if (app.code === 'bug') throw app;
      // The server can't be asked just now. If the link broke, the epoch says so; else ask again.
      const gone = this.#settledOtherwise();
      if (gone !== null) return gone;
      await this.#pause();
      return null;
    }
  }

  /** Whoever asked has left; the reason may be of any kind. */
  #left(): boolean {
    return this.#request.signal.aborted;
  }

  /** The stream was quicker than our look, or the connection changed under us. */
  #settledOtherwise(): StopReport | null {
    if (this.#subject.ended !== null) return { report: 'ended', fact: this.#subject.ended };
    return this.#port.epoch() === this.#epoch ? null : { report: 'interrupted' };
  }

  async #act(look: Look): Promise<StopReport | null> {
    let fence: StopFacts['fence'] = 'unknown';
    let witness: StopFacts['witness'] = 'unknown';
    for (;;) {
      const next = nextAct(look, this.#facts(fence, witness));
      switch (next.act) {
        case 'report':
          return next.report;
        case 'delete':
          await this.#delete();
          return null;
        case 'interrupt':
          await this.#interrupt();
          return null;
        case 'wait':
          await this.#pause();
          return null;
        case 'fence':
          fence = (await this.#port.fence()) ? 'passed' : 'failed';
          break;
        case 'check-witness':
          witness = (await this.#port.witnessStands(this.#request.signal)) ? 'stands' : 'none';
          break;
        case 'wait-frame':
          this.#graceUntil ??= performance.now() + FRAME_GRACE_MS;
          await this.#port.nextStatusFrame(Math.max(1, this.#graceUntil - performance.now()), this.#request.signal);
          return null;
        case 'give-up':
          this.#port.recycle('a prompt is gone and the stream did not say so');
          return vanished;
      }
      const settled = this.#settledOtherwise();
      if (settled !== null) return settled;
    }
  }

  #facts(fence: StopFacts['fence'], witness: StopFacts['witness']): StopFacts {
    const now = performance.now();
    return {
      mode: this.#request.mode(),
      power: this.#port.power(),
      startSeen: this.#subject.startSeen,
      frameSinceWaiting: this.#port.frameSinceWaiting(),
      fence,
      witness,
      graceOver: this.#graceUntil !== null && now >= this.#graceUntil,
      interruptDue:
        this.#interruptedAt === null || now - this.#interruptedAt >= pauseAfterInterrupt(this.#interruptTookMs),
    };
  }

  async #delete(): Promise<void> {
    if (this.#deletes > 0) await this.#pause();
    this.#deletes += 1;
    this.#request.onStep('sent', 'POST /queue');
    await this.#port.delete(this.#request.signal);
    this.#request.onStep('heard', 'POST /queue');
  }

  async #interrupt(): Promise<void> {
    const sentAt = performance.now();
    this.#request.onStep(
      'sent',
      this.#port.power() === 'job-cancel' ? 'POST /api/jobs/{id}/cancel' : 'POST /interrupt',
    );
    try {
      const sent = await this.#port.interrupt(this.#request.signal);
      this.#request.onStep('heard', sent.route, `${String(Math.round(sent.tookMs))} ms`);
    } finally {
      // An unanswered one has cost the server as much as we waited, if not more.
      this.#interruptedAt = performance.now();
      this.#interruptTookMs = this.#interruptedAt - sentAt;
      this.#pauses.interrupted();
    }
    await this.#pause();
  }

  async #pause(): Promise<void> {
    if (this.#subject.ended !== null) return;
    await this.#subject.wake.wait(this.#pauses.next(), this.#request.signal);
  }

  /** The trail gets what changed, not every look. */
  #tell(look: Look): void {
    if (look.saw !== this.#lastSaw) this.#request.onStep('looked', null, look.saw);
    else if (look.saw === 'running' && this.#interruptedAt !== null && !this.#saidWaiting) {
      this.#saidWaiting = true;
      this.#request.onStep('waiting', null, this.#subject.node ?? undefined);
    }
    this.#lastSaw = look.saw;
  }
}
