/** All stores of one window, made together and handed down by context: tests and the dev page make their own. */
import { createContext, useContext } from 'react';
import { useStore } from 'zustand';
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
import type { ToastStore } from './toasts.ts';
import { createToastStore } from './toasts.ts';
import type { UiState, UiStore } from './ui-store.ts';
import { createUiStore } from './ui-store.ts';

export interface Stores {
  readonly app: AppStore;
  readonly jobs: JobsStore;
  readonly live: LiveStore;
  readonly servers: ServersStore;
  readonly foreign: ForeignStore;
  readonly toasts: ToastStore;
  readonly ui: UiStore;
}

export function createStores(): Stores {
  return {
    app: createAppStore(),
    jobs: createJobsStore(),
    live: createLiveStore(),
    servers: createServersStore(),
    foreign: createForeignStore(),
    toasts: createToastStore(),
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

/** Says what just happened; does not subscribe. */
export const useToasts = (): ToastStore => useStores().toasts;

export const useApp = <Value>(select: (state: AppState) => Value): Value => useStore(useStores().app, select);
export const useJobs = <Value>(select: (state: JobsState) => Value): Value => useStore(useStores().jobs, select);
export const useLive = <Value>(select: (state: LiveState) => Value): Value => useStore(useStores().live, select);
export const useServers = <Value>(select: (state: ServersState) => Value): Value =>
  useStore(useStores().servers, select);
export const useForeign = <Value>(select: (state: ForeignState) => Value): Value =>
  useStore(useStores().foreign, select);
export const useUi = <Value>(select: (state: UiState) => Value): Value => useStore(useStores().ui, select);

/** All servers, in the user's order. */
export function useServerList(): ServerView[] {
  const byId = useServers((state) => state.byId);
  return useServers((state) => state.order).flatMap((id) => byId.get(id) ?? []);
}
