/**
 * How attempts on one SwarmUI server end: by the last word of their stream or, without one, by their session's counters
 * and the files that carry our mark (S4, S7). Tells each end once. Sends and stops nothing.
 */
import { AppError, isAbort, toAppError } from '../../../../shared/errors.ts';
import { sleep } from '../../../../shared/util/async.ts';
import type { Log } from '../../log.ts';
import type { AdapterContext } from '../adapter.ts';
import type { SwarmClient } from './client.ts';
import type { SwarmFiles } from './files.ts';
import { hasErrorId, isGone } from './http.ts';
import { endFact } from './outcome.ts';
import type { EndFact } from './outcome.ts';
import type { Track } from './track.ts';

const POLL_MS = 500;
const POLL_STOPPING_MS = 200;
/** Files are written behind the stream's end (swarmui §3.5): looked for again after this. */
const FILES_MS = 1_500;

export interface EndingPorts {
  readonly context: AdapterContext;
  readonly files: SwarmFiles;
  client(): SwarmClient | null;
  /** The server's process is not there, or is another one. */
  lost(error: AppError): void;
  /** Whether the server still is the process we connected to; asks it. Throws AppError. */
  sameBoot(signal: AbortSignal): Promise<boolean>;
  /** Looks whose prompts run on the backends, and notes it on their tracks. */
  sight(signal: AbortSignal): Promise<void>;
  /** One of ours ended: slots and phases of others may have changed. */
  ended(track: Track, fact: EndFact): void;
  /** It still is the attempt of its session. */
  isCurrent(track: Track): boolean;
  /** Its session may be free now. */
  settledDown(track: Track): void;
}

export class Endings {
  readonly #ports: EndingPorts;
  readonly #log: Log;
  /** Jobs that went back to the queue once for a neighbour's sake (S17). */
  readonly #putBack = new Set<string>();

  constructor(ports: EndingPorts) {
    this.#ports = ports;
    this.#log = ports.context.log;
  }

  /** Polls the session of a track without a stream until it is over, while connected. */
  follow(track: Track): void {
    if (track.following || !track.adrift || this.#ports.client() === null) return;
    track.following = true;
    this.#follow(track)
      .catch((error: unknown) => {
        if (!isAbort(error)) this.#log.debug('following a session broke off', { error });
      })
      .finally(() => {
        track.following = false;
      });
  }

  async #follow(track: Track): Promise<void> {
    for (;;) {
      const client = this.#ports.client();
      if (client === null || !this.#ports.isCurrent(track) || track.isOver()) return;
      // Another process: that it knows of no work says nothing of how ours ended. Recovery says it.
      if (track.isOfAnotherBoot(client.boot)) return;
      const signal = AbortSignal.timeout(15_000);
      try {
        const { status } = await client.api.currentStatus(track.key, signal);
        if (client !== this.#ports.client()) return;
        track.poll(status, performance.now());
        if (status.live_gens > 0 && !track.started) {
          await this.#ports.sight(signal);
          if (track.seenRunning && !track.holdStart) this.#ports.context.sink.fact(track.key, { type: 'started' });
        }
        if (track.isOver()) {
          // All-zero may also be said by another process: only our own one's word counts.
          if (!(await this.#ports.sameBoot(signal))) {
            track.zeros = 0;
            return;
          }
          if (track.worked || track.stopping > 0) this.over(track);
          return;
        }
      } catch (error) {
        if (hasErrorId(error, 'invalid_session_id')) return; // Recovery says what became of it.
        if (isGone(error)) {
          this.#ports.lost(toAppError(error));
          return;
        }
        this.#log.debug('a session could not be asked', { error });
      }
      await sleep(track.stopping > 0 ? POLL_STOPPING_MS : POLL_MS);
    }
  }

  /** Nothing more will come: how it ended is told, unless a stop procedure tells it, or nothing had been accepted. */
  over(track: Track): void {
    track.wake.wake();
    if (track.stopping > 0 || track.refused) {
      this.#ports.settledDown(track);
      return;
    }
    this.finish(track);
  }

  /** Tells the end to the core, once. */
  finish(track: Track): void {
    if (track.told) return;
    this.settle(track, AbortSignal.timeout(60_000))
      .then((fact) => {
        if (track.told || track.stopping > 0) return;
        track.told = true;
        this.#ports.context.sink.fact(track.key, fact);
        this.#ports.settledDown(track);
      })
      .catch((error: unknown) => {
        // Not known now: the watchdog's look finds out.
        this.#log.warn('how an attempt ended could not be found out yet', { job: track.attempt.jobId, error });
      });
  }

  /** How an attempt that is over has ended; asks the server only when the stream did not say it. */
  async settle(track: Track, signal: AbortSignal): Promise<EndFact> {
    if (track.fact !== null) return track.fact;
    track.settlement ??= this.#settle(track, signal).then(
      (fact) => {
        track.fact = fact;
        this.#ports.ended(track, fact);
        return fact;
      },
      (error: unknown) => {
        track.settlement = null;
        throw error;
      },
    );
    return await track.settlement;
  }

  async #settle(track: Track, signal: AbortSignal): Promise<EndFact> {
    const { files } = this.#ports;
    const { stream } = track;
    const { outputs, delivered } = files.fromStream(stream?.images() ?? []);
    const common = {
      started: track.started,
      interrupted: track.interrupted,
      mayPutBack: !this.#putBack.has(track.attempt.jobId),
    };
    if (!track.adrift && stream !== null) {
      const fact = endFact({
        ...common,
        asked: stream.asked(),
        outputs,
        delivered,
        errors: stream.errors,
        dispatched: stream.dispatched,
      });
      if (fact.type === 'stopped' && fact.by === 'collateral') this.#putBack.add(track.attempt.jobId);
      return fact;
    }
    const client = this.#ports.client();
    if (client === null) throw new AppError('server_unreachable', 'the server is not connected');
    let found = await files.find(client, track.attempt.attemptId, signal);
    const asked = (): number => track.asked ?? found.asked ?? 1;
    // One that was stopped before it began has none.
    if (found.paths.length < asked() && (track.started || !track.interrupted)) {
      await sleep(FILES_MS, signal);
      found = await files.find(client, track.attempt.attemptId, signal);
    }
    const refs = files.fromPaths(found.paths, outputs);
    return endFact({
      ...common,
      asked: asked(),
      outputs: refs,
      delivered: refs.length,
      errors: stream?.errors ?? [],
      dispatched: true,
    });
  }
}
