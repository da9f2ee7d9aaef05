/**
 * One attempt on a SwarmUI server, as this process follows it: its stream or, without one, what its session's counters
 * say. Holds state and wakes those who wait on it; sends nothing and decides nothing.
 */
import { Wake } from '../../../../shared/util/async.ts';
import type { AttemptRef } from '../adapter.ts';
import type { EndFact } from './outcome.ts';
import { isIdle } from './schemas.ts';
import type { Counters } from './schemas.ts';
import type { SwarmSocket } from './socket.ts';
import { CERTAIN_MS } from './stream.ts';
import type { Phase, StreamState } from './stream.ts';

export class Track {
  attempt: AttemptRef;
  /** Null when it was never ours in this process: then only counters, queues and files can be asked. */
  readonly stream: StreamState | null;
  socket: SwarmSocket | null = null;
  /** Its prompts carry our mark in a backend's queue (S18); false for parameters that SwarmUI makes a graph of. */
  marked: boolean;
  readonly wake = new Wake();
  /** The stream broke, or never was ours: the session's counters are polled instead. */
  adrift: boolean;
  /** Last counters polled while adrift, and since when they are so. */
  polled: Counters | null = null;
  polledSince = 0;
  /** All-zero answers in a row while adrift. */
  zeros = 0;
  /** The counters showed work of it at least once, on this or another way. */
  worked = false;
  /** Its prompt was seen running on a backend, by mark or id. */
  seenRunning = false;
  /** Where its prompt was last seen. */
  backend: number | null = null;
  /** We sent an interrupt; further ones may be on their way. */
  interrupted = false;
  interruptsOpen = 0;
  /** The interrupt was sent when it was certain to run: nothing can be left of it but the present step. */
  interruptedRunning = false;
  /**
   * Nothing of it can still arrive at a backend: it was certain to run when it was interrupted, or it never had a slot,
   * or its only prompt was seen in a backend's queue already.
   */
  get isAllThere(): boolean {
    return this.interruptedRunning || !this.heldSlot || (this.backend !== null && this.asked === 1);
  }
  /**
   * Whatever of it a backend may still have would be known again there: by our mark, or by the ids of all its prompts.
   * When all that held a slot ran, their ids are all there are; else each call has to have begun.
   */
  get recognisable(): boolean {
    const { stream } = this;
    const ids = stream?.promptIds.size ?? 0;
    return this.marked || (stream !== null && ids > 0 && (this.interruptedRunning || ids >= stream.calls));
  }
  /**
   * An `if-waiting` interrupt was sent before any start was seen: a start seen since then is not told
   * (architecture §7.3).
   */
  holdStart = false;
  /** A stop procedure is at work: it reports the end, not the sink. */
  stopping = 0;
  fact: EndFact | null = null;
  /** The server's process it was sent to; null when that is not known. */
  boot: string | null = null;
  /** Images the request asked for; null when another process sent it. */
  asked: number | null = null;
  /** Its request was not taken: the submit's answer says so, no fact follows. */
  refused = false;
  /** The core has given the key back; the session follows when all is quiet. */
  released = false;
  /** Something about its session is not certain. */
  doubt: string | null = null;
  /** How it ended is being found out; asked once. */
  settlement: Promise<EndFact> | null = null;
  /** Its end was told, by report or by fact. */
  told = false;
  /** Its counters are being polled. */
  following = false;

  constructor(attempt: AttemptRef, stream: StreamState | null, marked: boolean) {
    this.attempt = attempt;
    this.marked = marked;
    this.stream = stream;
    this.adrift = stream === null;
  }

  get key(): string {
    return this.attempt.remoteKey;
  }

  /** It is certain that the process it was sent to is gone. */
  isOfAnotherBoot(boot: string | null): boolean {
    return this.boot !== null && boot !== null && this.boot !== boot;
  }

  /** Seen to run, on any connection. */
  get started(): boolean {
    return this.stream?.started === true || this.seenRunning || this.attempt.startedAt !== null;
  }

  /** Nothing more will come of it: its stream is at its end, or its session was seen idle twice. */
  isOver(): boolean {
    return this.fact !== null || (this.stream?.ended === true && !this.adrift) || (this.adrift && this.zeros >= 2);
  }

  get phase(): Phase {
    if (this.isOver()) return 'ending';
    if (!this.adrift && this.stream !== null) return this.stream.phase;
    if (this.polled === null || isIdle(this.polled)) return 'sent';
    if (this.polled.live_gens > 0) return this.started ? 'running' : 'handed';
    return this.started ? 'running' : 'waiting';
  }

  /** When it came into its present phase, or its counters changed; monotonic ms. */
  get phaseSince(): number {
    return this.adrift || this.stream === null ? this.polledSince : this.stream.changedAt;
  }

  certain(now: number): boolean {
    if (!this.adrift && this.stream !== null) return this.stream.certain(now);
    const { phase } = this;
    return (phase === 'running' || phase === 'waiting' || phase === 'handed') && now - this.polledSince >= CERTAIN_MS;
  }

  /** Nothing of it can be left behind by an interrupt: all that holds a slot runs, and nothing waits for one. */
  get allRunning(): boolean {
    if (!this.adrift && this.stream !== null) return this.stream.allRunning;
    return this.phase === 'running' && this.polled?.live_gens === 1 && this.polled.waiting_backends === 0;
  }

  /**
   * Its end frees a slot, and what stands behind it may begin. SwarmUI says so before it hands anything over
   * (swarmui §3.2).
   */
  get heldSlot(): boolean {
    return this.adrift || this.stream?.heldSlot !== false;
  }

  certainIn(now: number): number {
    if (!this.adrift && this.stream !== null) return this.stream.certainIn(now);
    return Math.max(1, CERTAIN_MS - (now - this.polledSince));
  }

  get loading(): boolean {
    return this.adrift ? (this.polled?.loading_models ?? 0) > 0 : this.stream?.loading === true;
  }

  /** This attempt's own counters, as last heard; its session has no other work. */
  get counters(): Counters | null {
    if (this.isOver()) return null;
    return this.adrift ? this.polled : (this.stream?.counters ?? null);
  }

  /** What `GetCurrentStatus` said of its session. */
  poll(counters: Counters, now: number): void {
    if (JSON.stringify(counters) !== JSON.stringify(this.polled)) {
      this.polled = counters;
      this.polledSince = now;
    }
    if (isIdle(counters)) this.zeros += 1;
    else {
      this.zeros = 0;
      this.worked = true;
    }
    this.wake.wake();
  }

  unsettle(now: number): void {
    if (this.adrift) this.polledSince = now;
    else this.stream?.unsettle(now);
  }
}
