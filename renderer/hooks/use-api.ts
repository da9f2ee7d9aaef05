/** The api of the contract for any component, and small helpers around calls. The api stays the same object over reconnects. */
import { createContext, useCallback, useContext, useEffect, useEffectEvent, useRef, useState } from 'react';
import type { Api } from '../../shared/contract.ts';
import { isAbort, toAppError } from '../../shared/errors.ts';
import type { AppError } from '../../shared/errors.ts';

export const ApiContext = createContext<Api | null>(null);

export function useApi(): Api {
  const api = useContext(ApiContext);
  if (api === null) throw new Error('useApi outside of ApiContext');
  return api;
}

export interface CallState<Value> {
  value: Value | null;
  error: AppError | null;
  busy: boolean;
}

/**
 * Loads something with the api and again whenever `key` changes; the call before is aborted. Abort is no error.
 * `reload` asks again and keeps the old value in sight meanwhile. `load` is read when the call is made.
 */
export function useLoad<Value>(
  load: (signal: AbortSignal) => Promise<Value>,
  key: string,
): CallState<Value> & { reload: () => void } {
  const [state, setState] = useState<CallState<Value> & { key: string }>({ value: null, error: null, busy: true, key });
  const [turn, setTurn] = useState(0);
  const loadNow = useEffectEvent(load);
  useEffect(() => {
    const controller = new AbortController();
    setState((old) => ({ value: old.key === key ? old.value : null, error: null, busy: true, key }));
    loadNow(controller.signal).then(
      (value) => {
        if (!controller.signal.aborted) setState({ value, error: null, busy: false, key });
      },
      (error: unknown) => {
        if (controller.signal.aborted || isAbort(error)) return;
        setState((old) => ({ ...old, error: toAppError(error), busy: false }));
      },
    );
    return () => {
      controller.abort();
    };
  }, [key, turn]);
  const reload = useCallback(() => {
    setTurn((old) => old + 1);
  }, []);
  return { value: state.key === key ? state.value : null, error: state.error, busy: state.busy, reload };
}

/** Something done on a press: `run` does it, `busy` while it goes on, `error` of the last time. Aborted on unmount. */
export function useAct<Args extends unknown[]>(
  act: (signal: AbortSignal, ...args: Args) => Promise<void>,
): { run: (...args: Args) => void; busy: boolean; error: AppError | null; clear: () => void } {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<AppError | null>(null);
  const controller = useRef<AbortController | null>(null);
  useEffect(() => () => controller.current?.abort(), []);
  const run = (...args: Args): void => {
    const own = new AbortController();
    controller.current = own;
    setBusy(true);
    setError(null);
    act(own.signal, ...args)
      .catch((thrown: unknown) => {
        if (!own.signal.aborted && !isAbort(thrown)) setError(toAppError(thrown));
      })
      .finally(() => {
        if (!own.signal.aborted) setBusy(false);
      });
  };
  return {
    run,
    busy,
    error,
    clear: () => {
      setError(null);
    },
  };
}
