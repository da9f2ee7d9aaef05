/** The inspector: one job large — picture, facts, trail, error, outputs. Details are asked for again whenever the job changes. */
import type { CSSProperties, ReactNode } from 'react';
import type { JobId, ServerId } from '../../shared/ids.ts';
import { titleWords } from '../../shared/words/job.ts';
import type { JobDetail, JobView } from '../../shared/job.ts';
import { IconButton } from '../components/icon-button.tsx';
import { number } from '../text/format.ts';
import { useLoad, useApi } from '../hooks/use-api.ts';
import { useJob, useJobLive } from '../job/use-job.ts';
import { useNow } from '../hooks/use-now.ts';
import { isCancelling } from '../../shared/job-view.ts';
import { previewAddress } from '../../shared/media.ts';
import { useServers, useStores, useUi } from '../state/stores.ts';
import { common } from '../text/common.ts';
import { endingOf } from '../text/endings.ts';
import { inspectorText, queueText } from '../text/queue.ts';
import { isTerminal } from '../../shared/job-machine.ts';
import { JobError } from '../job/error.tsx';
import { JobOutputs } from '../job/outputs.tsx';
import { JobTrail } from '../job/trail.tsx';
import { CancelCell } from '../cancel/button.tsx';
import { thumbOf } from '../job/words.ts';
import styles from './job-panel.module.css';

export function JobPanel({ id, pickedCount }: { id: JobId | null; pickedCount: number }): ReactNode {
  const { ui } = useStores();
  return (
    <aside className={styles['panel']} aria-label={inspectorText.label}>
      <div className={styles['close']}>
        <IconButton
          name={queueText.inspectorClose}
          icon="close"
          onClick={() => {
            ui.inspect(false);
          }}
        />
      </div>
      {id === null ? (
        <p className={styles['none']}>{pickedCount > 1 ? inspectorText.many(pickedCount) : inspectorText.none}</p>
      ) : (
        <One key={id} id={id} />
      )}
    </aside>
  );
}

function One({ id }: { id: JobId }): ReactNode {
  const job = useJob(id);
  const api = useApi();
  const detail = useLoad((signal) => api.jobs.get({ id }, { signal }), `${id} ${job?.rev ?? 0}`);
  const servers = useServers((state) => state.byId);
  const shown = job ?? detail.value?.job;
  if (shown === undefined)
    return <p className={styles['none']}>{detail.error === null ? common.loading : common.error(detail.error.code)}</p>;
  const nameOf = (serverId: ServerId | null): string =>
    serverId === null ? common.anyServer : (servers.get(serverId)?.name ?? common.anyServer);
  return (
    <>
      <Picture job={shown} />
      <h2 className={styles['title']} dir="auto">
        {titleWords(shown.title)}
      </h2>
      <div className={styles['now']}>
        <p>
          <NowWords job={shown} server={nameOf(shown.onServerId ?? shown.serverId)} />
        </p>
        <CancelCell job={shown} focusable edge />
      </div>
      <Facts job={shown} server={nameOf(shown.onServerId ?? shown.serverId)} />
      {detail.value !== null && <Rest detail={detail.value} nameOf={nameOf} reload={detail.reload} />}
    </>
  );
}

function Rest({
  detail,
  nameOf,
  reload,
}: {
  detail: JobDetail;
  nameOf: (id: ServerId | null) => string;
  reload: () => void;
}): ReactNode {
  return (
    <>
      {detail.job.error !== null && <JobError error={detail.job.error} detail={detail} />}
      <JobTrail detail={detail} nameOf={nameOf} />
      <JobOutputs detail={detail} onChanged={reload} />
    </>
  );
}

function Picture({ job }: { job: JobView }): ReactNode {
  const version = useJobLive(job.id)?.previewVersion ?? 0;
  const src = version > 0 && !isTerminal(job.state) ? previewAddress(job.id, version) : thumbOf(job);
  const { width, height } = job.info;
  // The place is as large before the first preview as with the picture in it. Very flat and very tall ones are fitted in.
  const shape = width === null || height === null || height === 0 ? 1 : Math.min(2, Math.max(0.75, width / height));
  const style = { '--shape': shape } as CSSProperties;
  if (src === null) {
    return (
      <div className={styles['noPicture']} style={style}>
        {inspectorText.noPreview}
      </div>
    );
  }
  return (
    <img
      className={styles['picture']}
      style={style}
      src={src}
      alt={inspectorText.previewAlt(job.title)}
      draggable={false}
    />
  );
}

function NowWords({ job, server }: { job: JobView; server: string }): ReactNode {
  const frozen = useUi((state) => state.frozen);
  const now = useNow(frozen ? 3_600_000 : 1_000);
  if (isTerminal(job.state)) {
    const ending = endingOf(job);
    return `${ending.word}${ending.rest}`;
  }
  if (isCancelling(job) && job.cancel !== null) return inspectorText.cancelling(now - job.cancel.requestedAt);
  switch (job.state) {
    case 'running':
      return inspectorText.runningOn(server, now - (job.startedAt ?? now));
    case 'collecting':
      return inspectorText.collectingFrom(server);
    case 'queued':
      return job.held ? inspectorText.heldHere : inspectorText.waitingHere(server);
    case 'submitting':
    case 'accepted':
      return inspectorText.waitingOn(server);
  }
}

function Facts({ job, server }: { job: JobView; server: string }): ReactNode {
  const live = useJobLive(job.id);
  const phase = live?.phase;
  const node =
    phase?.phase === 'running' && phase.node !== null
      ? `${phase.node}${phase.step === null || phase.steps === null ? '' : `, ${queueText.stepOf(phase.step, phase.steps)}`}`
      : null;
  const { info, batch } = job;
  const facts: [string, string | null][] = [
    [inspectorText.workflow, info.source],
    [inspectorText.model, info.model],
    [inspectorText.size, info.width === null || info.height === null ? null : `${info.width} × ${info.height}`],
    [inspectorText.seed, info.seed],
    [inspectorText.images, info.images === null || info.images < 2 ? null : number(info.images)],
    [inspectorText.node, job.state === 'running' ? node : null],
    [
      inspectorText.batch,
      batch === null || batch.size < 2 ? null : `${batch.title}, ${number(batch.index + 1)} of ${number(batch.size)}`,
    ],
    [inspectorText.server, server],
    [inspectorText.note, job.note],
  ];
  return (
    <dl className={styles['facts']}>
      {facts.map(([name, value]) =>
        value === null || value === '' ? null : (
          <div key={name}>
            <dt>{name}</dt>
            <dd dir="auto">{value}</dd>
          </div>
        ),
      )}
    </dl>
  );
}
