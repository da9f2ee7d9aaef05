/**
 * The question before a cancel, as text: title, sentences, the two buttons, made of the counts of `cancel.preview` and of
 * nothing else. For every face with a screen: the window's dialog and the desktop's native one say the same.
 */
import type { CancelPreview } from '../cancel-schema.ts';
import { plural as pluralOf } from './count.ts';

type Counts = CancelPreview['total'];

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

export interface CancelManner {
  mode: 'stop' | 'if-waiting';
  after: boolean;
}

export const cancelDialogText = {
  keepOne: 'Keep job',
  keepMany: 'Keep jobs',
  changed: 'The queue has changed since. This is what would be stopped now:',
  nothingTitle: 'Nothing to cancel',
  nothing: 'Everything meant here has ended already.',
  nothingDone: 'Close',
  dontAsk: 'Don’t ask for one job of mine',
  failed: 'That could not be cancelled',
} as const;

/** How many jobs the cancel would end, ours and others; those that may run on are not among them. */
export const stoppedBy = (counts: Counts, manner: CancelManner): number =>
  counts.local + counts.staged + counts.foreign + (manner.after || manner.mode === 'if-waiting' ? 0 : counts.running);

const short = (title: string): string => (title.length > 60 ? `${title.slice(0, 57).trimEnd()}…` : title);

/** `number` writes a count as its face does, e.g. with the reader's thousands separator. */
export function cancelWords(
  preview: CancelPreview,
  options: CancelManner,
  number: (value: number) => string = String,
): CancelWords {
  const plural = (count: number, one: string, other: string): string => pluralOf(count, one, other, number);
  const jobs = (count: number): string => plural(count, 'job', 'jobs');
  const { total } = preview;
  const count = stoppedBy(total, options);
  const one = count === 1;
  const place = where(preview, options, number);
  const sentences: CancelSentence[] = [];
  const mine = total.foreign === 0 ? '' : 'of yours ';

  if (total.running > 0) {
    const alone = total.running === 1;
    const runsOn = options.after || options.mode === 'if-waiting';
    sentences.push({
      kind: 'running',
      strong: `${number(total.running)} running`,
      rest: runsOn
        ? `${alone ? 'runs' : 'run'} on to ${alone ? 'its' : 'their'} end.`
        : `${mine}${alone ? 'stops' : 'stop'} at ${alone ? 'its' : 'their'} next step. ${alone ? 'Its' : 'Their'} images so far are kept.`,
    });
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
  for (const warning of preview.warnings)
    sentences.push({ kind: 'warning', strong: '', rest: cancelWarnings[warning] });

  const title =
    one && preview.title !== null
      ? `Cancel “${short(preview.title)}”${place}?`
      : `Cancel ${count === total.foreign && count > 0 ? plural(count, 'foreign job', 'foreign jobs') : jobs(count)}${place}?`;
  return {
    title: options.after ? title.replace(/\?$/, ' after this one?') : title,
    keep: one ? cancelDialogText.keepOne : cancelDialogText.keepMany,
    act: one ? 'Cancel job' : `Cancel ${jobs(count)}`,
    sentences,
  };
}

/** "on Studio-4090", "on 2 servers", or nothing where some of them are bound for any server and so are on none. */
function where(preview: CancelPreview, manner: CancelManner, number: (value: number) => string): string {
  const named = preview.servers.filter(({ counts }) => stoppedBy(counts, manner) > 0);
  if (named.some(({ serverId }) => serverId === null)) return '';
  const [only] = named;
  if (named.length === 1 && only !== undefined) return only.name === null ? '' : ` on ${only.name}`;
  return named.length > 1 ? ` on ${number(named.length)} servers` : '';
}

/** What to know before it is done; whole sentences. */
const cancelWarnings: Record<CancelPreview['warnings'][number], string> = {
  'server-unreachable': 'A server does not answer now. The cancel is kept and carried out as soon as it does.',
  'untargeted-interrupt':
    'A server is too old to stop one job by name: it is told to stop whatever runs, as you allowed.',
  'not-allowed': 'Some jobs can’t be stopped exactly on their server and are left alone.',
  'foreign-together': 'SwarmUI can only stop everyone’s waiting work together.',
  'neighbours-may-be-hit': 'Another job on that server may be hit. If it is yours, it is queued again.',
};
