/**
 * `GenerateText2ImageWS`: one socket, one or more requests, `socket_intention`, the grace, the final status, close 1000
 * (swarmui §3.2, §3.3, rec 05, 35). The requests themselves are in generate.ts.
 */
import type { SwarmLife } from './life.ts';
import { runRequest } from './generate.ts';
import { isObject } from './values.ts';
import type { Claim, SwarmSession } from './sessions.ts';
import type { JsonObject } from './types.ts';
import { sleep } from '../../../shared/util/async.ts';

/** A socket as the routes see it. Sending on a dead one does nothing. */
export interface ApiSocket {
  send(message: object): void;
  /** later messages, as text */
  onMessage(listener: (text: string) => void): void;
  /** the client is gone, or sent a close frame (which is not answered before the end, swarmui rec 23) */
  onLost(listener: (why: 'dropped' | 'close-frame') => void): void;
  close(): void;
}

export async function serveGenerate(
  core: SwarmLife,
  session: SwarmSession,
  first: JsonObject,
  socket: ApiSocket,
): Promise<void> {
  const running = new Set<Promise<void>>();
  const claims = new Set<Claim>();
  let offset = 0;
  let started = 0;
  let deaf = false; // a malformed message ends the reading for good, silently
  let closing = false;

  const start = (raw: JsonObject): void => {
    const images = Number(raw['images'] ?? 1);
    const count = Number.isInteger(images) ? images : 1;
    const own = offset;
    offset += count * Number(raw['batchsize'] ?? 1);
    started += 1;
    const task: Promise<void> = runRequest(
      core,
      session,
      raw,
      count,
      (message) => {
        if (core.isAlive()) socket.send(message);
      },
      { offset: own, onClaim: (claim) => claims.add(claim) },
    )
      .catch(() => undefined) // an unexpected exception is only logged on the real server too: a silent end (swarmui §3.2)
      .finally(() => running.delete(task));
    running.add(task);
  };

  socket.onMessage((text) => {
    if (deaf || closing) return;
    try {
      const raw: unknown = JSON.parse(text);
      if (!isObject(raw) || raw['images'] === undefined) throw new Error('malformed');
      start(raw);
    } catch {
      deaf = true;
    }
  });
  socket.onLost((why) => {
    core.log('socket-lost', { session: session.id, user: session.user.id, detail: why });
    if (core.quirks.dropKeepsRunning || why === 'close-frame') return;
    for (const claim of claims) claim.interrupt();
  });

  start(first);
  let seen: number;
  do {
    while (running.size > 0) await Promise.race(running);
    if (!core.isAlive()) return;
    seen = started;
    socket.send({ socket_intention: 'close' });
    await sleep(core.timing.graceMs);
  } while (started !== seen);
  closing = true;
  socket.send(core.statusOf(session));
  socket.close();
}
