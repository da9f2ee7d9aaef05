/**
 * Toasts: what just happened, with at most one button, for ten seconds. A pie shows the time left; pointer or focus on
 * the toast stops the clock, so that nobody has to hurry. Nothing is lost when one goes: History has it for good.
 */
import { useEffect, useEffectEvent, useRef, useState } from 'react';
import type { CSSProperties, ReactNode } from 'react';
import { useStore } from 'zustand';
import { useToasts } from '../state/stores.ts';
import type { ToastSpec } from '../state/toasts.ts';
import { common } from '../text/common.ts';
import { Button } from './button.tsx';
import { cx } from './class-names.ts';
import { IconButton } from './icon-button.tsx';
import styles from './toast.module.css';

/** Mount once. The region is there before the first toast, as live regions must be. */
export function ToastRegion(): ReactNode {
  const store = useToasts();
  const toasts = useStore(store, (state) => state.toasts);
  return (
    <div className={styles['region']} role="status" aria-live="polite" aria-atomic="false">
      {toasts.map((toast) => (
        <Toast key={toast.key} toast={toast} onClose={() => store.close(toast.key)} />
      ))}
    </div>
  );
}

function Toast({ toast, onClose }: { toast: ToastSpec; onClose: () => void }): ReactNode {
  const close = useEffectEvent(onClose);
  const stays = toast.tone === 'trouble';
  const standsMs = toast.standsMs ?? (toast.action === undefined ? 5_000 : 10_000);
  const [held, setHeld] = useState(false);
  const leftMs = useRef(standsMs);

  useEffect(() => {
    leftMs.current = standsMs;
  }, [toast, standsMs]);

  useEffect(() => {
    if (held || stays) return undefined;
    const startedAt = performance.now();
    const timer = setTimeout(() => close(), leftMs.current);
    return () => {
      clearTimeout(timer);
      leftMs.current = Math.max(1_000, leftMs.current - (performance.now() - startedAt));
    };
  }, [held, stays, toast]);

  const hold = (on: boolean) => () => {
    setHeld(on);
  };
  return (
    <div
      className={styles['toast']}
      role={stays ? 'alert' : undefined}
      onPointerEnter={hold(true)}
      onPointerLeave={hold(false)}
      onFocus={hold(true)}
      onBlur={hold(false)}
    >
      <span className={styles['text']}>{toast.text}</span>
      {toast.action !== undefined && (
        <Button
          className={styles['act']}
          onClick={() => {
            toast.action?.onAct();
            onClose();
          }}
        >
          {toast.action.label}
        </Button>
      )}
      {stays || toast.action === undefined ? (
        <IconButton className={styles['close']} name={common.close} icon="close" onClick={onClose} />
      ) : (
        <span
          className={cx(styles['pie'], held && styles['held'])}
          style={{ '--stands': `${standsMs}ms` } as CSSProperties}
          aria-hidden="true"
        />
      )}
    </div>
  );
}
