/** Chooses the component for a row of the queue. */
import { memo } from 'react';
import type { ReactNode } from 'react';
import { shallow } from 'zustand/vanilla/shallow';
import { jobsOfRow } from './rows.ts';
import { useApp, useServers } from '../state/stores.ts';
import { queueText } from '../text/queue.ts';
import { BatchRow } from './batch-row.tsx';
import { CountsRow, ForeignRow } from './foreign-row.tsx';
import { JobRow } from './job-row.tsx';
import type { RowProps } from './row.tsx';
import { SectionRow } from './section-row.tsx';
import { Track } from '../job/station.tsx';
import styles from './row.module.css';

/** Rows are made again with every change of the queue: one that says the same need not be drawn again. */
function same({ row: a, ...restA }: RowProps, { row: b, ...restB }: RowProps): boolean {
  return (
    shallow(restA, restB) && shallow({ ...a, ids: null }, { ...b, ids: null }) && shallow(jobsOfRow(a), jobsOfRow(b))
  );
}

export const QueueRowView = memo(function QueueRowView(props: RowProps): ReactNode {
  const { row, index } = props;
  switch (row.type) {
    case 'section':
      return <SectionRow {...props} row={row} />;
    case 'job':
      return <JobRow {...props} row={row} />;
    case 'foreign':
      return <ForeignRow {...props} row={row} />;
    case 'counts':
      return <CountsRow {...props} row={row} />;
    case 'batch':
      return <BatchRow {...props} row={row} />;
    case 'divide':
      return <Divide {...props} row={row} />;
    case 'more':
      return (
        <div role="row" aria-rowindex={index + 1} className={styles['divide']}>
          <Track above={row.above} below={row.below} />
          <span role="gridcell" className={styles['meta']}>
            {queueText.moreForeign(row.count)}
          </span>
        </div>
      );
    case 'empty':
      return (
        <div role="row" aria-rowindex={index + 1} className={styles['empty']}>
          <i className={styles['stub']} aria-hidden="true" />
          <span role="gridcell">{queueText.sectionNothing}</span>
        </div>
      );
  }
}, same);

function Divide({ row, index }: RowProps<'divide'>): ReactNode {
  const server = useServers((state) => (row.serverId === null ? undefined : state.byId.get(row.serverId)));
  const paused = useApp((state) => state.summary?.paused ?? false);
  const words =
    server !== undefined && server.status.contact !== 'online'
      ? queueText.divideOffline
      : paused || server?.paused === true
        ? queueText.dividePaused
        : queueText.divide(server?.maxInFlight ?? 2);
  return (
    <div role="row" aria-rowindex={index + 1} className={styles['divide']}>
      <Track above={row.above} below={row.below} />
      <span role="gridcell" className={styles['divideText']}>
        {words}
      </span>
    </div>
  );
}
