/**
 * The decisions of the stop procedure for one prompt (architecture §7.2), pure. `nextAct` says what follows from a look:
 * the model test runs the same function over every interleaving. Also how long to wait between looks and interrupts. The
 * driver is stop.ts.
 */
import type { CancelMode } from '../../../../shared/cancel.ts';
import type { StopReport } from '../adapter.ts';
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

export const vanished: StopReport = { report: 'ended', fact: { type: 'vanished', cause: 'no-trace' } };
const removed: StopReport = {
  report: 'ended',
  fact: { type: 'stopped', reach: 'waiting', outputs: [], by: 'unknown', evidence: 'proven' },
};

/** An interrupt stalls the server for as long as it takes (C6), so the next one waits 20 times that, at most 60 s. */
export function pauseAfterInterrupt(tookMs: number): number {
  return Math.min(60_000, Math.max(0, tookMs) * 20);
}

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
