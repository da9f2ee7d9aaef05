/**
 * The verified stop procedure for one prompt (architecture §7.2). `nextAct` is the whole decision, pure: the model test
 * runs the same function over every interleaving. `runStop` drives it against a server through a StopPort. Sends nothing
 * itself and knows no HTTP.
 */
import type { CancelMode } from '../../../../shared/cancel.ts';
import { isAbort, toAppError } from '../../../../shared/errors.ts';
import type { ServerFact } from '../../../../shared/job-fact.ts';
import { abortReason } from '../../../../shared/util/async.ts';
import type { Wake } from '../../../../shared/util/async.ts';
import type { StopReport, StopRequest } from '../adapter.ts';
import type { EndedFact } from './outcome.ts';

/** What one look at the server says. The queue is always read before history: the other order can miss an end (C7). */
export type Look = { saw: 'waiting' } | { saw: 'running' } | { saw: 'ended'; fact: EndedFact } | { saw: 'absent' };

/** How this server can stop a running prompt. `untargeted` only with the user's permission; `none`: not at all. */
export type StopPower = 'job-cancel' | 'targeted' | 'untargeted' | 'none';

/** Everything besides the look that the decision needs. */
export interface StopFacts {
  readonly mode: CancelMode;
  readonly power: StopPower;
  /** It was seen to run: by an event or a look, on any connection. */
  readonly startSeen: boolean;
  /** On this connection a look said "waiting" and a status frame arrived after it: the stream is not deaf (C12). */
  readonly frameSinceWaiting: boolean;
  /** Whether all that was sent to us before the absent look has been heard. */
  readonly fence: 'unknown' | 'passed' | 'failed';
  /** Whether a prompt that was in the history while ours still waited is there still: then history was not cleared. */
  readonly witness: 'unknown' | 'stands' | 'none';
  /** The time to wait for a frame is over. */
  readonly graceOver: boolean;
  /** The first interrupt, or the pause after the last one is over. */
  readonly interruptDue: boolean;
}

export type StopAct =
  /** Remove it from the waiting queue, then look again at once. */
  | { act: 'delete' }
  | { act: 'interrupt' }
  /** Look again later, or when an event names it. */
  | { act: 'wait' }
  | { act: 'fence' }
  | { act: 'check-witness' }
  /** Look again when a status frame arrives, at most until the grace is over. */
  | { act: 'wait-frame' }
  /** Nothing can be proven: the stream is replaced and the job reported as vanished. */
  | { act: 'give-up' }
  | { act: 'report'; report: StopReport };

/** What to do after one look. */
export function nextAct(look: Look, facts: StopFacts): StopAct {
  switch (look.saw) {
    case 'ended':
      return { act: 'report', report: { report: 'ended', fact: look.fact } };
    case 'waiting':
      return { act: 'delete' };
    case 'running':
      if (facts.mode === 'if-waiting') return { act: 'report', report: { report: 'started' } };
      if (facts.power === 'none') return { act: 'report', report: { report: 'runs-on' } };
      return facts.interruptDue ? { act: 'interrupt' } : { act: 'wait' };
    case 'absent':
      if (facts.startSeen) return { act: 'report', report: vanished };
      if (facts.frameSinceWaiting && facts.fence === 'unknown') return { act: 'fence' };
      if (facts.frameSinceWaiting && facts.fence === 'passed') return { act: 'report', report: removed };
      if (facts.witness === 'unknown') return { act: 'check-witness' };
      if (facts.witness === 'stands') return { act: 'report', report: removed };
      return facts.graceOver ? { act: 'give-up' } : { act: 'wait-frame' };
  }
}

const vanished: StopReport = { report: 'ended', fact: { type: 'vanished', cause: 'no-trace' } };
const removed: StopReport = {
  report: 'ended',
  fact: { type: 'stopped', reach: 'waiting', outputs: [], by: 'unknown', evidence: 'proven' },
};

/** An interrupt stalls the server for as long as it takes (C6), so the next one waits 20 times that, at most 60 s. */
export function pauseAfterInterrupt(tookMs: number): number {
  return Math.min(60_000, Math.max(0, tookMs) * 20);
}

const FRAME_GRACE_MS = 2_000;
const FIRST_LOOK_MS = 60;
const LOOKS_MS = [300, 600, 1_200, 2_400, 3_000] as const;

/** Waits between looks: 60 ms once after the first interrupt, then 300 … 3,000 ms. */
export class LookPauses {
  #next = 0;
  #interrupted = false;

  interrupted(): void {
    if (this.#interrupted) return;
    this.#interrupted = true;
    this.#next = -1;
  }

  next(): number {
    const ms = this.#next < 0 ? FIRST_LOOK_MS : (LOOKS_MS[Math.min(this.#next, LOOKS_MS.length - 1)] ?? 3_000);
    this.#next += 1;
    return ms;
  }
}

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
  now(): number;
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
          this.#graceUntil ??= this.#port.now() + FRAME_GRACE_MS;
          await this.#port.nextStatusFrame(Math.max(1, this.#graceUntil - this.#port.now()), this.#request.signal);
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
    const now = this.#port.now();
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
    const sentAt = this.#port.now();
    this.#request.onStep(
      'sent',
      this.#port.power() === 'job-cancel' ? 'POST /api/jobs/{id}/cancel' : 'POST /interrupt',
    );
    try {
      const sent = await this.#port.interrupt(this.#request.signal);
      this.#request.onStep('heard', sent.route, `${String(Math.round(sent.tookMs))} ms`);
    } finally {
      // An unanswered one has cost the server as much as we waited, if not more.
      this.#interruptedAt = this.#port.now();
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
