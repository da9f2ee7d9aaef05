/**
 * The driver of the SwarmUI cancel procedure (architecture §7.3): holds, sends, waits for the stream's end; the look at
 * the backends' queues after it is look-after.ts. Several on one server stand in one line. What to do next is decided in
 * cancel.ts; how an attempt ended in outcome.ts.
 */
import { AppError, isAbort } from '../../../../shared/errors.ts';
import { Wake } from '../../../../shared/util/async.ts';
import type { StopReport, StopRequest } from '../adapter.ts';
import { itsTurn, stopStep } from './cancel.ts';
import type { LinePlace, StopStep, StopView } from './cancel.ts';
import { isPromptOf } from './foreign.ts';
import { lookAfter } from './look-after.ts';
import type { QueueLook } from './passthrough.ts';
import type { StopPorts } from './stop-ports.ts';
import type { Track } from './track.ts';

/** A running request whose images come so fast that it is never still is stopped after this; the look afterwards makes sure. */
const RESTLESS_MS = 1_000;
/** A hand-over takes some 15 ms; on a server with too much to do, seconds. Then the look afterwards makes sure. */
const ARRIVES_MS = 3_000;
const SIGHT_AGAIN_MS = 50;

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
    const prompt = look?.prompts.find((one) => isPromptOf(track, one));
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
      const evidence = await lookAfter(this.#ports, track, request, endedAt, epoch);
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
}
