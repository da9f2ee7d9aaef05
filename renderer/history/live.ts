/**
 * Keeps a HistorySource up with what happens: known rows change in place; what newly ended asks for the list's length
 * again, gathered, and not while the pointer is over the list (at most 3 s), so that no row moves under it.
 */
import type { Stores } from '../state/stores.ts';
import type { HistorySource } from './source.ts';

const GATHER_MS = 250;
const HOLD_MS = 3_000;

export interface LiveHistory extends Disposable {
  /** The pointer came over the list, or left it. */
  pointer: (over: boolean) => void;
}

export function keepLive(source: HistorySource, stores: Stores): LiveHistory {
  let timer: ReturnType<typeof setTimeout> | null = null;
  let waitingSince = 0;
  let over = false;

  const run = (): void => {
    timer = null;
    const heldFor = performance.now() - waitingSince;
    if (over && heldFor < HOLD_MS) {
      timer = setTimeout(run, Math.min(GATHER_MS, HOLD_MS - heldFor));
      return;
    }
    void source.refresh();
  };
  const refreshSoon = (): void => {
    if (timer !== null) return;
    waitingSince = performance.now();
    timer = setTimeout(run, GATHER_MS);
  };

  const stopJobs = stores.jobs.subscribe((state, old) => {
    for (const id of state.ended) {
      const job = state.byId.get(id);
      if (job !== undefined && job !== old.byId.get(id) && !source.apply(job)) refreshSoon();
    }
    if (state.removed !== old.removed) {
      for (const id of state.removed) if (!old.removed.has(id)) void source.remove(id);
    }
  });
  const stopForeign = stores.foreign.subscribe((state, old) => {
    for (const [id, view] of state.byServer) if (view.total < (old.byServer.get(id)?.total ?? 0)) refreshSoon();
  });
  const stopLink = stores.app.subscribe((state, old) => {
    if (state.link === 'online' && old.link !== 'online') refreshSoon();
  });

  return {
    pointer: (isOver) => {
      over = isOver;
    },
    [Symbol.dispose]: () => {
      if (timer !== null) clearTimeout(timer);
      stopJobs();
      stopForeign();
      stopLink();
    },
  };
}
