/** `history`: what has ended, newest first. */
import type { HistoryPage, HistoryRow } from '../../../shared/history.ts';
import { defined } from '../../../shared/util/defined.ts';
import type { Context } from '../context.ts';
import { usage } from '../exit-codes.ts';
import { serverIdOf } from '../find.ts';
import { duration, shortId, when } from '../format.ts';
import { outcomeSentence } from '../cancel-words.ts';
import { errorLine, foreignRow, namesOf, outcomeOf, stateWord, titleOf, whereWord } from '../job-words.ts';
import type { ServerNames } from '../job-words.ts';
import type { Answer } from '../output.ts';
import { says } from '../text.ts';
import { done } from './answers.ts';

const STATES = ['done', 'failed', 'cancelled'] as const;

export async function history(context: Context): Promise<Answer> {
  const { args } = context;
  const limit = args.number('limit', 1, true) ?? 20;
  const states = args.all('state').map((word) => STATES.find((state) => state === word) ?? fail(word));
  const text = args.words.join(' ');
  if (text !== '' && args.has('foreign'))
    throw usage('Other people’s work has no words to search: leave --foreign out.');
  const link = await context.link();
  const serverId = await serverIdOf(link, args.text('server'));
  const filter = {
    foreign: args.has('foreign') ? ('with' as const) : ('without' as const),
    ...defined({ states: states.length === 0 ? undefined : states, serverId }),
  };
  const rows: HistoryRow[] = [];
  let cursor: string | null = args.text('cursor') ?? null;
  do {
    const wanted = { filter, limit: Math.min(500, limit - rows.length), ...(cursor === null ? {} : { cursor }) };
    const page: HistoryPage = await (text === ''
      ? link.call('history.page', wanted)
      : link.call('history.search', { text, ...wanted }));
    rows.push(...page.rows);
    ({ cursor } = page);
  } while (cursor !== null && rows.length < limit);
  const { servers } = await link.call('servers.list', {});
  return done({ rows, cursor }, () => {
    if (rows.length === 0) return [text === '' && states.length === 0 ? says.nothingEnded : says.nothingFound];
    if (cursor !== null) context.out.note(says.more(rows.length));
    return context.out.table(rows.map((row) => rowOf(row, namesOf(servers), context.now())));
  });
}

function fail(word: string): never {
  throw usage(`--state is one of ${STATES.join(', ')}, not "${word}".`);
}

function rowOf(row: HistoryRow, names: ServerNames, nowMs: number): string[] {
  if (row.type === 'foreign') {
    const [id = '', state = '', ran = '', server = '', title = ''] = foreignRow(row.foreign, names, nowMs);
    return [row.foreign.endedAt === null ? '' : when(row.foreign.endedAt, nowMs), id, state, ran, server, title];
  }
  const { job } = row;
  const outcome = outcomeOf(job);
  const why =
    job.error !== null ? ` – ${errorLine(job.error)}` : outcome !== null ? ` – ${outcomeSentence(outcome, job)}` : '';
  return [
    job.endedAt === null ? '' : when(job.endedAt, nowMs),
    shortId(job.id),
    stateWord(job),
    job.ranMs === null ? '' : duration(job.ranMs),
    whereWord(job, names),
    `${titleOf(job)}${why}`,
  ];
}
