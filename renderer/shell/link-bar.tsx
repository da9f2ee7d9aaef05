/** One calm line at the top for what concerns everything: the connection is gone, the disk is full, a database was moved aside. */
import { useEffect, useState } from 'react';
import type { ReactNode } from 'react';
import { Button } from '../components/button.tsx';
import type { LinkState } from '../state/app-store.ts';
import { useApp } from '../state/stores.ts';
import { shellText } from '../text/queue.ts';
import styles from './link-bar.module.css';

const LINK_WORDS: Record<Exclude<LinkState, 'online'>, string> = {
  connecting: shellText.linkConnecting,
  reconnecting: shellText.linkLost,
  'signed-out': shellText.linkSignedOut,
};

export function LinkBar({ onRetry }: { onRetry: () => void }): ReactNode {
  const link = useApp((state) => state.link);
  const trouble = useApp((state) => state.summary?.trouble ?? null);
  const moved = useApp((state) => state.info?.movedAside ?? null);
  const [late, setLate] = useState(false);

  // A short gap is nobody's business: the bar comes after most of a second.
  useEffect(() => {
    if (link === 'online') {
      setLate(false);
      return undefined;
    }
    const timer = setTimeout(() => {
      setLate(true);
    }, 700);
    return () => {
      clearTimeout(timer);
    };
  }, [link]);

  const lost = link !== 'online' && late;
  const words = lost
    ? LINK_WORDS[link]
    : trouble !== null
      ? shellText.trouble
      : moved !== null
        ? shellText.movedAside(moved)
        : null;
  return (
    <div role="status" className={styles['region']}>
      {words !== null && (
        <div className={styles['bar']}>
          <span>{words}</span>
          {lost && (
            <Button look="quiet" size="s" onClick={onRetry}>
              {shellText.linkRetry}
            </Button>
          )}
        </div>
      )}
    </div>
  );
}
