/**
 * Jobs as the window knows them: open ones, and the last that ended. `apply` is pure: it folds changes in any order to
 * the newest `rev` of each job. Knows nothing of connections, progress or rows.
 */
import { createStore } from 'zustand/vanilla';
import type { StoreApi } from 'zustand/vanilla';
import type { JobId } from '../../shared/ids.ts';
import type { JobView } from '../../shared/job.ts';
import { isTerminal } from '../../shared/job-machine.ts';

export interface JobsState {
  readonly byId: ReadonlyMap<JobId, JobView>;
  /** Ended jobs still kept, oldest first; at most ENDED_KEPT. */
  readonly ended: readonly JobId[];
  /** Removed jobs, so that a late snapshot page does not bring them back. */
  readonly removed: ReadonlySet<JobId>;
  /** Rises when a job comes, goes, or changes in what decides its place in the queue: rows are made again only then. */
  readonly layout: number;
  /** True once the first snapshot is in. */
  readonly ready: boolean;
}

export interface JobsChange {
  readonly upserts?: readonly JobView[];
  readonly removals?: readonly JobId[];
}

/** How many ended jobs the window remembers for rows that linger, toasts and the inspector. History has all. */
export const ENDED_KEPT = 1_000;

export const NO_JOBS: JobsState = { byId: new Map(), ended: [], removed: new Set(), layout: 0, ready: false };

/** Nothing of what queue/rows.ts looks at differs. */
function samePlace(a: JobView, b: JobView): boolean {
  return (
    a.state === b.state &&
    a.position === b.position &&
    a.held === b.held &&
    a.serverId === b.serverId &&
    a.onServerId === b.onServerId &&
    a.startedAt === b.startedAt &&
    a.batch?.id === b.batch?.id &&
    (a.cancel?.outcome === null) === (b.cancel?.outcome === null)
  );
}

/** Folds changes in. The same object comes back when nothing is new, so that nothing renders. */
export function apply(state: JobsState, change: JobsChange): JobsState {
  let byId: Map<JobId, JobView> | null = null;
  let ended = state.ended;
  let removed = state.removed;
  let { layout } = state;
  const read = (id: JobId): JobView | undefined => (byId ?? state.byId).get(id);

  for (const job of change.upserts ?? []) {
    if (removed.has(job.id)) continue;
    const known = read(job.id);
    if (known !== undefined && known.rev >= job.rev) continue;
    byId ??= new Map(state.byId);
    byId.set(job.id, job);
    if (known === undefined || !samePlace(known, job)) layout += 1;
    if (isTerminal(job.state) && (known === undefined || !isTerminal(known.state))) ended = [...ended, job.id];
  }
  for (const id of change.removals ?? []) {
    if (removed.has(id)) continue;
    removed = new Set(removed).add(id);
    if (read(id) === undefined) continue;
    byId ??= new Map(state.byId);
    byId.delete(id);
    layout += 1;
  }
  if (byId === null && removed === state.removed) return state;
  if (ended.length > ENDED_KEPT) {
    byId ??= new Map(state.byId);
    for (const id of ended.slice(0, ended.length - ENDED_KEPT)) byId.delete(id);
    ended = ended.slice(-ENDED_KEPT);
  }
  return { ...state, byId: byId ?? state.byId, ended, removed, layout };
}

/**
 * Ends a snapshot: open jobs that neither its pages nor an event since its beginning named are open no more. They leave;
 * History says how they ended.
 */
export function sweep(state: JobsState, named: ReadonlySet<JobId>): JobsState {
  const gone = [...state.byId.values()].filter((job) => !isTerminal(job.state) && !named.has(job.id));
  if (gone.length === 0) return state.ready ? state : { ...state, ready: true };
  const byId = new Map(state.byId);
  for (const job of gone) byId.delete(job.id);
  return { ...state, byId, layout: state.layout + 1, ready: true };
}

export type JobsStore = StoreApi<JobsState>;
export const createJobsStore = (): JobsStore => createStore(() => NO_JOBS);
