/** An empty place: an empty track, one sentence, one button. */
import type { ReactNode } from 'react';
import styles from './empty-state.module.css';

export interface EmptyStateProps {
  title: string;
  hint?: string;
  /** One button. */
  action?: ReactNode;
}

export function EmptyState({ title, hint, action }: EmptyStateProps): ReactNode {
  return (
    <div className={styles['empty']}>
      <svg
        className={styles['track']}
        viewBox="0 0 560 88"
        fill="none"
        stroke="currentColor"
        strokeWidth="2"
        strokeLinecap="round"
        aria-hidden="true"
      >
        <path d="M0 66h560" />
        <path d="M120 66c60 0 60-44 120-44h200" strokeDasharray="5 6" />
        <circle cx="440" cy="22" r="7" fill="var(--surface)" />
      </svg>
      <h2 className={styles['title']}>{title}</h2>
      {hint !== undefined && <p className={styles['hint']}>{hint}</p>}
      {action !== undefined && <div className={styles['action']}>{action}</div>}
    </div>
  );
}
