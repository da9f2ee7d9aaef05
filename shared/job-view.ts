/** What is read off one job wherever it is shown. Without zod, which neither the window nor the command line carries. */
import type { ServerId } from './ids.ts';
import type { JobView } from './job.ts';

/** Asked to stop, and not seen to have ended yet. */
export const isCancelling = (job: JobView): boolean => job.cancel !== null && job.cancel.outcome === null;

/** In our queue, not on a server. */
export const isWaitingHere = (job: JobView): boolean => job.state === 'queued';

/** The server a job stands with: the one its attempt is on, else the one it names, else none yet. */
export const serverOf = (job: JobView): ServerId | null =>
  isWaitingHere(job) ? job.serverId : (job.onServerId ?? job.serverId);

/** Cancelled before it ran: nothing of it was made. */
export const neverRan = ({ cancel }: JobView): boolean =>
  cancel?.outcome?.outcome === 'cancelled' && cancel.outcome.reach !== 'running';

/** What never ran can be put back, once (architecture §7.4). */
export const canPutBack = (job: JobView): boolean =>
  job.state === 'cancelled' && job.putBackAs === null && neverRan(job);
