/**
 * From an event on the server's socket to the event of the contract at a client of the built host, while the server sends
 * a thousand events a second. Counts whether every job's start and end came.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { JobId } from '../../shared/ids.ts';
import { atMost, exactly, median, quantile, short } from './measure.ts';
import type { BenchOptions, Row } from './measure.ts';
import { sleepPayload } from './support/graphs.ts';
import { HostClient, startHost } from './support/host.ts';
import { startServers } from './support/servers.ts';

const PER_SECOND = 1_000;

export async function take({ runs, quick }: BenchOptions): Promise<Row[]> {
  const servers = await startServers();
  const { url } = await servers.ask('comfy', {});
  const client = await HostClient.connect(await startHost());
  const serverId = await client.addServer(url, { maxInFlight: 2 });
  let live = 0;
  // All that a window watches, so that the host has to send all of it.
  client.client.watch(['job.live', 'queue.summary', 'server.changed', 'foreign.changed'], (event) => {
    if (event.topic === 'job.live') live += 1;
  });
  const started = new Map<JobId, number>();
  const ended = new Map<JobId, number>();
  client.onJob((job, atMs) => {
    if (job.startedAt !== null && !started.has(job.id)) started.set(job.id, atMs);
    if ((job.state === 'collecting' || job.state === 'done') && !ended.has(job.id)) ended.set(job.id, atMs);
  });
  const p95s: number[] = [];
  const starts: number[] = [];
  const ends: number[] = [];
  const rates: number[] = [];
  let lost = 0;
  let jobs = 0;
  for (let run = 0; run < runs; run += 1) {
    await servers.ask('flood', { perSecond: PER_SECOND });
    await sleep(200);
    await servers.ask('frames', {});
    live = 0;
    const ids = await client.submit(sleepPayload(10, 10), {
      serverId,
      patches: Array.from({ length: quick ? 10 : 40 }, (_, index) => ({ set: { '1': { seed: run * 1_000 + index } } })),
    });
    const open = new Set(ids);
    await client.event(
      'all are done',
      (job) => {
        if (job.state === 'done') open.delete(job.id);
        return open.size === 0;
      },
      120_000,
    );
    const frames = await servers.ask('frames', {});
    await servers.ask('flood', { perSecond: 0 });
    rates.push((frames.count / frames.overMs) * 1_000);
    const late: number[] = [];
    for (const id of ids) {
      const { key } = await client.keyOf(id);
      const sentStart = frames.started[key];
      const sentEnd = frames.succeeded[key];
      const heardStart = started.get(id);
      const heardEnd = ended.get(id);
      jobs += 1;
      if (sentStart === undefined || sentEnd === undefined)
        throw new Error('the server ran a job without a start or an end');
      if (heardStart === undefined || heardEnd === undefined) {
        lost += 1;
        continue;
      }
      starts.push(heardStart - sentStart);
      ends.push(heardEnd - sentEnd);
      late.push(heardStart - sentStart, heardEnd - sentEnd);
    }
    p95s.push(quantile(late, 0.95));
  }
  return [
    atMost({
      measure: 'server event → contract event, start and end of jobs',
      of: 'p95',
      atMost: 20,
      unit: 'ms',
      value: median(p95s),
      note: `at ${rates.map((rate) => rate.toFixed(0)).join(', ')} events a second, ${String(live)} live events in the last run; starts p50 ${short(median(starts))} p95 ${short(quantile(starts, 0.95))} ms, ends p50 ${short(median(ends))} p95 ${short(quantile(ends, 0.95))} ms`,
      numbers: { startP95Ms: quantile(starts, 0.95), endP95Ms: quantile(ends, 0.95), eventsPerSecond: median(rates) },
    }),
    exactly(`events of record lost, of ${String(jobs * 2)}`, 0, lost),
  ];
}
