/**
 * One look at one attempt (architecture §8): its session's counters, its files on the server, its prompts on the
 * backends. Says what that one look says; whether to believe an absence is recovery's business.
 */
import type { AttemptRef, LookupResult } from '../adapter.ts';
import type { Attempts } from './attempts.ts';
import type { SwarmClient } from './client.ts';
import type { SwarmFiles } from './files.ts';
import { hasErrorId } from './http.ts';
import type { Monitor } from './monitor.ts';
import { endFact } from './outcome.ts';
import { isIdle } from './schemas.ts';
import type { Counters } from './schemas.ts';
import { Track } from './track.ts';

export interface LookupPorts {
  readonly client: SwarmClient;
  readonly attempts: Attempts;
  readonly files: SwarmFiles;
  readonly monitor: Monitor;
}

/** Throws AppError when the server can't be asked. */
export async function lookupAttempt(
  ports: LookupPorts,
  attempt: AttemptRef,
  signal: AbortSignal,
): Promise<LookupResult> {
  const { client, attempts, files, monitor } = ports;
  const known = attempts.get(attempt.remoteKey);
  const fact = known?.fact ?? null;
  if (fact !== null && fact.type !== 'vanished') return { found: 'ended', fact };
  if (known !== undefined && known.stopping > 0 && known.isOver()) {
    // A stop procedure is just finding out how it ended, with better evidence than this look has.
    return known.started ? { found: 'running' } : { found: 'waiting', place: null };
  }
  const sameBoot = attempt.serverBoot === null || client.boot === null ? null : attempt.serverBoot === client.boot;
  const counters = await countersOf(client, attempt.remoteKey, signal);
  if (counters !== null && !isIdle(counters) && sameBoot !== false)
    return await lookWorking(ports, attempt, counters, signal);
  const stream = known?.stream ?? null;
  if (known !== undefined && stream !== null && !known.adrift && !known.isOver() && stream.phase !== 'sent') {
    // The last words are on their way: the stream says how it ended.
    return known.started ? { found: 'running' } : { found: 'waiting', place: null };
  }
  const found = await files.find(client, attempt.attemptId, signal);
  if (found.paths.length > 0) {
    const outputs = files.fromPaths(found.paths, []);
    const asked = known?.asked ?? found.asked ?? outputs.length;
    const ending = {
      asked,
      outputs,
      delivered: outputs.length,
      errors: [],
      started: true,
      dispatched: true,
      interrupted: known?.interrupted === true || attempt.stopSent === true,
      mayPutBack: false,
    };
    return { found: 'ended', fact: endFact(ending) };
  }
  // With its session idle, whatever a backend still computes for it is nobody's: it is looked for, and stopped.
  monitor.isOver(known ?? new Track(attempt, null, true));
  await monitor.askWork(client, signal);
  // The same process, the session idle, no image, and a stop of ours that went out before this process began: it was
  // heard. Presumed, because nobody saw the end.
  if (sameBoot === true && attempt.stopSent === true) {
    return {
      found: 'ended',
      fact: {
        type: 'stopped',
        reach: attempt.startedAt === null ? 'waiting' : 'running',
        outputs: [],
        by: 'unknown',
        evidence: 'presumed',
      },
    };
  }
  return { found: 'absent', sameBoot };
}

async function lookWorking(
  { client, attempts, monitor }: LookupPorts,
  attempt: AttemptRef,
  counters: Counters,
  signal: AbortSignal,
): Promise<LookupResult> {
  const track = attempts.resume(attempt);
  if (track.adrift) track.poll(counters, performance.now());
  if (!track.started && counters.live_gens > 0) await monitor.look(client, signal);
  return track.started ? { found: 'running' } : { found: 'waiting', place: null };
}

/** Null when the server does not know the session (any more). */
async function countersOf(client: SwarmClient, session: string, signal: AbortSignal): Promise<Counters | null> {
  try {
    return (await client.api.currentStatus(session, signal)).status;
  } catch (error) {
    if (hasErrorId(error, 'invalid_session_id')) return null;
    throw error;
  }
}
