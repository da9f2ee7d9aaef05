/** A run of one batch's waiting jobs, folded into one row with its own count and Cancel. Unfolding keeps the order on the track. */
import { memo } from 'react';
import type { ReactNode } from 'react';
import type { JobId } from '../../shared/ids.ts';
import { isTerminal } from '../../shared/job-machine.ts';
import { Badge } from '../components/badge.tsx';
import { cx } from '../components/class-names.ts';
import { Icon } from '../components/icons.tsx';
import { useJob } from '../job/use-job.ts';
import { useActions } from '../state/actions.ts';
import { useCancel } from '../cancel/flow.ts';
import { useApp, useJobs, useServers, useStores } from '../state/stores.ts';
import { cancelText } from '../text/cancel.ts';
import { common } from '../text/common.ts';
import { queueText } from '../text/queue.ts';
import { RowButton } from '../cancel/button.tsx';
import { EndedWords } from './ended-words.tsx';
import { Eta } from './job-row.tsx';
import { batchTitle } from '../job/words.ts';
import { Station, Track } from '../job/station.tsx';
import type { Line } from '../job/station.tsx';
import styles from './row.module.css';

export interface BatchRowProps {
  rowKey: string;
  ids: readonly JobId[];
  index: number;
  above: Line;
  below: Line;
  open: boolean;
  more: boolean;
  selected: boolean;
  focused: boolean;
  etaMs: number | null;
  etaAtLeast: boolean;
  dropLine: 'before' | 'after' | null;
}

function same(a: BatchRowProps, b: BatchRowProps): boolean {
  const { ids: idsA, ...restA } = a;
  const { ids: idsB, ...restB } = b;
  const keys = Object.keys(restA) as (keyof typeof restA)[];
  return (
    keys.every((key) => restA[key] === restB[key]) &&
    idsA.length === idsB.length &&
    idsA.every((id, index) => id === idsB[index])
  );
}

export const BatchRow = memo(function BatchRow(props: BatchRowProps): ReactNode {
  const firstId = props.ids[0];
  const lastId = props.ids.at(-1);
  return firstId === undefined || lastId === undefined ? null : <Inside {...props} firstId={firstId} lastId={lastId} />;
}, same);

function Inside(props: BatchRowProps & { firstId: JobId; lastId: JobId }): ReactNode {
  const first = useJob(props.firstId);
  const lastIndex = useJobs((state) => state.byId.get(props.lastId)?.batch?.index ?? 0);
  const flow = useCancel();
  const { ui } = useStores();
  const contact = useServers((state) =>
    first === undefined || first.serverId === null
      ? 'online'
      : (state.byId.get(first.serverId)?.status.contact ?? 'offline'),
  );
  const paused = useApp((state) => state.summary?.paused ?? false);
  const actions = useActions();
  if (first === undefined) return null;
  const ended = isTerminal(first.state);
  const { batch } = first;
  const count = props.ids.length;
  const scattered = batch !== null && lastIndex - batch.index + 1 !== count;
  return (
    <div
      role="row"
      aria-rowindex={props.index + 1}
      aria-selected={props.selected}
      aria-expanded={props.open}
      tabIndex={props.focused ? 0 : -1}
      data-key={props.rowKey}
      data-testid="batch-row"
      draggable={!ended}
      className={cx(
        styles['row'],
        props.selected && styles['selected'],
        props.dropLine !== null && styles[props.dropLine],
      )}
    >
      <Track above={props.above} below={props.below}>
        <Station shape={ended ? 'cross' : 'ring'} />
      </Track>
      <div role="rowheader" className={styles['title']}>
        <span className={styles['words']}>
          <span className={styles['named']}>
            <span dir="auto" className={cx(ended && styles['struck'])}>
              {first.title === '' ? common.untitled : first.title}
            </span>
            <button
              type="button"
              className={styles['fold']}
              tabIndex={props.focused ? 0 : -1}
              aria-label={
                props.open ? queueText.fold(batch?.title ?? first.title) : queueText.unfold(batch?.title ?? first.title)
              }
              onClick={() => {
                ui.fold(props.rowKey, !props.open);
              }}
            >
              <Badge>
                {props.more ? queueText.batchMore(count) : queueText.batchJobs(count)}
                <span className={cx(styles['chevron'], props.open && styles['turned'])}>
                  <Icon name="right" size={10} />
                </span>
              </Badge>
            </button>
          </span>
          <span className={styles['meta']}>
            {batch === null
              ? ''
              : scattered
                ? queueText.batchScattered(batchTitle(batch, first.title), batch.size)
                : queueText.batchPart(batchTitle(batch, first.title), batch.index + 1, lastIndex + 1, batch.size)}
          </span>
        </span>
      </div>
      <div role="gridcell" className={styles['state']}>
        {ended ? (
          <EndedWords job={first} />
        ) : paused ? (
          queueText.waitingPaused
        ) : contact === 'online' ? (
          queueText.waitingHere
        ) : (
          queueText.waitingForServer
        )}
      </div>
      <div role="gridcell" className={styles['time']}>
        {props.etaMs !== null && !ended && <Eta ms={props.etaMs} atLeast={props.etaAtLeast} />}
      </div>
      <div role="gridcell" className={styles['act']}>
        {ended ? (
          first.state === 'cancelled' && first.putBackAs === null ? (
            <RowButton
              label={cancelText.putBack}
              name={cancelText.putBackNamed(batch?.title ?? first.title)}
              focusable={props.focused}
              edge={props.selected}
              onPress={() => {
                actions.putBack(props.ids);
              }}
            />
          ) : null
        ) : (
          <RowButton
            label={cancelText.cancelCount(count)}
            name={cancelText.cancelNamed(`${common.jobs(count)} of ${batch?.title ?? first.title}`)}
            focusable={props.focused}
            edge={props.selected}
            onPress={() => {
              flow.ask({ scope: { jobs: props.ids } });
            }}
          />
        )}
      </div>
    </div>
  );
}
