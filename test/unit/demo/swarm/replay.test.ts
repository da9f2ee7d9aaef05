/** The demo SwarmUI answers the recorded clients as the real server did: same messages in the same order, same answers. */
import { describe, expect, test } from 'vitest';
import { startComfyServer } from '../../../../electron/demo/comfy/server.ts';
import { installSwarmNodes } from '../../../../electron/demo/swarm/nodes.ts';
import { startSwarmServer } from '../../../../electron/demo/swarm/server.ts';
import type { SwarmOptions } from '../../../../electron/demo/swarm/types.ts';
import { replay } from './replay.ts';

const scenarios: readonly [
  file: string,
  options?: Partial<SwarmOptions> & {
    allowIdle?: boolean;
    longestPauseMs?: number;
    unordered?: boolean;
    without?: string;
  },
][] = [
  ['01-identify-and-session.jsonl'],
  ['02-http-errors.jsonl'],
  ['03-ws-refusals.jsonl'],
  // backend_status is cached for a second: what a poll sees right after a change is chance.
  ['04-no-backends.jsonl', { backends: [], longestPauseMs: 300, initRetryMs: 400, without: 'GetCurrentStatus' }],
  ['05-one-image.jsonl'],
  ['06-three-images.jsonl', { unordered: true }],
  ['07-previews.jsonl'],
  ['08-batch-of-two.jsonl'],
  ['09-parameter-errors.jsonl'],
  ['10-failing-node.jsonl'],
  ['11-four-images-all-failing.jsonl', { unordered: true }],
  ['12-interrupt-running.jsonl'],
  ['13-interrupt-waiting-for-backend.jsonl'],
  ['14-interrupt-accepted-not-started.jsonl'],
  ['15-interrupt-before-claim-is-lost.jsonl'],
  ['17-two-sessions-one-interrupted.jsonl'],
  // Whether ComfyUI has obeyed already when it is looked at right after the cancel is chance.
  ['18-other-sessions-true.jsonl', { without: 'comfy /queue' }],
  ['19-admin-interrupt-user.jsonl'],
  ['22-socket-dropped.jsonl', { longestPauseMs: 900 }],
  ['23-client-close-frame.jsonl'],
  ['25-list-images-and-view.jsonl'],
  ['26-http-generate.jsonl'],
  ['27-passthrough-view.jsonl'],
  ['28-passthrough-interrupt.jsonl'],
  ['29-passthrough-delete-pending-hangs-job.jsonl'],
  ['30-passthrough-prompt-is-invisible.jsonl'],
  ['31-model-load.jsonl'],
  ['32-interrupt-while-loading.jsonl'],
  ['33-shared-load-cancelled-by-first.jsonl'],
  ['34-uncooperative-node.jsonl'],
  // Two requests run at once on one socket: which of two messages comes first is chance.
  ['35-second-request-on-same-socket.jsonl', { unordered: true }],
  [
    '40-allowidle-backend-failure-fails-waiting-jobs.jsonl',
    { allowIdle: true, longestPauseMs: 600, without: 'GetGlobalStatus' },
  ],
  ['44-comfyui-killed-and-restarted.jsonl'],
];

// Each scenario has servers of its own and mostly waits: several at a time.
describe('SwarmUI recordings against the demo engine', () => {
  test.concurrent.each(scenarios)('%s', { timeout: 180_000 }, async (file, options = {}) => {
    const { allowIdle = false, unordered = false, without = '-', longestPauseMs, ...rest } = options;
    const checkpoints = ['probe-slow-a.safetensors', 'probe-slow-b.safetensors'];
    const comfy = await startComfyServer();
    installSwarmNodes(comfy.engine, {
      checkpoints,
      loadMs: { 'probe-slow-a.safetensors': 1500, 'probe-slow-b.safetensors': 1500 },
    });
    const swarm = await startSwarmServer({
      backends: [{ address: comfy.url, title: 'comfy-main', allowIdle }],
      models: checkpoints.map((name) => ({ name })),
      graceMs: 400,
      ...rest,
    });
    try {
      await swarm.engine.ready();
      const compared = await replay(file, swarm, comfy, longestPauseMs);
      expect(compared.length).toBeGreaterThan(0);
      const order = (value: unknown): unknown =>
        unordered && Array.isArray(value) ? value.filter((one) => one !== 'progress').sort() : value;
      for (const { what, recorded, engine } of compared.filter((one) => !one.what.includes(without)))
        expect({ [what]: order(engine) }).toEqual({ [what]: order(recorded) });
    } finally {
      await swarm.close();
      await comfy.close();
    }
  });
});
