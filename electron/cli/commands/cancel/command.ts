/**
 * `cancel`: asks where somebody can be asked, has the request written down, waits for proof, and reports. What is meant is
 * in cancel-plan.ts, the waiting in cancel-follow.ts, the sentences in cancel-words.ts.
 */
import type { CancelReceipt, CancelSummary } from '../../../../shared/cancel.ts';
import type { CancelPreview } from '../../../../shared/cancel-schema.ts';
import type { WireError } from '../../../../shared/errors.ts';
import { toAppError } from '../../../../shared/errors.ts';
import type { JobId, ServerId } from '../../../../shared/ids.ts';
import { ATTEMPT_STATES } from '../../../../shared/job-machine.ts';
import type { ServerView } from '../../../../shared/server.ts';
import { awaitedSentence, exitOf, outcomeSentence, questionFor } from '../../cancel-words.ts';
import type { Context } from '../../context.ts';
import { EXIT, Failure, errorFor, worst } from '../../exit-codes.ts';
import type { Exit } from '../../exit-codes.ts';
import { shortId, table } from '../../format.ts';
import { openJobs, serverIdOf } from '../../find.ts';
import { isCancelling } from '../../../../shared/job.ts';
import { titleOf } from '../../job-words.ts';
import type { Link } from '../../link.ts';
import type { Answer } from '../../output.ts';
import { jobs, plural } from '../../../../shared/words/count.ts';
import { says } from '../../text.ts';
import { follow, foreignKey } from './follow.ts';
import { hintAtOthers } from './hint.ts';
import type { Followed } from './follow.ts';
import { cancelUser } from './user.ts';
import { planCancel } from './plan.ts';
import type { CancelPlan } from './plan.ts';

interface ForeignReceipt {
  serverId: ServerId;
  remoteKey: string;
  outcome: CancelReceipt['outcome'];
  error: WireError | null;
}

interface Asked {
  receipts: CancelReceipt[];
  summary: CancelSummary;
  foreign: ForeignReceipt[];
}

const NOTHING: CancelSummary = {
  timing: 'immediate',
  cancelledWaiting: 0,
  running: 0,
  alreadyEnded: 0,
  unreachable: 0,
  notAllowed: 0,
};
const DEFAULT_WAIT_S = 10;
/** Above this, outcomes are counted instead of listed. */
const LISTED = 12;
/** As many receipts as one call brings. */
const MAX_RECEIPTS = 1_000;

export async function cancel(context: Context): Promise<Answer> {
  const { args, out } = context;
  const user = args.text('user');
  if (user !== undefined) return await cancelUser(context, user);
  const waitMs = (args.number('wait', 0, false) ?? DEFAULT_WAIT_S) * 1_000;
  // Known before anything is looked at: nobody can be asked, so nobody's work but one's own is touched.
  if (args.has('foreign') && !out.canAsk && !args.has('yes')) throw notAsked();
  const link = await context.link();
  const plan = await planCancel(link, args);
  const foreignMeant =
    plan.foreign.length > 0 ||
    plan.included.length > 0 ||
    (plan.scope !== null && 'which' in plan.scope && plan.scope.which === 'everyone');
  if (plan.foreign.length > 0 && !out.canAsk && !args.has('yes')) throw notAsked();
  const agreed = await agree(context, link, plan);
  if (agreed === 'no')
    return {
      exit: EXIT.failed,
      data: null,
      text: () => [says.kept],
      error: errorFor(EXIT.failed, says.kept),
      why: null,
    };

  if (agreed === 'nothing' && plan.missing.length === 0)
    await hintAtOthers(context, link, await serverIdOf(link, args.text('server')));
  const onServers =
    plan.scope !== null && 'which' in plan.scope
      ? (await link.call('jobs.list', { states: [...ATTEMPT_STATES], limit: 1_000 })).jobs.map((job) => job.id)
      : [];
  const asked =
    agreed === 'nothing'
      ? { receipts: [], summary: NOTHING, foreign: [] }
      : await request(context, link, plan, agreed, foreignMeant);
  if (asked.receipts.length >= MAX_RECEIPTS) asked.receipts.push(...(await cutOff(link, asked.receipts, onServers)));
  const targets = [...plan.foreign, ...plan.included].filter((target) =>
    asked.foreign.some(
      (one) =>
        one.serverId === target.serverId &&
        one.remoteKey === target.job.remoteKey &&
        one.outcome === null &&
        one.error === null,
    ),
  );
  const open = asked.receipts.filter((receipt) => receipt.outcome === null && receipt.requestId !== null);
  let followed: Followed = { views: new Map(), outcomes: new Map(), foreign: new Map() };
  if (waitMs > 0 && open.length + targets.length > 0) {
    followed = await follow(link, open, targets, { waitMs, mode: plan.mode, signal: context.signal });
    asked.receipts = asked.receipts.map((receipt) => ({
      ...receipt,
      outcome: receipt.outcome ?? followed.outcomes.get(receipt.jobId) ?? null,
    }));
    asked.foreign = asked.foreign.map((one) => ({
      ...one,
      outcome: one.outcome ?? followed.foreign.get(foreignKey(one.serverId, one.remoteKey)) ?? null,
    }));
  }
  return report(context, link, plan, asked, followed, waitMs);
}

/**
 * The contract tells of the first 1,000 only, waiting ones first: what is on a server must not be missed for it. `before`
 * are those that were there when it was asked; they may have ended since.
 */
async function cutOff(link: Link, told: readonly CancelReceipt[], before: readonly JobId[]): Promise<CancelReceipt[]> {
  const known = new Set(told.map((receipt) => receipt.jobId));
  const views = new Map((await openJobs(link)).filter(isCancelling).map((job) => [job.id, job]));
  for (const id of before) if (!views.has(id)) views.set(id, (await link.call('jobs.get', { id })).job);
  return [...views.values()].flatMap(({ id, cancel: asked }) =>
    asked === null || known.has(id) ? [] : [{ jobId: id, requestId: asked.requestId, outcome: asked.outcome }],
  );
}

const notAsked = (): Failure =>
  new Failure(EXIT.usage, `That is other people’s work. ${says.notAsked}`, {
    code: 'not_allowed',
    hint: says.addYes,
  });

type Agreed = { token: string | null } | 'no' | 'nothing';

/** Asks on a terminal, with the counts of the preview; elsewhere goes on without. */
async function agree(context: Context, link: Link, plan: CancelPlan, changed?: CancelPreview): Promise<Agreed> {
  if (plan.scope === null && plan.foreign.length === 0) return 'nothing';
  if (!context.out.canAsk) return { token: null };
  const lines: string[] = [];
  let token: string | null = null;
  let question = '';
  if (plan.scope !== null) {
    const preview =
      changed ??
      (await link.call('cancel.preview', {
        scope: plan.scope,
        mode: plan.mode,
        ...(plan.after ? { after: true } : {}),
      }));
    const words = questionFor(preview, { runsOn: plan.mode === 'if-waiting' });
    // Nothing would be stopped: no question, and the request itself says what had become of them.
    if (words.count === 0 && plan.foreign.length === 0) return { token: null };
    ({ token } = preview);
    ({ question } = words);
    lines.push(...words.lines);
    if (words.count === 1 && preview.total.foreign === 0 && plan.foreign.length === 0) {
      const { settings } = await link.call('settings.get', {});
      if (!settings.askForOne) return { token };
    }
  }
  if (plan.foreign.length > 0) {
    lines.push(
      `  ${plural(plan.foreign.length, 'foreign job', 'foreign jobs')}: other people’s work, and can’t be put back`,
    );
    question = `Cancel ${jobs(plan.foreign.length + plan.known.size)}?`;
  }
  return (await context.out.ask(lines, question)) ? { token } : 'no';
}

async function request(
  context: Context,
  link: Link,
  plan: CancelPlan,
  agreed: { token: string | null },
  foreignAllowed: boolean,
): Promise<Asked> {
  const note = context.args.text('note');
  const common = { mode: plan.mode, by: 'cli' as const, ...(note === undefined ? {} : { note }) };
  const asked: Asked = {
    receipts: [],
    summary: { ...NOTHING },
    foreign: plan.included.map(({ serverId, job }) => ({
      serverId,
      remoteKey: job.remoteKey,
      outcome: null,
      error: null,
    })),
  };
  if (plan.scope !== null) {
    let { token } = agreed;
    for (;;) {
      try {
        const result = await link.call('cancel.run', {
          scope: plan.scope,
          ...common,
          ...(plan.after ? { after: true } : {}),
          ...(token === null ? {} : { previewToken: token }),
          ...(foreignAllowed ? { foreignAllowed: true } : {}),
        });
        asked.receipts = result.receipts;
        add(asked.summary, result.summary);
        break;
      } catch (error) {
        const { code, details } = toAppError(error);
        const preview = details?.['preview'];
        if (code !== 'conflict' || token === null || preview === undefined) throw error;
        // More or other jobs than were shown: asked again, with what is there now.
        const again = await agree(context, link, plan, preview as CancelPreview);
        if (again === 'no' || again === 'nothing') throw new Failure(EXIT.failed, says.kept);
        ({ token } = again);
      }
    }
  }
  for (const serverId of new Set(plan.foreign.map((target) => target.serverId))) {
    const remoteKeys = plan.foreign
      .filter((target) => target.serverId === serverId)
      .map((target) => target.job.remoteKey);
    const result = await link.call('foreign.cancel', { serverId, remoteKeys, ...common, allowed: true });
    asked.foreign.push(...result.receipts.map((receipt) => ({ serverId, ...receipt })));
    add(asked.summary, result.summary);
  }
  return asked;
}

function add(into: CancelSummary, more: CancelSummary): void {
  if (more.timing === 'deferred') into.timing = 'deferred';
  into.cancelledWaiting += more.cancelledWaiting;
  into.running += more.running;
  into.alreadyEnded += more.alreadyEnded;
  into.unreachable += more.unreachable;
  into.notAllowed += more.notAllowed;
}

async function report(
  context: Context,
  link: Link,
  plan: CancelPlan,
  asked: Asked,
  followed: Followed,
  waitMs: number,
): Promise<Answer> {
  const { receipts, foreign, summary } = asked;
  const listed = receipts.length <= LISTED;
  if (listed && !context.out.manner.json && !context.out.manner.quiet) {
    for (const { jobId } of receipts) {
      if (!followed.views.has(jobId))
        followed.views.set(jobId, plan.known.get(jobId) ?? (await link.call('jobs.get', { id: jobId })).job);
    }
  }
  const unsettled =
    receipts.some((one) => one.outcome === null && one.requestId !== null) ||
    foreign.some((one) => one.outcome === null && one.error === null);
  const servers = unsettled && waitMs > 0 ? (await link.call('servers.list', {})).servers : [];
  const reachable = (id: ServerId | null): boolean =>
    id === null || servers.find((server: ServerView) => server.id === id)?.status.contact === 'online';

  const exits: Exit[] = plan.missing.map(() => EXIT.notFound);
  const rows: { id: string; says: string; title: string }[] = plan.missing.map((word) => ({
    id: word,
    says: 'no such job',
    title: '',
  }));
  for (const { jobId, requestId, outcome } of receipts) {
    const job = followed.views.get(jobId);
    const before = plan.known.get(jobId)?.state === 'cancelled' || (outcome === null && requestId === null);
    const waiting = outcome === null && !before;
    exits.push(
      before
        ? EXIT.done
        : waiting && waitMs === 0
          ? EXIT.done
          : exitOf(outcome, {
              reachable: reachable(job?.onServerId ?? job?.serverId ?? null),
              waitingOnly: plan.waitingOnly,
            }),
    );
    const sentence = before
      ? 'Was cancelled already'
      : outcome === null
        ? waitMs === 0
          ? 'cancelling'
          : awaitedSentence(job)
        : outcomeSentence(outcome, job);
    rows.push({ id: shortId(jobId), says: sentence, title: job === undefined ? '' : titleOf(job) });
  }
  for (const { serverId, remoteKey, outcome, error } of foreign) {
    exits.push(
      error !== null
        ? EXIT.notFound
        : outcome === null && waitMs === 0
          ? EXIT.done
          : exitOf(outcome, { reachable: reachable(serverId), waitingOnly: plan.waitingOnly }),
    );
    rows.push({
      id: remoteKey,
      says: error !== null ? 'no such job' : outcome === null ? 'cancelling' : outcomeSentence(outcome, undefined),
      title: 'foreign',
    });
  }
  const exit = worst(exits);
  const data = { receipts, summary, ...(foreign.length === 0 ? {} : { foreign }) };
  const why = whyNot(exit, plan, asked, waitMs);
  return {
    exit,
    data,
    text: () =>
      rows.length === 0
        ? nothing(plan, summary)
        : rows.length <= LISTED
          ? table(
              rows.map((row) => [row.id, row.says, row.title]),
              context.out.columns,
            )
          : counted(rows, summary),
    ...(why === null ? {} : { error: why }),
  };
}

const nothing = (plan: CancelPlan, summary: CancelSummary): string[] =>
  plan.after && summary.alreadyEnded === 0
    ? ['nothing to cancel: nothing waits, what runs may finish']
    : ['nothing to cancel'];

/** `14  Cancelled before it was sent`, most first. */
function counted(rows: readonly { says: string }[], summary: CancelSummary): string[] {
  const counts = new Map<string, number>();
  for (const row of rows) {
    // Each has its own time; what they have in common is told.
    const sentence = row.says.replace(/ after [\d.]+ (ms|s|min)[^,]*/, ' while running');
    counts.set(sentence, (counts.get(sentence) ?? 0) + 1);
  }
  const untold =
    summary.cancelledWaiting +
    summary.running +
    summary.alreadyEnded +
    summary.unreachable +
    summary.notAllowed -
    rows.length;
  const lines = [...counts].sort((a, b) => b[1] - a[1]).map(([sentence, count]) => [String(count), sentence]);
  return table(untold > 0 ? [...lines, [String(untold), 'more, not told one by one: see switchyard history']] : lines);
}

function whyNot(exit: Exit, plan: CancelPlan, asked: Asked, waitMs: number): WireError | null {
  const open = asked.receipts
    .filter((one) => one.outcome === null && one.requestId !== null)
    .map((one) => one.jobId as string);
  const keys = asked.foreign.filter((one) => one.outcome === null && one.error === null).map((one) => one.remoteKey);
  switch (exit) {
    case EXIT.notFound:
      return errorFor(
        exit,
        `There is no job ${plan.missing
          .concat(asked.foreign.filter((one) => one.error !== null).map((one) => one.remoteKey))
          .map((word) => `"${word}"`)
          .join(', ')}.`,
        { ids: plan.missing },
      );
    case EXIT.notProven:
      return errorFor(
        exit,
        open.length + keys.length > 0
          ? `Not proven stopped within ${String(waitMs / 1_000)} s. The request stays on disk and is carried on.`
          : 'What came of it can’t be known.',
        { ids: [...open, ...keys] },
      );
    case EXIT.unreachable:
      return errorFor(exit, 'The server does not answer. The request stays on disk and is carried out when it does.', {
        ids: [...open, ...keys],
      });
    case EXIT.tooLate:
      return errorFor(exit, 'Too late: it had ended.');
    default:
      return null;
  }
}
