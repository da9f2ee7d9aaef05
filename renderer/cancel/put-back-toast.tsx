/** The words of the toast after a cancel: how many waiting jobs are cancelled by now. Counts on while the last are proven. */
import type { ReactNode } from 'react';
import type { JobId } from '../../shared/ids.ts';
import { neverRan } from '../../shared/job-view.ts';
import { useJobs } from '../state/stores.ts';
import { cancelText } from '../text/cancel.ts';

export function PutBackWords({ ids }: { ids: readonly JobId[] }): ReactNode {
  const done = useJobs(({ byId }) => {
    const jobs = ids.map((id) => byId.get(id));
    return jobs.filter((job) => job !== undefined && neverRan(job)).length;
  });
  return done === 0 ? cancelText.cancelling : cancelText.toastWaiting(done);
}
