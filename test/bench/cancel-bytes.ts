/** From the click, a call on the window's own WebSocket to the built host, to the bytes of the stop at the server. */
import type { JobId, ServerId } from '../../shared/ids.ts';
import { atMost, median, monotonic, quantile, short } from './measure.ts';
import type { BenchOptions, Row } from './measure.ts';
import { sleepPayload } from './support/graphs.ts';
import { HostClient, startHost } from './support/host.ts';
import { startServers } from './support/servers.ts';
import type { FakeServers } from './support/servers.ts';

export async function take({ runs, quick }: BenchOptions): Promise<Row[]> {
  const servers = await startServers();
  const { url } = await servers.ask('comfy', {});
  const client = await HostClient.connect(await startHost());
  const serverId = await client.addServer(url, { maxInFlight: 2 });
  // Warm: the first of everything is not what a click meets.
  await both(client, servers, serverId);
  const running: number[][] = [];
  const staged: number[][] = [];
  for (let run = 0; run < runs; run += 1) {
    running.push([]);
    staged.push([]);
    for (let time = 0; time < (quick ? 4 : 20); time += 1) {
      const took = await both(client, servers, serverId);
      running[run]?.push(took.running);
      staged[run]?.push(took.staged);
    }
  }
  const row = (measure: string, all: readonly number[][], route: string): Row => {
    const p95s = all.map((took) => quantile(took, 0.95));
    const flat = all.flat();
    return atMost({
      measure,
      of: 'p95',
      atMost: 30,
      unit: 'ms',
      value: median(p95s),
      note: `${route}; p50 ${short(median(flat))} ms; p95 of each run ${p95s.map(short).join(', ')}`,
      numbers: { p50Ms: median(flat), worstMs: Math.max(...flat), cancels: flat.length },
    });
  };
  return [
    row('cancel click → bytes at the server, running job', running, 'POST /interrupt'),
    row('cancel click → bytes at the server, job in the server’s queue', staged, 'POST /queue'),
  ];
}

/** One runs, one waits behind it on the server: first the waiting one is cancelled, then the running one. */
async function both(
  client: HostClient,
  servers: FakeServers,
  serverId: ServerId,
): Promise<{ running: number; staged: number }> {
  const [first] = await client.submit(sleepPayload(1_000, 20), { serverId });
  const [second] = await client.submit(sleepPayload(1_000, 20), { serverId });
  if (first === undefined || second === undefined) throw new Error('not submitted');
  await client.state(first, 'running');
  await client.state(second, 'accepted');
  const staged = await bytesOf(client, servers, second, '/queue');
  const running = await bytesOf(client, servers, first, '/interrupt');
  return { running, staged };
}

async function bytesOf(client: HostClient, servers: FakeServers, id: JobId, path: string): Promise<number> {
  const { key } = await client.keyOf(id);
  await servers.ask('arrivals', {});
  const stopped = client.state(id, 'cancelled');
  const clickedAt = monotonic();
  await client.api.cancel.run({ scope: { jobs: [id] }, by: 'window' });
  await stopped;
  const arrival = (await servers.ask('arrivals', {})).find((one) => one.path === path && one.ids.includes(key));
  if (arrival === undefined) throw new Error(`no ${path} arrived for ${key}`);
  return arrival.atMs - clickedAt;
}
