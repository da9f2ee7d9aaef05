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
    heard.set(payload.jobId, [...(heard.get(payload.jobId) ?? []), { at: monotonic(), preview: payload.previewVersion }]);
  });
  const most: number[] = [];
  const mean: number[] = [];
  const sent: number[] = [];
  const previews: number[] = [];
  const seconds = quick ? 2 : 5;
  for (let run = 0; run < runs; run += 1) {
    const ids: JobId[] = [];
    for (let index = 0; index < JOBS; index += 1) ids.push(...(await client.submit(swarmPayload(100_000, 1_000 / PER_SECOND, { preview: true }))));
    for (const id of ids) await client.state(id, 'running');
    await sleep(500);
    heard.clear();
    const { steps } = await servers.ask('swarmState', {});
    const beganAt = monotonic();
    await sleep(seconds * 1_000);
    const overS = (monotonic() - beganAt) / 1_000;
    sent.push(((await servers.ask('swarmState', {})).steps - steps) / JOBS / overS);
    most.push(Math.max(...ids.map((id) => mostInASecond((heard.get(id) ?? []).map(({ at }) => at)))));
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
      measure: `live events of one job, ${String(JOBS)} jobs with ${String(PER_SECOND)} previews a second each`, of: 'most', atMost: 10, unit: 'in a second', value: median(most),
      note: `really sent: ${median(sent).toFixed(0)} a second and job; on average ${median(mean).toFixed(1)} live events with ${median(previews).toFixed(1)} new previews a second`, numbers: { meanPerSecond: median(mean), previewsPerSecond: median(previews), sentPerSecond: median(sent) },
    }),
  ];
}

/** The fullest second, beginning with an event. An eleventh that begins with the next tenth belongs to the next second. */
function mostInASecond(times: readonly number[]): number {
  return Math.max(0, ...times.map((from) => times.filter((at) => at >= from && at - from < 995).length));
}
