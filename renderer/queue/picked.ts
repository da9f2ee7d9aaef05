/** What the picked rows stand for: our jobs, others' jobs, and which of ours can be moved or held. Pure. */
import type { JobId, ServerId } from '../../shared/ids.ts';
import { isTerminal } from '../../shared/job-machine.ts';
import type { CancelAsk, ForeignTarget } from '../cancel/flow.ts';
import type { ForeignState } from '../state/foreign-store.ts';
import type { JobsState } from '../state/jobs-store.ts';
import { isCancelling } from '../../shared/job-view.ts';
import { jobsOfRow } from './rows.ts';
import type { QueueRow } from './rows.ts';

export interface Picked {
  /** Ours that are open, in row order. */
  jobs: readonly JobId[];
  /** Ours that wait with us and are not being cancelled: these can be held and moved. */
  movable: readonly JobId[];
  /** Of the movable, those held. */
  held: readonly JobId[];
  /** Ours that are open and not being cancelled yet. */
  cancellable: readonly JobId[];
  foreign: readonly ForeignTarget[];
  /** Ours and others that a cancel would name. */
  count: number;
}

export function pickedOf(rows: readonly QueueRow[], jobs: JobsState, foreign: ForeignState): Picked {
  const open = new Set<JobId>();
  const movable: JobId[] = [];
  const held: JobId[] = [];
  const cancellable: JobId[] = [];
  const others = new Map<ServerId, { remoteKeys: string[]; running: number }>();
  for (const row of rows) {
    for (const id of jobsOfRow(row)) {
      const job = jobs.byId.get(id);
      if (job === undefined || isTerminal(job.state) || open.has(id)) continue;
      open.add(id);
      if (isCancelling(job)) continue;
      if (job.state !== 'collecting') cancellable.push(id);
      if (job.state !== 'queued') continue;
      movable.push(id);
      if (job.held) held.push(id);
    }
    if (row.type !== 'foreign') continue;
    const job = foreign.byServer.get(row.serverId)?.jobs.find((each) => each.remoteKey === row.remoteKey);
    if (job === undefined || job.cancelling) continue;
    const target = others.get(row.serverId) ?? { remoteKeys: [], running: 0 };
    target.remoteKeys.push(row.remoteKey);
    if (job.state === 'running') target.running += 1;
    others.set(row.serverId, target);
  }
  const targets = [...others].map(([serverId, target]) => ({ serverId, ...target }));
  const count = cancellable.length + targets.reduce((sum, { remoteKeys }) => sum + remoteKeys.length, 0);
  return { jobs: [...open], movable, held, cancellable, foreign: targets, count };
}

/** The cancel of what is picked, or null where nothing of it can be cancelled. */
export function askOf(picked: Picked): CancelAsk | null {
  if (picked.count === 0) return null;
  return { scope: picked.cancellable.length === 0 ? null : { jobs: picked.cancellable }, foreign: picked.foreign };
}
