/** The wall clock, as state: for elapsed times. One timer per interval for the whole window, and none while nobody looks. */
import { useSyncExternalStore } from 'react';

interface Ticker {
  subscribe: (listener: () => void) => () => void;
  now: () => number;
}

const tickers = new Map<number, Ticker>();

/** One per interval, the same for all who look: React subscribes again whenever it is handed another function. */
function tickerOf(everyMs: number): Ticker {
  const known = tickers.get(everyMs);
  if (known !== undefined) return known;
  const listeners = new Set<() => void>();
  let timer: ReturnType<typeof setInterval> | undefined;
  let nowMs = Date.now();
  const made: Ticker = {
    subscribe: (listener) => {
      listeners.add(listener);
      timer ??= setInterval(() => {
        nowMs = Date.now();
        for (const each of listeners) each();
      }, everyMs);
      return () => {
        listeners.delete(listener);
        if (listeners.size > 0) return;
        clearInterval(timer);
        timer = undefined;
      };
    },
    now: () => {
      if (timer === undefined && Date.now() - nowMs > everyMs) nowMs = Date.now();
      return nowMs;
    },
  };
  tickers.set(everyMs, made);
  return made;
}

/** `Date.now()`, renewed every `everyMs`. */
export function useNow(everyMs: number): number {
  const { subscribe, now } = tickerOf(everyMs);
  return useSyncExternalStore(subscribe, now);
}
