/**
 * SwarmUI: cancel of one of as many jobs as there are slots, from the call to the event that it was seen stopped, against
 * a bare InterruptAll in the job's own session until its stream ends; in turns on the same server.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { SwarmClient } from '../conformance/swarm-client.ts';
import { againstBare, median, monotonic, quantile, short } from './measure.ts';
import type { BenchOptions, Row } from './measure.ts';
import { atEnd } from './support/ends.ts';
import { swarmParams, swarmPayload } from './support/graphs.ts';
import { HostClient, startHost } from './support/host.ts';
import { startServers } from './support/servers.ts';

const STEP_MS = 25;
/** A phase that has not changed for 300 ms is certain (architecture §7.3). */
const CERTAIN_MS = 350;

type Which = 'running' | 'pre-queued';

export async function take({ runs, quick }: BenchOptions): Promise<Row[]> {
  const servers = await startServers();
  // One ComfyUI with its usual two slots: one runs, one has been handed over.
  const { url } = await servers.ask('swarm', { backends: 1 });
  const client = await HostClient.connect(await startHost());
  await client.addServer(url, { kind: 'swarm', maxInFlight: 2 });
  const bare = new SwarmClient(url);
  atEnd(() => {
    bare.close();
  });
  const rows: Row[] = [];
  for (const which of ['running', 'pre-queued'] as const) {
    await ours(client, which);
    await byHand(bare, which);
    const pairs: [number, number][] = [];
    const all: number[] = [];
    for (let run = 0; run < runs; run += 1) {
      const oursRun: number[] = [];
      const bareRun: number[] = [];
      for (let time = 0; time < (quick ? 3 : 8); time += 1) {
        oursRun.push(await ours(client, which));
        bareRun.push(await byHand(bare, which));
      }
      all.push(...oursRun);
      pairs.push([median(oursRun), median(bareRun)]);
    }
    rows.push(againstBare(`${which} one of two jobs on two slots`, median(pairs.map(([one]) => one)), median(pairs.map(([, other]) => other)),
      `steps of ${String(STEP_MS)} ms; p95 ${short(quantile(all, 0.95))} ms; medians of each run ${pairs.map(([one, other]) => `${short(one)}/${short(other)}`).join(', ')}`));
  }
  return rows;
}

const somewhere = (): Promise<void> => sleep(CERTAIN_MS + Math.random() * STEP_MS);

async function ours(client: HostClient, which: Which): Promise<number> {
  const [first] = await client.submit(swarmPayload(2_000, STEP_MS));
  if (first === undefined) throw new Error('not submitted');
  await client.state(first, 'running');
  const [second] = await client.submit(swarmPayload(2_000, STEP_MS));
  if (second === undefined) throw new Error('not submitted');
  await client.state(second, 'accepted');
  await somewhere();
  const id = which === 'running' ? first : second;
  const other = which === 'running' ? second : first;
  const stopped = client.event('it is cancelled', (job) => job.id === id && job.state === 'cancelled');
  const calledAt = monotonic();
  await client.api.cancel.run({ scope: { jobs: [id] }, by: 'window' });
  const { job, atMs } = await stopped;
  if (job.cancel?.outcome?.outcome !== 'cancelled' || job.cancel.outcome.evidence !== 'proven') throw new Error(`not proven: ${JSON.stringify(job.cancel)}`);
  const rest = client.state(other, 'cancelled');
  await client.state(other, 'running', 'cancelled');
  await client.api.cancel.run({ scope: { jobs: [other] }, by: 'window' });
  await rest;
  return atMs - calledAt;
}

async function byHand(bare: SwarmClient, which: Which): Promise<number> {
  const [one, two] = [await bare.newSession(), await bare.newSession()];
  const first = await bare.generate(one, swarmParams(2_000, STEP_MS));
  await first.running();
  const second = await bare.generate(two, swarmParams(2_000, STEP_MS));
  await second.counters((counters) => (counters['live_gens'] ?? 0) > 0);
  await somewhere();
  const [session, stream] = which === 'running' ? [one, first] : [two, second];
  const ended = new Promise<number>((resolve) => {
    stream.socket.on('message', (data) => {
      if ((data as Buffer).includes('socket_intention')) resolve(monotonic());
    });
  });
  const calledAt = monotonic();
  await bare.interrupt(session);
  const endedAt = await ended;
  const [restSession, rest] = which === 'running' ? [two, second] : [one, first];
  if (which === 'running') await rest.running();
  await bare.interrupt(restSession);
  await rest.ended();
  // The engine lets go of a prompt a step after its stream has ended.
  await sleep(2 * STEP_MS);
  return endedAt - calledAt;
}
