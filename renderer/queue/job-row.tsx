/**
 * One of our jobs in the queue: station, title, what it does and waits for, time, Cancel. Renders when its job changes;
 * what changes ten times a second is in job/live.tsx. Clicks and keys are handled by the list.
 */
import type { ReactNode } from 'react';
import type { JobView } from '../../shared/job.ts';
import { titleWords } from '../../shared/words/job.ts';
import { isTerminal } from '../../shared/job-machine.ts';
import { cx } from '../components/class-names.ts';
import { approach } from '../text/format.ts';
import { useJob } from '../job/use-job.ts';
import { isCancelling } from '../../shared/job-view.ts';
import { useApp, useServers } from '../state/stores.ts';
import { cancelText } from '../text/cancel.ts';
import { queueText } from '../text/queue.ts';
import { CancelCell } from '../cancel/button.tsx';
import { EndedWords } from './ended-words.tsx';
import { LiveBar, LivePreview, LiveStation, LiveWords, RunningTime, StoppingWords } from './live.tsx';
import { metaOf } from '../job/words.ts';
import { Station } from '../job/station.tsx';
import { RowFrame, useContact } from './row.tsx';
import type { RowProps } from './row.tsx';
import styles from './row.module.css';

export function JobRow(props: RowProps<'job'>): ReactNode {
  const { id, tall, inBatch, place } = props.row;
  const job = useJob(id);
  if (job === undefined) return null;
  const ended = isTerminal(job.state);
  const cancelling = isCancelling(job);
  return (
    <RowFrame
      of={props}
      aria-selected={props.selected}
      data-state={job.state}
      data-testid="job-row"
      draggable={job.state === 'queued'}
      className={cx(
        tall && styles['tall'],
        job.state === 'cancelled' && styles['cancelled'],
        inBatch && styles['inBatch'],
      )}
      station={<JobStation job={job} cancelling={cancelling} />}
      siding={job.held && job.state === 'queued'}
      title={
        <>
          {tall && (
            <span className={styles['picture']}>
              <LivePreview job={job} faded={job.state === 'cancelled'} />
            </span>
          )}
          <span className={styles['words']}>
            <span className={styles['name']} dir="auto">
              {titleWords(job.title)}
            </span>
            <span className={styles['meta']}>{metaOf(job)}</span>
            {tall && !ended && <LiveBar id={job.id} label={job.title} cancelling={cancelling} />}
          </span>
        </>
      }
      state={<StateWords job={job} place={place} cancelling={cancelling} />}
      time={
        !ended && job.startedAt !== null && job.state === 'running' ? (
          <RunningTime since={job.startedAt} />
        ) : props.etaMs !== null && !ended && !cancelling ? (
          <Eta ms={props.etaMs} atLeast={props.etaAtLeast} />
        ) : null
      }
      act={<CancelCell job={job} focusable={props.focused} edge={tall || props.selected} />}
    />
  );
}

export function Eta({ ms, atLeast }: { ms: number; atLeast: boolean }): ReactNode {
  const text = approach(ms);
  return <span title={queueText.doneIn(ms)}>{atLeast ? text.replace('≈', '>') : text}</span>;
}

function JobStation({ job, cancelling }: { job: JobView; cancelling: boolean }): ReactNode {
  switch (job.state) {
    case 'running':
    case 'collecting':
      return <LiveStation id={job.id} tone={cancelling ? 'hold' : 'go'} full={job.state === 'collecting'} />;
    case 'queued':
      return <Station shape="ring" tone={cancelling ? 'hold' : 'plain'} />;
    case 'submitting':
    case 'accepted':
      return <Station shape="dot" tone={cancelling ? 'hold' : 'plain'} />;
    case 'done':
      return <Station shape="check" tone="go" />;
    case 'failed':
      return <Station shape="cross" tone="stop" />;
    case 'cancelled':
      return <Station shape="cross" />;
  }
}

function StateWords({
  job,
  place,
  cancelling,
}: {
  job: JobView;
  place: number | null;
  cancelling: boolean;
}): ReactNode {
  const contact = useContact(job.onServerId ?? job.serverId);
  const serverPaused = useServers((state) => job.serverId !== null && state.byId.get(job.serverId)?.paused === true);
  const paused = useApp((state) => state.summary?.paused ?? false) || serverPaused;

  if (isTerminal(job.state)) return <EndedWords job={job} />;
  if (cancelling) return <StoppingWords job={job} unreachable={contact !== 'online'} />;
  const ranOn =
    job.cancel?.outcome?.outcome === 'too-late' && job.cancel.outcome.state === 'running' ? cancelText.ranOn : null;
  const stopAfter = job.batch?.stopAfter === true ? cancelText.afterThis : null;
  switch (job.state) {
    case 'queued':
      if (job.held) return queueText.held;
      if (paused) return queueText.waitingPaused;
      if (contact !== 'online') return queueText.waitingForServer;
      return job.attempts > 0 ? queueText.again : queueText.waitingHere;
    case 'submitting':
      return queueText.submitting;
    case 'accepted':
      if (contact !== 'online') return <span className={styles['wrap']}>{queueText.stale}</span>;
      return queueText.onServer(place);
    case 'running':
    case 'collecting':
      return <LiveWords job={job} stale={contact !== 'online'} note={ranOn ?? stopAfter} />;
  }
}
