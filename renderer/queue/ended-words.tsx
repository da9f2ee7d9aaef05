/** How a job ended, as the last column of a queue row says it while the row lingers. */
import type { ReactNode } from 'react';
import type { JobView } from '../../shared/job.ts';
import { endingOf } from '../text/endings.ts';
import styles from './row.module.css';

export function EndedWords({ job }: { job: JobView }): ReactNode {
  const ending = endingOf(job);
  return (
    <>
      <span className={styles['line']}>
        <strong className={styles[ending.tone]}>{ending.word}</strong>
        {ending.rest}
      </span>
      {ending.second !== null && <span className={styles['line']}>{ending.second}</span>}
    </>
  );
}
