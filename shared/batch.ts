/** The derived state of a batch: one pure function over its jobs' states. A batch has no state of its own. */
import type { JobState } from './job-machine.ts';
import { isTerminal } from './job-machine.ts';

export type BatchState = 'running' | 'done' | 'failed' | 'cancelled';

/** `running` while any job is open; then `cancelled` if anything was cancelled by request, else `failed` if anything failed, else `done`. */
export function batchState(states: Iterable<JobState>): BatchState {
  let open = false;
  let failed = false;
  let cancelled = false;
  for (const state of states) {
    if (!isTerminal(state)) open = true;
    else if (state === 'cancelled') cancelled = true;
    else if (state === 'failed') failed = true;
  }
  if (open) return 'running';
  if (cancelled) return 'cancelled';
  return failed ? 'failed' : 'done';
}
