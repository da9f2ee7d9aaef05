/** A word with an edge around it: foreign, demo, 8 more. */
import type { ReactNode } from 'react';
import { cx } from './class-names.ts';
import styles from './badge.module.css';

export type BadgeTone = 'plain' | 'go' | 'hold' | 'stop';

export function Badge({ tone = 'plain', children }: { tone?: BadgeTone; children: ReactNode }): ReactNode {
  return <span className={cx(styles['badge'], styles[tone])}>{children}</span>;
}
