/** What is true of the whole window: settings, the queue's summary, who hosts us, and whether the connection stands. */
import { createStore } from 'zustand/vanilla';
import type { StoreApi } from 'zustand/vanilla';
import type { AppInfo } from '../../shared/app.ts';
import type { QueueSummary } from '../../shared/queue.ts';
import type { DesktopState } from '../../shared/desktop-topics.ts';
import type { Settings } from '../../shared/settings.ts';

/** `connecting`: never connected yet. `reconnecting`: it was, and is being tried again. `signed-out`: the host does not know this page any more. */
export type LinkState = 'connecting' | 'online' | 'reconnecting' | 'signed-out';

export interface AppState {
  readonly link: LinkState;
  /** Null until the first snapshot. */
  readonly settings: Settings | null;
  readonly summary: QueueSummary | null;
  readonly info: AppInfo | null;
  /** Null in a browser. */
  readonly desktop: DesktopState | null;
}

export type AppStore = StoreApi<AppState>;
export const createAppStore = (): AppStore =>
  createStore(() => ({ link: 'connecting', settings: null, summary: null, info: null, desktop: null }));
