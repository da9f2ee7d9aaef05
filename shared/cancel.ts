/**
 * The words of cancelling (architecture §5, §10): modes, scopes, requests, outcomes, summaries, the trail.
 * Types only, so that every face may import them at no cost; their schemas are in cancel-schema.ts.
 */
import type { BatchId, JobId, RequestId, ServerId } from './ids.ts';
import type { VanishedCause } from './job-fact.ts';

/** `stop`: whatever it takes. `if-waiting`: only if it has not started; never an interrupt. */
export const CANCEL_MODES = ['stop', 'if-waiting'] as const;
export type CancelMode = (typeof CANCEL_MODES)[number];

/** Who asked. `core` is Switchyard itself (removing a server, an orphan of ours). */
export const ASKERS = ['window', 'tray', 'hotkey', 'cli', 'phone', 'api', 'core'] as const;
export type Asker = (typeof ASKERS)[number];

/**
 * What to cancel. Resolved to ids inside the transaction; jobs submitted later are not in it.
 * `mine`: ours, running too · `waiting`: ours that have not started · `everyone`: foreign work as well.
 */
export type CancelScope =
  | { jobs: readonly JobId[] }
  | { batch: BatchId }
  | { server: ServerId | 'all'; which: 'waiting' | 'mine' | 'everyone' };

/** The single, final answer to a cancel request. */
export type CancelOutcome =
  | {
      outcome: 'cancelled';
      reach: 'local' | 'waiting' | 'running';
      evidence: 'proven' | 'presumed';
      partialOutputs: number;
    }
  | { outcome: 'too-late'; state: 'done' | 'failed' | 'running' }
  | { outcome: 'unknown'; cause: VanishedCause };

/** Answered at once, per job. `outcome` is there already for what was still waiting with us, or had ended. */
export interface CancelReceipt {
  jobId: JobId;
  requestId: RequestId | null;
  outcome: CancelOutcome | null;
}

/** Counts over any scope. `deferred`: at least one job runs and will stop at its next step. */
export interface CancelSummary {
  timing: 'immediate' | 'deferred';
  cancelledWaiting: number;
  running: number;
  alreadyEnded: number;
  unreachable: number;
  notAllowed: number;
}
/** The summary of a cancel that meant nothing yet. */
export const noneAsked = (): CancelSummary => ({
  timing: 'immediate',
  cancelledWaiting: 0,
  running: 0,
  alreadyEnded: 0,
  unreachable: 0,
  notAllowed: 0,
});

/**
 * Steps of one request. `since_ms` counts from `requested`. `waiting`: for what `detail` names to stop; `unanswered`: whether
 * what was sent arrived is not known; `unreachable` until `resumed`: the server is away; `runs-on`: this server can't stop it.
 */
export const CANCEL_STEPS = [
  'requested',
  'raised',
  'held',
  'looked',
  'sent',
  'heard',
  'unanswered',
  'waiting',
  'unreachable',
  'resumed',
  'runs-on',
  'seen-stopped',
  'arrived-late',
  'settled',
] as const;
export type CancelStep = (typeof CANCEL_STEPS)[number];
export interface TrailStep {
  step: CancelStep;
  /** Wall clock, ms. */
  at: number;
  /** Since the request, ms, by the monotonic clock. */
  sinceMs: number;
  /** The call that was made, e.g. `POST /interrupt`; null where none was. */
  route: string | null;
  /** For people who debug; never a sentence for the row. */
  detail: string | null;
}

/** The newest request of a job, as its row shows it. */
export interface CancelView {
  requestId: RequestId;
  mode: CancelMode;
  requestedAt: number;
  by: Asker;
  note: string | null;
  outcome: CancelOutcome | null;
  settledAt: number | null;
  /** Time from request to outcome, ms (monotonic); null while open. */
  tookMs: number | null;
  /** The newest step of the trail. */
  lastStep: TrailStep | null;
}
