/** SwarmUI: fifty previews a second of each of four jobs, and how many live events of one job a client of the built host gets. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { JobId } from '../../shared/ids.ts';
import { atMost, median, monotonic } from './measure.ts';
import type { BenchOptions, Row } from './measure.ts';
import { swarmPayload } from './support/graphs.ts';
import { HostClient, startHost } from './support/host.ts';
import { startServers } from './support/servers.ts';

const JOBS = 4;
const PER_SECOND = 50;

export async function take({ runs, quick }: BenchOptions): Promise<Row[]> {
  const servers = await startServers();
  const { url } = await servers.ask('swarm', { backends: JOBS, overQueue: 0 });
  const client = await HostClient.connect(await startHost());
  await client.addServer(url, { kind: 'swarm', maxInFlight: JOBS });
  const heard = new Map<JobId, { at: number; preview: number }[]>();
  client.client.watch(['job.live'], ({ payload }) => {
    heard.set(payload.jobId, [
      ...(heard.get(payload.jobId) ?? []),
      { at: monotonic(), preview: payload.previewVersion },
    ]);
  });
  const most: number[] = [];
  const fullest: number[] = [];
  const mean: number[] = [];
  const sent: number[] = [];
  const previews: number[] = [];
  const seconds = quick ? 2 : 5;
  for (let run = 0; run < runs; run += 1) {
    const ids: JobId[] = [];
    for (let index = 0; index < JOBS; index += 1)
      ids.push(...(await client.submit(swarmPayload(100_000, 1_000 / PER_SECOND, {}, {}, 'BenchPreviews'))));
    for (const id of ids) await client.state(id, 'running');
    await sleep(500);
    heard.clear();
    const { steps } = await servers.ask('swarmState', {});
    const beganAt = monotonic();
    await sleep(seconds * 1_000);
    const overS = (monotonic() - beganAt) / 1_000;
    sent.push(((await servers.ask('swarmState', {})).steps - steps) / JOBS / overS);
    most.push(Math.max(...ids.map((id) => perSecond((heard.get(id) ?? []).map(({ at }) => at)))));
    fullest.push(Math.max(...ids.map((id) => mostInASecond((heard.get(id) ?? []).map(({ at }) => at)))));
    mean.push(median(ids.map((id) => (heard.get(id)?.length ?? 0) / overS)));
    previews.push(median(ids.map((id) => new Set((heard.get(id) ?? []).map(({ preview }) => preview)).size / overS)));
    for (const id of ids) {
      const stopped = client.state(id, 'cancelled');
      await client.api.cancel.run({ scope: { jobs: [id] }, by: 'window' });
      await stopped;
    }
  }
  return [
    atMost({
      measure: `live events of one job, ${String(JOBS)} jobs with ${String(PER_SECOND)} previews a second each`,
      of: 'of the busiest',
      atMost: 10,
      unit: 'a second',
      value: median(most),
      note: `really sent: ${median(sent).toFixed(0)} a second and job; ${median(mean).toFixed(1)} live events of the usual job, with ${median(previews).toFixed(1)} new previews a second; most that came within one second: ${String(Math.max(...fullest))}`,
      numbers: {
        fullestSecond: Math.max(...fullest),
        meanPerSecond: median(mean),
        previewsPerSecond: median(previews),
        sentPerSecond: median(sent),
      },
    }),
  ];
}

/** From the first to the last. */
function perSecond(times: readonly number[]): number {
  const [first = 0] = times;
  return times.length < 2 ? 0 : ((times.length - 1) / ((times.at(-1) ?? first) - first)) * 1_000;
}

/** The fullest second, beginning with an event: one that was late and one that was not may share it. */
function mostInASecond(times: readonly number[]): number {
  return Math.max(0, ...times.map((from) => times.filter((at) => at >= from && at - from < 1_000).length));
}
