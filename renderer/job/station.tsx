/** A job's station on its track, and the piece of line through its row. Shapes tell the state; the words beside it say it. */
import type { ReactNode } from 'react';
import { cx } from '../components/class-names.ts';
import styles from './station.module.css';

export type StationShape = 'ring' | 'dot' | 'diamond' | 'progress' | 'cross' | 'check';
export type StationTone = 'plain' | 'go' | 'hold' | 'stop';

/** `fraction` only for `progress`: 0…1, or null while nothing is known. */
export function Station({
  shape,
  tone = 'plain',
  fraction = null,
}: {
  shape: StationShape;
  tone?: StationTone;
  fraction?: number | null;
}): ReactNode {
  return (
    <svg
      className={cx(styles['station'], styles[tone])}
      width="20"
      height="20"
      viewBox="0 0 20 20"
      fill="none"
      aria-hidden="true"
    >
      {draw(shape, fraction)}
    </svg>
  );
}

function draw(shape: StationShape, fraction: number | null): ReactNode {
  switch (shape) {
    case 'ring':
      return <circle cx="10" cy="10" r="5" className={styles['hollow']} />;
    case 'dot':
      return <circle cx="10" cy="10" r="6" className={styles['full']} />;
    case 'diamond':
      return (
        <rect x="5.5" y="5.5" width="9" height="9" rx="1" transform="rotate(45 10 10)" className={styles['full']} />
      );
    case 'cross':
      return (
        <>
          <circle cx="10" cy="10" r="7" className={styles['ground']} />
          <path d="M6.5 6.5l7 7M13.5 6.5l-7 7" stroke="currentColor" strokeWidth="2" strokeLinecap="round" />
        </>
      );
    case 'check':
      return (
        <>
          <circle cx="10" cy="10" r="7" className={styles['ground']} />
          <path
            d="M5.5 10.5l3 3 6-7"
            stroke="currentColor"
            strokeWidth="2"
            strokeLinecap="round"
            strokeLinejoin="round"
          />
        </>
      );
    case 'progress':
      return (
        <>
          <circle cx="10" cy="10" r="9" className={styles['ground']} />
          <circle cx="10" cy="10" r="7" strokeWidth="4" className={styles['groove']} />
          <circle
            cx="10"
            cy="10"
            r="7"
            strokeWidth="4"
            stroke="currentColor"
            pathLength="100"
            strokeDasharray={`${Math.round((fraction ?? 0) * 100)} 100`}
            transform="rotate(-90 10 10)"
          />
        </>
      );
  }
}

/** How the line of the track is drawn in half a row. */
export type Line = 'none' | 'solid' | 'dashed';

/** The line through a row, and the station on it; a held one stands on a siding. */
export function Track({
  above,
  below,
  siding = false,
  children,
}: {
  above: Line;
  below: Line;
  siding?: boolean;
  children?: ReactNode;
}): ReactNode {
  return (
    <span className={styles['track']} aria-hidden="true">
      {above !== 'none' && above === below ? (
        <i className={cx(styles['line'], styles['whole'], styles[above])} />
      ) : (
        <>
          {above !== 'none' && <i className={cx(styles['line'], styles['above'], styles[above])} />}
          {below !== 'none' && <i className={cx(styles['line'], styles['below'], styles[below])} />}
        </>
      )}
      {siding && <i className={styles['branch']} />}
      {children !== undefined && <span className={cx(styles['place'], siding && styles['siding'])}>{children}</span>}
    </span>
  );
}
