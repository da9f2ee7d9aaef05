/**
 * Cancel of a job that was not sent yet, in the core itself: from the call, arguments as a transport brings them, to the
 * receipt, on disk. No network is part of it; one transaction with `synchronous = FULL` is.
 */
import { closeSync, fsyncSync, mkdirSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { PRODUCT_TIMING } from '../../electron/core/queue/board.ts';
import type { JobId } from '../../shared/ids.ts';
import { CoreHarness } from '../support/core-harness.ts';
import { atMost, median, monotonic, quantile, short } from './measure.ts';
import type { BenchOptions, Row } from './measure.ts';
import { atEnd } from './support/ends.ts';
import { sleepPayload } from './support/graphs.ts';
import { startServers } from './support/servers.ts';
import { tempDirectory } from './support/host.ts';

export async function take({ runs, quick }: BenchOptions): Promise<Row[]> {
  const servers = await startServers();
  const { url } = await servers.ask('comfy', {});
  const logDir = tempDirectory();
  const core = await CoreHarness.open({ timing: PRODUCT_TIMING, logDir });
  atEnd(() => core.close());
  await core.addServer(url);
  await core.call('queue.pause', {});
  const perRun = quick ? 100 : 500;
  const p99s: number[] = [];
  const p50s: number[] = [];
  const syncs: number[] = [];
  for (let run = 0; run < runs; run += 1) {
    const { jobs } = await core.call('jobs.submit', {
      payload: sleepPayload(1, 1),
      serverId: null,
      jobs: Array.from({ length: perRun }, () => ({})),
    });
    await turn();
    const took: number[] = [];
    for (const { id } of jobs) {
      took.push(await cancelOnce(core, id));
      // The event of this cancel goes out before the next one is asked for, as between two clicks.
      await turn();
      await turn();
    }
    p99s.push(quantile(took, 0.99));
    p50s.push(median(took));
    syncs.push(...syncTimes(logDir, quick ? 20 : 100));
  }
  return [
    atMost({
      measure: 'cancel call → receipt, queued job',
      of: 'p99',
      atMost: 5,
      unit: 'ms',
      value: median(p99s),
      note: `p50 ${short(median(p50s))} ms; p99 of each run ${p99s.map(short).join(', ')}; writing and syncing 4 KB on this disk takes ${short(median(syncs))} ms, p99 ${short(quantile(syncs, 0.99))}`,
      numbers: {
        p50Ms: median(p50s),
        worstRunMs: Math.max(...p99s),
        fsyncMs: median(syncs),
        fsyncP99Ms: quantile(syncs, 0.99),
        jobsPerRun: perRun,
      },
    }),
  ];
}

async function cancelOnce(core: CoreHarness, id: JobId): Promise<number> {
  const began = monotonic();
  const { receipts } = await core.call('cancel.run', { scope: { jobs: [id] }, mode: 'stop', by: 'window' });
  const took = monotonic() - began;
  if (receipts[0]?.outcome?.outcome !== 'cancelled') throw new Error(`not cancelled: ${JSON.stringify(receipts)}`);
  return took;
}

/** What a commit can't be quicker than. */
function syncTimes(directory: string, times: number): number[] {
  mkdirSync(directory, { recursive: true });
  const file = openSync(join(directory, 'sync'), 'w');
  const page = Buffer.alloc(4_096, 1);
  const took = Array.from({ length: times }, () => {
    const began = monotonic();
    writeSync(file, page);
    fsyncSync(file);
    return monotonic() - began;
  });
  closeSync(file);
  return took;
}
