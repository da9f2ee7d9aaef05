/** What a cancel came to: one line a job, or counts of many, and the exit code. */
import type { CancelOutcome } from '../../../../shared/cancel.ts';
import type { WireError } from '../../../../shared/errors.ts';
import type { JobId, ServerId } from '../../../../shared/ids.ts';
import type { JobView } from '../../../../shared/job.ts';
import { awaitedSentence, exitOf, outcomeSentence } from '../../cancel-words.ts';
import type { Context } from '../../context.ts';
import { EXIT, errorFor, worst } from '../../exit-codes.ts';
import type { Exit } from '../../exit-codes.ts';
import { shortId, table } from '../../format.ts';
import { titleOf } from '../../job-words.ts';
import type { Link } from '../../link.ts';
import type { Answer } from '../../output.ts';
import { openForeign, openReceipts } from './ask.ts';
import type { Asked } from './ask.ts';
import type { CancelPlan } from './plan.ts';

/** Above this, outcomes are counted instead of listed. */
const LISTED = 12;

interface Row {
  id: string;
  says: string;
  title: string;
  exit: Exit;
}

export interface Cancelled {
  plan: CancelPlan;
  asked: Asked;
  /** Newest view of every job that was looked at. */
  views: Map<JobId, JobView>;
  waitMs: number;
}

export async function report(context: Context, link: Link, cancelled: Cancelled): Promise<Answer> {
  const { plan, asked, views, waitMs } = cancelled;
  const { receipts, foreign, summary } = asked;
  if (receipts.length <= LISTED && !context.out.manner.json && !context.out.manner.quiet)
    for (const { jobId } of receipts)
      if (!views.has(jobId))
        views.set(jobId, plan.known.get(jobId) ?? (await link.call('jobs.get', { id: jobId })).job);
  const unsettled = openReceipts(asked).length + openForeign(asked).length > 0;
  const servers = unsettled && waitMs > 0 ? (await link.call('servers.list', {})).servers : [];
  const online = new Set(servers.filter(({ status }) => status.contact === 'online').map(({ id }) => id));
  const exitFor = (outcome: CancelOutcome | null, on: ServerId | null): Exit =>
    outcome === null && waitMs === 0
      ? EXIT.done
      : exitOf(outcome, { reachable: on === null || online.has(on), waitingOnly: plan.waitingOnly });

  const rows: Row[] = [
    ...plan.missing.map((id) => ({ id, says: 'no such job', title: '', exit: EXIT.notFound })),
    ...receipts.map(({ jobId, requestId, outcome }): Row => {
      const job = views.get(jobId);
      const row = { id: shortId(jobId), title: job === undefined ? '' : titleOf(job) };
      if (plan.known.get(jobId)?.state === 'cancelled' || (outcome === null && requestId === null))
        return { ...row, says: 'Was cancelled already', exit: EXIT.done };
      return {
        ...row,
        says: outcome === null ? awaitedSentence(waitMs === 0 ? undefined : job) : outcomeSentence(outcome, job),
        exit: exitFor(outcome, job?.onServerId ?? job?.serverId ?? null),
      };
    }),
    ...foreign.map(({ serverId, remoteKey, outcome, error }): Row => {
      const row = { id: remoteKey, title: 'foreign' };
      if (error !== null) return { ...row, says: 'no such job', exit: EXIT.notFound };
      const says = outcome === null ? 'cancelling' : outcomeSentence(outcome, undefined);
      return { ...row, says, exit: exitFor(outcome, serverId) };
    }),
  ];
  const exit = worst(rows.map((row) => row.exit));
  const told = foreign.map(({ serverId, remoteKey, outcome, error }) => ({ serverId, remoteKey, outcome, error }));
  const why = whyNot(exit, cancelled);
  return {
    exit,
    data: { receipts, summary, ...(told.length === 0 ? {} : { foreign: told }) },
    text: () => {
      if (rows.length === 0)
        return [
          plan.manner.after === true && summary.alreadyEnded === 0
            ? 'nothing to cancel: nothing waits, what runs may finish'
            : 'nothing to cancel',
        ];
      if (rows.length > LISTED) return counted(rows, cancelled);
      return context.out.table(rows.map((row) => [row.id, row.says, row.title]));
    },
    ...(why === null ? {} : { error: why }),
  };
}

/** `14  Cancelled before it was sent`, most first. */
function counted(rows: readonly Row[], { asked: { summary } }: Cancelled): string[] {
  const counts = new Map<string, number>();
  for (const row of rows) {
    // Each has its own time; what they have in common is told.
    const sentence = row.says.replace(/ after [\d.]+ (ms|s|min)[^,]*/, ' while running');
    counts.set(sentence, (counts.get(sentence) ?? 0) + 1);
  }
  const { cancelledWaiting, running, alreadyEnded, unreachable, notAllowed } = summary;
  const untold = cancelledWaiting + running + alreadyEnded + unreachable + notAllowed - rows.length;
  const lines = [...counts].sort((a, b) => b[1] - a[1]).map(([sentence, count]) => [String(count), sentence]);
  return table(untold > 0 ? [...lines, [String(untold), 'more, not told one by one: see switchyard history']] : lines);
}

function whyNot(exit: Exit, { plan, asked, waitMs }: Cancelled): WireError | null {
  const ids: string[] = [
    ...openReceipts(asked).map((one) => one.jobId),
    ...openForeign(asked).map((one) => one.remoteKey),
  ];
  switch (exit) {
    case EXIT.notFound: {
      const unknown = asked.foreign.filter((one) => one.error !== null).map((one) => one.remoteKey);
      const named = [...plan.missing, ...unknown].map((word) => `"${word}"`).join(', ');
      return errorFor(exit, `There is no job ${named}.`, { ids: plan.missing });
    }
    case EXIT.notProven:
      return errorFor(
        exit,
        ids.length > 0
          ? `Not proven stopped within ${String(waitMs / 1_000)} s. The request stays on disk and is carried on.`
          : 'What came of it can’t be known.',
        { ids },
      );
    case EXIT.unreachable:
      return errorFor(exit, 'The server does not answer. The request stays on disk and is carried out when it does.', {
        ids,
      });
    case EXIT.tooLate:
      return errorFor(exit, 'Too late: it had ended.');
    default:
      return null;
  }
}
