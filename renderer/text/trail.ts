/** The words of a job's trail: steps of a cancel, facts of the journal, ends of attempts. Codes come in; nothing is looked up. */
import type { CancelStep } from '../../shared/cancel.ts';
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

/** One station of the cancel trail. */
export function stepText(step: CancelStep, detail: string | null): string {
  switch (step) {
    case 'requested':
      return 'Cancel asked, on disk';
    case 'raised':
      return 'Asked again, more firmly';
    case 'held':
      return 'Held back until its sending is clear';
    case 'looked':
      return detail === null ? 'Looked on the server' : `Looked on the server: ${lookText[detail] ?? detail}`;
    case 'sent':
      return 'Stop sent';
    case 'heard':
      return 'Heard by the server';
    case 'waiting':
      return detail === null ? 'Waiting for it to stop' : `Waiting for ${detail} to stop`;
    case 'unanswered':
      return 'No answer; whether it arrived is not known';
    case 'unreachable':
      return 'The server does not answer; taken up when it does';
    case 'resumed':
      return 'The server answers again';
    case 'runs-on':
      return 'This server is too old to stop one job safely: it will finish';
    case 'seen-stopped':
      return 'Seen stopped';
    case 'arrived-late':
      return detail === null
        ? 'It arrived after all and was stopped'
        : `It arrived after all and was stopped after ${detail}`;
    case 'settled':
      return 'Settled';
  }
}

/** One station of a job's own trail, from the journal's fact. Null for what a person need not see. */
export function factText(fact: string, serverName: string): string | null {
  switch (fact) {
    case 'submitted':
    case 'submit':
      return 'Submitted';
    case 'claim':
      return `Sent to ${serverName}`;
    case 'accepted':
      return 'Accepted';
    case 'started':
      return 'Started';
    case 'finished':
      return 'Finished on the server';
    case 'collected':
      return 'Files stored';
    case 'collectFailed':
      return 'Some files could not be fetched';
    case 'executionFailed':
      return 'Failed';
    case 'rejected':
      return 'Refused by the server';
    case 'stopped':
      return 'Stopped';
    case 'vanished':
      return 'Gone from the server';
    case 'cancelLocal':
      return 'Cancelled before it was sent';
    case 'arrivedLate':
      return 'It arrived after all and was stopped';
    case 'notSent':
      return 'Not sent; back in the queue';
    case 'held':
    case 'hold':
      return 'Held';
    case 'released':
    case 'release':
      return 'Released';
    default:
      return null;
  }
}

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
