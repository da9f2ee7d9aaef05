/**
 * The job state machine (architecture §6): the states, and one pure function that says what a fact does to a job.
 * It writes nothing; job-store.ts is the only writer and does in one transaction what `advance` answers.
 */
import type { CancelMode, CancelOutcome } from './cancel.ts';
import type { WireError } from './errors.ts';
import type { FactType, JobFact } from './job-fact.ts';
import { assertNever } from './util/assert.ts';

export const JOB_STATES = [
  'queued',
  'submitting',
  'accepted',
  'running',
  'collecting',
  'done',
  'failed',
  'cancelled',
] as const;
export type JobState = (typeof JOB_STATES)[number];
export const TERMINAL_STATES = ['done', 'failed', 'cancelled'] as const satisfies readonly JobState[];
export type TerminalState = (typeof TERMINAL_STATES)[number];
/** States in which an attempt is open on a server (or may be). */
export const ATTEMPT_STATES = [
  'submitting',
  'accepted',
  'running',
  'collecting',
] as const satisfies readonly JobState[];

export function isTerminal(state: JobState): state is TerminalState {
  return state === 'done' || state === 'failed' || state === 'cancelled';
}

/** What the machine must know of a job; everything else is none of its business. */
export interface MachineJob {
  state: JobState;
  held: boolean;
  /** Mode of the open cancel request, or null. */
  openCancel: CancelMode | null;
  /** Outputs of this attempt already stored (kept as partial results when the job is stopped). */
  partialOutputs: number;
  /**
   * True once an attempt of this job was closed as `collateral`: it goes back to the queue only once
   * (architecture §7.5, S17).
   */
  collateralUsed: boolean;
}

/** What one fact does. `settle` is the outcome of the open cancel, `close` the reason the attempt ends with. */
export interface Transition {
  to: JobState;
  settle: CancelOutcome | null;
  close: CloseReason | null;
  error: WireError | null;
}
export type CloseReason =
  'finished' | 'failed' | 'stopped' | 'collateral' | 'not-sent' | 'not-sent-presumed' | 'rejected' | 'vanished';

export type Advance =
  { ok: true; transition: Transition } | { ok: false; why: 'illegal' | 'final' | 'cancel-open' | 'held' };

const LEGAL: Record<FactType, readonly JobState[]> = {
  claim: ['queued'],
  cancelLocal: ['queued'],
  notSent: ['submitting'],
  rejected: ['submitting'],
  accepted: ['submitting'],
  started: ['submitting', 'accepted'],
  finished: ['submitting', 'accepted', 'running'],
  executionFailed: ['submitting', 'accepted', 'running'],
  stopped: ['submitting', 'accepted', 'running'],
  vanished: ['submitting', 'accepted', 'running'],
  collected: ['collecting'],
  collectFailed: ['collecting'],
};

/**
 * What `fact` does to `job`. Every transition into a terminal state settles an open cancel; `started` settles an
 * `if-waiting` one, because that job may run on. Facts that are not legal answer `ok: false` and change nothing.
 */
export function advance(job: MachineJob, fact: JobFact): Advance {
  if (isTerminal(job.state)) return { ok: false, why: 'final' };
  if (!LEGAL[fact.type].includes(job.state)) return { ok: false, why: 'illegal' };
  const cancelOpen = job.openCancel !== null;

  switch (fact.type) {
    case 'claim':
      if (cancelOpen) return { ok: false, why: 'cancel-open' };
      if (job.held) return { ok: false, why: 'held' };
      return move('submitting');
    case 'cancelLocal':
      return move('cancelled', { settle: cancelled('local', 'proven', 0) });
    case 'notSent': {
      const close = fact.evidence === 'proven' ? 'not-sent' : 'not-sent-presumed';
      return cancelOpen
        ? move('cancelled', { close, settle: cancelled('local', fact.evidence, 0) })
        : move('queued', { close });
    }
    case 'rejected':
      return move('failed', { close: 'rejected', error: fact.error, settle: cancelOpen ? tooLate('failed') : null });
    case 'accepted':
      return move('accepted');
    case 'started':
      return move('running', { settle: job.openCancel === 'if-waiting' ? tooLate('running') : null });
    case 'finished':
      return fact.outputs.length === 0
        ? move('done', { close: 'finished', settle: cancelOpen ? tooLate('done') : null })
        : move('collecting', { settle: cancelOpen ? tooLate('done') : null });
    case 'executionFailed':
      return move('failed', { close: 'failed', error: fact.error, settle: cancelOpen ? tooLate('failed') : null });
    case 'stopped': {
      // An if-waiting request never interrupts, so what stopped a running job was somebody else.
      if (job.openCancel === 'if-waiting' && fact.reach === 'running') {
        return move('failed', {
          close: 'stopped',
          error: stoppedElsewhere(fact.by, fact.reach),
          settle: tooLate('failed'),
        });
      }
      if (cancelOpen) {
        const partial = job.partialOutputs + fact.outputs.length;
        return move('cancelled', { close: 'stopped', settle: cancelled(fact.reach, fact.evidence, partial) });
      }
      if (fact.by === 'collateral' && !job.collateralUsed) return move('queued', { close: 'collateral' });
      return move('failed', { close: 'stopped', error: stoppedElsewhere(fact.by, fact.reach) });
    }
    case 'vanished':
      return move('failed', {
        close: 'vanished',
        error: {
          code: 'lost',
          message: `the job is gone from its server: ${fact.cause}`,
          details: { cause: fact.cause },
        },
        settle: cancelOpen ? { outcome: 'unknown', cause: fact.cause } : null,
      });
    case 'collected':
      return move('done', { close: 'finished' });
    case 'collectFailed':
      return fact.stored > 0
        ? move('done', { close: 'finished' })
        : move('failed', {
            close: 'finished',
            error:
              fact.givenUp === true
                ? {
                    code: 'outputs_unavailable',
                    message: 'it finished, but its files were not fetched',
                    details: { givenUp: true },
                  }
                : {
                    code: 'outputs_unavailable',
                    message: 'it finished, but the server has none of its files any more',
                  },
          });
    default:
      return assertNever(fact);
  }
}

function move(to: JobState, also: Partial<Omit<Transition, 'to'>> = {}): Advance {
  return { ok: true, transition: { to, settle: null, close: null, error: null, ...also } };
}

function cancelled(
  reach: 'local' | 'waiting' | 'running',
  evidence: 'proven' | 'presumed',
  partialOutputs: number,
): CancelOutcome {
  return { outcome: 'cancelled', reach, evidence, partialOutputs };
}

function tooLate(state: 'done' | 'failed' | 'running'): CancelOutcome {
  return { outcome: 'too-late', state };
}

function stoppedElsewhere(by: string, reach: string): WireError {
  return { code: 'stopped_elsewhere', message: `stopped without a request of ours: ${by}`, details: { by, reach } };
}
