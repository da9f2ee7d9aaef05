/** How Settings is laid out: groups under a heading, and a label beside its control. Knows no setting. */
import type { ReactNode } from 'react';
import styles from './view.module.css';

export function Group({ title, children }: { title: string; children: ReactNode }): ReactNode {
  return (
    <section className={styles['group']} aria-label={title}>
      <h2 className={styles['heading']}>{title}</h2>
      {children}
    </section>
  );
}

export function Line({
  label,
  hint,
  hintId,
  children,
}: {
  label: string;
  hint?: ReactNode;
  /** For a control that is described by the hint. */
  hintId?: string;
  children: ReactNode;
}): ReactNode {
  return (
    <div className={styles['line']}>
      <span className={styles['label']}>
        {label}
        {hint !== undefined && (
          <span className={styles['hint']} id={hintId}>
            {hint}
          </span>
        )}
      </span>
      {children}
    </div>
  );
}
