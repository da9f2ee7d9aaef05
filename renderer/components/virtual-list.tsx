/**
 * A long list of which only what is in sight is in the page. Row heights are known beforehand (no measuring, so nothing
 * jumps); the focused row stays mounted. Roles, keys and selection belong to the caller: this is only the scroller.
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
  /** Key and height, px, of a row. Another function means that they may have changed: give the same one while they did not. */
  place: (index: number) => { key: Key; height: number };
  /** The row's content; it is placed in an absolutely positioned, full-width slot of its height. */
  renderRow: (index: number) => ReactNode;
  /** Index that must stay mounted (the focused row), or null. */
  keep?: number | null;
  handle?: Ref<VirtualListHandle>;
}

export function VirtualList(props: VirtualListProps): ReactNode {
  const { count, place, renderRow, keep = null, handle, className, ...rest } = props;
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
    estimateSize: (index) => place(index).height,
    // When this is another function, all rows are placed again, by their heights of now.
    getItemKey: useCallback((index: number) => place(index).key, [place]),
    overscan: 8,
    rangeExtractor,
    // The list that is there before the first measurement: enough for a tall window.
    initialRect: { width: 800, height: 900 },
  });

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
