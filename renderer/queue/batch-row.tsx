/** A run of one batch's waiting jobs, folded into one row with its own count and Cancel. Unfolding keeps the order on the track. */
import type { ReactNode } from 'react';
import type { JobId } from '../../shared/ids.ts';
import { titleWords } from '../../shared/words/job.ts';
import { isTerminal } from '../../shared/job-machine.ts';
import { Badge } from '../components/badge.tsx';
import { cx } from '../components/class-names.ts';
import { Icon } from '../components/icons.tsx';
import { useJob } from '../job/use-job.ts';
import { useActions } from '../state/actions.ts';
import { useCancel } from '../cancel/flow.ts';
import { useApp, useJobs, useStores } from '../state/stores.ts';
import { cancelText } from '../text/cancel.ts';
import { common } from '../text/common.ts';
import { queueText } from '../text/queue.ts';
import { RowButton } from '../cancel/button.tsx';
import { EndedWords } from './ended-words.tsx';
import { Eta } from './job-row.tsx';
import { batchTitle } from '../job/words.ts';
import { Station } from '../job/station.tsx';
import { RowFrame, useContact } from './row.tsx';
import type { RowProps } from './row.tsx';
import styles from './row.module.css';

export function BatchRow(props: RowProps<'batch'>): ReactNode {
  const { ids } = props.row;
  const firstId = ids[0];
  const lastId = ids.at(-1);
  return firstId === undefined || lastId === undefined ? null : <Inside {...props} firstId={firstId} lastId={lastId} />;
}

function Inside(props: RowProps<'batch'> & { firstId: JobId; lastId: JobId }): ReactNode {
  const { key, ids, open, more } = props.row;
  const first = useJob(props.firstId);
  const lastIndex = useJobs((state) => state.byId.get(props.lastId)?.batch?.index ?? 0);
  const flow = useCancel();
  const { ui } = useStores();
  const contact = useContact(first?.serverId ?? null);
  const paused = useApp((state) => state.summary?.paused ?? false);
  const actions = useActions();
  if (first === undefined) return null;
  const ended = isTerminal(first.state);
  const { batch } = first;
  const name = batch?.title ?? first.title;
  const count = ids.length;
  const scattered = batch !== null && lastIndex - batch.index + 1 !== count;
  return (
    <RowFrame
      of={props}
      aria-selected={props.selected}
      aria-expanded={open}
      data-testid="batch-row"
      draggable={!ended}
      station={<Station shape={ended ? 'cross' : 'ring'} />}
      title={
        <span className={styles['words']}>
          <span className={styles['named']}>
            <span dir="auto" className={cx(ended && styles['struck'])}>
              {titleWords(first.title)}
            </span>
            <button
              type="button"
              className={styles['fold']}
              tabIndex={props.focused ? 0 : -1}
              aria-label={open ? queueText.fold(name) : queueText.unfold(name)}
              onClick={() => {
                ui.fold(key, !open);
              }}
            >
              <Badge>
                {more ? queueText.batchMore(count) : common.jobs(count)}
                <span className={cx(styles['chevron'], open && styles['turned'])}>
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
      }
      state={
        ended ? (
          <EndedWords job={first} />
        ) : paused ? (
          queueText.waitingPaused
        ) : contact === 'online' ? (
          queueText.waitingHere
        ) : (
          queueText.waitingForServer
        )
      }
      time={props.etaMs !== null && !ended && <Eta ms={props.etaMs} atLeast={props.etaAtLeast} />}
      act={
        ended ? (
          first.state === 'cancelled' && first.putBackAs === null ? (
            <RowButton
              label={cancelText.putBack}
              name={cancelText.putBackNamed(name)}
              focusable={props.focused}
              edge={props.selected}
              onPress={() => {
                actions.putBack(ids);
              }}
            />
          ) : null
        ) : (
          <RowButton
            label={cancelText.cancelCount(count)}
            name={cancelText.cancelNamed(`${common.jobs(count)} of ${name}`)}
            focusable={props.focused}
            edge={props.selected}
            onPress={() => {
              flow.ask({ scope: { jobs: ids } });
            }}
          />
        )
      }
    />
  );
}
