/**
 * What is said around a cancel: the question, the row while it works, the ladder, the toast. The question's sentences are
 * made of the counts of `cancel.preview` and of nothing else.
 */
import type { CancelPreview } from '../../shared/cancel-schema.ts';
import { number, seconds } from '../format.ts';
import { common, plural } from './common.ts';

type Counts = CancelPreview['total'];

export const cancelText = {
  cancel: 'Cancel…',
  cancelThis: 'Cancel this one…',
  cancelCount: (count: number) => `Cancel ${number(count)}…`,
  /** Spoken name of a row's button: which job it is. */
  cancelNamed: (title: string) => `Cancel ${title}…`,
  cancelling: 'Cancelling…',
  cancellingFor: (ms: number) => seconds(ms),
  /** While "cancel after this one" is on. */
  cancelNow: 'Cancel…',
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
  changed: 'The queue has changed since. This is what would be stopped now:',
  note: 'Note (kept with the jobs)',
  noteOne: 'Note (kept with the job)',
  noteLabel: 'Note',
  dontAsk: 'Don’t ask for one job of mine',
  keepOne: 'Keep job',
  keepMany: 'Keep jobs',
  nothingTitle: 'Nothing to cancel',
  nothing: 'Everything meant here has ended already.',
  nothingDone: 'Close',
  putBack: 'Put back',
  putBackNamed: (title: string) => `Put back ${title}`,
  failed: 'That could not be cancelled',

  toastWaiting: (count: number) =>
    count === 1 ? '1 waiting job cancelled' : `${number(count)} waiting jobs cancelled`,
  putBackDone: (count: number) =>
    count === 1 ? 'Back in its old place' : `${number(count)} jobs are back in their old places`,
  summaryEnded: (count: number) => (count === 1 ? 'It had ended already' : `${number(count)} had ended already`),
  summaryNotAllowed: (count: number) =>
    `${plural(count, 'job was', 'jobs were')} left alone: stopping them exactly is not possible there`,

  aboutTitle: (server: string) => `Other people’s work on ${server}`,
  aboutText:
    'SwarmUI tells how many jobs others have, but not which. What waits inside SwarmUI can only be cancelled together, for everyone. What runs on its ComfyUI backends right now is listed one by one where SwarmUI lets us look.',
  aboutClose: 'Leave it alone',
} as const;

export interface CancelSentence {
  kind: 'running' | 'waiting' | 'staged' | 'foreign' | 'collecting' | 'warning';
  strong: string;
  rest: string;
}

export interface CancelWords {
  title: string;
  keep: string;
  act: string;
  sentences: CancelSentence[];
}

interface Manner {
  mode: 'stop' | 'if-waiting';
  after: boolean;
}

/** How many jobs the cancel would end, ours and others; those that may run on are not among them. */
export const stopped = (counts: Counts, manner: Manner): number =>
  counts.local + counts.staged + counts.foreign + (manner.after || manner.mode === 'if-waiting' ? 0 : counts.running);

const short = (title: string): string => (title.length > 60 ? `${title.slice(0, 57).trimEnd()}…` : title);

/** "on Studio-4090", "on 2 servers", or nothing where none is named. */
function where(preview: CancelPreview, manner: Manner): string {
  const named = preview.servers.filter(({ counts }) => stopped(counts, manner) > 0);
  const [only] = named;
  if (named.length === 1 && only !== undefined) return only.name === null ? '' : ` on ${only.name}`;
  return named.length > 1 ? ` on ${number(named.length)} servers` : '';
}

export function cancelWords(preview: CancelPreview, options: Manner): CancelWords {
  const { total } = preview;
  const count = stopped(total, options);
  const one = count === 1;
  const place = where(preview, options);
  const sentences: CancelSentence[] = [];
  const mine = total.foreign === 0 ? '' : 'of yours ';

  if (total.running > 0) {
    const verb = total.running === 1 ? 'stops' : 'stop';
    const its = total.running === 1 ? 'its' : 'their';
    if (options.after || options.mode === 'if-waiting') {
      sentences.push({
        kind: 'running',
        strong: `${number(total.running)} running`,
        rest: `${total.running === 1 ? 'runs' : 'run'} on to ${its} end.`,
      });
    } else {
      sentences.push({
        kind: 'running',
        strong: `${number(total.running)} running`,
        rest: `${mine}${verb} at ${its} next step. ${total.running === 1 ? 'Its' : 'Their'} images so far are kept.`,
      });
    }
  }
  const waiting = total.local + total.staged;
  if (waiting > 0) {
    sentences.push({
      kind: total.local > 0 ? 'waiting' : 'staged',
      strong: `${number(waiting)} waiting`,
      rest:
        waiting === 1
          ? `${mine}is removed. You can put it back from History.`
          : `${mine}are removed. You can put them back from History.`,
    });
  }
  if (total.foreign > 0) {
    sentences.push({
      kind: 'foreign',
      strong: `${number(total.foreign)} foreign`,
      rest:
        total.foreign === 1
          ? 'job is stopped too: it belongs to someone else.'
          : 'jobs are stopped too: they belong to other people.',
    });
  }
  if (total.collecting > 0) {
    sentences.push({
      kind: 'collecting',
      strong: `${number(total.collecting)} finished`,
      rest:
        total.collecting === 1
          ? 'already; its files are still being fetched.'
          : 'already; their files are still being fetched.',
    });
  }
  if (total.foreignKept > 0) {
    sentences.push({
      kind: 'foreign',
      strong: `${number(total.foreignKept)} foreign`,
      rest: total.foreignKept === 1 ? 'job is left alone.' : 'jobs are left alone.',
    });
  }
  for (const warning of preview.warnings) sentences.push({ kind: 'warning', strong: '', rest: warningText(warning) });

  const title =
    one && preview.title !== null
      ? `Cancel “${short(preview.title)}”${place}?`
      : `Cancel ${count === total.foreign && count > 0 ? plural(count, 'foreign job', 'foreign jobs') : common.jobs(count)}${place}?`;
  return {
    title: options.after ? title.replace(/\?$/, ' after this one?') : title,
    keep: one ? cancelText.keepOne : cancelText.keepMany,
    act: one ? 'Cancel job' : `Cancel ${common.jobs(count)}`,
    sentences,
  };
}

function warningText(warning: CancelPreview['warnings'][number]): string {
  switch (warning) {
    case 'server-unreachable':
      return 'A server does not answer now. The cancel is kept and carried out as soon as it does.';
    case 'untargeted-interrupt':
      return 'A server is too old to stop one job by name: it is told to stop whatever runs, as you allowed.';
    case 'not-allowed':
      return 'Some jobs can’t be stopped exactly on their server and are left alone.';
    case 'foreign-together':
      return 'SwarmUI can only stop everyone’s waiting work together.';
    case 'neighbours-may-be-hit':
      return 'Another job on that server may be hit. If it is yours, it is queued again.';
  }
}

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
