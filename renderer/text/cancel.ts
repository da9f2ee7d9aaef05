/**
 * What the window says around a cancel: the row while it works, the ladder, the toast, the question about others' jobs. The
 * question itself is shared/words/cancel.ts, because the desktop's native dialog asks the same.
 */
import type { CancelPreview } from '../../shared/cancel-schema.ts';
import { cancelDialogText, cancelWords as questionOf } from '../../shared/words/cancel.ts';
import type { CancelManner, CancelSentence, CancelWords } from '../../shared/words/cancel.ts';
import { number, seconds } from './format.ts';
import { common, plural } from './common.ts';

export const cancelText = {
  ...cancelDialogText,
  cancel: 'Cancel…',
  cancelThis: 'Cancel this one…',
  cancelCount: (count: number) => `Cancel ${number(count)}…`,
  /** Spoken name of a row's button: which job it is. */
  cancelNamed: (title: string) => `Cancel ${title}…`,
  cancelling: 'Cancelling…',
  cancellingFor: (ms: number) => seconds(ms),
  ifWaiting: 'Cancelling if it has not started…',
  ranOn: 'had already started; it runs on',
  afterThis: 'runs to its end, then nothing more is sent',

  whatNow: 'What now…',
  whatNowTitle: (name: string) => `${name} has not stopped yet. Nothing more is done unless you say so.`,
  wait: 'Wait',
  waitHint: 'Keep asking it to stop at its next step',
  freeMemory: 'Free memory',
  freeMemoryHint: 'Asks the server to unload its models; helps where one is stuck loading',
  memoryFreed: 'Asked the server to free its memory',

  titleLooking: 'Cancel?',
  actLooking: 'Cancel',
  nothingAct: 'Cancel 0 jobs',
  titleMixed: (count: number) => `Cancel ${common.jobs(count)}, other people’s too?`,
  actMixed: (count: number) => `Cancel ${common.jobs(count)}`,
  looking: 'Looking at what this would stop…',
  note: 'Note (kept with the jobs)',
  noteOne: 'Note (kept with the job)',
  noteLabel: 'Note',
  putBack: 'Put back',
  putBackNamed: (title: string) => `Put back ${title}`,

  toastWaiting: (count: number) =>
    count === 1 ? '1 waiting job cancelled' : `${number(count)} waiting jobs cancelled`,
  putBackDone: (count: number) =>
    count === 1 ? 'Back in its old place' : `${number(count)} jobs are back in their old places`,
  summaryNotAllowed: (count: number) =>
    `${plural(count, 'job was', 'jobs were')} left alone: stopping them exactly is not possible there`,

  aboutTitle: (server: string) => `Other people’s work on ${server}`,
  aboutText:
    'SwarmUI tells how many jobs others have, but not which. What waits inside SwarmUI can only be cancelled together, for everyone. What runs on its ComfyUI backends right now is listed one by one where SwarmUI lets us look.',
  aboutClose: 'Leave it alone',
} as const;

/** The question, with counts written as the window writes them. */
export const cancelWords = (preview: CancelPreview, manner: CancelManner): CancelWords =>
  questionOf(preview, manner, number);

/** The question before other people's jobs are cancelled one by one, by id. */
export function foreignWords(count: number, running: number, server: string): CancelWords {
  const waiting = count - running;
  const sentences: CancelSentence[] = [];
  if (running > 0)
    sentences.push({
      kind: 'foreign',
      strong: `${number(running)} running`,
      rest: `${running === 1 ? 'stops' : 'stop'} at the next step.`,
    });
  if (waiting > 0)
    sentences.push({
      kind: 'foreign',
      strong: `${number(waiting)} waiting`,
      rest: `${waiting === 1 ? 'is' : 'are'} removed. Switchyard can’t put ${waiting === 1 ? 'it' : 'them'} back.`,
    });
  sentences.push({
    kind: 'warning',
    strong: '',
    rest:
      count === 1
        ? 'It was sent by another client: someone may be waiting for it.'
        : 'They were sent by other clients: someone may be waiting for them.',
  });
  return {
    title: `Cancel ${plural(count, 'foreign job', 'foreign jobs')} on ${server}?`,
    keep: count === 1 ? cancelText.keepOne : cancelText.keepMany,
    act: count === 1 ? 'Cancel job' : `Cancel ${common.jobs(count)}`,
    sentences,
  };
}
