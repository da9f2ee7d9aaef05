/** Progress in segments, one per node in run order, each as wide as its share of the usual time. Unknown progress shows the bare groove. */
import type { CSSProperties, ReactNode } from 'react';
import { cx } from './class-names.ts';
import styles from './progress-bar.module.css';

export interface ProgressBarProps {
  /** Spoken name, such as the job's title. */
  label: string;
  /** 0…1, or null while nothing is known. */
  fraction: number | null;
  segments?: readonly { share: number; fill: number }[];
  tone?: 'go' | 'hold' | 'plain';
}

/** Spoken value, in steps of 10 %, so that a screen reader is not flooded. */
const spoken = (fraction: number): number => Math.round(fraction * 10) * 10;

export function ProgressBar({ label, fraction, segments = [], tone = 'go' }: ProgressBarProps): ReactNode {
  const parts = segments.length > 1 ? segments : [{ share: 1, fill: fraction ?? 0 }];
  return (
    <div
      role="progressbar"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={100}
      {...(fraction === null ? {} : { 'aria-valuenow': spoken(fraction) })}
      className={cx(styles['bar'], styles[tone])}
    >
      {parts.map((part, index) => (
        <i
          key={index}
          className={styles['segment']}
          style={{ flexGrow: Math.max(part.share, 0.015), '--fill': String(part.fill) } as CSSProperties}
        />
      ))}
    </div>
  );
}
