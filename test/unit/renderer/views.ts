/** Views as the host would send them, with only what a test is about spelled out. */
import type { ServerId } from '../../../shared/ids.ts';
import type { JobView } from '../../../shared/job.ts';
import type { ForeignJob, ForeignView, ServerView } from '../../../shared/server.ts';
import { jobIdOf, jobView as plainJob } from '../../support/job-view.ts';

export { jobIdOf };
export const serverIdOf = (name: string): ServerId => name as ServerId;

/** As `jobView` of test/support, for the server `s1`, with the facts a row shows. */
export const jobView = (name: string, more: Partial<JobView> = {}): JobView =>
  plainJob(name, {
    serverId: serverIdOf('s1'),
    title: name,
    info: { source: 'a.json', width: 512, height: 512, seed: '1', images: 1, model: null, nodes: 4 },
    position: 0,
    createdAt: 1_000,
    ...more,
  });

export function serverView(name: string, more: Partial<ServerView> = {}): ServerView {
  return {
    id: serverIdOf(name),
    kind: 'comfy',
    name,
    url: 'http://127.0.0.1:1',
    hasCredential: false,
    maxInFlight: 2,
    allowUntargetedInterrupt: false,
    paused: false,
    enabled: true,
    position: 0,
    status: {
      contact: 'online',
      since: 0,
      error: null,
      version: '0.8.0',
      capabilities: null,
      answersInMs: 3,
      queueLength: 0,
      nextTryAt: null,
      memory: null,
      problems: [],
      backends: null,
    },
    ...more,
  };
}

export function foreignJob(remoteKey: string, more: Partial<ForeignJob> = {}): ForeignJob {
  return {
    serverId: serverIdOf('s1'),
    remoteKey,
    state: 'waiting',
    how: null,
    place: null,
    cancelling: false,
    firstSeen: 0,
    startedAt: null,
    endedAt: null,
    ...more,
  };
}

export const foreignView = (jobs: readonly ForeignJob[], more: Partial<ForeignView> = {}): ForeignView => ({
  serverId: serverIdOf('s1'),
  jobs: [...jobs],
  total: jobs.length,
  counts: [],
  order: [],
  ...more,
});
