/** The servers and how they are, in the user's order. */
import { createStore } from 'zustand/vanilla';
import type { StoreApi } from 'zustand/vanilla';
import type { ServerId } from '../../shared/ids.ts';
import type { ServerView } from '../../shared/server.ts';

export interface ServersState {
  readonly byId: ReadonlyMap<ServerId, ServerView>;
  /** Another array only when a server comes, goes, moves or becomes of another kind. */
  readonly order: readonly ServerId[];
  readonly ready: boolean;
}

export type ServersStore = StoreApi<ServersState>;
export const createServersStore = (): ServersStore => createStore(() => ({ byId: new Map(), order: [], ready: false }));

function ordered(byId: ReadonlyMap<ServerId, ServerView>, ready: boolean): ServersState {
  const order = [...byId.values()]
    .sort((a, b) => a.position - b.position || (a.id < b.id ? -1 : 1))
    .map((server) => server.id);
  return { byId, order, ready };
}

/** The whole truth of a snapshot. */
export const replaceServers = (servers: readonly ServerView[]): ServersState =>
  ordered(new Map(servers.map((server) => [server.id, server])), true);

export function applyServers(
  state: ServersState,
  changed: readonly ServerView[],
  removed: readonly ServerId[],
): ServersState {
  if (changed.length === 0 && removed.length === 0) return state;
  const byId = new Map(state.byId);
  for (const server of changed) byId.set(server.id, server);
  for (const id of removed) byId.delete(id);
  const next = ordered(byId, state.ready);
  const same =
    next.order.length === state.order.length &&
    next.order.every((id, index) => id === state.order[index] && byId.get(id)?.kind === state.byId.get(id)?.kind);
  return same ? { ...next, order: state.order } : next;
}
