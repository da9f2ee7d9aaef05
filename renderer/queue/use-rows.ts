/** The rows of the queue as state: from the stores, renewed once per change; and when each will be done, renewed every five seconds. */
import { useEffect, useMemo, useState } from 'react';
import { useStore } from 'zustand';
import type { StoreApi } from 'zustand/vanilla';
import { etas } from './etas.ts';
import type { Eta } from './etas.ts';
import type { LingerState } from './linger.ts';
import { queueRows } from './rows.ts';
import type { QueueRow } from './rows.ts';
import { useApp, useJobs, useLive, useServers, useStores, useUi } from '../state/stores.ts';
import type { RowKey } from '../state/ui-store.ts';

export function useQueueRows(linger: StoreApi<LingerState>): QueueRow[] {
  const { foreign: foreignStore, jobs: jobsStore } = useStores();
  const layout = useJobs((state) => state.layout);
  const servers = useServers((state) => state);
  const foreign = useStore(foreignStore);
  const places = useLive((state) => state.places);
  const lingering = useStore(linger, (state) => state.asWas);
  const unfolded = useUi((state) => state.unfolded);
  const onlyServer = useUi((state) => state.onlyServer);
  const jobs = useMemo(() => ({ layout, state: jobsStore.getState() }), [layout, jobsStore]).state;
  return useMemo(
    () => queueRows({ jobs, servers, foreign, places, lingering, unfolded, onlyServer }),
    [jobs, servers, foreign, places, lingering, unfolded, onlyServer],
  );
}

const EVERY_MS = 5_000;

export function useEtas(rows: readonly QueueRow[]): ReadonlyMap<RowKey, Eta> {
  const stores = useStores();
  const paused = useApp((state) => state.summary?.paused ?? false);
  const [nowMs, setNowMs] = useState(Date.now);
  useEffect(() => {
    const timer = setInterval(() => {
      setNowMs(Date.now());
    }, EVERY_MS);
    return () => {
      clearInterval(timer);
    };
  }, []);
  return useMemo(() => {
    return etas(rows, {
      jobs: stores.jobs.getState(),
      live: stores.live.getState(),
      servers: stores.servers.getState(),
      paused,
      nowMs: Math.max(nowMs, Date.now()),
    });
  }, [rows, paused, stores, nowMs]);
}
