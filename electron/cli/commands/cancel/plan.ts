/** What a `cancel` means: from its words and flags to one scope of ours and the foreign work that is named or included. */
import type { CancelMode, CancelScope } from '../../../../shared/cancel.ts';
import type { JobId, ServerId } from '../../../../shared/ids.ts';
import type { JobView } from '../../../../shared/job.ts';
import type { Arguments } from '../../args.ts';
import { EXIT, Failure, usage } from '../../exit-codes.ts';
import { Finder, serverIdOf } from '../../find.ts';
import type { Foreign } from '../../find.ts';
import { shortId } from '../../format.ts';
import { titleOf } from '../../job-words.ts';
import type { Link } from '../../link.ts';

export interface ForeignTarget {
  serverId: ServerId;
  remoteKey: string;
  running: boolean;
}

export interface CancelPlan {
  /** Null: only foreign work is meant, or nothing at all. */
  scope: CancelScope | null;
  manner: { mode: CancelMode; after?: true };
  /** Of `--server`. */
  serverId: ServerId | undefined;
  /** Foreign work named by id; cancelled one by one. */
  foreign: ForeignTarget[];
  /** Foreign work the scope itself includes; followed, not named. */
  included: ForeignTarget[];
  /** True where no job was named: what runs may run on without that being too late. */
  waitingOnly: boolean;
  /** Ours as far as they were looked at, by id. */
  known: Map<JobId, JobView>;
  /** Words that name nothing. */
  missing: string[];
}

const targetOf = ({ serverId, job }: Foreign): ForeignTarget => ({
  serverId,
  remoteKey: job.remoteKey,
  running: job.state === 'running',
});

export async function planCancel(link: Link, args: Arguments): Promise<CancelPlan> {
  checkFlags(args);
  const after = args.has('after');
  const finder = new Finder(link);
  const serverId = await serverIdOf(link, args.text('server'));
  const plan: CancelPlan = {
    scope: null,
    manner: { mode: after || args.has('waiting') ? 'if-waiting' : 'stop', ...(after ? { after } : {}) },
    serverId,
    foreign: [],
    included: [],
    waitingOnly: false,
    known: new Map(),
    missing: [],
  };
  if (args.words.length > 0) await byIds(plan, finder, args.words);
  else if (args.has('all') || args.has('waiting') || after) await byScope(plan, finder, args);
  else await whatRuns(plan, finder, args);
  return plan;
}

function checkFlags(args: Arguments): void {
  const named = args.words.length > 0;
  if (named && args.has('all')) throw usage('Name jobs or say --all, not both.');
  if (args.has('after') && args.has('waiting'))
    throw usage(
      '--after and --waiting exclude each other: --after cancels what waits and keeps the batch from going on.',
    );
  if (args.has('after') && args.has('foreign'))
    throw usage('--after is about your own queue: it can’t be used with --foreign.');
}

async function byIds(plan: CancelPlan, finder: Finder, words: readonly string[]): Promise<void> {
  const { serverId } = plan;
  for (const word of new Set(words)) {
    const found = await finder.find(word, { foreign: plan.manner.after !== true });
    if (found === null) plan.missing.push(word);
    else if (found.type === 'foreign') plan.foreign.push(targetOf(found));
    else plan.known.set(found.job.id, found.job);
  }
  if (serverId !== undefined) {
    const elsewhere = [...plan.known.values()]
      .filter((job) => (job.onServerId ?? job.serverId) !== serverId)
      .map((job) => shortId(job.id));
    const others = plan.foreign.filter((one) => one.serverId !== serverId).map((one) => one.remoteKey);
    if (elsewhere.length + others.length > 0)
      throw usage(`Not on that server: ${[...elsewhere, ...others].join(', ')}.`);
  }
  if (plan.known.size > 0) plan.scope = { jobs: [...plan.known.keys()] };
}

async function byScope(plan: CancelPlan, finder: Finder, args: Arguments): Promise<void> {
  const { serverId } = plan;
  const foreign = args.has('foreign');
  const waiting = args.has('waiting');
  plan.scope = { server: serverId ?? 'all', which: foreign ? 'everyone' : waiting ? 'waiting' : 'mine' };
  plan.waitingOnly = waiting || plan.manner.after === true;
  if (foreign)
    plan.included = (await finder.foreign())
      .filter((one) => serverId === undefined || one.serverId === serverId)
      .map(targetOf);
}

/** No id and no scope: the one running job, and only if there is exactly one. */
async function whatRuns(plan: CancelPlan, finder: Finder, args: Arguments): Promise<void> {
  const { serverId } = plan;
  const here = (id: ServerId | null): boolean => serverId === undefined || id === serverId;
  const mine = (await finder.open()).filter((job) => job.state === 'running' && here(job.onServerId));
  const others = args.has('foreign')
    ? (await finder.foreign()).map(targetOf).filter((one) => one.running && here(one.serverId))
    : [];
  if (mine.length + others.length > 1) {
    const lines = [
      ...mine.map((job) => `  ${shortId(job.id)}  ${titleOf(job)}`),
      ...others.map(({ remoteKey }) => `  ${remoteKey}  foreign`),
    ];
    throw new Failure(EXIT.usage, `${String(lines.length)} jobs run; name the one you mean:\n${lines.join('\n')}`, {
      hint: 'Or all of yours: switchyard cancel --all',
      details: { running: [...mine.map((job) => job.id), ...others.map(({ remoteKey }) => remoteKey)] },
    });
  }
  for (const job of mine) plan.known.set(job.id, job);
  plan.foreign = others;
  if (plan.known.size > 0) plan.scope = { jobs: [...plan.known.keys()] };
}
