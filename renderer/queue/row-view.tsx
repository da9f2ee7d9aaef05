/** Chooses the component for a row of the queue. */
import { memo } from 'react';
import type { ReactNode } from 'react';
import type { ServerId } from '../../shared/ids.ts';
import type { QueueRow } from './rows.ts';
import { useApp, useServers } from '../state/stores.ts';
import { queueText } from '../text/queue.ts';
import { BatchRow } from './batch-row.tsx';
import { CountsRow, ForeignRow } from './foreign-row.tsx';
import { JobRow } from './job-row.tsx';
import { SectionRow } from './section-row.tsx';
import { Track } from '../job/station.tsx';
import styles from './row.module.css';

export interface QueueRowViewProps {
  row: QueueRow;
  index: number;
  selected: boolean;
  focused: boolean;
  etaMs: number | null;
  etaAtLeast: boolean;
  dropLine: 'before' | 'after' | null;
  onAbout: (serverId: ServerId) => void;
}

export function QueueRowView({
  row,
  index,
  selected,
  focused,
  etaMs,
  etaAtLeast,
  dropLine,
  onAbout,
}: QueueRowViewProps): ReactNode {
  const common = { rowKey: row.key, index, selected, focused };
  switch (row.type) {
    case 'section':
      return <SectionRow rowKey={row.key} serverId={row.serverId} kind={row.kind} index={index} focused={focused} />;
    case 'job':
      return (
        <JobRow
          {...common}
          id={row.id}
          above={row.above}
          below={row.below}
          tall={row.tall}
          inBatch={row.inBatch}
          place={row.place}
          etaMs={etaMs}
          etaAtLeast={etaAtLeast}
          dropLine={dropLine}
        />
      );
    case 'foreign':
      return (
        <ForeignRow
          {...common}
          serverId={row.serverId}
          remoteKey={row.remoteKey}
          place={row.place}
          above={row.above}
          below={row.below}
        />
      );
    case 'counts':
      return (
        <CountsRow
          {...common}
          serverId={row.serverId}
          user={row.user}
          above={row.above}
          below={row.below}
          onAbout={onAbout}
        />
      );
    case 'batch':
      return (
        <BatchRow
          {...common}
          ids={row.ids}
          open={row.open}
          more={row.more}
          above={row.above}
          below={row.below}
          etaMs={etaMs}
          etaAtLeast={etaAtLeast}
          dropLine={dropLine}
        />
      );
    case 'divide':
      return <Divide index={index} serverId={row.serverId} row={row} />;
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
}

const Divide = memo(function Divide({
  index,
  serverId,
  row,
}: {
  index: number;
  serverId: ServerId | null;
  row: Extract<QueueRow, { type: 'divide' }>;
}): ReactNode {
  const server = useServers((state) => (serverId === null ? undefined : state.byId.get(serverId)));
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
});
