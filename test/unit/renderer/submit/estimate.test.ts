/** When a submission will be done: when each server is free, and how long one job takes. */
import { describe, expect, it } from 'vitest';
import { freeInMs, jobsFor, usualMsOf } from '../../../../renderer/submit/estimate.ts';
import type { ServerId } from '../../../../shared/ids.ts';
import type { JobView } from '../../../../shared/job.ts';
import { jobView } from '../sample-pages.ts';

const studio = 'studio' as ServerId;

const open = (id: string, more: Partial<JobView> = {}): JobView =>
  jobView(id, 1_000, {
    state: 'queued',
    endedAt: null,
    startedAt: null,
    serverId: studio,
    onServerId: null,
    usualMs: { low: 8_000, high: 12_000 },
    ...more,
  });

describe('when a server is free', () => {
  it('is the sum of what is before us, less what has run already', () => {
    const jobs = [open('a'), open('b', { state: 'running', onServerId: studio, startedAt: 100_000 })];
    expect(freeInMs(jobsFor(jobs, studio), 0, 104_000)).toBe(16_000);
  });

  it('is not known with foreign work there, or a job never seen before', () => {
    expect(freeInMs([open('a')], 1, 0)).toBeNull();
    expect(freeInMs([open('a', { usualMs: null })], 0, 0)).toBeNull();
  });

  it('counts what waits for it by name and what is on it, nothing else', () => {
    const jobs = [
      open('a'),
      open('b', { serverId: null }),
      open('c', { serverId: null, state: 'running', onServerId: studio }),
      jobView('d', 9),
    ];
    expect(jobsFor(jobs, studio).map(({ id }) => id)).toEqual(['a', 'c']);
  });
});

describe('how long one takes', () => {
  const like = { source: 'flux.json', width: 1_344, height: 768, images: 4 };
  it('is what the newest job of its kind took on that server', () => {
    const jobs = [jobView('old', 1_000, { ranMs: 90_000 }), jobView('new', 9_000, { ranMs: 40_000, createdAt: 8_000 })];
    expect(usualMsOf(jobs, like, studio)).toBe(40_000);
  });

  it('is not known from another size, another server or a job that failed', () => {
    expect(usualMsOf([jobView('a', 1)], { ...like, width: 512 }, studio)).toBeNull();
    expect(usualMsOf([jobView('a', 1)], like, 'laptop' as ServerId)).toBeNull();
    expect(usualMsOf([jobView('a', 1, { state: 'failed' })], like, studio)).toBeNull();
  });
});
