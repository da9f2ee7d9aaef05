/**
 * The look after a stop (architecture §7.3): an attempt whose stream has ended is called stopped once its prompt is seen
 * to be in no backend's queue. What to do after each look is decided in cancel.ts.
 */
import { AppError } from '../../../../shared/errors.ts';
import { sleep } from '../../../../shared/util/async.ts';
import type { StopRequest } from '../adapter.ts';
import { lookStep } from './cancel.ts';
import { isPromptOf } from './foreign.ts';
import type { QueueLook } from './passthrough.ts';
import { CountProof } from './stop-count.ts';
import type { StopPorts } from './stop-ports.ts';
import type { Track } from './track.ts';

const COUNTS = 25;
const COUNT_AGAIN_MS = 100;

/** Looks until its prompt is in no queue any more; what is left of it is stopped by its id. */
export async function lookAfter(
  ports: StopPorts,
  track: Track,
  request: StopRequest,
  endedAt: number,
  epoch: number,
): Promise<'proven' | 'presumed'> {
  let absentSince: number | null = null;
  let pressedAt: number | null = null;
  let told = '';
  for (;;) {
    const began = performance.now();
    const look = await ports.look(request.signal);
    if (look === null) return track.heldSlot ? 'presumed' : 'proven';
    if (ports.epoch() !== epoch) throw new AppError('server_unreachable', 'the connection changed under the look');
    const prompt = look.prompts.find((one) => isPromptOf(track, one));
    if (prompt === undefined && track.heldSlot && !track.recognisable)
      return await byCount(ports, track, look, request.signal);
    const found = prompt?.state ?? 'absent';
    if (found !== told) request.onStep('looked', 'GET /ComfyBackendDirect/queue', found);
    told = found;
    const now = performance.now();
    absentSince = found === 'absent' ? (absentSince ?? began) : null;
    const step = lookStep({
      found,
      sentRunning: track.interruptedRunning,
      allThere: track.isAllThere,
      sinceEndMs: now - endedAt,
      absentForMs: absentSince === null || absentSince === began ? null : began - absentSince,
      pressedAgo: pressedAt === null ? null : now - pressedAt,
    });
    switch (step.look) {
      case 'gone':
        return look.complete || track.backend !== null || !track.heldSlot ? 'proven' : 'presumed';
      case 'interrupt':
        if (prompt !== undefined) {
          request.onStep(
            'sent',
            'POST /ComfyBackendDirect/interrupt',
            'its backend still computes it: stopped by its id',
          );
          pressedAt = performance.now();
          await ports.interruptPrompt(prompt);
        }
        break;
      case 'delete':
        if (prompt !== undefined) {
          request.onStep('sent', 'POST /ComfyBackendDirect/queue', 'it was left in its backend: removed by its id');
          await ports.deletePrompt(prompt);
          await sleep(20, request.signal);
        }
        break;
      case 'again':
        await sleep(step.ms, request.signal);
    }
  }
}

/** Without mark and id: counted, until that proves something or two and a half seconds have passed (swarmui §4.4). */
async function byCount(
  ports: StopPorts,
  track: Track,
  first: QueueLook,
  signal: AbortSignal,
): Promise<'proven' | 'presumed'> {
  const proof = new CountProof();
  let look: QueueLook | null = first;
  for (let tries = 0; tries < COUNTS && look?.complete === true; tries += 1) {
    const count = await ports.unexplained(track, look, signal);
    if (count === null) return 'presumed';
    if (proof.proves(count, performance.now())) return 'proven';
    await sleep(COUNT_AGAIN_MS, signal);
    look = await ports.look(signal);
  }
  return 'presumed';
}
