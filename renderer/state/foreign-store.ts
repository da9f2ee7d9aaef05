/** Other people's open work, per server, as last seen. */
import { createStore } from 'zustand/vanilla';
import type { StoreApi } from 'zustand/vanilla';
import type { ServerId } from '../../shared/ids.ts';
import type { ForeignView } from '../../shared/server.ts';

export interface ForeignState {
  readonly byServer: ReadonlyMap<ServerId, ForeignView>;
}

export type ForeignStore = StoreApi<ForeignState>;
export const createForeignStore = (): ForeignStore => createStore(() => ({ byServer: new Map() }));

export function applyForeign(
  state: ForeignState,
  changed: readonly ForeignView[],
  removed: readonly ServerId[] = [],
): ForeignState {
  if (changed.length === 0 && removed.length === 0) return state;
  const byServer = new Map(state.byServer);
  for (const view of changed) byServer.set(view.serverId, view);
  for (const id of removed) byServer.delete(id);
  return { byServer };
}

/** How much open work others have there: jobs seen one by one, and those that are only counted. */
export const othersOf = (view: ForeignView | undefined): number =>
  view === undefined ? 0 : view.total + view.counts.reduce((sum, { waiting, running }) => sum + waiting + running, 0);
