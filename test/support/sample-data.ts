/** Canned jobs, servers and foreign work for sample-api.ts: one of everything a queue can show. */
import type { CancelView } from '../../shared/cancel.ts';
import type { JobId, ServerId } from '../../shared/ids.ts';
import type { JobView, Kind } from '../../shared/job.ts';
import type { Capabilities, ForeignView, ServerView } from '../../shared/server.ts';
import { jobView } from './job-view.ts';

export interface SampleOptions {
  /** How many more jobs wait on the first server. */
  extra?: number;
  /** Starts with one job being cancelled that does not stop. */
  cancelling?: boolean;
  empty?: boolean;
  theme?: 'system' | 'light' | 'dark';
}

export const NOW = Date.now();
const serverId = (name: string): ServerId => name as ServerId;
export const jobId = (name: string): JobId => name as JobId;
export const STUDIO = serverId('studio');
export const SWARM = serverId('swarm');
export const LAPTOP = serverId('laptop');

export function server(id: ServerId, kind: Kind, name: string, more: Partial<ServerView['status']>): ServerView {
  return {
    id,
    kind,
    name,
    url: `http://${id}.example:8188`,
    hasCredential: false,
    maxInFlight: 2,
    allowUntargetedInterrupt: false,
    paused: false,
    enabled: true,
    position: ['studio', 'swarm', 'laptop'].indexOf(id),
    status: {
      contact: 'online',
      since: NOW - 3_600_000,
      error: null,
      version: kind === 'comfy' ? '0.8.0' : '0.9.8',
      capabilities: CAPABILITIES[kind],
      answersInMs: 3,
      queueLength: 3,
      nextTryAt: null,
      memory: { usedBytes: 19.4 * 1024 ** 3, totalBytes: 24 * 1024 ** 3, device: 'GPU 0' },
      problems: [],
      backends: null,
      ...more,
    },
  };
}

const CAPABILITIES: Record<Kind, Capabilities> = {
  comfy: {
    kind: 'comfy',
    promptId: true,
    targetedInterrupt: true,
    jobsApi: true,
    jobCancel: true,
    previewMetadata: true,
  },
  swarm: { kind: 'swarm', targetedInterrupt: true, permissions: ['*'], passthrough: true },
};

let rev = 1;
/** Revisions rise over all jobs of the sample. */
export const nextRev = (): number => {
  rev += 1;
  return rev;
};
function job(id: string, more: Partial<JobView>): JobView {
  rev += 1;
  return jobView(id, {
    rev,
    serverId: STUDIO,
    title: id,
    info: { source: 'flux-portrait.json', width: 1344, height: 768, seed: '40817', images: 1, model: null, nodes: 9 },
    position: rev,
    createdAt: NOW - 60_000,
    usualMs: { low: 70_000, high: 95_000 },
    ...more,
  });
}

export const cancelView = (more: Partial<CancelView>): CancelView => ({
  requestId: 'r1' as CancelView['requestId'],
  mode: 'stop',
  requestedAt: NOW - 600,
  by: 'window',
  note: null,
  outcome: null,
  settledAt: null,
  tookMs: null,
  lastStep: null,
  ...more,
});

export function makeJobs(options: SampleOptions): JobView[] {
  if (options.empty === true) return [];
  const kiosk = { id: 'kiosk' as NonNullable<JobView['batch']>['id'], title: 'kiosk', size: 10, stopAfter: false };
  const kioskInfo = { source: 'kiosk.json', width: 832, height: 1216, images: 1, model: null, nodes: 7 };
  const jobs = [
    job('harbour', {
      title: 'harbour at dawn, long exposure, fog over the cranes',
      state: 'running',
      onServerId: STUDIO,
      attempts: 1,
      startedAt: NOW - 41_000,
      cancel: options.cancelling === true ? cancelView({}) : null,
    }),
    job('harbour2', {
      title: 'harbour at dawn, long exposure, fog over the cranes',
      state: 'accepted',
      onServerId: STUDIO,
      attempts: 1,
      info: { source: 'flux-portrait.json', width: 1344, height: 768, seed: '40818', images: 1, model: null, nodes: 9 },
    }),
    ...[0, 1].map((index) =>
      job(`kiosk${index}`, {
        title: 'red kiosk in snow, 35 mm, flash',
        batch: { ...kiosk, index },
        info: { ...kioskInfo, seed: String(index + 1) },
      }),
    ),
    job('poster', {
      title: 'poster, four panels, riso print',
      held: true,
      info: { source: 'poster-grid.json', width: 2048, height: 2048, seed: null, images: 1, model: null, nodes: 12 },
    }),
    ...[2, 3, 4, 5, 6, 7, 8, 9].map((index) =>
      job(`kiosk${index}`, {
        title: 'red kiosk in snow, 35 mm, flash',
        batch: { ...kiosk, index },
        info: { ...kioskInfo, seed: String(index + 1) },
      }),
    ),
    job('heron', {
      title: 'paper sculpture of a heron, studio light',
      kind: 'swarm',
      serverId: SWARM,
      onServerId: SWARM,
      state: 'running',
      attempts: 1,
      startedAt: NOW - 17_000,
      info: { source: null, width: 1024, height: 1024, seed: '77', images: 4, model: 'SDXL', nodes: null },
    }),
    job('heron2', {
      title: 'paper sculpture of a heron, night',
      kind: 'swarm',
      serverId: SWARM,
      info: { source: null, width: 1024, height: 1024, seed: null, images: 4, model: 'SDXL', nodes: null },
    }),
    job('laptop1', {
      title: 'moss on basalt, macro',
      serverId: LAPTOP,
      info: { source: 'macro.json', width: 1024, height: 1024, seed: '221', images: 1, model: null, nodes: 8 },
    }),
    job('any1', { title: 'paper boats on a night river, lanterns', serverId: null }),
  ];
  for (let index = 0; index < (options.extra ?? 0); index += 1)
    jobs.push(job(`more${index}`, { title: `study ${index + 1}`, info: { ...kioskInfo, seed: String(index) } }));
  return jobs;
}

export function makeForeign(options: SampleOptions): ForeignView[] {
  if (options.empty === true) return [];
  const foreign = {
    serverId: STUDIO,
    how: null,
    cancelling: false,
    firstSeen: NOW - 120_000,
    startedAt: null,
    endedAt: null,
  } as const;
  return [
    {
      serverId: STUDIO,
      total: 1,
      counts: [],
      order: [],
      jobs: [{ ...foreign, remoteKey: '5b1e77aa', state: 'waiting', place: 2 }],
    },
    { serverId: SWARM, total: 2, counts: [{ user: 'anna', waiting: 2, running: 0 }], order: [], jobs: [] },
  ];
}
