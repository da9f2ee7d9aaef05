/** The rows of the queue as state: from the stores, renewed once per change; and when each will be done, renewed every five seconds. */
import { useMemo, useSyncExternalStore } from 'react';
import type { StoreApi } from 'zustand/vanilla';
import { useNow } from '../hooks/use-now.ts';
import type { ServersState } from '../state/servers-store.ts';
import { useApp, useServers, useStores } from '../state/stores.ts';
import type { Stores } from '../state/stores.ts';
import type { RowKey } from '../state/ui-store.ts';
import { etas } from './etas.ts';
import type { Eta } from './etas.ts';
import type { LingerState } from './linger.ts';
import { queueRows } from './rows.ts';
import type { QueueRow } from './rows.ts';

export interface RowsSource {
  subscribe: (listener: () => void) => () => void;
  read: () => QueueRow[];
}

/**
 * The rows as the stores have them. The same array comes back until something changes that decides which rows there are
 * and in which order: not with a server's ping, nor with the progress of a job.
 */
export function rowsOf(
  { jobs, servers, foreign, live, ui }: Stores,
  linger: Pick<StoreApi<LingerState>, 'getState' | 'subscribe'>,
): RowsSource {
  let rows: QueueRow[] = [];
  let from: readonly unknown[] = [];
  return {
    subscribe: (listener) => {
      const stops = [jobs, servers, foreign, live, ui, linger].map((store) => store.subscribe(listener));
      return () => {
        for (const stop of stops) stop();
      };
    },
    read: () => {
      const { unfolded, onlyServer } = ui.getState();
      const input = {
        jobs: jobs.getState(),
        servers: servers.getState(),
        foreign: foreign.getState(),
        places: live.getState().places,
        lingering: linger.getState().asWas,
        unfolded,
        onlyServer,
      };
      const decides = { ...input, jobs: input.jobs.layout, servers: input.servers.order };
      const now = Object.values(decides);
      if (now.length === from.length && now.every((each, index) => each === from[index])) return rows;
      from = now;
      rows = queueRows(input);
      return rows;
    },
  };
}

export function useQueueRows(linger: StoreApi<LingerState>): QueueRow[] {
  const stores = useStores();
  const source = useMemo(() => rowsOf(stores, linger), [stores, linger]);
  return useSyncExternalStore(source.subscribe, source.read);
}

/** What of the servers decides when rows will be done, as text: it changes only when one of these does. */
const standingOf = ({ byId }: ServersState): string =>
  [...byId.values()].map(({ status, paused }) => `${status.contact} ${paused} ${status.backends}`).join();

export function useEtas(rows: readonly QueueRow[]): ReadonlyMap<RowKey, Eta> {
  const stores = useStores();
  const paused = useApp((state) => state.summary?.paused ?? false);
  const standing = useServers(standingOf);
  const { servers } = useMemo(() => ({ standing, servers: stores.servers.getState() }), [standing, stores]);
  const nowMs = useNow(5_000);
  return useMemo(
    () =>
      etas(rows, {
        jobs: stores.jobs.getState(),
        live: stores.live.getState(),
        servers,
        paused,
        nowMs: Math.max(nowMs, Date.now()),
      }),
    [rows, paused, stores, servers, nowMs],
  );
}
