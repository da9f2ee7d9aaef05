/**
 * The driver of the SwarmUI cancel procedure (architecture §7.3): holds, sends, waits for the stream's end, looks at the
 * backends' queues. Several on one server stand in one line. What to do next is decided in cancel.ts; how an
 * attempt ended in outcome.ts.
 */
import { AppError, isAbort } from '../../../../shared/errors.ts';
import { sleep, Wake } from '../../../../shared/util/async.ts';
import type { StopReport, StopRequest } from '../adapter.ts';
import { itsTurn, lookStep, stopStep } from './cancel.ts';
import type { LinePlace, StopStep, StopView } from './cancel.ts';
import type { EndFact } from './outcome.ts';
import type { BackendPrompt } from './passthrough.ts';
import { CountProof } from './stop-count.ts';
import type { Unexplained } from './stop-count.ts';
import type { Track } from './track.ts';

/** What the backends' queues show. `complete`: every backend that may run a job of ours was seen. */
export interface QueueLook {
  readonly prompts: readonly BackendPrompt[];
  readonly complete: boolean;
}

export interface StopPorts {
  /** Changes whenever the connection to the server does. */
  epoch(): number;
  interrupt(track: Track): Promise<void>;
  /** How it ended, once it is over. */
  settle(track: Track, signal: AbortSignal): Promise<EndFact>;
  /** Null when no backend shows us its queue. Throws AppError when the server does not answer. */
  look(signal: AbortSignal): Promise<QueueLook | null>;
  isOf(track: Track, prompt: BackendPrompt): boolean;
  /** What the queues hold beyond what is known of everybody else; null when that may not be asked. */
  unexplained(track: Track, look: QueueLook, signal: AbortSignal): Promise<Unexplained | null>;
  /** Somebody else waits for a slot or a load too; null when that may not be asked. */
  othersWait(track: Track, signal: AbortSignal): Promise<boolean | null>;
  interruptPrompt(prompt: BackendPrompt): Promise<void>;
  deletePrompt(prompt: BackendPrompt): Promise<void>;
  /** Its interrupt freed something: what stands behind it may begin now. */
  unsettleOthers(track: Track): void;
  /** An interrupt may hit others on this server, and is not allowed to (up to 0.9.7). */
  readonly unsafe: () => boolean;
}

/** A running request whose images come so fast that it is never still is stopped after this; the look afterwards makes sure. */
const RESTLESS_MS = 1_000;
/** A hand-over takes some 15 ms; on a server with too much to do, seconds. Then the look afterwards makes sure. */
const ARRIVES_MS = 3_000;
const SIGHT_AGAIN_MS = 50;
const COUNTS = 25;
const COUNT_AGAIN_MS = 100;

/** Until everything that was called in this turn of the event loop has been called. */
const breath = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

interface Place {
  readonly track: Track;
  readonly request: StopRequest;
  readonly joinedAt: number;
  sentAt: number | null;
  sharedLoad: boolean;
  /** Its prompt was looked for on the backends before the stop was sent. */
  looked: boolean;
}

export class StopLine {
  readonly #ports: StopPorts;
  readonly #line: Place[] = [];
  readonly #moved = new Wake();

  constructor(ports: StopPorts) {
    this.#ports = ports;
  }

  /** Tracks that are being stopped now. */
  get size(): number {
    return this.#line.length;
  }

  /** Ends with a report, or by abort. */
  async stop(track: Track, request: StopRequest): Promise<StopReport> {
    const place: Place = {
      track,
      request,
      joinedAt: performance.now(),
      sentAt: null,
      sharedLoad: false,
      looked: false,
    };
    this.#line.push(place);
    track.stopping += 1;
    try {
      return await this.#run(place);
    } finally {
      track.stopping -= 1;
      this.#line.splice(this.#line.indexOf(place), 1);
      this.#moved.wake();
    }
  }

  async #run(place: Place): Promise<StopReport> {
    const { track, request } = place;
    const epoch = this.#ports.epoch();
    let toldHold: string | null = null;
    // Several asked for in one breath come one call after the other: the line is looked at once all of them stand in it.
    await breath();
    // Sent by an earlier process: whether its prompt carries our mark is seen once it is looked for.
    if (track.stream === null && !track.recognisable) await this.#ports.look(request.signal);
    for (;;) {
      request.signal.throwIfAborted();
      if (this.#ports.epoch() !== epoch) return { report: 'interrupted' };
      const step = this.#stepOf(place);
      switch (step.step) {
        case 'over':
          return await this.#ended(place, epoch);
        case 'started':
          track.holdStart = false;
          return { report: 'started' };
        case 'runs-on':
          return { report: 'runs-on' };
        case 'hold':
          if (toldHold !== step.why)
            request.onStep(
              'held',
              null,
              step.why === 'load'
                ? 'others wait for the model that loads for it'
                : `until its phase is certain (${track.phase})`,
            );
          toldHold = step.why;
          if (await this.#sight(place)) break;
          if (step.why === 'load') await this.#checkLoad(place);
          await this.#pause(place, Math.min(step.ms, step.why === 'load' ? 500 : step.ms));
          break;
        case 'wait':
          await this.#pause(place, step.ms);
          break;
        case 'ready':
          if (track.loading && !place.sharedLoad && (await this.#checkLoad(place))) break;
          if (this.#stepOf(place).step !== 'ready') break;
          if (await this.#sight(place)) break;
          if (itsTurn(this.#places(), this.#line.indexOf(place))) await this.#send(place);
          else await this.#pause(place, 50);
      }
    }
  }

  #view(place: Place): StopView {
    const { track, request } = place;
    const now = performance.now();
    return {
      mode: request.mode(),
      phase: track.phase,
      certainIn:
        track.certain(now) || (track.phase === 'running' && now - place.joinedAt >= RESTLESS_MS)
          ? 0
          : track.certainIn(now),
      started: track.started,
      over: track.isOver(),
      sentAgo: place.sentAt === null ? null : now - place.sentAt,
      sentRunning: track.interruptedRunning,
      unsafe: this.#ports.unsafe(),
      sharedLoad: place.sharedLoad && track.loading,
    };
  }

  #stepOf(place: Place): StopStep {
    return stopStep(this.#view(place));
  }

  #places(): LinePlace[] {
    const now = performance.now();
    return this.#line.map((place) => {
      const view = this.#view(place);
      const step = stopStep(view);
      return {
        phase: view.phase,
        step: step.step,
        holdsForPhase: step.step === 'hold' && step.why === 'phase',
        sentAgo: view.sentAgo,
        over: view.over,
        inLineMs: now - place.joinedAt,
      };
    });
  }

  /**
   * A prompt that was handed over is looked for before the stop: where it is known to be in a backend's queue, nothing of
   * it can arrive later, and one look afterwards proves that it is gone. Where it is missing, its hand-over is not
   * through, and a stop now would leave an orphan (S12). True when time went by with it.
   */
  async #sight(place: Place): Promise<boolean> {
    const { track, request } = place;
    if (place.looked || track.phase !== 'handed' || track.backend !== null) return false;
    const look = await this.#ports.look(request.signal);
    const prompt = look?.prompts.find((one) => this.#ports.isOf(track, one));
    if (prompt !== undefined) track.backend = prompt.backend;
    place.looked =
      prompt !== undefined ||
      look?.complete !== true ||
      performance.now() - place.joinedAt >= ARRIVES_MS ||
      !(await this.#isMissing(track, look, request.signal));
    if (!place.looked) await this.#pause(place, SIGHT_AGAIN_MS);
    return true;
  }

  /** Without a mark: somebody holds a slot and has no prompt yet, which may be this one. */
  async #isMissing(track: Track, look: QueueLook, signal: AbortSignal): Promise<boolean> {
    if (track.marked) return true;
    const count = await this.#ports.unexplained(track, look, signal);
    return count !== null && count.prompts < count.live;
  }

  /** True when others wait for the load that runs for this one; a cancel would fail them (S17). */
  async #checkLoad(place: Place): Promise<boolean> {
    place.sharedLoad =
      place.track.loading && (await this.#ports.othersWait(place.track, place.request.signal)) === true;
    return place.sharedLoad;
  }

  async #send(place: Place): Promise<void> {
    const { track, request } = place;
    const running = track.allRunning;
    place.sentAt = performance.now();
    track.interrupted = true;
    track.interruptedRunning = running;
    track.holdStart = request.mode() === 'if-waiting' && !track.started;
    request.onStep('sent', 'POST /API/InterruptAll', track.phase);
    try {
      await this.#ports.interrupt(track);
    } catch (error) {
      if (isAbort(error)) throw error;
      // Whether it arrived is not known: the stream tells, and it is sent again in time. Its session is not used again soon.
      track.doubt = 'an interrupt was not answered';
      request.onStep(
        'unanswered',
        'POST /API/InterruptAll',
        error instanceof AppError ? `${error.code}: ${error.message}` : String(error),
      );
    }
  }

  /** Until something changed with this one or in the line, at most `ms`. */
  async #pause(place: Place, ms: number): Promise<void> {
    const { signal } = place.request;
    const most = Math.min(ms, 1_000);
    await Promise.race([place.track.wake.wait(most, signal), this.#moved.wait(most, signal)]);
  }

  /** Its stream is over: the next in line may go while this one is looked after. */
  async #ended(place: Place, epoch: number): Promise<StopReport> {
    const { track, request } = place;
    const endedAt = performance.now();
    this.#ports.unsettleOthers(track);
    this.#moved.wake();
    if (place.sentAt !== null)
      request.onStep('heard', null, track.adrift ? 'its session has no work left' : 'its stream has ended');
    const fact = await this.#ports.settle(track, request.signal);
    if (fact.type !== 'stopped' || !track.interrupted) return { report: 'ended', fact };
    try {
      const evidence = await this.#lookAfter(place, endedAt, epoch);
      request.onStep(
        'seen-stopped',
        null,
        evidence === 'presumed'
          ? 'its backend can not be seen'
          : track.heldSlot
            ? 'its prompt is in no queue any more'
            : 'no backend ever had it',
      );
      return { report: 'ended', fact: { ...fact, evidence } };
    } catch (error) {
      if (isAbort(error)) throw error;
      if (this.#ports.epoch() !== epoch) return { report: 'interrupted' };
      throw error;
    }
  }

  /** Looks until its prompt is in no queue any more; what is left of it is stopped by its id. */
  async #lookAfter(place: Place, endedAt: number, epoch: number): Promise<'proven' | 'presumed'> {
    const { track, request } = place;
    let absentSince: number | null = null;
    let pressedAt: number | null = null;
    let told = '';
    for (;;) {
      const began = performance.now();
      const look = await this.#ports.look(request.signal);
      if (look === null) return track.heldSlot ? 'presumed' : 'proven';
      if (this.#ports.epoch() !== epoch)
        throw new AppError('server_unreachable', 'the connection changed under the look');
      const prompt = look.prompts.find((one) => this.#ports.isOf(track, one));
      if (prompt === undefined && track.heldSlot && !track.recognisable)
        return await this.#byCount(track, look, request.signal);
      const found = prompt?.state ?? 'absent';
      if (found !== told) request.onStep('looked', 'GET /ComfyBackendDirect/queue', found);
      told = found;
      const now = performance.now();
      absentSince = found === 'absent' ? (absentSince ?? began) : null;
      const step = lookStep({
        found,
        sentRunning: track.interruptedRunning,
        allThere: track.isAllThere,
        sinceEndMs: now - endedAt,
        absentForMs: absentSince === null || absentSince === began ? null : began - absentSince,
        pressedAgo: pressedAt === null ? null : now - pressedAt,
      });
      switch (step.look) {
        case 'gone':
          return look.complete || track.backend !== null || !track.heldSlot ? 'proven' : 'presumed';
        case 'interrupt':
          if (prompt !== undefined) {
            request.onStep(
              'sent',
              'POST /ComfyBackendDirect/interrupt',
              'its backend still computes it: stopped by its id',
            );
            pressedAt = performance.now();
            await this.#ports.interruptPrompt(prompt);
          }
          break;
        case 'delete':
          if (prompt !== undefined) {
            request.onStep('sent', 'POST /ComfyBackendDirect/queue', 'it was left in its backend: removed by its id');
            await this.#ports.deletePrompt(prompt);
            await sleep(20, request.signal);
          }
          break;
        case 'again':
          await sleep(step.ms, request.signal);
      }
    }
  }

  /** Without mark and id: counted, until that proves something or two and a half seconds have passed (§4.4). */
  async #byCount(track: Track, first: QueueLook, signal: AbortSignal): Promise<'proven' | 'presumed'> {
    const proof = new CountProof();
    let look: QueueLook | null = first;
    for (let tries = 0; tries < COUNTS && look?.complete === true; tries += 1) {
      const count = await this.#ports.unexplained(track, look, signal);
      if (count === null) return 'presumed';
      if (proof.proves(count, performance.now())) return 'proven';
      await sleep(COUNT_AGAIN_MS, signal);
      look = await this.#ports.look(signal);
    }
    return 'presumed';
  }
}
