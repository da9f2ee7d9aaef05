/** The frame of a row on the track: its place in the grid, the line with its station, and the cells, the same in every row. */
import type { ComponentPropsWithoutRef, ReactNode } from 'react';
import type { ServerId } from '../../shared/ids.ts';
import type { ServerView } from '../../shared/server.ts';
import { cx } from '../components/class-names.ts';
import { Track } from '../job/station.tsx';
import { useServers } from '../state/stores.ts';
import type { QueueRow } from './rows.ts';
import styles from './row.module.css';

/** What the list tells a row of one type, or of any. */
export interface RowProps<Type extends QueueRow['type'] = QueueRow['type']> {
  row: Extract<QueueRow, { type: Type }>;
  index: number;
  selected: boolean;
  focused: boolean;
  /** When it will be done, ms from now, rounded; null where nobody knows. */
  etaMs: number | null;
  etaAtLeast: boolean;
  dropLine: 'before' | 'after' | null;
  onAbout: (serverId: ServerId) => void;
}

export interface RowFrameProps extends Omit<ComponentPropsWithoutRef<'div'>, 'title'> {
  of: Omit<RowProps, 'row'> & { row: Pick<Extract<QueueRow, { type: 'job' }>, 'key' | 'above' | 'below'> };
  station: ReactNode;
  siding?: boolean;
  title: ReactNode;
  state: ReactNode;
  time?: ReactNode;
  act: ReactNode;
}

export function RowFrame({
  of: { row, index, selected, focused, dropLine },
  station,
  siding = false,
  title,
  state,
  time,
  act,
  className,
  ...rest
}: RowFrameProps): ReactNode {
  return (
    <div
      role="row"
      aria-rowindex={index + 1}
      tabIndex={focused ? 0 : -1}
      data-key={row.key}
      className={cx(styles['row'], selected && styles['selected'], dropLine !== null && styles[dropLine], className)}
      {...rest}
    >
      <Track above={row.above} below={row.below} siding={siding}>
        {station}
      </Track>
      <div role="rowheader" className={styles['title']}>
        {title}
      </div>
      <div role="gridcell" className={styles['state']}>
        {state}
      </div>
      <div role="gridcell" className={styles['time']}>
        {time}
      </div>
      <div role="gridcell" className={styles['act']}>
        {act}
      </div>
    </div>
  );
}

/** How a server is in touch with us. What may go to any server waits for none. */
export const useContact = (serverId: ServerId | null): ServerView['status']['contact'] =>
  useServers((state) => (serverId === null ? 'online' : (state.byId.get(serverId)?.status.contact ?? 'offline')));
