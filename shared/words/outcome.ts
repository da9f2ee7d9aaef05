/** What became of a job that was to be cancelled: the sentences of every face. Codes and numbers come in, words go out. */
import type { CancelOutcome } from '../cancel.ts';
import type { JobView } from '../job.ts';
import { kinds } from '../kinds/kinds.ts';
import { plural } from './count.ts';

/** The first words, which a face may set in a tone of its own, and what follows them. */
export interface OutcomeWords {
  word: string;
  rest: string;
}

/** How the face writes numbers and lengths of time. */
export interface Writing {
  number: (value: number) => string;
  duration: (ms: number) => string;
}

/** What the sentence needs of the job, where it is known. */
export type OutcomeOf = Pick<JobView, 'kind' | 'info' | 'cancel'>;

export function outcomeWords(outcome: CancelOutcome, job: OutcomeOf | undefined, writing: Writing): OutcomeWords {
  switch (outcome.outcome) {
    case 'cancelled':
      return { word: 'Cancelled', rest: cancelledRest(outcome, job, writing) };
    case 'too-late':
      if (outcome.state === 'done') return { word: 'Finished', rest: ' before it could be cancelled' };
      if (outcome.state === 'failed') return { word: 'Failed', rest: ' before it could be cancelled' };
      return { word: 'Had already started', rest: '; it runs on' };
    case 'unknown':
      return lostWords(outcome.cause);
  }
}

function cancelledRest(
  outcome: Extract<CancelOutcome, { outcome: 'cancelled' }>,
  job: OutcomeOf | undefined,
  { number, duration }: Writing,
): string {
  if (outcome.evidence === 'presumed')
    return job !== undefined && kinds[job.kind].backends && outcome.reach === 'running'
      ? '; its backend may finish the current step'
      : '; the server never showed it';
  if (outcome.reach === 'local') return ' before it was sent';
  if (outcome.reach === 'waiting') return '; it had not started';
  const tookMs = job?.cancel?.tookMs ?? null;
  const kept = outcome.partialOutputs;
  const images = job?.info.images ?? 0;
  const pieces =
    kept === 0
      ? ''
      : images > kept
        ? `, ${number(kept)} of ${plural(images, 'image', 'images', number)} kept`
        : images === kept
          ? `, ${plural(kept, 'image', 'images', number)} kept`
          : `, ${plural(kept, 'output', 'outputs', number)} kept`;
  return `${tookMs === null ? ' while it ran' : ` after ${duration(tookMs)}`}${pieces}`;
}

/** What is known of a job that is gone from its server, by why. */
export function lostWords(cause: unknown): OutcomeWords {
  switch (cause) {
    case 'server-restarted':
      return { word: 'The server restarted', rest: '; it may have run' };
    case 'server-removed':
      return { word: 'The server was removed', rest: '; it may have run' };
    default:
      return { word: 'It left no trace', rest: ' on the server; it may have run' };
  }
}
