/** All stores of one window, made together and handed down by context: tests and the dev page make their own. */
import { createContext, useContext } from 'react';
import { useStore } from 'zustand';
import type { StoreApi } from 'zustand/vanilla';
import type { ServerView } from '../../shared/server.ts';
import type { AppState, AppStore } from './app-store.ts';
import { createAppStore } from './app-store.ts';
import type { ForeignState, ForeignStore } from './foreign-store.ts';
import { createForeignStore } from './foreign-store.ts';
import type { JobsState, JobsStore } from './jobs-store.ts';
import { createJobsStore } from './jobs-store.ts';
import type { LiveState, LiveStore } from './live-store.ts';
import { createLiveStore } from './live-store.ts';
import type { ServersState, ServersStore } from './servers-store.ts';
import { createServersStore } from './servers-store.ts';
import type { UiState, UiStore } from './ui-store.ts';
import { createUiStore } from './ui-store.ts';

export interface Stores {
  readonly app: AppStore;
  readonly jobs: JobsStore;
  readonly live: LiveStore;
  readonly servers: ServersStore;
  readonly foreign: ForeignStore;
  readonly ui: UiStore;
}

export function createStores(): Stores {
  return {
    app: createAppStore(),
    jobs: createJobsStore(),
    live: createLiveStore(),
    servers: createServersStore(),
    foreign: createForeignStore(),
    ui: createUiStore(),
  };
}

export const StoresContext = createContext<Stores | null>(null);

/** The stores themselves, for event handlers: reading them does not subscribe. */
export function useStores(): Stores {
  const stores = useContext(StoresContext);
  if (stores === null) throw new Error('useStores outside of StoresContext');
  return stores;
}

function use<State, Value>(store: StoreApi<State>, select: (state: State) => Value): Value {
  return useStore(store, select);
}

export const useApp = <Value>(select: (state: AppState) => Value): Value => use(useStores().app, select);
export const useJobs = <Value>(select: (state: JobsState) => Value): Value => use(useStores().jobs, select);
export const useLive = <Value>(select: (state: LiveState) => Value): Value => use(useStores().live, select);
export const useServers = <Value>(select: (state: ServersState) => Value): Value => use(useStores().servers, select);
export const useForeign = <Value>(select: (state: ForeignState) => Value): Value => use(useStores().foreign, select);
export const useUi = <Value>(select: (state: UiState) => Value): Value => use(useStores().ui, select);

/** All servers, in the user's order. */
export function useServerList(): ServerView[] {
  const byId = useServers((state) => state.byId);
  return useServers((state) => state.order).flatMap((id) => byId.get(id) ?? []);
}
