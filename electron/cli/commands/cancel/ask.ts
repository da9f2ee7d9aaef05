/** Has the host write a cancel down, ours and other people's, and tells what it said of each job. Waits for nothing. */
import type { CancelReceipt, CancelSummary } from '../../../../shared/cancel.ts';
import type { WireError } from '../../../../shared/errors.ts';
import type { JobId } from '../../../../shared/ids.ts';
import { ATTEMPT_STATES } from '../../../../shared/job-machine.ts';
import { defined } from '../../../../shared/util/defined.ts';
import { openJobs } from '../../find.ts';
import { isCancelling } from '../../../../shared/job-view.ts';
import type { Link } from '../../link.ts';
import type { CancelPlan, ForeignTarget } from './plan.ts';

export interface ForeignAsked extends ForeignTarget {
  outcome: CancelReceipt['outcome'];
  error: WireError | null;
}

/** What a cancel came to so far; follow.ts fills in the outcomes that were open. */
export interface Asked {
  receipts: CancelReceipt[];
  foreign: ForeignAsked[];
  summary: CancelSummary;
}

export const NOTHING: CancelSummary = {
  timing: 'immediate',
  cancelledWaiting: 0,
  running: 0,
  alreadyEnded: 0,
  unreachable: 0,
  notAllowed: 0,
};
/** As many receipts as one call brings. */
const MAX_RECEIPTS = 1_000;

export const openReceipts = ({ receipts }: Asked): CancelReceipt[] =>
  receipts.filter(({ outcome, requestId }) => outcome === null && requestId !== null);

export const openForeign = ({ foreign }: Asked): ForeignAsked[] =>
  foreign.filter(({ outcome, error }) => outcome === null && error === null);

/** `token` is of the preview that was agreed to; null where there was none. */
export async function ask(
  link: Link,
  { scope, manner, foreign, included }: CancelPlan,
  token: string | null,
  note: string | undefined,
): Promise<Asked> {
  const common = { mode: manner.mode, by: 'cli' as const, ...defined({ note }) };
  const asked: Asked = {
    receipts: [],
    foreign: included.map((target) => ({ ...target, outcome: null, error: null })),
    summary: { ...NOTHING },
  };
  if (scope !== null) {
    const ofMany = 'which' in scope;
    const onServers = ofMany
      ? (await link.call('jobs.list', { states: [...ATTEMPT_STATES], limit: 1_000 })).jobs.map((job) => job.id)
      : [];
    const { receipts, summary } = await link.call('cancel.run', {
      scope,
      ...common,
      ...manner,
      ...(token === null ? {} : { previewToken: token }),
      ...(foreign.length > 0 || (ofMany && scope.which === 'everyone') ? { foreignAllowed: true } : {}),
    });
    asked.receipts =
      receipts.length < MAX_RECEIPTS ? receipts : [...receipts, ...(await untold(link, receipts, onServers))];
    add(asked.summary, summary);
  }
  for (const serverId of new Set(foreign.map((target) => target.serverId))) {
    const there = foreign.filter((target) => target.serverId === serverId);
    const remoteKeys = there.map((target) => target.remoteKey);
    const { receipts, summary } = await link.call('foreign.cancel', { serverId, remoteKeys, ...common, allowed: true });
    for (const { remoteKey, outcome, error } of receipts) {
      const running = there.some((target) => target.remoteKey === remoteKey && target.running);
      asked.foreign.push({ serverId, remoteKey, running, outcome, error });
    }
    add(asked.summary, summary);
  }
  return asked;
}

/**
 * The contract tells of the first 1,000 only, waiting ones first: what is on a server must not be missed for it. `before`
 * are those that were there when it was asked; they may have ended since.
 */
async function untold(link: Link, told: readonly CancelReceipt[], before: readonly JobId[]): Promise<CancelReceipt[]> {
  const known = new Set(told.map((receipt) => receipt.jobId));
  const views = new Map((await openJobs(link)).filter(isCancelling).map((job) => [job.id, job]));
  for (const id of before) if (!views.has(id)) views.set(id, (await link.call('jobs.get', { id })).job);
  return [...views.values()].flatMap(({ id, cancel }) =>
    cancel === null || known.has(id) ? [] : [{ jobId: id, requestId: cancel.requestId, outcome: cancel.outcome }],
  );
}

function add(into: CancelSummary, more: CancelSummary): void {
  if (more.timing === 'deferred') into.timing = 'deferred';
  into.cancelledWaiting += more.cancelledWaiting;
  into.running += more.running;
  into.alreadyEnded += more.alreadyEnded;
  into.unreachable += more.unreachable;
  into.notAllowed += more.notAllowed;
}
