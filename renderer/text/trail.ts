/** The words of a job's trail: steps of a cancel, facts of the journal, ends of attempts. Codes come in; nothing is looked up. */
import type { CancelStep } from '../../shared/cancel.ts';
import { runsOnWords } from '../../shared/words/job.ts';
import type { JobDetail } from '../../shared/job.ts';

/** What a look found, by the code in its step. */
const lookText: Readonly<Record<string, string>> = {
  waiting: 'it waits there',
  running: 'it runs',
  absent: 'it is not there',
  finished: 'it had finished',
  executionFailed: 'it had failed',
  vanished: 'it left no trace',
};

const stepWords: Readonly<Record<CancelStep, string | ((detail: string | null) => string)>> = {
  requested: 'Cancel saved to disk',
  raised: 'Asked again, more firmly',
  held: 'Held until it is known to be sent',
  looked: (detail) => `Looked on the server${detail === null ? '' : `: ${lookText[detail] ?? detail}`}`,
  sent: 'Stop sent',
  heard: 'Heard by the server',
  waiting: (detail) => `Waiting for ${detail ?? 'it'} to stop`,
  unanswered: 'No answer; it may not have arrived',
  unreachable: 'The server does not answer; will retry',
  resumed: 'The server answers again',
  'runs-on': `T${runsOnWords.slice(1)}`,
  'seen-stopped': 'Seen stopped',
  'arrived-late': (detail) => `It arrived after all and was stopped${detail === null ? '' : ` after ${detail}`}`,
  settled: 'Settled',
};

/** One station of the cancel trail. */
export function stepText(step: CancelStep, detail: string | null): string {
  const words = stepWords[step];
  return typeof words === 'string' ? words : words(detail);
}

/** A job's own trail, by the journal's facts; a person need not see the others. */
const factWords: Readonly<Record<string, string>> = {
  submitted: 'Submitted',
  submit: 'Submitted',
  accepted: 'Accepted',
  started: 'Started',
  finished: 'Finished on the server',
  collected: 'Files stored',
  collectFailed: 'Some files could not be fetched',
  executionFailed: 'Failed',
  rejected: 'Refused by the server',
  stopped: 'Stopped',
  vanished: 'Gone from the server',
  cancelLocal: 'Cancelled before it was sent',
  arrivedLate: 'It arrived after all and was stopped',
  notSent: 'Not sent; back in the queue',
  held: 'Held',
  hold: 'Held',
  released: 'Released',
  release: 'Released',
};

/** One station of a job's own trail, from the journal's fact. Null for what a person need not see. */
export const factText = (fact: string, serverName: string): string | null =>
  fact === 'claim' ? `Sent to ${serverName}` : (factWords[fact] ?? null);

/** Why an attempt was closed; unknown reasons are shown as they are. */
export function attemptEnd(attempt: JobDetail['attempts'][number]): string {
  if (attempt.closeReason === null) return 'open';
  const words: Record<string, string> = {
    finished: 'finished',
    failed: 'failed',
    stopped: 'stopped',
    rejected: 'refused',
    'not-sent': 'not sent',
    'not-sent-presumed': 'not sent, as far as can be known',
    vanished: 'gone',
    collateral: 'hit by a neighbour’s interrupt, queued again',
  };
  return words[attempt.closeReason] ?? attempt.closeReason;
}
