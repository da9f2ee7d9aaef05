/** Dragging picked rows to another place in the queue: where they would drop, and the move. */
import { useRef, useState } from 'react';
import type { DragEvent } from 'react';
import { useActions } from '../state/actions.ts';
import { useStores } from '../state/stores.ts';
import type { RowKey } from '../state/ui-store.ts';
import type { Picked } from './picked.ts';
import { jobsOfRow } from './rows.ts';
import type { QueueRow } from './rows.ts';

export const keyUnder = (target: EventTarget | null): RowKey | null =>
  target instanceof Element ? (target.closest<HTMLElement>('[data-key]')?.dataset['key'] ?? null) : null;

export interface Drag {
  /** Where a line shows that the rows would drop there. */
  drop: { key: RowKey; side: 'before' | 'after' } | null;
  handlers: Record<'onDragStart' | 'onDragOver' | 'onDrop' | 'onDragEnd' | 'onDragLeave', (event: DragEvent) => void>;
}

export function useDrag({
  rowAt,
  pickable,
  picked,
}: {
  rowAt: (key: RowKey | null) => QueueRow | undefined;
  pickable: readonly RowKey[];
  picked: () => Picked;
}): Drag {
  const stores = useStores();
  const actions = useActions();
  const [drop, setDrop] = useState<Drag['drop']>(null);
  const dragging = useRef<readonly RowKey[]>([]);

  const onDragStart = (event: DragEvent): void => {
    const key = keyUnder(event.target);
    const row = rowAt(key);
    if (key === null || row === undefined) return;
    if (!stores.ui.getState().selected.has(key)) stores.ui.pick(pickable, key, 'one');
    dragging.current = [...stores.ui.getState().selected];
    event.dataTransfer.effectAllowed = 'move';
    event.dataTransfer.setData('text/plain', key);
  };
  const dropAt = (event: DragEvent): { row: QueueRow; side: 'before' | 'after' } | null => {
    const element = event.target instanceof Element ? event.target.closest<HTMLElement>('[data-key]') : null;
    const row = rowAt(element?.dataset['key'] ?? null);
    if (element === null || row === undefined || dragging.current.length === 0) return null;
    const queued = jobsOfRow(row).some((id) => stores.jobs.getState().byId.get(id)?.state === 'queued');
    if (!queued) return null;
    const box = element.getBoundingClientRect();
    return { row, side: event.clientY < box.top + box.height / 2 ? 'before' : 'after' };
  };
  const onDragOver = (event: DragEvent): void => {
    const at = dropAt(event);
    if (at === null) {
      setDrop(null);
      return;
    }
    event.preventDefault();
    event.dataTransfer.dropEffect = 'move';
    setDrop((old) => (old?.key === at.row.key && old.side === at.side ? old : { key: at.row.key, side: at.side }));
  };
  const onDrop = (event: DragEvent): void => {
    const at = dropAt(event);
    setDrop(null);
    if (at === null) return;
    event.preventDefault();
    const { movable } = picked();
    const ids = jobsOfRow(at.row);
    const neighbour = at.side === 'before' ? ids[0] : ids.at(-1);
    dragging.current = [];
    if (neighbour === undefined || movable.includes(neighbour) || movable.length === 0) return;
    actions.move(movable, at.side === 'before' ? { before: neighbour } : { after: neighbour });
  };

  return {
    drop,
    handlers: {
      onDragStart,
      onDragOver,
      onDrop,
      onDragEnd: () => {
        dragging.current = [];
        setDrop(null);
      },
      onDragLeave: (event) => {
        if (event.target === event.currentTarget) setDrop(null);
      },
    },
  };
}
