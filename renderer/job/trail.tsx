/** The life of a job as a short line of stations with the times between them; every cancel of it with each step. */
import type { ReactNode } from 'react';
import type { ServerId } from '../../shared/ids.ts';
import type { JobDetail } from '../../shared/job.ts';
import { duration, time } from '../text/format.ts';
import { askedBy } from '../../shared/words/asker.ts';
import { settledText } from '../text/endings.ts';
import { detailText } from '../text/history.ts';
import { factText, stepText } from '../text/trail.ts';
import styles from './trail.module.css';

interface Station {
  at: number;
  text: string;
  route: string | null;
  /** Steps of a cancel are drawn apart. */
  cancel: boolean;
}

/** Journal and cancel steps in the order they happened. */
function stationsOf(detail: JobDetail, nameOf: (id: ServerId | null) => string): Station[] {
  const { job, journal, trail } = detail;
  const stations: Station[] = [
    { at: job.createdAt, text: factText('submitted', '') ?? '', route: null, cancel: false },
  ];
  const server = nameOf(job.onServerId ?? job.serverId);
  for (const entry of journal) {
    // Facts that came too late to count are kept for those who debug; they are no station of its life.
    if (entry.detail?.startsWith('dropped:') === true) continue;
    // The cancel's own steps say it with more: by whom, how, and that it was seen.
    if (trail.length > 0 && (entry.fact === 'stopped' || entry.fact === 'cancelLocal')) continue;
    const text = factText(entry.fact, server);
    if (text !== null && entry.fact !== 'submit' && entry.fact !== 'submitted')
      stations.push({ at: entry.at, text, route: null, cancel: false });
  }
  for (const request of trail) {
    const isLast = request === trail.at(-1);
    for (const step of request.steps) {
      const text =
        step.step === 'requested'
          ? `${stepText(step.step, step.detail)}, ${askedBy(request.by)}`
          : step.step === 'settled' && isLast
            ? settledText(job)
            : stepText(step.step, step.detail);
      stations.push({ at: step.at, text, route: step.route, cancel: true });
    }
  }
  // Stable: what shares a millisecond keeps the order in which it was written.
  return stations.sort((a, b) => a.at - b.at);
}

export function JobTrail({
  detail,
  nameOf,
}: {
  detail: JobDetail;
  nameOf: (id: ServerId | null) => string;
}): ReactNode {
  const stations = stationsOf(detail, nameOf);
  return (
    <section aria-label={detailText.trail}>
      <h3 className={styles['heading']}>{detailText.trail}</h3>
      <ol className={styles['trail']}>
        {stations.map((station, index) => (
          <li key={index} className={station.cancel ? styles['cancel'] : undefined}>
            <span className={styles['text']}>
              {station.text}
              {station.route !== null && <code className={styles['route']}>{station.route}</code>}
            </span>
            <span className={styles['at']}>
              {index === 0
                ? time(station.at, true)
                : `+${duration(station.at - (stations[index - 1]?.at ?? station.at))}`}
            </span>
          </li>
        ))}
      </ol>
    </section>
  );
}
