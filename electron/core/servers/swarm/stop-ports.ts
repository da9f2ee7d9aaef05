/** What the stop procedure needs of the server, each as one call. Decides nothing. */
import { toAppError } from '../../../../shared/errors.ts';
import type { AppError } from '../../../../shared/errors.ts';
import type { Attempts } from './attempts.ts';
import type { SwarmClient } from './client.ts';
import type { Monitor } from './monitor.ts';
import type { EndFact } from './outcome.ts';
import type { BackendPrompt, QueueLook } from './passthrough.ts';
import type { Counters } from './schemas.ts';
import { unexplained } from './stop-count.ts';
import type { Unexplained } from './stop-count.ts';
import type { Track } from './track.ts';

interface StopParts {
  /** Throws `server_unreachable` while there is no connection. */
  client(): SwarmClient;
  readonly attempts: Attempts;
  readonly monitor: Monitor;
  lost(error: AppError): void;
  /** Changes whenever the connection to the server does. */
  readonly epoch: () => number;
  /** An interrupt may hit others on this server, and is not allowed to (up to 0.9.7). */
  readonly unsafe: () => boolean;
  /** An attempt ended, and its end freed something: what stands behind it may begin now. */
  readonly unsettle: (ended: Track) => void;
}

export class StopPorts {
  readonly epoch: () => number;
  readonly unsafe: () => boolean;
  readonly unsettleOthers: (ended: Track) => void;
  readonly #parts: StopParts;

  constructor(parts: StopParts) {
    this.#parts = parts;
    this.epoch = parts.epoch;
    this.unsafe = parts.unsafe;
    this.unsettleOthers = parts.unsettle;
  }

  async interrupt(track: Track): Promise<void> {
    track.interruptsOpen += 1;
    try {
      await this.#parts.client().api.interrupt(track.key);
    } catch (error) {
      const app = toAppError(error);
      if (app.code === 'server_unreachable') this.#parts.lost(app);
      throw error;
    } finally {
      track.interruptsOpen -= 1;
    }
  }

  /** How it ended, once it is over. */
  async settle(track: Track, signal: AbortSignal): Promise<EndFact> {
    return await this.#parts.attempts.endings.settle(track, signal);
  }

  /** Null when no backend shows us its queue. Throws AppError when the server does not answer. */
  async look(signal: AbortSignal): Promise<QueueLook | null> {
    return await this.#parts.monitor.look(this.#parts.client(), signal);
  }

  /** What the queues hold beyond what is known of everybody else; null when that may not be asked. */
  async unexplained(track: Track, look: QueueLook, signal: AbortSignal): Promise<Unexplained | null> {
    const all = await this.#everybody(signal);
    return all === null ? null : unexplained(look.prompts, this.#parts.attempts.all(), track, all.live_gens);
  }

  /** Somebody else waits for a slot or a load too; null when that may not be asked. */
  async othersWait(track: Track, signal: AbortSignal): Promise<boolean | null> {
    const all = await this.#everybody(signal);
    return all === null ? null : all.waiting_backends > (track.counters?.waiting_backends ?? 0);
  }

  async interruptPrompt(prompt: BackendPrompt): Promise<void> {
    await this.#parts.client().passthrough.interrupt(prompt.backend, prompt.promptId);
  }

  async deletePrompt(prompt: BackendPrompt): Promise<void> {
    await this.#parts.client().passthrough.deleteOrphan(prompt.backend, prompt.promptId);
  }

  /** Everybody's counters; null where they may not be seen, or the server is too old to tell. */
  async #everybody(signal: AbortSignal): Promise<Counters | null> {
    const client = this.#parts.client();
    if (!client.targeted || !client.may('read_server_info_panels')) return null;
    return (await client.ask((session) => client.api.globalStatus(session, signal), signal)).status;
  }
}
