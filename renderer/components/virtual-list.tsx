/**
 * A long list of which only what is in sight is in the page. Row heights are known beforehand (no measuring, so nothing
 * jumps); the focused row stays mounted. Roles, keys and selection belong to whoever uses it: this is only the scroller.
 */
import { defaultRangeExtractor, useVirtualizer } from '@tanstack/react-virtual';
import type { Range } from '@tanstack/react-virtual';
import { useCallback, useImperativeHandle, useRef } from 'react';
import type { ComponentPropsWithoutRef, Key, ReactNode, Ref } from 'react';
import { cx } from './class-names.ts';
import styles from './virtual-list.module.css';

export interface VirtualListHandle {
  scrollToIndex: (index: number, align?: 'auto' | 'start' | 'center') => void;
  element: HTMLDivElement | null;
}

export interface VirtualListProps extends Omit<ComponentPropsWithoutRef<'div'>, 'children'> {
  count: number;
  /** Height of a row, px. */
  heightOf: (index: number) => number;
  keyOf: (index: number) => Key;
  /** The row's content; it is placed in an absolutely positioned, full-width slot of its height. */
  renderRow: (index: number) => ReactNode;
  /** Index that must stay mounted (the focused row), or null. */
  keep?: number | null;
  /** Told whenever the range in sight changes; for loading pages. */
  onRange?: (first: number, last: number) => void;
  overscan?: number;
  handle?: Ref<VirtualListHandle>;
}

export function VirtualList(props: VirtualListProps): ReactNode {
  const { count, heightOf, keyOf, renderRow, keep = null, onRange, overscan = 8, handle, className, ...rest } = props;
  const scroller = useRef<HTMLDivElement>(null);

  const rangeExtractor = useCallback(
    (range: Range) => {
      const indexes = defaultRangeExtractor(range);
      if (keep === null || keep < 0 || keep >= range.count || indexes.includes(keep)) return indexes;
      return [...indexes, keep].sort((a, b) => a - b);
    },
    [keep],
  );

  const virtualizer = useVirtualizer({
    count,
    getScrollElement: () => scroller.current,
    estimateSize: heightOf,
    getItemKey: keyOf,
    overscan,
    rangeExtractor,
    // The list that is there before the first measurement: enough for a tall window.
    initialRect: { width: 800, height: 900 },
    onChange: (instance) => {
      const range = instance.range;
      if (range !== null) onRange?.(range.startIndex, range.endIndex);
    },
  });

  // Heights come from outside: when they change, the cached ones are wrong.
  const sizes = useRef(heightOf);
  if (sizes.current !== heightOf) {
    sizes.current = heightOf;
    virtualizer.measure();
  }

  useImperativeHandle(
    handle,
    () => ({
      scrollToIndex: (index, align = 'auto') => {
        virtualizer.scrollToIndex(index, { align });
      },
      get element() {
        return scroller.current;
      },
    }),
    [virtualizer],
  );

  return (
    <div ref={scroller} className={cx(styles['scroller'], className)} {...rest}>
      <div className={styles['space']} role="presentation" style={{ height: virtualizer.getTotalSize() }}>
        {virtualizer.getVirtualItems().map((item) => (
          <div
            key={item.key}
            role="presentation"
            className={styles['slot']}
            style={{ height: item.size, transform: `translateY(${item.start}px)` }}
          >
            {renderRow(item.index)}
          </div>
        ))}
      </div>
    </div>
  );
}
