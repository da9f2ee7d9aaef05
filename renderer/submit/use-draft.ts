/** What stands in a form, kept in this browser between visits. */
import { useCallback, useEffect, useState } from 'react';

const KEEP_AFTER_MS = 400;

/**
 * The draft of one form. `read` turns a kept text back into a draft; `text` makes the text to keep, null for none. A
 * form that has no draft yet keeps nothing and can't be changed, only be given one with `set`.
 */
export function useDraft<Draft extends object | null>(
  keptAs: string,
  read: (kept: string | null) => Draft,
  text: (draft: NonNullable<Draft>) => string | null,
): {
  draft: Draft;
  set: (next: (old: Draft) => Draft) => void;
  change: (next: Partial<NonNullable<Draft>>) => void;
} {
  const [draft, set] = useState<Draft>(() => read(readStorage(keptAs)));
  const change = useCallback((next: Partial<NonNullable<Draft>>) => {
    set((old) => (old === null ? old : { ...old, ...next }));
  }, []);
  useEffect(() => {
    if (draft === null) return undefined;
    const timer = setTimeout(() => writeStorage(keptAs, text(draft)), KEEP_AFTER_MS);
    return () => clearTimeout(timer);
  }, [draft, keptAs, text]);
  return { draft, set, change };
}

/** Storage may be switched off or full: then the form begins empty, and that is all. */
export function readStorage(key: string): string | null {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}

export function writeStorage(key: string, text: string | null): void {
  try {
    if (text === null) localStorage.removeItem(key);
    else localStorage.setItem(key, text);
  } catch {
    // As above: keeping the last form is a convenience.
  }
}
