/** One job by id, for the row or panel that shows it; renders only when that job changes. */
import type { JobId } from '../../shared/ids.ts';
import type { JobView } from '../../shared/job.ts';
import type { JobLive } from '../../shared/live.ts';
import { useJobs, useLive } from '../state/stores.ts';

export function useJob(id: JobId): JobView | undefined {
  return useJobs((state) => state.byId.get(id));
}

/** What it is doing this moment; undefined while nothing was reported. */
export function useJobLive(id: JobId): JobLive | undefined {
  return useLive((state) => state.byId.get(id));
}
