/** `pause`, `resume`, `hold`, `release`, `move`, `put-back`, `run-again`: what changes the queue without stopping anything. */
import type { JobId } from '../../../shared/ids.ts';
import type { JobView } from '../../../shared/job.ts';
import type { Context } from '../context.ts';
import { usage } from '../exit-codes.ts';
import { Finder, findServer } from '../find.ts';
import { clean } from '../format.ts';
import { jobRow, namesOf } from '../job-words.ts';
import type { Link } from '../link.ts';
import type { Answer } from '../output.ts';
import { says } from '../text.ts';
import { done } from './answers.ts';

const pauseOrResume =
  (call: 'queue.pause' | 'queue.resume', says_: (where: string) => string) =>
  async (context: Context): Promise<Answer> => {
    const link = await context.link();
    const word = context.args.text('server');
    const server = word === undefined ? null : await findServer(link, word);
    const summary = await link.call(call, server === null ? {} : { serverId: server.id });
    return done({ summary }, () => [says_(server === null ? '' : ` on ${clean(server.name)}`)]);
  };

export const pause = pauseOrResume('queue.pause', says.paused);
export const resume = pauseOrResume('queue.resume', says.resumed);

async function named(link: Link, words: readonly string[]): Promise<JobId[]> {
  const finder = new Finder(link);
  const ids: JobId[] = [];
  for (const word of words) ids.push((await finder.job(word)).id);
  return ids;
}

const overJobs =
  (act: (link: Link, ids: JobId[], context: Context) => Promise<{ jobs: JobView[] }>) =>
  async (context: Context): Promise<Answer> => {
    const link = await context.link();
    const { jobs } = await act(link, await named(link, context.args.words), context);
    const { servers } = await link.call('servers.list', {});
    return done({ jobs }, () => context.out.table(jobs.map((job) => jobRow(job, namesOf(servers), context.now()))));
  };

export const hold = overJobs((link, ids) => link.call('jobs.hold', { ids }));
export const release = overJobs((link, ids) => link.call('jobs.release', { ids }));
export const putBack = overJobs((link, ids) => link.call('jobs.putBack', { ids }));
export const runAgain = overJobs((link, ids, { args }) =>
  link.call('jobs.runAgain', { ids, seeds: args.has('new-seeds') ? 'new' : 'same' }),
);

export const move = overJobs(async (link, ids, { args }) => {
  const before = args.text('before');
  const behind = args.text('behind');
  const given = [args.has('front'), args.has('end'), before !== undefined, behind !== undefined].filter(Boolean).length;
  if (given !== 1) throw usage('Say where to: one of --front, --end, --before ID, --behind ID.');
  const finder = new Finder(link);
  const to =
    before !== undefined
      ? { before: (await finder.job(before)).id }
      : behind !== undefined
        ? { after: (await finder.job(behind)).id }
        : args.has('front')
          ? ('front' as const)
          : ('end' as const);
  return link.call('jobs.move', { ids, to });
});
