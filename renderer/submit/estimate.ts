/** When a server is free, and when a draft would be done: from times that were seen, or null. Nothing is invented. */
import type { ServerId } from '../../shared/ids.ts';
import type { JobView } from '../../shared/job.ts';

const middle = (range: { low: number; high: number }): number => (range.low + range.high) / 2;
const isOpen = (job: JobView): boolean => job.endedAt === null;

/** Open jobs of ours that are on a server or wait for it by name. */
export function jobsFor(jobs: Iterable<JobView>, serverId: ServerId): JobView[] {
  return [...jobs].filter(
    (job) =>
      isOpen(job) &&
      (job.onServerId === serverId ? job.state !== 'queued' || job.serverId === serverId : job.serverId === serverId),
  );
}

/** Ms until a server has done what is known to be before us; null as soon as one of them has no known time. */
export function freeInMs(ours: readonly JobView[], foreign: number, nowMs: number): number | null {
  if (foreign > 0) return null;
  let sum = 0;
  for (const job of ours) {
    if (job.usualMs === null) return null;
    const gone = job.startedAt === null ? 0 : Math.max(0, nowMs - job.startedAt);
    sum += Math.max(0, middle(job.usualMs) - gone);
  }
  return sum;
}

/** What makes two jobs take alike. */
export interface Like {
  source: string | null;
  width: number | null;
  height: number | null;
  images: number | null;
}

/** How long one such job usually takes on a server, ms: from the newest job of the same workflow, size and count. */
export function usualMsOf(jobs: Iterable<JobView>, like: Like, serverId: ServerId): number | null {
  let newest: JobView | null = null;
  for (const job of jobs) {
    const { source, width, height, images } = job.info;
    if (
      job.onServerId !== serverId ||
      source !== like.source ||
      width !== like.width ||
      height !== like.height ||
      (images ?? 1) !== (like.images ?? 1)
    )
      continue;
    if (job.usualMs === null && (job.state !== 'done' || job.ranMs === null)) continue;
    if (newest === null || job.createdAt > newest.createdAt) newest = job;
  }
  if (newest === null) return null;
  return newest.usualMs === null ? newest.ranMs : middle(newest.usualMs);
}
