/** What the stop procedure needs of the server, each as one call. Decides nothing. */
import type { AppError } from '../../../../shared/errors.ts';
import { toAppError } from '../../../../shared/errors.ts';
import type { Attempts } from './attempts.ts';
import type { SwarmClient } from './client.ts';
import { isPromptOf } from './foreign.ts';
import type { Monitor } from './monitor.ts';
import type { Counters } from './schemas.ts';
import { unexplained } from './stop-count.ts';
import type { StopPorts } from './stop.ts';
import type { Track } from './track.ts';

export interface StopParts {
  /** Throws `server_unreachable` while there is no connection. */
  client(): SwarmClient;
  readonly attempts: Attempts;
  readonly monitor: Monitor;
  lost(error: AppError): void;
  epoch(): number;
  unsafe(): boolean;
  unsettle(ended: Track): void;
}

export function stopPorts(parts: StopParts): StopPorts {
  /** Everybody's counters; null where they may not be seen, or the server is too old to tell. */
  const everybody = async (signal: AbortSignal): Promise<Counters | null> => {
    const client = parts.client();
    if (!client.targeted || !client.may('read_server_info_panels')) return null;
    return (await client.ask((session) => client.api.globalStatus(session, signal), signal)).status;
  };
  return {
    epoch: () => parts.epoch(),
    unsafe: () => parts.unsafe(),
    interrupt: async (track) => {
      track.interruptsOpen += 1;
      try {
        await parts.client().api.interrupt(track.key);
      } catch (error) {
        const app = toAppError(error);
        if (app.code === 'server_unreachable') parts.lost(app);
        throw error;
      } finally {
        track.interruptsOpen -= 1;
      }
    },
    settle: (track, signal) => parts.attempts.endings.settle(track, signal),
    look: (signal) => parts.monitor.look(parts.client(), signal),
    isOf: isPromptOf,
    unexplained: async (track, look, signal) => {
      const all = await everybody(signal);
      return all === null ? null : unexplained(look.prompts, parts.attempts.all(), track, all.live_gens);
    },
    othersWait: async (track, signal) => {
      const all = await everybody(signal);
      return all === null ? null : all.waiting_backends > (track.counters?.waiting_backends ?? 0);
    },
    interruptPrompt: (prompt) => parts.client().passthrough.interrupt(prompt.backend, prompt.promptId),
    deletePrompt: (prompt) => parts.client().passthrough.deleteOrphan(prompt.backend, prompt.promptId),
    unsettleOthers: (track) => {
      parts.unsettle(track);
    },
  };
}
