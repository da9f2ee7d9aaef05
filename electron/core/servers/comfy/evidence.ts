/**
 * What makes an absence mean something (architecture §7.2): a status frame after the look that said "waiting", behind a
 * fence; or the witness, an ended prompt that history still has. Decides nothing by itself.
 */
import type { Log } from '../../log.ts';
import type { ComfyHttp } from './http.ts';
import type { Session } from './session.ts';
import type { Track } from './tracks.ts';
import type { Witness } from './witness.ts';

export const FENCE_MS = 2_000;

export class Evidence {
  readonly #http: ComfyHttp;
  readonly #session: Session;
  readonly #witness: Witness;
  readonly #log: Log;

  constructor(http: ComfyHttp, session: Session, witness: Witness, log: Log) {
    this.#http = http;
    this.#session = session;
    this.#witness = witness;
    this.#log = log;
  }

  frameSinceWaiting(track: Track): boolean {
    return (
      track.sighting !== null &&
      track.sighting.connection === this.#session.number &&
      this.#session.frames > track.sighting.frames
    );
  }

  /** The witness ended before ours was last seen waiting. If history has it still, it was not cleared since (C10). */
  async witnessStands(track: Track, signal: AbortSignal): Promise<boolean> {
    const witness = track.sighting?.witness ?? null;
    return witness !== null && (await this.#http.history(witness, signal)) !== null;
  }

  async provesRemoval(track: Track, signal: AbortSignal): Promise<boolean> {
    const started = (): boolean => track.startSeen;
    if (started()) return false;
    if (this.frameSinceWaiting(track) && (await this.#session.fence(FENCE_MS)) && !started()) return true;
    return !started() && (await this.witnessStands(track, signal));
  }

  /**
   * On a new connection: the witness kept from before, if history has it still, so that there was no restart and no
   * clearing since; else null. Then takes a newer one.
   */
  async renewWitness(signal: AbortSignal): Promise<string | null> {
    const old = this.#witness.get();
    try {
      const stands = old !== null && (await this.#http.history(old, signal)) !== null;
      const newest = await this.#http.newestEnded(signal);
      if (newest !== null) this.#witness.set(newest);
      return stands ? old : null;
    } catch (error) {
      this.#log.debug('no witness could be read', { error });
      return null;
    }
  }
}
