/** Other people's work in the queue: one job, or only a count where the server does not tell more. Marked, and never ours. */
import { memo, useMemo } from 'react';
import type { ReactNode } from 'react';
import { useStore } from 'zustand';
import type { ServerId } from '../../shared/ids.ts';
import { Badge } from '../components/badge.tsx';
import { cx } from '../components/class-names.ts';
import { useNow } from '../hooks/use-now.ts';
import { useCancel } from '../cancel/flow.ts';
import { useStores, useUi } from '../state/stores.ts';
import { cancelText } from '../text/cancel.ts';
import { common } from '../text/common.ts';
import { queueText } from '../text/queue.ts';
import { RowButton } from '../cancel/button.tsx';
import { RunningTime } from './live.tsx';
import { Station, Track } from '../job/station.tsx';
import type { Line } from '../job/station.tsx';
import styles from './row.module.css';

interface CommonProps {
  rowKey: string;
  serverId: ServerId;
  index: number;
  above: Line;
  below: Line;
  selected: boolean;
  focused: boolean;
}

export const ForeignRow = memo(function ForeignRow(
  props: CommonProps & { remoteKey: string; place: number | null },
): ReactNode {
  const { foreign } = useStores();
  const flow = useCancel();
  const job = useStore(foreign, (state) =>
    state.byServer.get(props.serverId)?.jobs.find((each) => each.remoteKey === props.remoteKey),
  );
  const frozen = useUi((state) => state.frozen);
  const now = useNow(frozen ? 3_600_000 : 60_000);
  if (job === undefined) return null;
  const running = job.state === 'running';
  return (
    <div
      role="row"
      aria-rowindex={props.index + 1}
      aria-selected={props.selected}
      tabIndex={props.focused ? 0 : -1}
      data-key={props.rowKey}
      data-testid="foreign-row"
      className={cx(styles['row'], props.selected && styles['selected'])}
    >
      <Track above={props.above} below={props.below}>
        <Station shape="diamond" tone={job.cancelling ? 'hold' : running ? 'go' : 'plain'} />
      </Track>
      <div role="rowheader" className={styles['title']}>
        <span className={styles['words']}>
          <span className={styles['named']}>
            <span>{common.foreignTitle}</span>
            <Badge>{common.foreign}</Badge>
          </span>
          <span className={styles['meta']}>{queueText.foreignSeen(props.remoteKey, job.firstSeen, now)}</span>
        </span>
      </div>
      <div role="gridcell" className={styles['state']}>
        {job.cancelling ? (
          <strong className={styles['hold']}>{queueText.foreignStopping}</strong>
        ) : running ? (
          <strong className={styles['go']}>{queueText.foreignRunning}</strong>
        ) : props.place === null ? (
          queueText.waitingOnServer
        ) : props.place === 1 ? (
          queueText.nextOnServer
        ) : (
          queueText.placeOnServer(props.place)
        )}
      </div>
      <div role="gridcell" className={styles['time']}>
        {running && job.startedAt !== null && <RunningTime since={job.startedAt} />}
      </div>
      <div role="gridcell" className={styles['act']}>
        {!job.cancelling && (
          <RowButton
            label={cancelText.cancel}
            name={cancelText.cancelNamed(`${common.foreignTitle} ${props.remoteKey.slice(0, 4)}`)}
            focusable={props.focused}
            edge={props.selected}
            onPress={() => {
              flow.ask({
                scope: null,
                foreign: [{ serverId: props.serverId, remoteKeys: [props.remoteKey], running: running ? 1 : 0 }],
              });
            }}
          />
        )}
      </div>
    </div>
  );
});

export const CountsRow = memo(function CountsRow(
  props: CommonProps & { user: string | null; onAbout: (serverId: ServerId) => void },
): ReactNode {
  const { foreign } = useStores();
  const view = useStore(foreign, (state) => state.byServer.get(props.serverId));
  const counts = useMemo(() => view?.counts.find((each) => each.user === props.user), [view, props.user]);
  if (counts === undefined) return null;
  const total = counts.waiting + counts.running;
  const words = [
    counts.running > 0 ? queueText.running(counts.running) : null,
    counts.waiting > 0 ? queueText.waitingInSwarm : null,
  ];
  return (
    <div
      role="row"
      aria-rowindex={props.index + 1}
      tabIndex={props.focused ? 0 : -1}
      data-key={props.rowKey}
      data-testid="counts-row"
      className={styles['row']}
    >
      <Track above={props.above} below={props.below}>
        <Station shape="diamond" />
      </Track>
      <div role="rowheader" className={styles['title']}>
        <span className={styles['words']}>
          <span className={styles['named']}>
            <span>
              {props.user === null ? queueText.foreignOfOthers(total) : queueText.foreignOf(total, props.user)}
            </span>
            <Badge>{common.foreign}</Badge>
          </span>
          <span className={styles['meta']}>{queueText.foreignNotListed}</span>
        </span>
      </div>
      <div role="gridcell" className={styles['state']}>
        {words.filter((word) => word !== null).join(', ')}
      </div>
      <div role="gridcell" className={styles['time']} />
      <div role="gridcell" className={styles['act']}>
        <RowButton
          label={queueText.about}
          focusable={props.focused}
          onPress={() => {
            props.onAbout(props.serverId);
          }}
        />
      </div>
    </div>
  );
});
