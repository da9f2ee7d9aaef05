/** The parts of a running row that change ten times a second. Each looks at its own piece of the live store and nothing else. */
import { memo } from 'react';
import type { ReactNode } from 'react';
import type { JobId } from '../../shared/ids.ts';
import type { JobView } from '../../shared/job.ts';
import { previewAddress } from '../../shared/media.ts';
import { cx } from '../components/class-names.ts';
import { ProgressBar } from '../components/progress-bar.tsx';
import { Thumbnail } from '../components/thumbnail.tsx';
import { clock, percent } from '../text/format.ts';
import { useJobLive } from '../job/use-job.ts';
import { useNow } from '../hooks/use-now.ts';
import { useLive, useUi } from '../state/stores.ts';
import { cancelText } from '../text/cancel.ts';
import { queueText, phaseWords, waitingFor } from '../text/queue.ts';
import { Station } from '../job/station.tsx';
import { thumbOf } from '../job/words.ts';
import styles from './row.module.css';

export const LivePreview = memo(function LivePreview({ job, faded }: { job: JobView; faded: boolean }): ReactNode {
  const version = useLive((state) => state.byId.get(job.id)?.previewVersion ?? 0);
  const stored = thumbOf(job);
  // Previews end with the run; what was stored since is the picture itself.
  const src = version > 0 && (stored === null || job.state === 'running') ? previewAddress(job.id, version) : stored;
  return <Thumbnail live size={68} faded={faded} src={src} />;
});

export const LiveBar = memo(function LiveBar({
  id,
  label,
  cancelling,
}: {
  id: JobId;
  label: string;
  cancelling: boolean;
}): ReactNode {
  const live = useJobLive(id);
  return (
    <span className={styles['bar']}>
      <ProgressBar
        label={label}
        fraction={live?.fraction ?? null}
        segments={live?.segments ?? []}
        tone={cancelling ? 'hold' : 'go'}
      />
    </span>
  );
});

export const LiveStation = memo(function LiveStation({
  id,
  tone,
  full,
}: {
  id: JobId;
  tone: 'go' | 'hold';
  full: boolean;
}): ReactNode {
  const fraction = useLive((state) => {
    const known = state.byId.get(id)?.fraction ?? null;
    return known === null ? null : Math.round(known * 100) / 100;
  });
  return <Station shape="progress" tone={tone} fraction={full ? 1 : fraction} />;
});

/** "KSampler 18 of 30" and below it "node 4 of 9 · 35–50 s left". `note` takes the second line. */
export const LiveWords = memo(function LiveWords({
  job,
  stale,
  note,
}: {
  job: JobView;
  stale: boolean;
  note: string | null;
}): ReactNode {
  const live = useJobLive(job.id);
  if (stale) return <span className={cx(styles['wrap'], styles['hold'])}>{queueText.stale}</span>;
  const words = phaseWords(
    live?.phase ??
      (job.state === 'collecting'
        ? { phase: 'collecting', stored: job.outputs.stored, expected: job.outputs.expected }
        : null),
    {
      nodesDone: live?.nodesDone ?? null,
      nodesTotal: live?.nodesTotal ?? null,
      leftMs: live?.leftMs ?? null,
    },
  );
  // A server that knows no nodes tells at least how far it is, and by that which of its images it is at.
  const alone = words.rest === '' && live?.phase.phase === 'running' && live.nodesTotal === null ? live.fraction : null;
  const image = alone === null ? null : imageAt(alone, job.info.images);
  const rest = alone === null ? words.rest : percent(alone);
  return (
    <>
      <span className={styles['line']}>
        <strong className={styles['go']}>{image ?? words.strong}</strong>
        {image === null || rest === '' ? ' ' : ', '}
        {rest}
      </span>
      <span className={styles['line']}>{note ?? words.second}</span>
    </>
  );
});

/** "Image 2 of 4"; null for a job of one image. Images are made one after the other. */
function imageAt(fraction: number, images: number | null): string | null {
  if (images === null || images < 2) return null;
  return queueText.imageOf(Math.min(images, Math.floor(fraction * images + 1e-6) + 1), images);
}

/** "Cancelling… waiting for KSampler, step 19 of 30". */
export const StoppingWords = memo(function StoppingWords({
  job,
  unreachable,
}: {
  job: JobView;
  unreachable: boolean;
}): ReactNode {
  const live = useJobLive(job.id);
  const asked = job.cancel?.mode === 'if-waiting' ? cancelText.ifWaiting : cancelText.cancelling;
  const phase = job.state === 'running' && !unreachable ? (live?.phase ?? null) : null;
  return (
    <>
      <strong className={cx(styles['line'], styles['hold'])}>{asked}</strong>
      <span className={styles['wrap']}>{waitingFor(phase, job.cancel?.lastStep?.step ?? null)}</span>
    </>
  );
});

/** Elapsed time, a second at a time; stands still while live updates are paused. */
export function RunningTime({ since }: { since: number }): ReactNode {
  const frozen = useUi((state) => state.frozen);
  const now = useNow(frozen ? 3_600_000 : 1_000);
  return clock(now - since);
}
