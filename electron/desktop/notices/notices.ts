/**
 * What is worth a notification, and when: failures together, the queue's end, a cancel that did not land in time. Pure, with
 * the time given: at most one notice in five seconds, one per batch, none while the window has the focus. Shows nothing.
 */
import type { JobId } from '../../../shared/ids.ts';
import type { Settings } from '../../../shared/settings.ts';
import { noticeText } from '../text.ts';

export interface Notice {
  kind: 'failed' | 'queue-done' | 'cancel-late' | 'news';
  title: string;
  body: string;
  /** Where a click leads: a place of the window, e.g. `history/<job>`, or an address of ours outside. */
  open: string;
}

export type NoticeInput =
  | { type: 'failed'; jobId: JobId; title: string; batch: { id: string; title: string } | null; why: string }
  | { type: 'queue-done'; done: number; failed: number; cancelled: number }
  | { type: 'cancel-late'; jobId: JobId; title: string; server: string | null }
  | { type: 'tick' };

type Failure = Extract<NoticeInput, { type: 'failed' }>;
type Late = Extract<NoticeInput, { type: 'cancel-late' }>;

export interface NoticeState {
  failures: readonly Failure[];
  late: readonly Late[];
  done: Extract<NoticeInput, { type: 'queue-done' }> | null;
  /** When the last notice was shown, ms; null before the first. */
  shownAt: number | null;
}

export interface NoticeFacts {
  nowMs: number;
  focused: boolean;
  settings: Pick<Settings, 'notifyFailures' | 'notifyQueueDone' | 'notifyCancelLate'>;
}

export interface NoticeStep {
  state: NoticeState;
  show: Notice | null;
  /** When to come back with a `tick`, ms from now; null when nothing waits. */
  wakeInMs: number | null;
}

export const NO_NOTICES: NoticeState = { failures: [], late: [], done: null, shownAt: null };

const EVERY_MS = 5_000;
/** More are counted and not kept. */
const MAX_KEPT = 200;

/** Takes what happened and answers what to show now. Whoever looks at the window needs no notice: what waits is dropped. */
export function advanceNotices(state: NoticeState, input: NoticeInput, facts: NoticeFacts): NoticeStep {
  const next = facts.focused ? { ...NO_NOTICES, shownAt: state.shownAt } : taken(state, input, facts);
  const restMs = next.shownAt === null ? 0 : Math.max(0, next.shownAt + EVERY_MS - facts.nowMs);
  if (isEmpty(next)) return { state: next, show: null, wakeInMs: null };
  if (restMs > 0) return { state: next, show: null, wakeInMs: restMs };
  const { show, left } = first(next);
  const after: NoticeState = { ...left, shownAt: facts.nowMs };
  return { state: after, show, wakeInMs: isEmpty(after) ? null : EVERY_MS };
}

const isEmpty = (state: NoticeState): boolean =>
  state.failures.length === 0 && state.late.length === 0 && state.done === null;

function taken(state: NoticeState, input: NoticeInput, { settings }: NoticeFacts): NoticeState {
  switch (input.type) {
    case 'failed':
      return settings.notifyFailures ? { ...state, failures: [...state.failures, input].slice(-MAX_KEPT) } : state;
    case 'cancel-late':
      return settings.notifyCancelLate ? { ...state, late: [...state.late, input].slice(-MAX_KEPT) } : state;
    case 'queue-done':
      return settings.notifyQueueDone ? { ...state, done: input } : state;
    case 'tick':
      return state;
  }
}

/** What is most urgent: a job that does not stop, then what failed, then the end. */
function first(state: NoticeState): { show: Notice; left: NoticeState } {
  if (state.late.length > 0) return { show: lateNotice(state.late), left: { ...state, late: [] } };
  if (state.failures.length > 0) {
    // What failed at the very end is told together with the end.
    if (state.done !== null) return { show: doneNotice(state.done), left: { ...state, failures: [], done: null } };
    return { show: failureNotice(state.failures), left: { ...state, failures: [] } };
  }
  return { show: doneNotice(state.done ?? NOTHING), left: { ...state, done: null } };
}

const NOTHING = { done: 0, failed: 0, cancelled: 0 };

function failureNotice(failures: readonly Failure[]): Notice {
  const [only] = failures;
  if (failures.length === 1 && only !== undefined)
    return { kind: 'failed', title: noticeText.failed(only.title), body: only.why, open: `history/${only.jobId}` };
  const batches = new Set(failures.map(({ batch }) => batch?.id ?? null));
  const batch = batches.size === 1 ? (only?.batch ?? null) : null;
  const title =
    batch === null ? noticeText.failedMany(failures.length) : noticeText.failedOf(failures.length, batch.title);
  const names = failures.slice(0, 3).map((failure) => failure.title);
  return {
    kind: 'failed',
    title,
    body: noticeText.names(names, failures.length - names.length),
    open: 'history',
  };
}

function lateNotice(late: readonly Late[]): Notice {
  const [only] = late;
  if (late.length === 1 && only !== undefined)
    return {
      kind: 'cancel-late',
      title: noticeText.late(only.title),
      body: noticeText.lateBody(only.server),
      open: `queue/${only.jobId}`,
    };
  return {
    kind: 'cancel-late',
    title: noticeText.lateMany(late.length),
    body: noticeText.lateBody(null),
    open: 'queue',
  };
}

function doneNotice(done: { done: number; failed: number; cancelled: number }): Notice {
  return {
    kind: 'queue-done',
    title: noticeText.queueDone,
    body: noticeText.queueDoneBody(done),
    open: done.failed > 0 ? 'history' : 'queue',
  };
}
