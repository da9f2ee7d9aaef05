/** The toasts on the screen: at most three, each by its key. How they look and how long they stand: components/toast.tsx. */
import type { ReactNode } from 'react';
import { createStore } from 'zustand/vanilla';

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

export const toasts = createStore<{ toasts: readonly ToastSpec[] }>(() => ({ toasts: [] }));

export function showToast(toast: ToastSpec): void {
  toasts.setState((state) => ({ toasts: [...state.toasts.filter(({ key }) => key !== toast.key), toast].slice(-3) }));
}

export function closeToast(key: string): void {
  toasts.setState((state) => ({ toasts: state.toasts.filter((toast) => toast.key !== key) }));
}
