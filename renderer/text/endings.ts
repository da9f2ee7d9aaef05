/** How a job ended, as rows and details say it. Codes and numbers come in, words go out; nothing is looked up. */
import type { Asker, TrailStep } from '../../shared/cancel.ts';
import type { WireError } from '../../shared/errors.ts';
import type { JobView } from '../../shared/job.ts';
import type { ForeignJob } from '../../shared/server.ts';
import { askedBy } from '../../shared/words/asker.ts';
import { lostWords, outcomeWords } from '../../shared/words/outcome.ts';
import { nodeErrorsOf } from '../../shared/workflow/node-errors.ts';
import { common, plural } from './common.ts';
import { duration, number } from './format.ts';
import { stepText } from './trail.ts';

export type Tone = 'plain' | 'go' | 'hold' | 'bad';

/** How it ended, as a row says it: a word with its tone, what follows it, and a second line. */
export interface EndingText {
  word: string;
  tone: Tone;
  rest: string;
  second: string | null;
}

const writing = { number, duration };

/** The last station of a cancel: what came of it. */
export function settledText(job: JobView): string {
  const outcome = job.cancel?.outcome ?? null;
  if (outcome === null) return stepText('settled', null);
  const { word, rest } = outcomeWords(outcome, job, writing);
  return `${word}${rest}`;
}

/** What a row of History says about how a job of ours ended. */
export function endingOf(job: JobView): EndingText {
  const outcome = job.cancel?.outcome ?? null;
  const by = job.cancel === null ? null : bySentence(job.cancel.by, job.cancel.note, job.cancel.lastStep);
  if (job.state === 'cancelled') {
    if (outcome === null) return { word: 'Cancelled', tone: 'plain', rest: '', second: by };
    return {
      ...outcomeWords(outcome, job, writing),
      tone: 'plain',
      second: job.putBackAs === null ? by : by === null ? 'put back' : `${by}; put back`,
    };
  }
  if (job.state === 'failed') {
    if (outcome?.outcome === 'unknown') return { ...outcomeWords(outcome, job, writing), tone: 'hold', second: by };
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
      return { ...outcomeWords(outcome, job, writing), tone: 'bad', second: `${failed.word}${failed.rest}` };
    }
    return failed;
  }
  if (outcome?.outcome === 'too-late' && outcome.state === 'done')
    return { ...outcomeWords(outcome, job, writing), tone: 'go', second: missingText(job) };
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
      return {
        word: 'Stopped elsewhere',
        tone: 'hold',
        rest: '',
        second: stoppers[String(details['by'])] ?? 'unknown by whom',
      };
    case 'lost':
      return { ...lostWords(details['cause']), tone: 'hold', second: null };
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
            second: 'the server no longer has them',
          };
    case 'server_rejected':
      return {
        word: 'Refused',
        tone: 'bad',
        rest: ' by the server',
        second: refusedInput(error) ?? firstLine(error.message),
      };
    case 'server_auth':
      return { word: 'Refused', tone: 'bad', rest: ': the server needs a sign-in', second: null };
    default:
      return { word: 'Failed', tone: 'bad', rest: '', second: firstLine(error.message) };
  }
}

/** The first input that was refused says more than "validation failed". */
function refusedInput(error: WireError): string | null {
  const first = nodeErrorsOf(error, {})[0];
  return first === undefined ? null : `${first.node}: ${first.message}`;
}

/** Who stopped it (architecture §7.5). */
const stoppers: Readonly<Record<string, string>> = {
  'another-client': 'another client interrupted the server',
  'removed-from-queue': 'it was removed from the server’s queue',
  collateral: 'hit by an interrupt of ours meant for a neighbour',
};

/** How a job of another client ended. */
export function foreignEnding(job: ForeignJob): EndingText {
  const ran = job.startedAt !== null && job.endedAt !== null ? ` in ${duration(job.endedAt - job.startedAt)}` : '';
  const plainly = (rest: string): EndingText => ({ word: '', tone: 'plain', rest, second: null });
  switch (job.how) {
    case 'done':
      return plainly(`Done${ran}`);
    case 'failed':
      return plainly('Failed');
    case 'interrupted':
      return plainly('Interrupted');
    case 'cancelled-by-us':
      return { ...plainly(' by you'), word: 'Cancelled' };
    default:
      return plainly('Gone from the server; how it ended is not known');
  }
}

const firstLine = (message: string): string | null => {
  const line = message.split('\n', 1)[0]?.trim() ?? '';
  return line === '' ? null : line;
};
