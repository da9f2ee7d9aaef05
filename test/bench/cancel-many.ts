/** Cancel all of 500 queued jobs of ours: from the call to the last outcome seen by a client of the built host. */
import { atMost, median, monotonic, short } from './measure.ts';
import type { BenchOptions, Row } from './measure.ts';
import { sleepPayload } from './support/graphs.ts';
import { HostClient, startHost } from './support/host.ts';
import { startServers } from './support/servers.ts';

const JOBS = 500;

export async function take({ runs }: BenchOptions): Promise<Row[]> {
  const servers = await startServers();
  const { url } = await servers.ask('comfy', {});
  const client = await HostClient.connect(await startHost());
  const serverId = await client.addServer(url, { maxInFlight: 2 });
  const rows: Row[] = [];
  for (const busy of [false, true]) {
    const took: number[] = [];
    const answered: number[] = [];
    for (let run = 0; run < runs; run += 1) {
      // Busy: one of them runs on the server and one waits there.
      await (busy ? client.api.queue.resume({}) : client.api.queue.pause({}));
      const ids = new Set(
        await client.submit(sleepPayload(1_000, 20), {
          serverId,
          patches: Array.from({ length: JOBS }, (_, index) => ({ set: { '1': { seed: run * JOBS + index } } })),
        }),
      );
      const [first = null, second = null] = ids;
      if (busy && first !== null && second !== null) {
        await client.state(first, 'running');
        await client.state(second, 'accepted');
      }
      const open = new Set(ids);
      const all = client.event('all are cancelled', (job) => {
        if (job.state === 'cancelled') open.delete(job.id);
        return open.size === 0;
      });
      const calledAt = monotonic();
      const { summary } = await client.api.cancel.run({ scope: { server: 'all', which: 'mine' }, by: 'window' });
      answered.push(monotonic() - calledAt);
      if (summary.cancelledWaiting + summary.running !== JOBS)
        throw new Error(`not all were asked for: ${JSON.stringify(summary)}`);
      took.push((await all).atMs - calledAt);
    }
    rows.push(
      atMost({
        measure: busy
          ? `cancel all of ${String(JOBS)}, one running and one on the server`
          : `cancel all of ${String(JOBS)} queued`,
        of: 'median',
        atMost: 1,
        unit: 's',
        value: median(took) / 1_000,
        note: `answered after ${short(median(answered))} ms; all outcomes at the client in ${took.map((ms) => ms.toFixed(0)).join(', ')} ms`,
        numbers: { answeredMs: median(answered), worstMs: Math.max(...took) },
      }),
    );
  }
  return rows;
}
