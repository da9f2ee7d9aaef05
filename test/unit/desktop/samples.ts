/** Small honest views for the shell's tests: a job, a server, a summary, with only what a test says different. */
import type { QueueSummary } from '../../../shared/queue.ts';
import type { JobId, ServerId } from '../../../shared/ids.ts';
import type { JobView } from '../../../shared/job.ts';
import type { ServerView } from '../../../shared/server.ts';

export const jobId = (n: number): JobId => `00000000-0000-7000-8000-${String(n).padStart(12, '0')}` as JobId;
export const serverId = (n: number): ServerId => `00000000-0000-7000-9000-${String(n).padStart(12, '0')}` as ServerId;

export function jobView(n: number, change: Partial<JobView> = {}): JobView {
  return {
    id: jobId(n),
    rev: 1,
    kind: 'comfy',
    batch: null,
    serverId: serverId(1),
    onServerId: serverId(1),
    title: `Job ${String(n)}`,
    info: { source: null, width: null, height: null, seed: null, images: null, model: null, nodes: null },
    note: null,
    state: 'running',
    held: false,
    position: n,
    createdAt: 1,
    startedAt: n,
    endedAt: null,
    ranMs: null,
    usualMs: null,
    attempts: 1,
    cancel: null,
    error: null,
    outputs: { expected: 0, stored: 0, missing: 0, partial: false, thumb: null },
    putBackOf: null,
    putBackAs: null,
    runAgainOf: null,
    ...change,
  };
}

export const cancelOpen = (requestedAt = Date.now()): JobView['cancel'] => ({
  requestId: 'r' as never,
  mode: 'stop',
  requestedAt,
  by: 'window',
  note: null,
  outcome: null,
  settledAt: null,
  tookMs: null,
  lastStep: null,
});

export function serverView(
  n: number,
  contact: ServerView['status']['contact'] = 'online',
  change: Partial<ServerView> = {},
): ServerView {
  return {
    id: serverId(n),
    kind: 'comfy',
    name: `Server ${String(n)}`,
    url: `http://127.0.0.1:${String(8188 + n)}`,
    hasCredential: false,
    maxInFlight: 2,
    allowUntargetedInterrupt: false,
    paused: false,
    enabled: true,
    position: n,
    status: {
      contact,
      since: 0,
      error: null,
      version: null,
      capabilities: null,
      answersInMs: null,
      queueLength: null,
      nextTryAt: null,
      memory: null,
      problems: [],
      backends: null,
    },
    ...change,
  };
}

export function summary(change: Partial<QueueSummary> = {}): QueueSummary {
  return {
    at: 1,
    running: 0,
    waiting: 0,
    held: 0,
    cancelling: 0,
    collecting: 0,
    foreign: 0,
    servers: 0,
    paused: false,
    runningIds: [],
    waitingIds: [],
    waitingTotal: 0,
    trouble: null,
    ...change,
  };
}
