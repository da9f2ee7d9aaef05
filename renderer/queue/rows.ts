/**
 * The queue as rows: one section per server, on it the track with its stations in the order in which they will run.
 * Pure: stores in, rows out. What a row says and how it looks is the views' business.
 */
import type { BatchId, JobId, ServerId } from '../../shared/ids.ts';
import { isCancelling, isWaitingHere, serverOf } from '../../shared/job-view.ts';
import type { JobView, Kind } from '../../shared/job.ts';
import { isTerminal } from '../../shared/job-machine.ts';
import { KINDS } from '../../shared/kinds/kinds.ts';
import type { ForeignJob } from '../../shared/server.ts';
import type { Line } from '../job/station.tsx';
import type { ForeignState } from '../state/foreign-store.ts';
import type { JobsState } from '../state/jobs-store.ts';
import type { ServersState } from '../state/servers-store.ts';
import type { RowKey } from '../state/ui-store.ts';

interface OnTrack {
  above: Line;
  below: Line;
}

export type QueueRow =
  | { type: 'section'; key: RowKey; serverId: ServerId | null; kind: Kind }
  | ({ type: 'job'; key: RowKey; id: JobId; tall: boolean; inBatch: boolean; place: number | null } & OnTrack)
  | ({ type: 'foreign'; key: RowKey; serverId: ServerId; remoteKey: string; place: number | null } & OnTrack)
  | ({ type: 'counts'; key: RowKey; serverId: ServerId; user: string | null } & OnTrack)
  | ({ type: 'batch'; key: RowKey; batchId: BatchId; ids: readonly JobId[]; open: boolean; more: boolean } & OnTrack)
  | ({ type: 'divide'; key: RowKey; serverId: ServerId | null } & OnTrack)
  | ({ type: 'more'; key: RowKey; serverId: ServerId; count: number } & OnTrack)
  | { type: 'empty'; key: RowKey; serverId: ServerId | null };

export interface RowInput {
  servers: ServersState;
  jobs: JobsState;
  foreign: ForeignState;
  /** Places on the servers' own queues, from live reports. */
  places: ReadonlyMap<JobId, number>;
  /** Jobs that ended just now and keep their place: how they were before. */
  lingering: ReadonlyMap<JobId, JobView>;
  unfolded: ReadonlySet<RowKey>;
  onlyServer: ServerId | null;
}

/** A server's section, or that of the jobs which may go to any server of a kind. */
type SectionId = ServerId | `any:${Kind}`;

/** A run of one batch at least this long folds into one row. */
const FOLD_FROM = 3;

const jobKey = (id: JobId): RowKey => `j:${id}`;
const foreignKey = (serverId: ServerId, remoteKey: string): RowKey => `f:${serverId}:${remoteKey}`;
const sectionKey = (section: SectionId): RowKey => `s:${section}`;

const byPosition = (a: JobView, b: JobView): number => a.position - b.position || (a.id < b.id ? -1 : 1);

export function queueRows(input: RowInput): QueueRow[] {
  const bySection = new Map<SectionId, JobView[]>();
  const add = (job: JobView): void => {
    const server = serverOf(job);
    // A job of a server that is gone is still ours: it stands with "any server" until it is settled.
    const section = server !== null && input.servers.byId.has(server) ? server : (`any:${job.kind}` as const);
    const list = bySection.get(section);
    if (list === undefined) bySection.set(section, [job]);
    else list.push(job);
  };
  for (const job of input.jobs.byId.values()) {
    if (!isTerminal(job.state)) add(job);
    else {
      const asWas = input.lingering.get(job.id);
      if (asWas !== undefined) add(asWas);
    }
  }

  const rows: QueueRow[] = [];
  for (const id of input.servers.order) {
    const server = input.servers.byId.get(id);
    if (server === undefined || (input.onlyServer !== null && input.onlyServer !== id)) continue;
    rows.push({ type: 'section', key: sectionKey(id), serverId: id, kind: server.kind });
    const stations = section(input, id, bySection.get(id) ?? []);
    if (stations.length === 0) rows.push({ type: 'empty', key: `e:${id}`, serverId: id });
    else rows.push(...onTrack(stations));
  }
  for (const kind of KINDS) {
    const id = `any:${kind}` as const;
    const jobs = bySection.get(id);
    if (jobs === undefined || input.onlyServer !== null) continue;
    rows.push({ type: 'section', key: sectionKey(id), serverId: null, kind });
    rows.push(...onTrack(section(input, id, jobs)));
  }
  return rows;
}

/** A row before its lines are drawn. */
interface Station {
  zone: 'server' | 'here';
  make: (lines: OnTrack) => QueueRow;
}

function section(input: RowInput, id: SectionId, jobs: readonly JobView[]): Station[] {
  const serverId = input.servers.byId.has(id as ServerId) ? (id as ServerId) : null;
  const there = jobs.filter((job) => !isWaitingHere(job));
  const here = jobs.filter(isWaitingHere).sort(byPosition);
  const stations =
    serverId === null ? there.map((job) => jobStation(job, false)) : serverStations(input, serverId, there);
  if (stations.length > 0 && here.length > 0) {
    stations.push({ zone: 'here', make: (lines) => ({ type: 'divide', key: `d:${id}`, serverId, ...lines }) });
  }
  stations.push(...hereStations(input, id, here));
  return stations;
}

const jobStation = (job: JobView, inBatch: boolean, place: number | null = null): Station => ({
  zone: isWaitingHere(job) ? 'here' : 'server',
  make: (lines) => ({
    type: 'job',
    key: jobKey(job.id),
    id: job.id,
    tall: job.state === 'running' || job.state === 'collecting',
    inBatch,
    place,
    ...lines,
  }),
});

/** What is on the server, ours and others': running first, then by place, then what is just being sent. */
function serverStations(input: RowInput, serverId: ServerId, ours: readonly JobView[]): Station[] {
  const view = input.foreign.byServer.get(serverId);
  const others = (view?.jobs ?? []).filter((job) => job.state !== 'ended');
  const running = [
    ...ours
      .filter((job) => job.state === 'running' || job.state === 'collecting')
      .map((job) => ({ at: job.startedAt ?? job.createdAt, station: jobStation(job, false) })),
    ...others
      .filter((job) => job.state === 'running')
      .map((job) => ({ at: job.startedAt ?? job.firstSeen, station: foreignStation(job, null) })),
  ].sort((a, b) => a.at - b.at);

  const waiting = byPlace(
    ours.filter((job) => job.state === 'accepted').sort(byPosition),
    others.filter((job) => job.state === 'waiting'),
    input.places,
  );
  const counted = (view?.counts ?? []).filter((each) => each.waiting + each.running > 0);
  const stations = [
    ...running.map(({ station }) => station),
    ...counted.filter((each) => each.running > 0).map(({ user }) => countsStation(serverId, user)),
    ...waiting.map((job, index) =>
      'remoteKey' in job ? foreignStation(job, index + 1) : jobStation(job, false, index + 1),
    ),
  ];
  const hidden = view === undefined ? 0 : view.total - view.jobs.length;
  if (hidden > 0)
    stations.push({
      zone: 'server',
      make: (lines) => ({ type: 'more', key: `m:${serverId}`, serverId, count: hidden, ...lines }),
    });
  stations.push(...counted.filter((each) => each.running === 0).map(({ user }) => countsStation(serverId, user)));
  const sending = ours.filter((job) => job.state === 'submitting').sort(byPosition);
  return [...stations, ...sending.map((job) => jobStation(job, false))];
}

const countsStation = (serverId: ServerId, user: string | null): Station => ({
  zone: 'server',
  make: (lines) => ({ type: 'counts', key: `c:${serverId}:${user ?? ''}`, serverId, user, ...lines }),
});

const foreignStation = (job: ForeignJob, place: number | null): Station => ({
  zone: 'server',
  make: (lines) => ({
    type: 'foreign',
    key: foreignKey(job.serverId, job.remoteKey),
    serverId: job.serverId,
    remoteKey: job.remoteKey,
    place,
    ...lines,
  }),
});

/** Known places are kept; ours without one take the places that are free, in queue order. */
function byPlace(
  ours: readonly JobView[],
  others: readonly ForeignJob[],
  places: ReadonlyMap<JobId, number>,
): (JobView | ForeignJob)[] {
  const known: { place: number; job: JobView | ForeignJob }[] = [];
  const unknown: (JobView | ForeignJob)[] = [];
  const put = (job: JobView | ForeignJob, place: number | null | undefined): void => {
    if (place === null || place === undefined) unknown.push(job);
    else known.push({ place, job });
  };
  for (const job of ours) put(job, places.get(job.id));
  for (const job of others) put(job, job.place);
  const taken = new Set(known.map(({ place }) => place));
  let free = 1;
  for (const job of unknown) {
    while (taken.has(free)) free += 1;
    taken.add(free);
    known.push({ place: free, job });
  }
  return known.sort((a, b) => a.place - b.place).map(({ job }) => job);
}

/** What waits with us, in order; long runs of one batch folded. */
function hereStations(input: RowInput, id: SectionId, here: readonly JobView[]): Station[] {
  const stations: Station[] = [];
  const runs = new Map<BatchId, number>();
  const sizes = new Map<BatchId, number>();
  for (const job of here) if (job.batch !== null) sizes.set(job.batch.id, (sizes.get(job.batch.id) ?? 0) + 1);
  let index = 0;
  while (index < here.length) {
    const job = here[index];
    if (job === undefined) break;
    const { batch } = job;
    const run = batch === null ? [job] : runOf(here, index, batch.id, input.lingering);
    index += run.length;
    if (batch === null || run.length < FOLD_FROM) {
      for (const each of run) stations.push(jobStation(each, false));
      continue;
    }
    const nth = runs.get(batch.id) ?? 0;
    runs.set(batch.id, nth + 1);
    const key = `b:${batch.id}:${id}:${nth}`;
    const open = input.unfolded.has(key);
    const ids = run.map((each) => each.id);
    const more = ids.length < (sizes.get(batch.id) ?? 0);
    stations.push({
      zone: 'here',
      make: (lines) => ({ type: 'batch', key, batchId: batch.id, ids, open, more, ...lines }),
    });
    if (open) for (const each of run) stations.push(jobStation(each, true));
  }
  return stations;
}

/** What may stand in one fold together: jobs that wait, or jobs that ended just now; a folded row that is cancelled stays one row. */
function foldOf(job: JobView, lingering: ReadonlyMap<JobId, JobView>): 'waiting' | 'ended' | 'alone' {
  if (lingering.has(job.id)) return 'ended';
  return job.held || isCancelling(job) ? 'alone' : 'waiting';
}

function runOf(
  here: readonly JobView[],
  from: number,
  batchId: BatchId,
  lingering: ReadonlyMap<JobId, JobView>,
): JobView[] {
  const [first] = here.slice(from, from + 1);
  if (first === undefined) return [];
  const run = [first];
  const fold = foldOf(first, lingering);
  if (fold === 'alone') return run;
  for (const job of here.slice(from + 1)) {
    if (job.batch?.id !== batchId || foldOf(job, lingering) !== fold) break;
    run.push(job);
  }
  return run;
}

/** Draws the line: solid as far as the server's own queue reaches, dashed where jobs wait with us. */
function onTrack(stations: readonly Station[]): QueueRow[] {
  const lineOf = (station: Station | undefined): Line =>
    station === undefined ? 'none' : station.zone === 'server' ? 'solid' : 'dashed';
  return stations.map((station, index) =>
    station.make({ above: index === 0 ? 'none' : lineOf(station), below: lineOf(stations[index + 1]) }),
  );
}

/** Rows that can be picked for cancelling, holding and moving. */
export const isPickable = (row: QueueRow): boolean =>
  row.type === 'job' || row.type === 'batch' || row.type === 'foreign';
/** Rows the focus can stand on. */
export const isFocusable = (row: QueueRow): boolean =>
  row.type !== 'divide' && row.type !== 'empty' && row.type !== 'more';

/** Our jobs a row stands for. */
export function jobsOfRow(row: QueueRow): readonly JobId[] {
  if (row.type === 'job') return [row.id];
  return row.type === 'batch' ? row.ids : [];
}

const countsOf = new WeakMap<JobsState['byId'], Map<ServerId, number>>();

/** Open jobs per server; counted once per change of the jobs. */
export function countOpen(jobs: JobsState): ReadonlyMap<ServerId, number> {
  const known = countsOf.get(jobs.byId);
  if (known !== undefined) return known;
  const counts = new Map<ServerId, number>();
  for (const job of jobs.byId.values()) {
    if (isTerminal(job.state)) continue;
    const id = serverOf(job);
    if (id !== null) counts.set(id, (counts.get(id) ?? 0) + 1);
  }
  countsOf.set(jobs.byId, counts);
  return counts;
}
