/** A picture of a job, square and cropped, or the dashed place where one will be. Never asks a server: only /media paths. */
import { useState } from 'react';
import type { CSSProperties, ReactNode } from 'react';
import { cx } from './class-names.ts';
import styles from './thumbnail.module.css';

export interface ThumbnailProps {
  /** `/media/…`, or null where there is no picture. */
  src: string | null;
  /** Edge in px: 44 in lists, 68 in the running row. */
  size?: number;
  /** Empty where the row beside it says the same. */
  alt?: string;
  /** Greyed and faded: cancelled. */
  faded?: boolean;
  /** Newer pictures of the same thing replace the old one only when they are there: no flicker. */
  live?: boolean;
}

export function Thumbnail({ src, size = 44, alt = '', faded = false, live = false }: ThumbnailProps): ReactNode {
  const [broken, setBroken] = useState<string | null>(null);
  const shown = src !== null && src !== broken;
  return (
    <span
      className={cx(styles['thumb'], !shown && styles['none'], faded && styles['faded'])}
      style={{ '--edge': `${size}px` } as CSSProperties}
    >
      {shown && (
        <img
          src={src}
          alt={alt}
          draggable={false}
          decoding="async"
          {...(live ? {} : { loading: 'lazy' as const })}
          onError={() => {
            setBroken(src);
          }}
        />
      )}
    </span>
  );
}
