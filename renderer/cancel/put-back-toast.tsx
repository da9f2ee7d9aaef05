/** The words of the toast after a cancel: how many waiting jobs are cancelled by now. Counts on while the last are proven. */
import type { ReactNode } from 'react';
import type { JobId } from '../../shared/ids.ts';
import { useJobs } from '../state/stores.ts';
import { cancelText } from '../text/cancel.ts';

export function PutBackWords({ ids }: { ids: readonly JobId[] }): ReactNode {
  const done = useJobs((state) => {
    let count = 0;
    for (const id of ids) {
      const outcome = state.byId.get(id)?.cancel?.outcome;
      if (outcome?.outcome === 'cancelled' && outcome.reach !== 'running') count += 1;
    }
    return count;
  });
  return done === 0 ? cancelText.cancelling : cancelText.toastWaiting(done);
}
