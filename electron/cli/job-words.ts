/** A job's state, place and times in words, and the rows of job tables. Pure. */
import type { CancelOutcome } from '../../shared/cancel.ts';
import type { ForeignJob, ServerView } from '../../shared/server.ts';
import { isCancelling } from '../../shared/job-view.ts';
import type { JobView } from '../../shared/job.ts';
import { kinds } from '../../shared/kinds/kinds.ts';
import { titleWords } from '../../shared/words/job.ts';
import { errorWords } from '../../shared/words/errors.ts';
import { lostWords } from '../../shared/words/outcome.ts';
import { clean, clock, duration, shortId } from './format.ts';
import { howWord } from './text.ts';

export type ServerNames = ReadonlyMap<string, string>;

export const namesOf = (servers: readonly ServerView[]): ServerNames =>
  new Map(servers.map((server) => [server.id, server.name]));

/** What its newest cancel came to; null where none was asked for or it is not over. */
export const outcomeOf = (job: JobView): CancelOutcome | null => job.cancel?.outcome ?? null;

export function stateWord(job: JobView): string {
  if (isCancelling(job)) return 'cancelling';
  switch (job.state) {
    case 'queued':
      return job.held ? 'held' : 'waiting';
    case 'submitting':
      return 'being sent';
    case 'accepted':
      return 'next';
    case 'collecting':
      return 'fetching files';
    case 'running':
    case 'done':
    case 'failed':
    case 'cancelled':
      return job.state;
  }
}

export function whereWord(job: JobView, names: ServerNames): string {
  const id = job.onServerId ?? job.serverId;
  return id === null ? `any ${kinds[job.kind].label}` : (names.get(id) ?? 'a removed server');
}

export const titleOf = (job: JobView): string => {
  const title = clean(job.title) === '' ? (job.info.source ?? titleWords('')) : job.title;
  return job.batch === null ? title : `${title}  (${String(job.batch.index + 1)} of ${String(job.batch.size)})`;
};

function timeWord(job: JobView, nowMs: number): string {
  if (job.endedAt !== null) return job.ranMs === null ? '' : duration(job.ranMs);
  return job.startedAt === null ? '' : clock(nowMs - job.startedAt);
}

export function jobRow(job: JobView, names: ServerNames, nowMs: number): string[] {
  return [shortId(job.id), stateWord(job), timeWord(job, nowMs), whereWord(job, names), titleOf(job)];
}

export function foreignRow(job: ForeignJob, names: ServerNames, nowMs: number): string[] {
  const state = job.cancelling
    ? 'cancelling'
    : job.state === 'ended'
      ? job.how === null
        ? 'ended'
        : howWord[job.how]
      : job.state === 'waiting' && job.place !== null
        ? `waiting, place ${String(job.place)}`
        : job.state;
  const ran =
    job.startedAt === null
      ? ''
      : job.endedAt === null
        ? clock(nowMs - job.startedAt)
        : duration(job.endedAt - job.startedAt);
  return [job.remoteKey, state, ran, names.get(job.serverId) ?? 'a removed server', 'foreign'];
}

/** Why it failed, in one line. */
export function errorLine(error: NonNullable<JobView['error']>): string {
  if (error.code === 'lost') {
    const { word, rest } = lostWords(error.details?.['cause']);
    return `${word}${rest}`;
  }
  const node = error.details?.['nodeType'] ?? error.details?.['node_type'];
  return clean(`${errorWords[error.code]}${typeof node === 'string' ? ` in ${node}` : ''}: ${error.message}`);
}
