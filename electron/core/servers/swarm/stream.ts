/**
 * What one generation stream has said so far: phase, certainty of that phase, progress, images (architecture §7.3).
 * Pure: fed with frames and a clock, it answers what is news. It sends nothing and decides no job's state.
 */
import type { LiveUpdate } from '../../../../shared/phase.ts';
import { cleanFraction } from '../../../../shared/phase.ts';
import { readDataUrl } from './frames.ts';
import type { FrameImage, SwarmFrame } from './frames.ts';
import { isIdle, NO_COUNTERS } from './schemas.ts';
import type { Counters } from './schemas.ts';

/**
 * `sent` → `claimed` (first status) → `waiting` (for a slot, perhaps a model) → `handed` (holds a slot, not seen to run)
 * → `running` (progress with metadata, S15) → `ending` (nothing left to do but the tail).
 */
export type Phase = 'sent' | 'claimed' | 'waiting' | 'handed' | 'running' | 'ending';

/** Without change for so long a waiting or handed job can be cancelled without leaving an orphan (S12, S14). */
export const CERTAIN_MS = 300;
/**
 * A request of several images is never all still: one runs, the next is being handed over. Hand-overs take some 15 ms
 * (of 172 cancels 15 to 60 ms after sending none left an orphan, S12); what slips through is found by the look afterwards.
 */
const BETWEEN_MS = 100;
/** At most ten previews a second are decoded per job. */
const PREVIEW_MS = 100;

export type News =
  | { news: 'claimed' }
  | { news: 'started' }
  | { news: 'refused'; message: string; id: string | null }
  | { news: 'ended' }
  | { news: 'live'; update: LiveUpdate };

export interface StreamImage {
  readonly image: FrameImage;
  readonly batch: number;
}

interface StreamOptions {
  /** Calls asked for; each may give several images. */
  readonly images: number;
  readonly batchSize: number;
}

export class StreamState {
  readonly #options: StreamOptions;
  #phase: Phase = 'sent';
  #counters: Counters = NO_COUNTERS;
  #changedAt: number;
  /** Calls whose progress came with metadata, and those whose images are all there. */
  readonly #running = new Set<number>();
  readonly #progress = new Map<number, number>();
  readonly #images: StreamImage[] = [];
  readonly #discarded = new Set<number>();
  readonly errors: string[] = [];
  /** ComfyUI's ids of our own prompts, as far as their starts were seen (S16). */
  readonly promptIds = new Set<string>();
  #lastStart: string | null = null;
  #dispatched = false;
  #started = false;
  #heldSlot = false;
  #ended = false;
  #fraction = 0;
  #lastPreviewAt = -Infinity;

  constructor(options: StreamOptions, now: number) {
    this.#options = options;
    this.#changedAt = now;
  }

  get phase(): Phase {
    return this.#phase;
  }
  /** Monotonic ms of the last change of phase or counters. */
  get changedAt(): number {
    return this.#changedAt;
  }
  get counters(): Counters {
    return this.#counters;
  }
  /** Set by the first progress with metadata. */
  get started(): boolean {
    return this.#started;
  }
  /** It ever held a slot: its end frees one. */
  get heldSlot(): boolean {
    return this.#heldSlot;
  }
  /** A slot was ever asked for: errors before that are about the request itself. */
  get dispatched(): boolean {
    return this.#dispatched;
  }
  get ended(): boolean {
    return this.#ended;
  }
  /** A model is being loaded for this job: cancelling now can fail others that wait for the same load (S17). */
  get loading(): boolean {
    return this.#counters.loading_models > 0;
  }

  /** Images received, in order, without those the server took back. */
  images(): StreamImage[] {
    return this.#images.filter((one) => !this.#discarded.has(one.batch));
  }

  /** Prompts it has in all, one for each image of the request. */
  get calls(): number {
    return this.#options.images;
  }
  /** How many images were asked for, less those the server took back. */
  asked(): number {
    return Math.max(1, this.#options.images * this.#options.batchSize - this.#discarded.size);
  }

  /** Whether an interrupt sent now would certainly reach what it is meant for (swarmui §4.4). */
  certain(now: number): boolean {
    switch (this.#phase) {
      case 'sent':
      case 'claimed':
      case 'ending':
        return false;
      case 'running':
        return this.allRunning || now - this.#changedAt >= BETWEEN_MS;
      case 'waiting':
      case 'handed':
        return now - this.#changedAt >= CERTAIN_MS;
    }
  }

  /** Every call of it that holds a slot is known to run, and none is waiting for one: nothing can be left behind. */
  get allRunning(): boolean {
    const { waiting_backends: waiting, live_gens: live } = this.#counters;
    return this.#phase === 'running' && waiting === 0 && live <= this.#running.size;
  }

  /** How long, ms, until `certain` may become true without a further message. */
  certainIn(now: number): number {
    return this.certain(now)
      ? 0
      : Math.max(1, (this.#phase === 'running' ? BETWEEN_MS : CERTAIN_MS) - (now - this.#changedAt));
  }

  /** A neighbour ended: what stands behind it in ComfyUI may begin this very moment, so certainty starts again. */
  unsettle(now: number): void {
    if (this.#phase === 'waiting' || this.#phase === 'handed') this.#changedAt = now;
  }

  /** The socket closed: whatever was not said will never be. */
  close(): News[] {
    return this.#end();
  }

  apply(frame: SwarmFrame, now: number): News[] {
    if (this.#ended) return [];
    switch (frame.type) {
      case 'status':
        return this.#status(frame.counters, now);
      case 'progress':
        return this.#onProgress(frame, now);
      case 'image': {
        this.#images.push({ image: frame.image, batch: frame.batch });
        const call = this.#callOf(frame.batch);
        if (call !== null) {
          this.#running.delete(call);
          this.#progress.set(call, 1);
        }
        return this.#live();
      }
      case 'discard':
        for (const batch of frame.batches) this.#discarded.add(batch);
        return [];
      case 'error': {
        this.errors.push(frame.message);
        // Before any slot was asked for, an error is about the request: it was not taken (swarmui §3.2).
        return this.#dispatched ? [] : [{ news: 'refused', message: frame.message, id: frame.id }];
      }
      case 'comfy-start':
        this.#lastStart = frame.promptId;
        return [];
      case 'end':
        return this.#end();
      case 'skipped':
      case 'unknown':
        return [];
    }
  }

  #status(counters: Counters, now: number): News[] {
    const before = this.#counters;
    const changed = JSON.stringify(before) !== JSON.stringify(counters);
    this.#counters = counters;
    const news: News[] = this.#phase === 'sent' ? [{ news: 'claimed' }] : [];
    if (counters.waiting_backends > 0 || counters.live_gens > 0) this.#dispatched = true;
    if (counters.live_gens > 0) this.#heldSlot = true;
    else this.#running.clear();
    const phase: Phase =
      this.#dispatched && isIdle(counters)
        ? 'ending'
        : this.#started
          ? 'running'
          : counters.live_gens > 0
            ? 'handed'
            : counters.waiting_backends > 0
              ? 'waiting'
              : this.#dispatched
                ? this.#phase
                : 'claimed';
    if (changed || phase !== this.#phase) this.#changedAt = now;
    this.#phase = phase;
    if (phase === 'waiting')
      news.push({
        news: 'live',
        update: counters.loading_models > 0 ? { type: 'loading-model' } : { type: 'place', place: null },
      });
    return news;
  }

  #onProgress(frame: Extract<SwarmFrame, { type: 'progress' }>, now: number): News[] {
    const news: News[] = [];
    const call = this.#callOf(Number(frame.batch)) ?? 0;
    if (frame.metadata) {
      // Frames of an earlier job may come first on a reused backend socket: ours is the last start before this (S16).
      if (this.#lastStart !== null) this.promptIds.add(this.#lastStart);
      this.#running.add(call);
      this.#changedAt = now;
      if (!this.#started) {
        this.#started = true;
        news.push({ news: 'started' });
      }
      this.#phase = 'running';
      this.#dispatched = true;
      this.#heldSlot = true;
    }
    // What comes before may be a stranger's picture and a stranger's progress (S15).
    if (!this.#started) return news;
    const overall = cleanFraction(frame.overall);
    if (overall !== null && this.#running.has(call))
      this.#progress.set(call, Math.max(this.#progress.get(call) ?? 0, overall));
    news.push(...this.#live(cleanFraction(frame.current)));
    if (frame.preview !== null && this.#running.has(call) && now - this.#lastPreviewAt >= PREVIEW_MS) {
      const preview = readDataUrl(frame.preview);
      if (preview !== null && preview.bytes.length > 0) {
        this.#lastPreviewAt = now;
        news.push({ news: 'live', update: { type: 'preview', mime: preview.mime, bytes: preview.bytes } });
      }
    }
    return news;
  }

  /** Never falls: previews divide by another number than the messages between them (swarmui §3.2). */
  #live(current: number | null = null): News[] {
    let sum = 0;
    for (const value of this.#progress.values()) sum += value;
    this.#fraction = Math.max(this.#fraction, Math.min(1, sum / this.#options.images));
    return [{ news: 'live', update: { type: 'fraction', overall: this.#fraction, current } }];
  }

  /** Which call of the request an image index belongs to; null for intermediates and extras. */
  #callOf(batch: number): number | null {
    if (!Number.isFinite(batch) || batch < 0) return null;
    const call = Math.floor(batch / this.#options.batchSize);
    return call < this.#options.images ? call : null;
  }

  #end(): News[] {
    if (this.#ended) return [];
    this.#ended = true;
    this.#phase = 'ending';
    return [{ news: 'ended' }];
  }
}
