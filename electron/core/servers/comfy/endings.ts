/**
 * How our prompts end: looks up the result once the stream says one is over, and says who stopped one that was
 * interrupted. Stops nothing.
 */
import type { Log } from '../../log.ts';
import type { StopDesk } from './desk.ts';
import type { ComfyHttp } from './http.ts';
import { endedFact, readEnded, readHeard } from './outcome.ts';
import type { Ended, EndedFact } from './outcome.ts';
import type { Session } from './session.ts';
import type { Track, Tracks } from './tracks.ts';
import type { Witness } from './witness.ts';

interface EndingParts {
  readonly http: ComfyHttp;
  readonly session: Session;
  readonly tracks: Tracks;
  readonly desk: StopDesk;
  readonly witness: Witness;
  readonly log: Log;
}

export class Endings {
  readonly #parts: EndingParts;

  constructor(parts: EndingParts) {
    this.#parts = parts;
  }

  /** The stream says it is over; history, written before that (comfyui §4.4), says how. */
  async resolve(track: Track): Promise<void> {
    const { http, session, tracks, witness, log } = this.#parts;
    try {
      const entry = await http.history(track.key, session.signal);
      const ended =
        entry === null
          ? readHeard(track.heard, track.executed)
          : readEnded(entry.status ?? null, entry.outputs ?? null);
      if (ended === null) return; // The watchdog goes on looking.
      if (entry !== null) witness.set(track.key);
      tracks.end(track, this.fact(track, ended));
    } catch (error) {
      log.debug('a result could not be looked up; the watchdog will', { remoteKey: track.key, error });
    }
  }

  /** The fact for the core, with who stopped it. */
  fact(track: Track, ended: Ended): EndedFact {
    const { desk } = this.#parts;
    if (ended.how !== 'interrupted') return endedFact(ended, 'unknown');
    if (desk.interrupted(track.key)) return endedFact(ended, 'unknown');
    const endedAt = performance.now();
    const startedAt = track.startedAt ?? endedAt - (ended.ranMs ?? 0);
    return endedFact(ended, desk.mayHaveHit(track.key, startedAt, endedAt) ? 'collateral' : 'another-client');
  }
}
