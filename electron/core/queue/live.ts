/**
 * Ephemeral progress and previews of running jobs: folded, monotonic, at most 10 events a second per job, never
 * persisted. The database never hears of a step.
 */
import type { Events } from '../../../shared/contract.ts';
import type { AttemptId, JobId, PayloadId, ServerId } from '../../../shared/ids.ts';
import type { ComfyGraph } from '../../../shared/workflow/graph.ts';
import { foldProgress, startProgress } from '../../../shared/phase.ts';
import type { JobLive, Phase, Segment } from '../../../shared/live.ts';
import type { LiveUpdate, NodeProgress } from '../../../shared/phase.ts';
import type { Emitter } from '../../../shared/util/emitter.ts';
import type { Experience } from './experience.ts';

/** A little over a tenth of a second: at most ten a second, however the timers fall. */
const EVERY_MS = 110;
const MAX_SEGMENTS = 24;

interface Entry {
  jobId: JobId;
  attemptId: AttemptId;
  serverId: ServerId;
  payloadId: PayloadId;
  titles: ReadonlyMap<string, string>;
  progress: NodeProgress;
  phase: Phase;
  startedMono: number | null;
  order: string[];
  nodeBegan: number;
  nodeMs: Map<string, number>;
  preview: { mime: string; bytes: Uint8Array } | null;
  previewVersion: number;
  lastSent: number;
  timer: NodeJS.Timeout | null;
}

/** Who a remote key belongs to, as far as the live display must know. */
export interface LiveSubject {
  jobId: JobId;
  attemptId: AttemptId;
  serverId: ServerId;
  payloadId: PayloadId;
  graph: ComfyGraph | null;
}

export class Live {
  readonly #events: Emitter<Events>;
  readonly #experience: Experience;
  readonly #byJob = new Map<JobId, Entry>();

  constructor(events: Emitter<Events>, experience: Experience) {
    this.#events = events;
    this.#experience = experience;
  }

  has(jobId: JobId, attemptId: AttemptId): boolean {
    return this.#byJob.get(jobId)?.attemptId === attemptId;
  }

  begin(subject: LiveSubject): void {
    this.end(subject.jobId);
    const titles = new Map<string, string>();
    for (const [id, node] of Object.entries(subject.graph ?? {})) {
      const title = node._meta?.['title'];
      titles.set(id, typeof title === 'string' && title.trim() !== '' ? title : node.class_type);
    }
    this.#byJob.set(subject.jobId, {
      ...subject,
      titles,
      progress: startProgress(titles.size),
      phase: { phase: 'waiting', place: null },
      startedMono: null,
      order: [],
      nodeBegan: 0,
      nodeMs: new Map(),
      preview: null,
      previewVersion: 0,
      lastSent: -Infinity,
      timer: null,
    });
  }

  started(jobId: JobId): void {
    const entry = this.#byJob.get(jobId);
    if (entry?.startedMono !== null) return;
    entry.startedMono = performance.now();
    entry.phase = { phase: 'running', node: null, step: null, steps: null };
    this.#soon(entry);
  }

  update(jobId: JobId, update: LiveUpdate): void {
    const entry = this.#byJob.get(jobId);
    if (entry === undefined) return;
    const now = performance.now();
    if (update.type === 'preview') {
      entry.preview = { mime: update.mime, bytes: update.bytes };
      entry.previewVersion += 1;
    } else if (update.type === 'place') {
      if (entry.phase.phase === 'waiting') entry.phase = { phase: 'waiting', place: update.place };
    } else if (update.type === 'loading-model') {
      entry.phase = { phase: 'loading-model' };
    } else {
      const before = entry.progress.current;
      entry.progress = foldProgress(entry.progress, update, this.#experience.nodeTimes(entry.payloadId)?.ms);
      const { current } = entry.progress;
      if (current !== before) {
        if (before !== null) entry.nodeMs.set(before, now - entry.nodeBegan);
        entry.nodeBegan = now;
        if (current !== null && !entry.order.includes(current)) entry.order.push(current);
      }
      const node =
        current === null ? null : (entry.titles.get(current) ?? entry.titles.get(current.split('.')[0] ?? '') ?? null);
      const step =
        update.type === 'step' && update.max > 1
          ? { step: update.value, steps: update.max }
          : current === before && entry.phase.phase === 'running'
            ? { step: entry.phase.step, steps: entry.phase.steps }
            : { step: null, steps: null };
      entry.phase = { phase: 'running', node, ...step };
    }
    this.#soon(entry);
  }

  collecting(jobId: JobId, stored: number, expected: number): void {
    const entry = this.#byJob.get(jobId);
    if (entry === undefined) return;
    entry.phase = { phase: 'collecting', stored, expected };
    this.#soon(entry);
  }

  /** The run went to its end: what it taught is kept. */
  finished(jobId: JobId): void {
    const entry = this.#byJob.get(jobId);
    if (entry === undefined) return;
    if (entry.progress.current !== null) entry.nodeMs.set(entry.progress.current, performance.now() - entry.nodeBegan);
    if (entry.order.length > 0) this.#experience.learn(entry.payloadId, entry.order, entry.nodeMs);
    this.#experience.ran(entry.payloadId, entry.serverId);
  }

  end(jobId: JobId): void {
    const entry = this.#byJob.get(jobId);
    if (entry !== undefined && entry.timer !== null) clearTimeout(entry.timer);
    this.#byJob.delete(jobId);
  }

  preview(jobId: JobId): { bytes: Uint8Array; mime: string } | null {
    return this.#byJob.get(jobId)?.preview ?? null;
  }

  /** Newest live state of every open job, for a face that just arrived. */
  all(): JobLive[] {
    return [...this.#byJob.values()].map((entry) => this.#view(entry));
  }

  close(): void {
    for (const jobId of [...this.#byJob.keys()]) this.end(jobId);
  }

  /** Sends now, or at the end of the current tenth of a second: the newest state always arrives. */
  #soon(entry: Entry): void {
    if (entry.timer !== null) return;
    const wait = entry.lastSent + EVERY_MS - performance.now();
    if (wait <= 0) {
      this.#send(entry);
      return;
    }
    entry.timer = setTimeout(() => {
      entry.timer = null;
      this.#send(entry);
    }, wait);
  }

  #send(entry: Entry): void {
    entry.lastSent = performance.now();
    this.#events.emit('job.live', this.#view(entry));
  }

  #view(entry: Entry): JobLive {
    const { progress } = entry;
    const known = progress.total > 0;
    return {
      jobId: entry.jobId,
      phase: entry.phase,
      fraction: entry.startedMono === null ? null : progress.fraction,
      nodesDone: known ? Math.min(progress.done.size, progress.total) : null,
      nodesTotal: known ? progress.total : null,
      segments: this.#segments(entry),
      previewVersion: entry.previewVersion,
      leftMs: this.#left(entry),
    };
  }

  /** One piece per node in run order, wide as its share of the usual time; neighbours are merged beyond 24. */
  #segments(entry: Entry): Segment[] {
    const { progress } = entry;
    if (progress.total === 0) return entry.startedMono === null ? [] : [{ share: 1, fill: progress.fraction }];
    const learnt = this.#experience.nodeTimes(entry.payloadId);
    const begun = new Set([...progress.done, ...entry.order]);
    const later = [...(learnt?.order ?? []), ...entry.titles.keys()].filter((node) => !begun.has(node));
    const nodes = [...new Set([...begun, ...later])].slice(0, Math.max(progress.total, begun.size));
    const times = nodes.map((node) => Math.max(learnt?.ms.get(node) ?? 0, 1));
    const all = times.reduce((sum, time) => sum + time, 0);
    const fills = nodes.map((node) => (progress.done.has(node) ? 1 : node === progress.current ? progress.fill : 0));
    // A node of a millisecond still shows: no piece is narrower than a fortieth.
    const shares = times.map((time) => Math.max(time / all, 1 / 40));
    const sum = shares.reduce((total, share) => total + share, 0);
    const per = Math.ceil(nodes.length / MAX_SEGMENTS);
    const segments: Segment[] = [];
    for (let from = 0; from < nodes.length; from += per) {
      const part = shares.slice(from, from + per);
      const share = part.reduce((total, value) => total + value, 0) / sum;
      const fill = part.reduce((total, value, index) => total + value * (fills[from + index] ?? 0), 0) / (share * sum);
      segments.push({ share, fill });
    }
    return segments;
  }

  #left(entry: Entry): { low: number; high: number } | null {
    if (entry.startedMono === null) return null;
    const usual = this.#experience.usual(entry.payloadId, entry.serverId);
    if (usual === null) return null;
    const ran = performance.now() - entry.startedMono;
    return { low: Math.max(0, Math.round(usual.low - ran)), high: Math.max(0, Math.round(usual.high - ran)) };
  }
}
