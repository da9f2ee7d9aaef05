/**
 * What running jobs are doing this moment: phase, progress, preview version. Apart from the jobs on purpose: it changes
 * ten times a second and only progress elements look at it. Never evidence for a state.
 */
import { createStore } from 'zustand/vanilla';
import type { StoreApi } from 'zustand/vanilla';
import type { JobId } from '../../shared/ids.ts';
import type { JobLive } from '../../shared/live.ts';

export interface LiveState {
  readonly byId: ReadonlyMap<JobId, JobLive>;
  /** Places in their servers' queues; its own object, which changes only when a place does. */
  readonly places: ReadonlyMap<JobId, number>;
}

export type LiveStore = StoreApi<LiveState>;
export const createLiveStore = (): LiveStore => createStore(() => ({ byId: new Map(), places: new Map() }));

/** Folds the newest reports in, drops those of jobs that are open no more. */
export function applyLive(state: LiveState, updates: readonly JobLive[], ended: Iterable<JobId> = []): LiveState {
  const over = [...ended].filter((id) => state.byId.has(id));
  if (updates.length === 0 && over.length === 0) return state;
  const byId = new Map(state.byId);
  const places = new Map(state.places);
  const setPlace = (id: JobId, place: number | null): void => {
    if (place === null) places.delete(id);
    else places.set(id, place);
  };
  for (const live of updates) {
    byId.set(live.jobId, live);
    setPlace(live.jobId, live.phase.phase === 'waiting' ? live.phase.place : null);
  }
  for (const id of over) {
    byId.delete(id);
    setPlace(id, null);
  }
  const same = places.size === state.places.size && [...places].every(([id, place]) => state.places.get(id) === place);
  return { byId, places: same ? state.places : places };
}
