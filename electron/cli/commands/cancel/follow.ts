/**
 * Waits for the outcomes of cancels: events make it fast, a look at each job makes it true. Leaves at the deadline; the
 * requests go on without us.
 */
import type { CancelMode, CancelOutcome } from '../../../../shared/cancel.ts';
import type { HistoryRow } from '../../../../shared/history.ts';
import { toAppError } from '../../../../shared/errors.ts';
import type { JobId } from '../../../../shared/ids.ts';
import { isTerminal } from '../../../../shared/job-machine.ts';
import type { JobView } from '../../../../shared/job.ts';
import type { ForeignView } from '../../../../shared/server.ts';
import { raceAbort } from '../../../../shared/util/async.ts';
import { EXIT, Failure } from '../../exit-codes.ts';
import { openJobs } from '../../find.ts';
import type { Link } from '../../link.ts';
import { says } from '../../text.ts';
import { openForeign, openReceipts } from './ask.ts';
import type { Asked, ForeignAsked } from './ask.ts';

/** More than this many are looked at by listing everything open instead of one by one. */
const ONE_BY_ONE = 20;

/** Fills in what comes of `asked` and resolves to the newest view of every job that was looked at. */
export async function follow(
  link: Link,
  asked: Asked,
  options: { waitMs: number; mode: CancelMode; signal: AbortSignal },
): Promise<Map<JobId, JobView>> {
  const views = new Map<JobId, JobView>();
  const requests = new Map(openReceipts(asked).map((receipt) => [receipt.jobId, receipt]));
  const others = new Set(openForeign(asked));
  if (options.waitMs === 0 || requests.size + others.size === 0) return views;
  const over: PromiseWithResolvers<void> = Promise.withResolvers();
  // It may end while something else is awaited; whoever comes to await it still hears of it.
  over.promise.catch(() => undefined);
  const check = (): void => {
    if (requests.size === 0 && others.size === 0) over.resolve();
  };

  const seen = (job: JobView): void => {
    const known = views.get(job.id);
    if (known !== undefined && known.rev > job.rev) return;
    const receipt = requests.get(job.id);
    if (receipt === undefined) return;
    views.set(job.id, job);
    if (job.cancel?.requestId === receipt.requestId) receipt.outcome = job.cancel.outcome;
    if (receipt.outcome !== null || isTerminal(job.state)) requests.delete(job.id);
  };

  const vanished: ForeignAsked[] = [];
  const seenForeign = (view: ForeignView): void => {
    for (const target of others) {
      if (target.serverId !== view.serverId) continue;
      const now = view.jobs.find((job) => job.remoteKey === target.remoteKey);
      if (now === undefined) {
        // Only the first of a long queue are listed: what is not among them may still be there.
        if (view.jobs.length < view.total && view.order.length === 0) continue;
        if (view.order.includes(target.remoteKey)) continue;
        others.delete(target);
        vanished.push(target);
      } else if (options.mode === 'if-waiting' && now.state === 'running' && !now.cancelling) {
        others.delete(target);
        target.outcome = { outcome: 'too-late', state: 'running' };
      }
    }
  };

  const lookAgain = async (): Promise<void> => {
    if (requests.size > ONE_BY_ONE) for (const job of await openJobs(link)) seen(job);
    const open = [...requests.keys()];
    // Whatever is still unknown now has ended, or is one of few.
    const ask = open.length > ONE_BY_ONE ? open.filter((id) => !views.has(id)) : open;
    for (const id of ask) {
      try {
        seen((await link.call('jobs.get', { id })).job);
      } catch (error) {
        if (toAppError(error).code !== 'not_found') throw error;
        requests.delete(id);
      }
    }
    if (others.size > 0) for (const view of (await link.call('foreign.list', {})).servers) seenForeign(view);
    check();
  };

  const stream = await link.events(
    ['job.changed', 'job.removed', 'foreign.changed'],
    (event) => {
      if (event.topic === 'job.changed') seen(event.payload);
      else if (event.topic === 'job.removed') requests.delete(event.payload.id);
      else if (event.topic === 'foreign.changed') seenForeign(event.payload);
      else if (event.topic === 'resync') lookAgain().catch(over.reject);
      check();
    },
    (why) => {
      over.reject(
        new Failure(EXIT.unreachable, says.streamEnded(why), {
          hint: 'What was asked for is on disk and is carried on when Switchyard runs again.',
        }),
      );
    },
  );
  const timer = setTimeout(over.resolve, options.waitMs);
  try {
    await lookAgain();
    await raceAbort(over.promise, options.signal);
  } finally {
    clearTimeout(timer);
    stream.close();
  }
  // How foreign work ended is in the history.
  for (const serverId of new Set(vanished.map((target) => target.serverId))) {
    const { rows } = await link.call('history.page', { filter: { foreign: 'only', serverId }, limit: 500 });
    for (const target of vanished) if (target.serverId === serverId) target.outcome = outcomeOf(target, rows);
  }
  return views;
}

function outcomeOf(target: ForeignAsked, rows: readonly HistoryRow[]): CancelOutcome {
  const row = rows.find((one) => one.type === 'foreign' && one.foreign.remoteKey === target.remoteKey);
  const how = row?.type === 'foreign' ? row.foreign.how : null;
  const ran = row?.type === 'foreign' ? row.foreign.startedAt !== null : target.running;
  if (how === 'done' || how === 'failed') return { outcome: 'too-late', state: how };
  // Removed while it waited, which is what we asked for: nothing else of it can be seen.
  if (how === 'cancelled-by-us' || how === 'interrupted' || (how === 'gone' && !ran))
    return { outcome: 'cancelled', reach: ran ? 'running' : 'waiting', evidence: 'proven', partialOutputs: 0 };
  return { outcome: 'unknown', cause: 'no-trace' };
}
