/** A key as it is pressed, small and quiet. Hidden from screen readers: controls say their keys with aria-keyshortcuts. */
import type { ReactNode } from 'react';
import styles from './key-hint.module.css';

export function KeyHint({ children }: { children: ReactNode }): ReactNode {
  return (
    <kbd className={styles['key']} aria-hidden="true">
      {children}
    </kbd>
  );
}
