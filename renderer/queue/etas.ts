/**
 * When each row will be done, from now, as far as past runs tell: sums of usual times along each track. Where something
 * of unknown length stands before a row, the answer is "at least". Pure.
 */
import type { JobView } from '../../shared/job.ts';
import { isTerminal } from '../../shared/job-machine.ts';
import type { JobsState } from '../state/jobs-store.ts';
import type { LiveState } from '../state/live-store.ts';
import type { QueueRow } from './rows.ts';
import type { ServersState } from '../state/servers-store.ts';
import type { RowKey } from '../state/ui-store.ts';

export interface Eta {
  ms: number;
  atLeast: boolean;
}

const middle = (range: { low: number; high: number }): number => (range.low + range.high) / 2;

export function etas(
  rows: readonly QueueRow[],
  input: { jobs: JobsState; live: LiveState; servers: ServersState; paused: boolean; nowMs: number },
): Map<RowKey, Eta> {
  const found = new Map<RowKey, Eta>();
  let sumMs = 0;
  let unknown = false;
  let known = false;
  let workers = 1;
  let stands = false;

  const leftOf = (job: JobView): number | null => {
    if (job.state === 'collecting') return 0;
    if (job.state === 'running') {
      const left = input.live.byId.get(job.id)?.leftMs ?? null;
      if (left !== null) return middle(left);
      if (job.usualMs === null || job.startedAt === null) return null;
      return Math.max(0, middle(job.usualMs) - (input.nowMs - job.startedAt));
    }
    return job.usualMs === null ? null : middle(job.usualMs);
  };
  const pass = (ms: number | null): void => {
    if (ms === null) unknown = true;
    else {
      sumMs += ms / workers;
      known = true;
    }
  };
  const note = (key: RowKey, own: number | null): void => {
    if (known && !stands) found.set(key, { ms: sumMs, atLeast: unknown || own === null });
  };

  for (const row of rows) {
    switch (row.type) {
      case 'section': {
        const server = row.serverId === null ? undefined : input.servers.byId.get(row.serverId);
        sumMs = 0;
        unknown = false;
        known = false;
        workers = Math.max(1, server?.status.backends ?? 1);
        // Nothing is promised where nothing moves, nor for jobs that may go to any server.
        stands = row.serverId === null || server?.status.contact !== 'online';
        break;
      }
      case 'divide':
        stands ||= input.paused || (row.serverId !== null && input.servers.byId.get(row.serverId)?.paused === true);
        break;
      case 'foreign':
      case 'counts':
      case 'more':
        unknown = true;
        break;
      case 'job': {
        const job = input.jobs.byId.get(row.id);
        if (job === undefined || job.held || isTerminal(job.state) || row.inBatch) break;
        const own = leftOf(job);
        pass(own);
        if (!row.tall) note(row.key, own);
        break;
      }
      case 'batch': {
        let all: number | null = 0;
        for (const id of row.ids) {
          const job = input.jobs.byId.get(id);
          const own = job === undefined ? null : leftOf(job);
          pass(own);
          all = own === null || all === null ? null : all + own;
        }
        note(row.key, all);
        break;
      }
      case 'empty':
        break;
    }
  }
  return found;
}
