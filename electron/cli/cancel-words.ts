/** The sentences of cancelling (architecture §7.4): outcomes, what is still awaited, the question. Pure. */
import type { CancelOutcome } from '../../shared/cancel.ts';
import type { CancelPreview } from '../../shared/cancel-schema.ts';
import type { JobView } from '../../shared/job.ts';
import { cancelWords, stoppedBy } from '../../shared/words/cancel.ts';
import type { CancelManner } from '../../shared/words/cancel.ts';
import { runsOnWords } from '../../shared/words/job.ts';
import { outcomeWords } from '../../shared/words/outcome.ts';
import { EXIT } from './exit-codes.ts';
import type { Exit } from './exit-codes.ts';
import { clean, duration } from './format.ts';

const writing = { number: String, duration };

/** What came of one job's cancel. */
export function outcomeSentence(outcome: CancelOutcome, job: JobView | undefined): string {
  const { word, rest } = outcomeWords(outcome, job, writing);
  return `${word}${rest}`;
}

/** What one outcome means to a script. Null: not proven yet. */
export function exitOf(outcome: CancelOutcome | null, options: { reachable: boolean; waitingOnly: boolean }): Exit {
  if (outcome === null) return options.reachable ? EXIT.notProven : EXIT.unreachable;
  if (outcome.outcome === 'cancelled') return EXIT.done;
  if (outcome.outcome === 'unknown') return EXIT.notProven;
  // "What runs, runs on" was what was asked for, of everything that waits.
  return outcome.state === 'running' && options.waitingOnly ? EXIT.done : EXIT.tooLate;
}

/** `cancelling`, and what for: the newest step of the trail. */
export function awaitedSentence(job: JobView | undefined): string {
  const last = job?.cancel?.lastStep ?? null;
  if (last === null) return 'cancelling';
  switch (last.step) {
    case 'waiting':
      return 'cancelling, waiting for the server';
    case 'sent':
      return 'cancelling, asked the server to stop it';
    case 'heard':
      return 'cancelling, the server was told; it stops at its next step';
    case 'unanswered':
      return 'cancelling, no answer; checking whether it arrived';
    case 'unreachable':
      return 'cancelling, the server does not answer; will retry';
    case 'runs-on':
      return runsOnWords;
    case 'held':
      return 'cancelling, waiting for the right moment';
    default:
      return 'cancelling';
  }
}

export interface Question {
  lines: string[];
  question: string;
  /** How many it would stop. */
  count: number;
}

/** The question of every face, as lines of a terminal. */
export function questionFor(preview: CancelPreview, manner: CancelManner): Question {
  const { title, sentences } = cancelWords(preview, manner);
  return {
    lines: sentences.map(({ strong, rest }) => `  ${clean(`${strong} ${rest}`)}`),
    question: clean(title),
    count: stoppedBy(preview.total, manner),
  };
}
