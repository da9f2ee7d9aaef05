/** The toasts on the screen: at most three, each by its key. How they look and how long they stand: components/toast.tsx. */
import type { ReactNode } from 'react';
import { createStore } from 'zustand/vanilla';
import type { StoreApi } from 'zustand/vanilla';

export interface ToastSpec {
  /** A new toast with the same key replaces the old one. */
  key: string;
  /** Words, or a component whose words change while the toast stands. */
  text: ReactNode;
  /** `trouble` is spoken at once and stays until closed. */
  tone?: 'plain' | 'trouble';
  action?: { label: string; onAct: () => void };
  /** Milliseconds it stands; default 10 s with an action, 5 s without. */
  standsMs?: number;
}

export interface ToastState {
  readonly toasts: readonly ToastSpec[];
}

export interface ToastStore extends Pick<StoreApi<ToastState>, 'getState' | 'getInitialState' | 'subscribe'> {
  show(toast: ToastSpec): void;
  close(key: string): void;
}

export function createToastStore(): ToastStore {
  const { setState, ...read } = createStore<ToastState>(() => ({ toasts: [] }));
  return {
    ...read,
    show: (toast) =>
      setState(({ toasts }) => ({ toasts: [...toasts.filter(({ key }) => key !== toast.key), toast].slice(-3) })),
    close: (key) => setState(({ toasts }) => ({ toasts: toasts.filter((toast) => toast.key !== key) })),
  };
}
