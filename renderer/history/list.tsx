/**
 * The scroller of History: day headings and rows at places known beforehand, drawn only where one looks. Arrow keys walk
 * the rows, which are asked for as they come into sight. Knows nothing of jobs; `renderRow` draws them.
 *
 * A page can't be taller than browsers allow (about 33 million px), so above `MAX_PX` the bar moves more rows per pixel.
 */
import { useCallback, useEffect, useImperativeHandle, useLayoutEffect, useRef, useState } from 'react';
import type { KeyboardEvent, ReactNode, Ref } from 'react';
import { flushSync } from 'react-dom';
import { dayAt, itemsBetween, topOfDay, topOfRow } from './layout.ts';
import type { Layout } from './layout.ts';
import styles from './list.module.css';

const MAX_PX = 15_000_000;
const OVERSCAN_PX = 400;

export interface HistoryListHandle {
  scrollToDay: (day: number) => void;
  scrollToStart: () => void;
  focusRow: (index: number) => void;
}

export interface HistoryListProps {
  label: string;
  layout: Layout;
  /** True when rows are added at the front while the list stands: then places are remembered from the other end. */
  growsInFront: boolean;
  dayLabel: (day: number) => string;
  /** Contents of a row: its grid cells. */
  renderRow: (index: number, active: boolean) => ReactNode;
  onRange: (from: number, to: number) => void;
  /** Enter or a press on a row. */
  onOpen: (index: number) => void;
  /** The row whose details are open, or -1. */
  selected: number;
  /** Further keys of the active row; true when it was one. */
  onKey?: (event: KeyboardEvent, index: number) => boolean;
  handle?: Ref<HistoryListHandle>;
}

export function HistoryList(props: HistoryListProps): ReactNode {
  const { label, layout, growsInFront, dayLabel, renderRow, onRange, onOpen, selected, onKey, handle } = props;
  const scroller = useRef<HTMLDivElement>(null);
  const [view, setView] = useState({ top: 0, height: 900 });
  const [active, setActive] = useState(0);
  /** Raised to put the focus on the active row, also when it is the active one already. */
  const [focusTurn, setFocusTurn] = useState(0);

  const physical = Math.min(layout.height, MAX_PX);
  const scale = layout.height <= MAX_PX ? 1 : (layout.height - view.height) / (MAX_PX - view.height);
  const top = Math.min(view.top * scale, Math.max(0, layout.height - view.height));
  const shift = view.top - top;
  const activeIndex = Math.min(active, Math.max(0, layout.rows - 1));

  const scrollTo = useCallback(
    (virtualTop: number) => {
      const element = scroller.current;
      if (element !== null) element.scrollTop = virtualTop / scale;
    },
    [scale],
  );

  const reveal = useCallback(
    (index: number) => {
      const rowTop = topOfRow(layout, index);
      const { day, row } = layout.heights;
      if (rowTop < top + day) scrollTo(rowTop - day);
      else if (rowTop + row > top + view.height) scrollTo(rowTop + row - view.height);
    },
    [layout, scrollTo, top, view.height],
  );

  useImperativeHandle(handle, () => ({
    scrollToDay: (day) => {
      scrollTo(topOfDay(layout, day));
    },
    scrollToStart: () => {
      scrollTo(0);
    },
    focusRow: (index) => {
      setActive(index);
      setFocusTurn((turn) => turn + 1);
      reveal(index);
    },
  }));

  useLayoutEffect(() => {
    const element = scroller.current;
    if (element === null) return undefined;
    const measure = (): void => {
      setView((old) => (old.height === element.clientHeight ? old : { ...old, height: element.clientHeight }));
    };
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    return () => {
      observer.disconnect();
    };
  }, []);

  // What ends is added in front. Whoever has scrolled away from there must not see the rows move.
  const before = useRef(layout);
  useLayoutEffect(() => {
    const old = before.current;
    before.current = layout;
    const element = scroller.current;
    if (!growsInFront || element === null || element.scrollTop === 0 || old.rows === 0 || layout.rows <= old.rows)
      return;
    const first = itemsBetween(old, top, top + old.heights.row + old.heights.day).find((item) => item.type === 'row');
    if (first?.type !== 'row') return;
    const grown = layout.rows - old.rows;
    element.scrollTop += (topOfRow(layout, first.index + grown) - first.top) / scale;
    setActive((index) => index + grown);
  }, [layout, growsInFront, scale, top]);

  const items = itemsBetween(layout, top - OVERSCAN_PX, top + view.height + OVERSCAN_PX);
  const rows = items.filter((item) => item.type === 'row');
  const from = rows[0]?.index ?? 0;
  const to = (rows.at(-1)?.index ?? -1) + 1;
  // The focused row stays in the page: the focus must not fall out of the list while one scrolls with the wheel.
  if (layout.rows > 0 && (activeIndex < from || activeIndex >= to))
    items.push({ type: 'row', index: activeIndex, top: topOfRow(layout, activeIndex) });

  useEffect(() => {
    onRange(from, to);
  }, [from, to, onRange, layout]);

  useEffect(() => {
    if (focusTurn > 0) scroller.current?.querySelector<HTMLElement>('[data-active]')?.focus({ preventScroll: true });
  }, [focusTurn]);

  const go = (index: number): void => {
    const next = Math.max(0, Math.min(layout.rows - 1, index));
    setActive(next);
    setFocusTurn((turn) => turn + 1);
    reveal(next);
  };

  const onKeyDown = (event: KeyboardEvent): void => {
    if (!(event.target instanceof HTMLElement) || event.ctrlKey || event.metaKey || event.altKey) return;
    const page = Math.max(1, Math.floor(view.height / layout.heights.row) - 1);
    const moves: Record<string, number> = {
      ArrowDown: 1,
      ArrowUp: -1,
      PageDown: page,
      PageUp: -page,
      Home: -Infinity,
      End: Infinity,
    };
    const move = moves[event.key];
    const onRow = event.target.getAttribute('role') === 'row';
    if (move !== undefined) go(activeIndex + move);
    else if (event.key === 'Enter' && onRow) onOpen(activeIndex);
    else if (!onRow || onKey?.(event, activeIndex) !== true) return;
    event.preventDefault();
  };

  const day = dayAt(layout, top);
  return (
    <div className={styles['frame']}>
      {day !== null && top > 0 && (
        <div className={styles['pinned']} aria-hidden="true">
          {dayLabel(day)}
        </div>
      )}
      <div
        ref={scroller}
        className={styles['scroller']}
        role="grid"
        aria-label={label}
        aria-rowcount={layout.rows}
        onKeyDown={onKeyDown}
        onScroll={(event) => {
          const { scrollTop } = event.currentTarget;
          // At once: a frame of empty list would show otherwise.
          flushSync(() => {
            setView((old) => ({ ...old, top: scrollTop }));
          });
        }}
      >
        <div className={styles['space']} role="presentation" style={{ height: physical }}>
          {items.map((item) =>
            item.type === 'day' ? (
              <div
                key={`day ${String(item.day)}`}
                role="row"
                className={styles['day']}
                style={{ height: layout.heights.day, transform: `translateY(${String(item.top + shift)}px)` }}
              >
                <span role="gridcell" aria-colspan={6}>
                  {dayLabel(item.day)}
                </span>
              </div>
            ) : (
              <div
                key={growsInFront ? layout.rows - item.index : item.index}
                role="row"
                aria-rowindex={item.index + 1}
                aria-selected={item.index === selected}
                tabIndex={item.index === activeIndex ? 0 : -1}
                {...(item.index === activeIndex ? { 'data-active': '' } : {})}
                className={styles['row']}
                style={{ height: layout.heights.row, transform: `translateY(${String(item.top + shift)}px)` }}
                onFocus={() => {
                  setActive(item.index);
                }}
                onClick={() => {
                  onOpen(item.index);
                }}
              >
                {renderRow(item.index, item.index === activeIndex)}
              </div>
            ),
          )}
        </div>
      </div>
    </div>
  );
}
