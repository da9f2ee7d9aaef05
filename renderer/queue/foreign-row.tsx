/** Other people's work in the queue: one job, or only a count where the server does not tell more. Marked, and never ours. */
import type { ReactNode } from 'react';
import { Badge } from '../components/badge.tsx';
import { useNow } from '../hooks/use-now.ts';
import { useCancel } from '../cancel/flow.ts';
import { useForeign, useUi } from '../state/stores.ts';
import { cancelText } from '../text/cancel.ts';
import { common } from '../text/common.ts';
import { queueText } from '../text/queue.ts';
import { RowButton } from '../cancel/button.tsx';
import { RunningTime } from './live.tsx';
import { RowFrame } from './row.tsx';
import type { RowProps } from './row.tsx';
import { Station } from '../job/station.tsx';
import styles from './row.module.css';

export function ForeignRow(props: RowProps<'foreign'>): ReactNode {
  const { serverId, remoteKey, place } = props.row;
  const flow = useCancel();
  const job = useForeign((state) => state.byServer.get(serverId)?.jobs.find((each) => each.remoteKey === remoteKey));
  const frozen = useUi((state) => state.frozen);
  const now = useNow(frozen ? 3_600_000 : 60_000);
  if (job === undefined) return null;
  const running = job.state === 'running';
  return (
    <RowFrame
      of={props}
      aria-selected={props.selected}
      data-testid="foreign-row"
      station={<Station shape="diamond" tone={job.cancelling ? 'hold' : running ? 'go' : 'plain'} />}
      title={<ForeignWords name={common.foreignTitle} meta={queueText.foreignSeen(remoteKey, job.firstSeen, now)} />}
      state={
        job.cancelling ? (
          <strong className={styles['hold']}>{queueText.foreignStopping}</strong>
        ) : running ? (
          <strong className={styles['go']}>{queueText.foreignRunning}</strong>
        ) : (
          queueText.onServer(place)
        )
      }
      time={running && job.startedAt !== null && <RunningTime since={job.startedAt} />}
      act={
        !job.cancelling && (
          <RowButton
            label={cancelText.cancel}
            name={cancelText.cancelNamed(`${common.foreignTitle} ${remoteKey.slice(0, 4)}`)}
            focusable={props.focused}
            edge={props.selected}
            onPress={() => {
              flow.ask({ scope: null, foreign: [{ serverId, remoteKeys: [remoteKey], running: running ? 1 : 0 }] });
            }}
          />
        )
      }
    />
  );
}

export function CountsRow(props: RowProps<'counts'>): ReactNode {
  const { serverId, user } = props.row;
  const counts = useForeign((state) => state.byServer.get(serverId)?.counts.find((each) => each.user === user));
  if (counts === undefined) return null;
  const total = counts.waiting + counts.running;
  const words = [
    counts.running > 0 ? queueText.running(counts.running) : null,
    counts.waiting > 0 ? queueText.waitingInSwarm : null,
  ];
  return (
    <RowFrame
      of={props}
      data-testid="counts-row"
      station={<Station shape="diamond" />}
      title={
        <ForeignWords
          name={user === null ? queueText.foreignOfOthers(total) : queueText.foreignOf(total, user)}
          meta={queueText.foreignNotListed}
        />
      }
      state={words.filter((word) => word !== null).join(', ')}
      act={
        <RowButton
          label={queueText.about}
          focusable={props.focused}
          onPress={() => {
            props.onAbout(serverId);
          }}
        />
      }
    />
  );
}

function ForeignWords({ name, meta }: { name: string; meta: string }): ReactNode {
  return (
    <span className={styles['words']}>
      <span className={styles['named']}>
        <span>{name}</span>
        <Badge>{common.foreign}</Badge>
      </span>
      <span className={styles['meta']}>{meta}</span>
    </span>
  );
}
