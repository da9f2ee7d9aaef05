/**
 * The engine plays recorded scenarios of a real ComfyUI 0.8.0 again: same frames of same shape to the same clients in the same order, same
 * answers. Left out: 19 and 26 (console logs, not played), 20 (another machine), 23 to 25 (races and a restart: engine.test.ts).
 */
import { describe, expect, it } from 'vitest';
import { startComfyServer } from '../../../../electron/demo/comfy/server.ts';
import type { ComfyServerHandle } from '../../../../electron/demo/comfy/server.ts';
import { readRecording, recordedTraffic, replay } from './replay.ts';

const scenarios = [
  '01-success-with-progress',
  '02-success-image-output',
  '03-cached-rerun',
  '04-validation-errors',
  '05-node-failure',
  '06-interrupt-running',
  '07-interrupt-global-empty-body',
  '08-interrupt-uncooperative-node',
  '09-delete-pending',
  '10-clear-queue',
  '11-interrupt-wrong-id',
  '12-interrupt-while-idle',
  '13-three-queued-cancel-middle',
  '14-job-without-client-id',
  '15-front-and-number',
  '16-reconnect-same-client-id',
  '17-previews-legacy-client',
  '18-previews-metadata-client',
  '21-bad-extra-pnginfo-breaks-jobs',
  '22-duplicate-prompt-id',
  '27-worker-killed-by-duplicate-id-and-number',
  '28-nan-in-outputs',
  '29-execution-blocker-error-then-success',
] as const;

describe('the engine repeats what a real 0.8.0 did', () => {
  // Side by side and at the recorded pace, so that what happened during a step then also does now.
  it.concurrent.each(scenarios)('%s', async (name) => {
    const lines = readRecording(name);
    const server = await startComfyServer({ version: '0.8.0' });
    try {
      await runEarlierJobs(server);
      const theirs = recordedTraffic(lines);
      const ours = await replay(lines, server.url);
      expect(ours.answers).toEqual(theirs.answers);
      expect(ours.clients).toEqual(theirs.clients);
    } finally {
      await server.close();
    }
  });
});

/** The recorded server had ended jobs before; listings show them. */
async function runEarlierJobs({ engine }: ComfyServerHandle): Promise<void> {
  for (const seed of [901, 902, 903]) {
    engine.addForeign({
      '1': { class_type: 'ProbeSleep', inputs: { steps: 1, ms: 1, seed, preview: false } },
      '2': { class_type: 'ProbeOut', inputs: { images: ['1', 0] } },
    });
  }
  await engine.idle();
}
