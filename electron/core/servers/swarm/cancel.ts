/**
 * The decisions of the SwarmUI cancel procedure (architecture §7.3), as pure functions over what is known: may this one
 * be sent now, whose turn is it, what does a look at the backend's queue ask for. The driver is stop.ts; the model
 * test runs these very functions against a small model of the server.
 */
import type { CancelMode } from '../../../../shared/cancel.ts';
import type { Phase } from './stream.ts';

/** An interrupt that was not followed by the stream's end is sent again after this, and then every so often. */
export const RESEND_MS = 10_000;
/** One of several whose phase is not certain yet holds the others back no longer than this. */
const PATIENCE_MS = 1_000;
/** An if-waiting interrupt that met a start: so long it may still end it. */
const MET_START_MS = 1_000;
/** ComfyUI may finish its present step: not pressed again before this. */
const STEP_MS = 2_000;
/** A prompt whose hand-over was not certain may still arrive: absent twice, so far apart, is absent. */
const ABSENT_AGAIN_MS = 200;

/** What is known of one attempt that is to be stopped. */
export interface StopView {
  readonly mode: CancelMode;
  readonly phase: Phase;
  /** 0: the phase is certain; else ms until it may become so. */
  readonly certainIn: number;
  /** Seen to run. */
  readonly started: boolean;
  /** Its stream, or its session, is at its end. */
  readonly over: boolean;
  /** Ms since an interrupt was sent for it; null: none was. */
  readonly sentAgo: number | null;
  /** The last interrupt was sent when it was certain to run. */
  readonly sentRunning: boolean;
  /** An interrupt in this phase can hit others, and that is not allowed (servers up to 0.9.7). */
  readonly unsafe: boolean;
  /** A load runs for it that others wait for: cancelling would fail them (S17). */
  readonly sharedLoad: boolean;
}

export type StopStep =
  | { step: 'over' }
  /** Mode if-waiting, and it runs. */
  | { step: 'started' }
  | { step: 'runs-on' }
  /** Not safe yet: wait for a message, at most `ms`. */
  | { step: 'hold'; ms: number; why: 'phase' | 'load' }
  /** May be sent, when it is its turn. */
  | { step: 'ready' }
  /** Sent: wait for the end, at most `ms`. */
  | { step: 'wait'; ms: number };

export function stopStep(view: StopView): StopStep {
  if (view.over) return { step: 'over' };
  const running = view.phase === 'running' || (view.phase === 'ending' && view.started);
  if (view.sentAgo !== null) {
    if (view.mode === 'if-waiting') {
      // It began in the very moment: the interrupt ends it still, or was lost on it. Never a second one.
      return running && view.sentAgo >= MET_START_MS
        ? { step: 'started' }
        : { step: 'wait', ms: running ? MET_START_MS - view.sentAgo : RESEND_MS };
    }
    const again = running && !view.sentRunning ? MET_START_MS : RESEND_MS;
    if (view.sentAgo < again) return { step: 'wait', ms: again - view.sentAgo };
    if (view.phase === 'ending') return { step: 'wait', ms: RESEND_MS };
  }
  if (view.mode === 'if-waiting' && running) return { step: 'started' };
  if (view.phase === 'sent' || view.phase === 'claimed' || view.phase === 'ending')
    return { step: 'hold', ms: RESEND_MS, why: 'phase' };
  if (view.unsafe && (running || view.phase === 'handed')) return { step: 'runs-on' };
  if (view.certainIn > 0) return { step: 'hold', ms: view.certainIn, why: 'phase' };
  if (view.sharedLoad) return { step: 'hold', ms: RESEND_MS, why: 'load' };
  return { step: 'ready' };
}

/** One place in the line of those to be stopped on one server. */
export interface LinePlace {
  readonly phase: Phase;
  readonly step: StopStep['step'];
  /** Why it holds; only an uncertain phase holds others back. */
  readonly holdsForPhase: boolean;
  readonly sentAgo: number | null;
  readonly over: boolean;
  /** Ms since it joined the line. */
  readonly inLineMs: number;
}

const RANK: Readonly<Record<Phase, number>> = { waiting: 0, claimed: 1, sent: 1, handed: 1, running: 2, ending: 3 };

/**
 * Whether the one at `index` may be sent now: waiting ones first, then those handed over, last what runs, and each only
 * after the stream of the one before it has ended (S14; swarmui §4.4): a freed slot would otherwise hand the next one
 * over in the very moment its own interrupt lands.
 */
export function itsTurn(line: readonly LinePlace[], index: number): boolean {
  const mine = line[index];
  if (mine === undefined) return false;
  return line.every((other, at) => {
    if (at === index || other.over) return true;
    if (other.sentAgo !== null && other.sentAgo < RESEND_MS) return false;
    if (other.step === 'ready')
      return RANK[other.phase] > RANK[mine.phase] || (RANK[other.phase] === RANK[mine.phase] && at > index);
    if (other.step === 'hold' && other.holdsForPhase && other.inLineMs < PATIENCE_MS)
      return RANK[other.phase] >= RANK[mine.phase];
    return true;
  });
}

/** What is known when its stream has ended after an interrupt. */
export interface LookView {
  /** Where its prompt is now, on any backend that shows its queue. */
  readonly found: 'running' | 'waiting' | 'absent';
  /** The interrupt was sent when it was certain to run: SwarmUI passes it on itself. */
  readonly sentRunning: boolean;
  /** That, or it never had a slot, or its only prompt was seen on a backend before: nothing of it can arrive any more. */
  readonly allThere: boolean;
  readonly sinceEndMs: number;
  /** Ms since the first look in a row that found nothing; null: this is the first, or it was found. */
  readonly absentForMs: number | null;
  /** Ms since the prompt was interrupted by its id; null: not yet. */
  readonly pressedAgo: number | null;
}

export type LookStep = { look: 'gone' } | { look: 'interrupt' } | { look: 'delete' } | { look: 'again'; ms: number };

/** The first looks come quickly: most prompts are gone with their stream, or a step later. */
export function lookStep(view: LookView): LookStep {
  const soon = Math.min(3_000, Math.max(1, view.sinceEndMs / 2));
  switch (view.found) {
    case 'absent':
      if (view.allThere || (view.absentForMs !== null && view.absentForMs >= ABSENT_AGAIN_MS)) return { look: 'gone' };
      return {
        look: 'again',
        ms: view.absentForMs === null ? ABSENT_AGAIN_MS : Math.max(1, ABSENT_AGAIN_MS - view.absentForMs),
      };
    case 'waiting':
      // Its stream has ended, so no job hangs on it (S9): an orphan, removed before it begins.
      return { look: 'delete' };
    case 'running': {
      // SwarmUI interrupted it itself if it was certain to run: its step is being finished. Otherwise it is an orphan.
      const due =
        view.pressedAgo === null ? !view.sentRunning || view.sinceEndMs >= STEP_MS : view.pressedAgo >= RESEND_MS;
      return due ? { look: 'interrupt' } : { look: 'again', ms: soon };
    }
  }
}
