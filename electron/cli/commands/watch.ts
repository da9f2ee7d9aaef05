/** `watch`: what happens, as it happens, until Ctrl+C or the host's end. */
import type { Topic } from '../../../shared/contract.ts';
import type { JobView } from '../../../shared/job.ts';
import { raceAbort } from '../../../shared/util/async.ts';
import type { Context } from '../context.ts';
import { EXIT, Failure } from '../exit-codes.ts';
import { openJobs } from '../find.ts';
import { clean, joined, shortId, timeOfDay } from '../format.ts';
import { isCancelling } from '../../../shared/job-view.ts';
import { errorLine, jobRow, namesOf, outcomeOf, stateWord, titleOf, whereWord } from '../job-words.ts';
import type { LinkEvent } from '../link.ts';
import type { Answer } from '../output.ts';
import { outcomeSentence } from '../cancel-words.ts';
import { contactWords } from '../../../shared/words/contact.ts';
import { says } from '../text.ts';

const EVERYTHING: readonly Topic[] = [
  'job.changed',
  'job.removed',
  'job.live',
  'foreign.changed',
  'queue.summary',
  'server.changed',
  'server.removed',
  'settings.changed',
];
const TEXT_TOPICS: readonly Topic[] = ['job.changed', 'server.changed', 'server.removed'];

export async function watch(context: Context): Promise<Answer> {
  const { out, signal } = context;
  const link = await context.link();
  const over = Promise.withResolvers<never>();
  // It may end while the first look is awaited; it is heard of all the same.
  over.promise.catch(() => undefined);
  const shown = new Map<string, string>();
  let names = new Map<string, string>();
  const { json } = out.manner;

  const stream = await link.events(
    json ? EVERYTHING : TEXT_TOPICS,
    (event) => {
      if (json) out.jsonLine(event);
      else say(event);
    },
    (why) => {
      over.reject(new Failure(EXIT.unreachable, says.streamEnded(why)));
    },
  );
  /** Only what is new to a reader: many changes leave the words as they were. */
  const tell = (key: string, words: string[]): void => {
    const line = joined(words.map(clean), '  ');
    if (shown.get(key) === line) return;
    shown.set(key, line);
    out.line(`${timeOfDay(context.now())}  ${line}`);
  };
  const say = (event: LinkEvent): void => {
    switch (event.topic) {
      case 'job.changed':
        tell(event.payload.id, [
          shortId(event.payload.id),
          newsOf(event.payload),
          whereWord(event.payload, names),
          titleOf(event.payload),
        ]);
        return;
      case 'server.changed':
        names.set(event.payload.id, event.payload.name);
        tell(event.payload.id, [
          event.payload.name,
          contactWords[event.payload.status.contact],
          event.payload.paused ? 'paused' : '',
        ]);
        return;
      case 'server.removed':
        tell(event.payload.id, [names.get(event.payload.id) ?? event.payload.id, 'removed']);
        return;
      default:
        return;
    }
  };

  try {
    if (!json) {
      const [{ servers }, open] = await Promise.all([link.call('servers.list', {}), openJobs(link)]);
      names = new Map(namesOf(servers));
      for (const line of out.table(open.map((job) => jobRow(job, names, context.now())))) out.line(line);
    }
    return await raceAbort(over.promise, signal);
  } finally {
    stream.close();
  }
}

function newsOf(job: JobView): string {
  if (job.error !== null && job.state === 'failed') return errorLine(job.error);
  const outcome = outcomeOf(job);
  if (job.state === 'cancelled' && outcome !== null) return outcomeSentence(outcome, job);
  return isCancelling(job) ? 'cancelling' : stateWord(job);
}
