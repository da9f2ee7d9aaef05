/**
 * The list of the queue: an ARIA grid over the virtual rows, with focus, picking, keys and the context menu.
 * Rows are looked up by their `data-key`, so that they need no handlers of their own and render only for their own job.
 */
import { useCallback, useEffect, useLayoutEffect, useMemo, useRef } from 'react';
import type { KeyboardEvent, MouseEvent, ReactNode } from 'react';
import type { ServerId } from '../../shared/ids.ts';
import { ContextMenu } from '../components/menu.tsx';
import { VirtualList } from '../components/virtual-list.tsx';
import type { VirtualListHandle } from '../components/virtual-list.tsx';
import { hotkeyOf, isTyping } from '../hooks/use-hotkeys.ts';
import { PHONE, useMedia } from '../hooks/use-media.ts';
import { useEtas } from './use-rows.ts';
import { useActions } from '../state/actions.ts';
import { useCancel } from '../cancel/flow.ts';
import type { Linger } from './linger.ts';
import { pickedOf } from './picked.ts';
import { isFocusable, isPickable } from './rows.ts';
import type { QueueRow } from './rows.ts';
import { stepTarget } from './reorder.ts';
import { useApp, useStores, useUi } from '../state/stores.ts';
import type { RowKey } from '../state/ui-store.ts';
import { queueText } from '../text/queue.ts';
import { queueKeys } from './keys.ts';
import { queueMenu } from './menu.ts';
import { QueueRowView } from './row-view.tsx';
import { heightOfRow } from './row-heights.ts';
import { keyUnder, useDrag } from './use-drag.ts';
import styles from './list.module.css';

export interface QueueListProps {
  rows: readonly QueueRow[];
  linger: Linger;
  onAbout: (serverId: ServerId) => void;
}

/** Events of menus that open from a row come through React's tree, though their elements are elsewhere. */
const isInside = (event: { target: EventTarget; currentTarget: EventTarget }): boolean =>
  event.currentTarget instanceof Node && event.target instanceof Node && event.currentTarget.contains(event.target);
const onControl = (target: EventTarget | null): boolean =>
  target instanceof Element && target.closest('button, a, input') !== null;

export function QueueList({ rows, linger, onAbout }: QueueListProps): ReactNode {
  const stores = useStores();
  const actions = useActions();
  const flow = useCancel();
  const phone = useMedia(PHONE);
  const tight = useApp((state) => state.settings?.density === 'tight');
  const singleKeys = useApp((state) => state.settings?.singleKeys ?? true);
  const focused = useUi((state) => state.focused);
  const selected = useUi((state) => state.selected);
  const eta = useEtas(rows);
  const list = useRef<VirtualListHandle>(null);

  const indexOf = useMemo(() => new Map(rows.map((row, index) => [row.key, index])), [rows]);
  const pickable = useMemo(() => rows.filter(isPickable).map((row) => row.key), [rows]);
  const focusIndex = focused === null ? -1 : (indexOf.get(focused) ?? -1);
  /** The row Tab comes to: the focused one, else the first that can be focused. */
  const tabKey = focusIndex >= 0 ? focused : (rows.find(isFocusable)?.key ?? null);

  const rowAt = useCallback(
    (key: RowKey | null): QueueRow | undefined => (key === null ? undefined : rows[indexOf.get(key) ?? -1]),
    [rows, indexOf],
  );
  const pickedRows = useCallback((): QueueRow[] => {
    const { selected: keys, focused: at } = stores.ui.getState();
    const picked = rows.filter((row) => keys.has(row.key));
    const under = rowAt(at);
    return picked.length > 0 ? picked : under === undefined ? [] : [under];
  }, [rows, rowAt, stores]);
  const picked = useCallback(
    () => pickedOf(pickedRows(), stores.jobs.getState(), stores.foreign.getState()),
    [pickedRows, stores],
  );

  // Moving the focus: the row may have to be scrolled to and mounted first.
  const wantsFocus = useRef(false);
  const focusRow = useCallback(
    (key: RowKey) => {
      wantsFocus.current = true;
      stores.ui.focus(key);
      const index = indexOf.get(key);
      if (index !== undefined) list.current?.scrollToIndex(index);
    },
    [indexOf, stores],
  );
  useLayoutEffect(() => {
    if (!wantsFocus.current || focused === null) return;
    const element = list.current?.element?.querySelector<HTMLElement>(`[data-key="${CSS.escape(focused)}"]`);
    if (element === null || element === undefined) return;
    wantsFocus.current = false;
    element.focus({ preventScroll: true });
  });

  // A focused row that leaves hands the focus to the row that takes its place.
  const lastIndex = useRef(0);
  useEffect(() => {
    if (focusIndex >= 0) {
      lastIndex.current = focusIndex;
      return;
    }
    if (focused === null) return;
    const near =
      rows.slice(lastIndex.current).find(isFocusable) ?? rows.slice(0, lastIndex.current).findLast(isFocusable);
    const hadFocus = document.activeElement === document.body || document.activeElement === null;
    if (near !== undefined && hadFocus) focusRow(near.key);
    else stores.ui.focus(near?.key ?? null);
  }, [rows, focused, focusIndex, focusRow, stores]);

  // Rows that are gone are picked no more.
  useEffect(() => {
    const { selected: keys } = stores.ui.getState();
    const kept = [...keys].filter((key) => indexOf.has(key));
    if (kept.length < keys.size) stores.ui.pickAll(kept);
  }, [indexOf, stores]);

  const step = useCallback(
    (by: -1 | 1) => {
      const { movable } = picked();
      const target = stepTarget(rows, movable, by);
      if (target !== null) actions.move(movable, target);
    },
    [rows, picked, actions],
  );

  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.defaultPrevented || isTyping(event.target) || !isInside(event)) return;
    const name = hotkeyOf(event.nativeEvent);
    const single = name.replace('shift+', '').length === 1;
    if (single && !singleKeys) return;
    const handled = queueKeys(name, {
      rows,
      index: focusIndex,
      pickable,
      inControl: onControl(event.target),
      stores,
      actions,
      flow,
      picked,
      step,
      focusRow,
      focusControl: (which) => {
        const row = list.current?.element?.querySelector<HTMLElement>(`[data-key="${CSS.escape(focused ?? '')}"]`);
        const controls = [...(row?.querySelectorAll<HTMLElement>('button') ?? [])];
        const at = controls.indexOf(document.activeElement as HTMLElement);
        const next = which === 'next' ? controls[at + 1] : at > 0 ? controls[at - 1] : row;
        next?.focus();
        return next !== undefined && next !== null;
      },
      pageRows: Math.max(1, Math.floor((list.current?.element?.clientHeight ?? 600) / 46) - 1),
    });
    if (handled) event.preventDefault();
  };

  const onClick = (event: MouseEvent): void => {
    if (!isInside(event)) return;
    const key = keyUnder(event.target);
    const row = rowAt(key);
    if (key === null || row === undefined) return;
    const how = event.shiftKey ? 'extend' : event.ctrlKey || event.metaKey ? 'toggle' : 'one';
    if (onControl(event.target) || !isPickable(row)) stores.ui.focus(key);
    else stores.ui.pick(pickable, key, how);
  };

  const onContextMenu = (event: MouseEvent): void => {
    if (!isInside(event)) return;
    const key = keyUnder(event.target);
    const row = rowAt(key);
    if (key === null || row === undefined || !isPickable(row)) {
      event.preventDefault();
      return;
    }
    if (!stores.ui.getState().selected.has(key)) stores.ui.pick(pickable, key, 'one');
  };

  const { drop, handlers } = useDrag({ rowAt, pickable, picked });

  const place = useCallback(
    (index: number) => {
      const row = rows[index];
      return { key: row?.key ?? index, height: row === undefined ? 46 : heightOfRow(row, { phone, tight }) };
    },
    [rows, phone, tight],
  );

  const menu = useCallback(() => {
    const those = picked();
    const [only] = those.jobs;
    return queueMenu({
      picked: those,
      job: those.jobs.length === 1 && only !== undefined ? stores.jobs.getState().byId.get(only) : undefined,
      actions,
      flow,
      step,
      open: () => {
        stores.ui.inspect(true);
      },
    });
  }, [picked, actions, flow, step, stores]);

  return (
    <ContextMenu items={menu}>
      <div className={styles['wrap']}>
        <VirtualList
          handle={list}
          className={styles['list'] ?? ''}
          role="grid"
          aria-label={queueText.grid}
          aria-rowcount={rows.length}
          aria-multiselectable
          data-testid="queue"
          count={rows.length}
          place={place}
          keep={focusIndex >= 0 ? focusIndex : null}
          onKeyDown={onKeyDown}
          onClick={onClick}
          onDoubleClick={(event) => {
            if (!onControl(event.target) && rowAt(keyUnder(event.target))?.type === 'job') stores.ui.inspect(true);
          }}
          onContextMenu={onContextMenu}
          onFocus={(event) => {
            const key = keyUnder(event.target);
            if (key !== null && key !== stores.ui.getState().focused) stores.ui.focus(key);
          }}
          onPointerLeave={() => {
            linger.pointerLeft();
          }}
          {...handlers}
          renderRow={(index) => {
            const row = rows[index];
            if (row === undefined) return null;
            const known = eta.get(row.key);
            return (
              <QueueRowView
                row={row}
                index={index}
                selected={selected.has(row.key)}
                focused={row.key === tabKey}
                etaMs={known === undefined ? null : Math.round(known.ms / 5_000) * 5_000}
                etaAtLeast={known?.atLeast ?? false}
                dropLine={drop?.key === row.key ? drop.side : null}
                onAbout={onAbout}
              />
            );
          }}
        />
      </div>
    </ContextMenu>
  );
}
