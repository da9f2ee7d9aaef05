/** Every sentence of History and of a job's details. Codes and numbers come in, words go out; nothing is looked up. */
import type { CancelOutcome, Asker, TrailStep } from '../../shared/cancel.ts';
import type { WireError } from '../../shared/errors.ts';
import type { JobView } from '../../shared/job.ts';
import type { ForeignJob } from '../../shared/server.ts';
import { nodeErrorsOf } from '../../shared/workflow/node-errors.ts';
import { duration, number } from './format.ts';
import { common, plural, shortKey } from './common.ts';
import { stepText } from './trail.ts';

export type Tone = 'plain' | 'go' | 'hold' | 'bad';

/** How it ended, as a row says it: a word with its tone, what follows it, and a second line. */
export interface EndingText {
  word: string;
  tone: Tone;
  rest: string;
  second: string | null;
}

export const historyText = {
  title: 'History',
  jobs: (total: number) => plural(total, 'job', 'jobs'),
  found: (shown: number, more: boolean) =>
    more ? `${number(shown)} found so far` : shown === 0 ? 'nothing found' : `${number(shown)} found`,
  search: 'Search prompts, notes, errors',
  clearSearch: 'Clear search',
  chips: { all: 'All', done: 'Done', cancelled: 'Cancelled', failed: 'Failed', foreign: 'Foreign' },
  chipsLabel: 'Show',
  anyServer: 'Any server',
  anyTime: 'Any time',
  timeLabel: 'Time',
  times: { today: 'Today', yesterday: 'Yesterday', week: 'Last 7 days', month: 'Last 30 days' },
  goToDay: 'Go to a day',
  runFailedAgain: (total: number) => `Run failed again (${number(total)})…`,
  runFailedAgainTitle: (total: number) => `Run ${plural(total, 'failed job', 'failed jobs')} again?`,
  runFailedLooking: 'Looking for failed jobs…',
  runFailedSince: 'Failed in the last',
  runFailedSpans: { day: 'Last 24 hours', week: 'Last 7 days', all: 'Ever' },
  runFailedAgainText:
    'Each is queued anew at the end of the queue, with the same inputs. The failed ones stay in History.',
  runFailedAgainSeeds: 'With new seeds',
  runFailedAgainDo: (total: number) => `Run ${plural(total, 'job', 'jobs')} again`,
  notNow: 'Not now',
  exportMenu: 'Export…',
  exportCsv: 'As a table (CSV)',
  exportJson: 'As data (JSON)',
  exportNoSearch: 'What the chips show; the search is not part of it',
  exporting: (rows: string) => `Exporting… ${rows}`,
  exported: (name: string) => `Saved as ${name}`,
  exportFailed: 'The export stopped',
  listLabel: 'Jobs that ended',
  loadingRow: 'Loading…',
  foreign: 'foreign',
  foreignTitle: 'Job of another client',
  foreignKey: (key: string) => `prompt ${shortKey(key)}`,
  putBack: 'Put back',
  runAgain: 'Run again',
  newSeed: 'With a new seed',
  details: 'Details',
  removed: 'removed server',
  emptyTitle: 'Nothing has ended yet',
  emptyText: 'Every job that ends is kept here, with its pictures, until you remove it.',
  emptyAction: 'New job',
  noneTitle: 'Nothing here matches',
  noneAction: 'Show everything',
  loadFailed: 'History could not be read',
  actionFailed: 'That did not work',
} as const;

export const detailText = {
  label: 'Details of this job',
  head: 'Details',
  close: 'Close details',
  facts: {
    workflow: 'Workflow',
    size: 'Size',
    seed: 'Seed',
    model: 'Model',
    images: 'Images',
    server: 'Server',
    submitted: 'Submitted',
    started: 'Started',
    ended: 'Ended',
    seen: 'First seen',
    ran: 'Ran for',
    batch: 'Batch',
    note: 'Note',
  },
  batchPlace: (title: string, index: number, size: number) => `${title}, ${number(index + 1)} of ${number(size)}`,
  trail: 'Trail',
  outputs: 'Outputs',
  partial: 'partial',
  outputMissing: 'not fetched',
  outputExpected: 'being fetched',
  openLarge: (name: string) => `${name}, show large`,
  previous: 'Previous picture',
  next: 'Next picture',
  reveal: 'Show in the file manager',
  revealNamed: (name: string) => `Show ${name} in the file manager`,
  download: 'Download',
  fetchAgain: (missing: number) => `Fetch ${plural(missing, 'missing file', 'missing files')} again`,
  fetching: 'Fetching…',
  error: 'What went wrong',
  errorIn: (node: string) => `What went wrong in ${node}`,
  traceback: 'Traceback',
  inputs: 'Inputs',
  payload: 'Whole payload',
  attempts: 'Attempts',
  attempt: (nth: number, server: string) => `Attempt ${number(nth)} on ${server}`,
  remoteKey: 'Id on the server',
  remove: 'Remove from History…',
  removeTitle: 'Remove this job from History?',
  removeText: (files: number) =>
    files === 0
      ? 'Its record is deleted. This can’t be put back.'
      : `Its record and its ${plural(files, 'file', 'files')} are deleted from this computer. Files on the server stay. This can’t be put back.`,
  removeDo: 'Remove job',
  keep: 'Keep job',
  removedToast: 'Removed from History',
  putBackAs: 'Put back: it is in the queue again',
  loadFailed: 'The details could not be read',
} as const;

/** By whom, from where, as the tail of a sentence. */
export function askedBy(by: Asker): string {
  switch (by) {
    case 'window':
      return 'by you';
    case 'tray':
      return 'by you, from the tray';
    case 'hotkey':
      return 'by you, with the hotkey';
    case 'cli':
      return 'from the command line';
    case 'phone':
      return 'from the phone';
    case 'api':
      return 'by a script';
    case 'core':
      return 'by Switchyard';
  }
}

/** Product §3.2, for an outcome that is there. */
function outcomeText(
  outcome: CancelOutcome,
  tookMs: number | null,
  kind: 'comfy' | 'swarm',
  expected: number,
): { word: string; rest: string } {
  switch (outcome.outcome) {
    case 'cancelled': {
      if (outcome.evidence === 'presumed') {
        return {
          word: 'Cancelled',
          rest:
            kind === 'swarm' && outcome.reach === 'running'
              ? '; its backend may finish the current step'
              : '; the server never showed it',
        };
      }
      if (outcome.reach === 'local') return { word: 'Cancelled', rest: ' before it was sent' };
      if (outcome.reach === 'waiting') return { word: 'Cancelled', rest: '; it had not started' };
      const kept = outcome.partialOutputs === 0 ? '' : `, ${keptText(outcome.partialOutputs, expected)}`;
      return { word: 'Cancelled', rest: `${tookMs === null ? ' while it ran' : ` after ${duration(tookMs)}`}${kept}` };
    }
    case 'too-late':
      if (outcome.state === 'done') return { word: 'Finished', rest: ' before it could be cancelled' };
      if (outcome.state === 'failed') return { word: 'Failed', rest: ' before it could be cancelled' };
      return { word: 'Had already started', rest: '; it runs on' };
    case 'unknown':
      return { word: lostWord(outcome.cause), rest: lostRest(outcome.cause) };
  }
}

/** The last station of a cancel: what came of it. */
export function settledText(job: JobView): string {
  const outcome = job.cancel?.outcome ?? null;
  if (outcome === null) return stepText('settled', null);
  const { word, rest } = outcomeText(outcome, job.cancel?.tookMs ?? null, job.kind, job.info.images ?? 0);
  return `${word}${rest}`;
}

function keptText(kept: number, expected: number): string {
  return expected > kept
    ? `${number(kept)} of ${plural(expected, 'image', 'images')} kept`
    : `${plural(kept, 'image', 'images')} kept`;
}

const lostWord = (cause: unknown): string =>
  cause === 'server-restarted'
    ? 'The server restarted'
    : cause === 'server-removed'
      ? 'The server was removed'
      : 'It left no trace';
const lostRest = (cause: unknown): string =>
  cause === 'no-trace' ? ' on the server; whether it ran can’t be known' : '; whether it ran can’t be known';

/** What a row of History says about how a job of ours ended. */
export function endingOf(job: JobView): EndingText {
  const outcome = job.cancel?.outcome ?? null;
  const by = job.cancel === null ? null : bySentence(job.cancel.by, job.cancel.note, job.cancel.lastStep);
  if (job.state === 'cancelled') {
    if (outcome === null) return { word: 'Cancelled', tone: 'plain', rest: '', second: by };
    return {
      ...outcomeText(outcome, job.cancel?.tookMs ?? null, job.kind, job.info.images ?? 0),
      tone: 'plain',
      second: job.putBackAs === null ? by : by === null ? 'put back' : `${by}; put back`,
    };
  }
  if (job.state === 'failed') {
    if (outcome?.outcome === 'unknown') return { ...outcomeText(outcome, null, job.kind, 0), tone: 'hold', second: by };
    // Terminal is final, but files can come after it: then nothing is gone.
    if (job.error?.code === 'outputs_unavailable' && job.outputs.stored > 0) {
      const made = job.outputs.thumb === null ? common.files : common.images;
      return {
        word: 'Finished',
        tone: 'go',
        rest: `, ${made(job.outputs.stored)} fetched later`,
        second: missingText(job),
      };
    }
    const failed = failureText(job.error);
    if (outcome?.outcome === 'too-late' && outcome.state === 'failed' && job.error?.code !== 'stopped_elsewhere') {
      return {
        word: 'Failed',
        tone: 'bad',
        rest: ' before it could be cancelled',
        second: `${failed.word}${failed.rest}`,
      };
    }
    return failed;
  }
  if (outcome?.outcome === 'too-late' && outcome.state === 'done')
    return { word: 'Finished', tone: 'go', rest: ' before it could be cancelled', second: missingText(job) };
  const { stored, thumb } = job.outputs;
  const time = job.ranMs === null ? '' : ` in ${duration(job.ranMs)}`;
  const made = thumb === null ? common.files(stored) : common.images(stored);
  return { word: 'Done', tone: 'go', rest: `${time}${stored === 0 ? '' : `, ${made}`}`, second: missingText(job) };
}

function bySentence(by: Asker, note: string | null, last: TrailStep | null): string {
  const said = note === null || note.trim() === '' ? askedBy(by) : `${askedBy(by)}: “${note.trim()}”`;
  return last?.step === 'arrived-late' ? `${said}. ${stepText(last.step, last.detail)}` : said;
}

function missingText(job: JobView): string | null {
  const { missing, expected } = job.outputs;
  return missing === 0 ? null : `${number(missing)} of ${plural(expected, 'file', 'files')} could not be fetched`;
}

/** The same for an error, with its second line from what the server said. */
function failureText(error: WireError | null): EndingText {
  if (error === null) return { word: 'Failed', tone: 'bad', rest: '', second: null };
  const details = error.details ?? {};
  const text = (key: string): string | null =>
    typeof details[key] === 'string' && details[key] !== '' ? details[key] : null;
  switch (error.code) {
    case 'execution_failed': {
      const node = text('nodeTitle') ?? text('nodeType');
      const where = node === null ? '' : ` in ${node}`;
      if (details['outOfMemory'] === true)
        return { word: 'Failed', tone: 'bad', rest: `${where}: out of memory`, second: firstLine(error.message) };
      return { word: 'Failed', tone: 'bad', rest: where, second: firstLine(error.message) };
    }
    case 'stopped_elsewhere':
      return { word: 'Stopped elsewhere', tone: 'hold', rest: '', second: stopperText(details['by']) };
    case 'lost':
      return { word: lostWord(details['cause']), tone: 'hold', rest: lostRest(details['cause']), second: null };
    case 'outputs_unavailable':
      return details['givenUp'] === true
        ? {
            word: 'Finished',
            tone: 'hold',
            rest: '; its files were not fetched',
            second: 'Switchyard stopped waiting for them',
          }
        : {
            word: 'Finished',
            tone: 'hold',
            rest: ', but its files are gone',
            second: 'the server has none of them any more',
          };
    case 'server_rejected':
      return {
        word: 'Refused',
        tone: 'bad',
        rest: ' by the server',
        second: refusedInput(error) ?? firstLine(error.message),
      };
    case 'server_auth':
      return { word: 'Refused', tone: 'bad', rest: ': the server wants a sign-in', second: null };
    default:
      return { word: 'Failed', tone: 'bad', rest: '', second: firstLine(error.message) };
  }
}

/** The first input that was refused says more than "validation failed". */
function refusedInput(error: WireError): string | null {
  const first = nodeErrorsOf(error, {})[0];
  return first === undefined ? null : `${first.node}: ${first.message}`;
}

/** Product §3.7. */
function stopperText(by: unknown): string {
  switch (by) {
    case 'another-client':
      return 'another client interrupted the server';
    case 'removed-from-queue':
      return 'it was removed from the server’s queue';
    case 'collateral':
      return 'hit by an interrupt of ours meant for a neighbour';
    default:
      return 'who did it can’t be known';
  }
}

export function foreignEnding(job: ForeignJob): EndingText {
  const ran = job.startedAt !== null && job.endedAt !== null ? ` in ${duration(job.endedAt - job.startedAt)}` : '';
  switch (job.how) {
    case 'done':
      return { word: '', tone: 'plain', rest: `Done${ran}`, second: null };
    case 'failed':
      return { word: '', tone: 'plain', rest: 'Failed', second: null };
    case 'interrupted':
      return { word: '', tone: 'plain', rest: 'Interrupted', second: null };
    case 'cancelled-by-us':
      return { word: 'Cancelled', tone: 'plain', rest: ' by you', second: null };
    default:
      return { word: '', tone: 'plain', rest: 'Gone from the server; how it ended is not known', second: null };
  }
}

const firstLine = (message: string): string | null => {
  const line = message.split('\n', 1)[0]?.trim() ?? '';
  return line === '' ? null : line;
};
