/**
 * Stops one piece of other people's work: a prompt on a ComfyUI backend, by its id (S9). Only while it runs; a waiting
 * one may belong to a live SwarmUI job, which would hang without it, so it is waited for.
 */
import { sleep } from '../../../../shared/util/async.ts';
import { AppError } from '../../../../shared/errors.ts';
import type { StopReport, StopRequest } from '../adapter.ts';
import type { SwarmClient } from './client.ts';
import { ownerOf, readForeignKey } from './foreign.ts';
import type { Monitor } from './monitor.ts';
import type { Track } from './track.ts';

const LOOK_MS = 500;
const PRESS_AGAIN_MS = 10_000;

/** Ends with a report or by abort. Throws `not_allowed` without the permissions, `invalid_request` for no such key. */
export async function stopForeignPrompt(
  client: SwarmClient,
  monitor: Monitor,
  tracks: () => readonly Track[],
  remoteKey: string,
  request: StopRequest,
): Promise<StopReport> {
  const wanted = readForeignKey(remoteKey);
  if (wanted === null)
    throw new AppError('invalid_request', 'this is not the key of a prompt on a backend', { details: { remoteKey } });
  if (!client.visible)
    throw new AppError('not_allowed', 'the backends of this server may not be seen', {
      details: { permission: 'comfy_direct_calls' },
    });
  let pressedAt: number | null = null;
  let ran = false;
  let told = '';
  let held = false;
  for (;;) {
    request.signal.throwIfAborted();
    const prompts = await client.passthrough.queue(wanted.backend, request.signal);
    const prompt = prompts.find((one) => one.promptId === wanted.promptId);
    const found = prompt?.state ?? 'absent';
    if (found !== told) request.onStep('looked', 'GET /ComfyBackendDirect/queue', found);
    told = found;
    if (prompt === undefined) {
      request.onStep(
        'seen-stopped',
        null,
        pressedAt === null ? 'it is not there any more' : 'its prompt is in no queue any more',
      );
      return {
        report: 'ended',
        fact: {
          type: 'stopped',
          reach: ran ? 'running' : 'waiting',
          outputs: [],
          by: pressedAt === null ? 'unknown' : 'another-client',
          evidence: 'proven',
        },
      };
    }
    if (ownerOf(prompt, tracks()) !== null)
      throw new AppError('conflict', 'this prompt is one of ours: its job can be cancelled', {
        details: { remoteKey },
      });
    if (prompt.state === 'running') {
      ran = true;
      if (request.mode() === 'if-waiting') return { report: 'started' };
      if (pressedAt === null || performance.now() - pressedAt > PRESS_AGAIN_MS) {
        monitor.foreign.interruptedByUs(remoteKey);
        request.onStep('sent', 'POST /ComfyBackendDirect/interrupt');
        pressedAt = performance.now();
        await client.passthrough.interrupt(prompt.backend, prompt.promptId);
        await sleep(50, request.signal);
        continue;
      }
    } else if (!held) {
      request.onStep(
        'held',
        null,
        'a waiting prompt may hang its job when it is removed: it is stopped when it begins',
      );
      held = true;
    }
    await sleep(LOOK_MS, request.signal);
  }
}
