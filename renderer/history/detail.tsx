/**
 * What is known of one ended job: pictures, facts, the trail of its life and of its cancel, its error, its inputs, its
 * attempts; and what can be done about it. Loads `jobs.get`; foreign work has only what its row says.
 */
import { useEffect, useState } from 'react';
import type { ReactNode } from 'react';
import type { HistoryRow } from '../../shared/history.ts';
import type { JobId, ServerId } from '../../shared/ids.ts';
import { titleWords } from '../../shared/words/job.ts';
import type { JobDetail } from '../../shared/job.ts';
import { AlertDialog } from '../components/alert-dialog.tsx';
import { Button } from '../components/button.tsx';
import { EmptyState } from '../components/empty-state.tsx';
import { IconButton } from '../components/icon-button.tsx';
import { duration, since, time } from '../text/format.ts';
import { useApi, useLoad } from '../hooks/use-api.ts';
import { sayTrouble } from '../state/actions.ts';
import { useJobs, useToasts } from '../state/stores.ts';
import { common } from '../text/common.ts';
import { endingOf, foreignEnding } from '../text/endings.ts';
import { detailText, historyText } from '../text/history.ts';
import { attemptEnd } from '../text/trail.ts';
import { JobError } from '../job/error.tsx';
import { HistoryInputs } from './inputs.tsx';
import { JobOutputs } from '../job/outputs.tsx';
import { canPutBack } from '../../shared/job-view.ts';
import { Ending } from './row.tsx';
import { JobTrail } from '../job/trail.tsx';
import styles from './detail.module.css';

export interface HistoryDetailProps {
  row: HistoryRow | null;
  /** Null for foreign work. */
  jobId: JobId | null;
  nameOf: (id: ServerId | null) => string;
  onClose: () => void;
  onPutBack: (id: JobId) => void;
  onRunAgain: (id: JobId, seeds: 'same' | 'new') => void;
  onRemoved: () => void;
}

export function HistoryDetail(props: HistoryDetailProps): ReactNode {
  const { row, jobId, onClose } = props;
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      if (
        event.key !== 'Escape' ||
        event.defaultPrevented ||
        document.querySelector('[role="dialog"], [role="alertdialog"], [role="menu"]') !== null
      )
        return;
      onClose();
    };
    window.addEventListener('keydown', onKey);
    return () => {
      window.removeEventListener('keydown', onKey);
    };
  }, [onClose]);
  return (
    <aside className={styles['panel']} aria-label={detailText.label}>
      <header className={styles['head']}>
        <span>{detailText.head}</span>
        <IconButton name={detailText.close} icon="close" onClick={onClose} />
      </header>
      {jobId === null ? (
        row?.type === 'foreign' && <Foreign row={row} nameOf={props.nameOf} />
      ) : (
        <Job id={jobId} {...props} />
      )}
    </aside>
  );
}

function Foreign({
  row,
  nameOf,
}: { row: Extract<HistoryRow, { type: 'foreign' }> } & Pick<HistoryDetailProps, 'nameOf'>): ReactNode {
  const { foreign } = row;
  return (
    <>
      <h2 className={styles['title']}>{historyText.foreignTitle}</h2>
      <p className={styles['ending']}>
        <Ending ending={foreignEnding(foreign)} />
      </p>
      <dl className={styles['facts']}>
        <Fact term={detailText.facts.server}>{nameOf(foreign.serverId)}</Fact>
        <Fact term={detailText.facts.seen}>{moment(foreign.firstSeen)}</Fact>
        <Fact term={detailText.facts.started}>{foreign.startedAt === null ? null : moment(foreign.startedAt)}</Fact>
        <Fact term={detailText.facts.ended}>{foreign.endedAt === null ? null : moment(foreign.endedAt)}</Fact>
        <Fact term={detailText.remoteKey}>
          <code className={styles['key']}>{foreign.remoteKey}</code>
        </Fact>
      </dl>
    </>
  );
}

function Job({ id, nameOf, onPutBack, onRunAgain, onRemoved }: { id: JobId } & HistoryDetailProps): ReactNode {
  const api = useApi();
  const toasts = useToasts();
  const known = useJobs((state) => state.byId.get(id));
  const {
    value: detail,
    error,
    reload,
  } = useLoad((signal) => api.jobs.get({ id }, { signal }), `${id} ${String(known?.rev ?? 0)}`);
  const last = useLast(detail);
  const [removing, setRemoving] = useState(false);
  if (last === null) {
    return error === null ? (
      <p className={styles['ending']}>{common.loading}</p>
    ) : (
      <EmptyState
        title={detailText.loadFailed}
        hint={common.error(error.code)}
        action={<Button onClick={reload}>{common.tryAgain}</Button>}
      />
    );
  }
  const { job, attempts } = last;
  const { info } = job;
  const remove = (): void => {
    setRemoving(false);
    api.jobs.remove({ ids: [id] }).then(
      () => {
        toasts.show({ key: 'history-act', text: detailText.removedToast });
        onRemoved();
      },
      (thrown: unknown) => {
        sayTrouble(toasts, thrown, historyText.actionFailed);
      },
    );
  };
  return (
    <>
      <JobOutputs detail={last} onChanged={reload} />
      <h2 className={styles['title']} dir="auto">
        {titleWords(job.title)}
      </h2>
      <p className={styles['ending']}>
        <Ending ending={endingOf(job)} />
      </p>
      <div className={styles['acts']}>
        {canPutBack(job) ? (
          <Button onClick={() => onPutBack(id)}>{historyText.putBack}</Button>
        ) : (
          <>
            <Button onClick={() => onRunAgain(id, 'same')}>{historyText.runAgain}</Button>
            <Button onClick={() => onRunAgain(id, 'new')}>{historyText.newSeed}</Button>
          </>
        )}
      </div>
      {job.putBackAs !== null && <p className={styles['aside']}>{detailText.putBackAs}</p>}
      <dl className={styles['facts']}>
        <Fact term={detailText.facts.workflow}>{info.source}</Fact>
        <Fact term={detailText.facts.batch}>
          {job.batch === null ? null : detailText.batchPlace(job.batch.title, job.batch.index, job.batch.size)}
        </Fact>
        <Fact term={detailText.facts.size}>
          {info.width === null || info.height === null ? null : common.size(info.width, info.height)}
        </Fact>
        <Fact term={detailText.facts.seed}>{info.seed}</Fact>
        <Fact term={detailText.facts.model}>{info.model}</Fact>
        <Fact term={detailText.facts.server}>{nameOf(job.onServerId ?? job.serverId) || null}</Fact>
        <Fact term={detailText.facts.ran}>{job.ranMs === null ? null : duration(job.ranMs)}</Fact>
        <Fact term={detailText.facts.ended}>{job.endedAt === null ? null : moment(job.endedAt)}</Fact>
        <Fact term={detailText.facts.note}>{job.note}</Fact>
      </dl>
      <JobError error={job.error} detail={last} />
      <JobTrail detail={last} nameOf={nameOf} />
      <HistoryInputs payload={last.payload} />
      {attempts.length > 0 && (
        <details className={styles['fold']}>
          <summary>{detailText.attempts}</summary>
          <ul>
            {attempts.map((attempt) => (
              <li key={attempt.id} className={styles['attempt']}>
                <b>{detailText.attempt(attempt.number, nameOf(attempt.serverId))}</b>
                <span>{attemptEnd(attempt)}</span>
                <code className={styles['key']} title={detailText.remoteKey}>
                  {attempt.remoteKey}
                </code>
              </li>
            ))}
          </ul>
        </details>
      )}
      <Button look="quiet" className={styles['remove']} onClick={() => setRemoving(true)}>
        {detailText.remove}
      </Button>
      <AlertDialog
        open={removing}
        title={detailText.removeTitle}
        keepLabel={detailText.keep}
        actLabel={detailText.removeDo}
        onKeep={() => setRemoving(false)}
        onAct={remove}
      >
        {detailText.removeText(job.outputs.stored)}
      </AlertDialog>
    </>
  );
}

/** The last value that was there, so that a reload after a change shows no gap. */
function useLast(value: JobDetail | null): JobDetail | null {
  const [last, setLast] = useState(value);
  if (value !== null && value !== last) setLast(value);
  return value ?? last;
}

function Fact({ term, children }: { term: string; children: ReactNode }): ReactNode {
  if (children === null || children === undefined || children === '') return null;
  return (
    <div className={styles['fact']}>
      <dt>{term}</dt>
      <dd dir="auto">{children}</dd>
    </div>
  );
}

/** Day and time, the day left out when it is today. */
function moment(atMs: number): string {
  const day = since(atMs, Date.now());
  const clock = time(atMs, true);
  return day === time(atMs) ? clock : `${day}, ${clock}`;
}
