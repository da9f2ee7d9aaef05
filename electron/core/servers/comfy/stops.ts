/**
 * Gives the stop procedure (stop.ts) its hands on one server, and notes what it brought to light. Decides nothing of the
 * procedure itself.
 */
import type { StopReport, StopRequest } from '../adapter.ts';
import type { StopPower } from './cancel.ts';
import type { StopDesk } from './desk.ts';
import { FENCE_MS } from './evidence.ts';
import type { Evidence } from './evidence.ts';
import type { Looks } from './look.ts';
import type { Session } from './session.ts';
import { runStop } from './stop.ts';
import type { StopPort } from './stop.ts';
import type { Track, Tracks } from './tracks.ts';
import type { Witness } from './witness.ts';

interface StopParts {
  readonly session: Session;
  readonly tracks: Tracks;
  readonly witness: Witness;
  readonly looks: Looks;
  readonly evidence: Evidence;
  readonly desk: StopDesk;
  readonly power: () => StopPower;
  readonly recycle: (why: string) => void;
}

export class Stops {
  readonly #parts: StopParts;

  constructor(parts: StopParts) {
    this.#parts = parts;
  }

  /** Ends with a report, or by abort. */
  async stop(track: Track, request: StopRequest): Promise<StopReport> {
    const { tracks, witness } = this.#parts;
    track.stopping += 1;
    try {
      const report = await runStop(track, this.#port(track), request);
      if (report.report === 'ended') {
        tracks.end(track, report.fact, false);
        if (report.fact.type !== 'vanished' && !(report.fact.type === 'stopped' && report.fact.reach === 'waiting'))
          witness.set(track.key);
      }
      return report;
    } finally {
      track.stopping -= 1;
    }
  }

  #port(track: Track): StopPort {
    const { session, looks, evidence, desk, power, recycle } = this.#parts;
    return {
      epoch: () => session.epoch,
      power,
      look: (signal) => looks.look(track, signal),
      frameSinceWaiting: () => evidence.frameSinceWaiting(track),
      fence: () => session.fence(FENCE_MS),
      witnessStands: (signal) => evidence.witnessStands(track, signal),
      delete: (signal) => desk.delete(track.key, signal, session.signal),
      interrupt: (signal) => desk.interrupt(track.key, power(), signal),
      nextStatusFrame: (ms, signal) => session.nextFrame(ms, signal),
      recycle,
    };
  }
}
