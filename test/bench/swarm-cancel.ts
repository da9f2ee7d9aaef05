/**
 * SwarmUI: cancel of one of as many jobs as there are slots, from the call to the event that it was seen stopped, against
 * a bare InterruptAll in the job's own session until its stream ends; in turns on the same server. The stream ends before
 * ComfyUI has finished its present step (S10), and nothing is called stopped before that: with longer steps ours is
 * compared, for information, with a bare call that looks too.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { SwarmClient } from '../conformance/swarm-client.ts';
import { againstBare, median, monotonic, quantile, short } from './measure.ts';
import type { BenchOptions, Row } from './measure.ts';
import { atEnd } from './support/ends.ts';
import { swarmParams, swarmPayload } from './support/graphs.ts';
import { HostClient, startHost } from './support/host.ts';
import { startServers } from './support/servers.ts';

const SHORT_STEP_MS = 5;
const USUAL_STEP_MS = 25;
const BARE_LOOK_MS = 2;
/** A phase that has not changed for 300 ms is certain (architecture §7.3). */
const CERTAIN_MS = 350;

interface Case {
  which: 'running' | 'pre-queued';
  stepMs: number;
  /** By hand, too, until its prompt is gone from its backend. */
  looks: boolean;
  measure: string;
}

const cases: readonly Case[] = [
  { which: 'running', stepMs: SHORT_STEP_MS, looks: false, measure: 'running one of two jobs on two slots' },
  { which: 'running', stepMs: USUAL_STEP_MS, looks: true, measure: 'the same, bare until it has left its backend' },
  { which: 'pre-queued', stepMs: USUAL_STEP_MS, looks: false, measure: 'pre-queued one of two jobs on two slots' },
];

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
  for (const one of cases) {
    await ours(client, one);
    await byHand(bare, one);
    const pairs: [number, number][] = [];
    const all: number[] = [];
    for (let run = 0; run < runs; run += 1) {
      const oursRun: number[] = [];
      const bareRun: number[] = [];
      for (let time = 0; time < (quick ? 3 : 8); time += 1) {
        oursRun.push(await ours(client, one));
        bareRun.push(await byHand(bare, one));
      }
      all.push(...oursRun);
      pairs.push([median(oursRun), median(bareRun)]);
    }
    rows.push(
      againstBare(
        one.measure,
        median(pairs.map(([mine]) => mine)),
        median(pairs.map(([, other]) => other)),
        `steps of ${String(one.stepMs)} ms; p95 ${short(quantile(all, 0.95))} ms; medians of each run ${pairs.map(([mine, other]) => `${short(mine)}/${short(other)}`).join(', ')}`,
      ),
    );
  }
  return rows;
}

const somewhere = (stepMs: number): Promise<void> => sleep(CERTAIN_MS + Math.random() * stepMs);

async function ours(client: HostClient, { which, stepMs }: Case): Promise<number> {
  const [first] = await client.submit(swarmPayload(100_000, stepMs));
  if (first === undefined) throw new Error('not submitted');
  await client.state(first, 'running');
  const [second] = await client.submit(swarmPayload(100_000, stepMs));
  if (second === undefined) throw new Error('not submitted');
  await client.state(second, 'accepted');
  await somewhere(stepMs);
  const id = which === 'running' ? first : second;
  const other = which === 'running' ? second : first;
  const stopped = client.event('it is cancelled', (job) => job.id === id && job.state === 'cancelled');
  const calledAt = monotonic();
  await client.api.cancel.run({ scope: { jobs: [id] }, by: 'window' });
  const { job, atMs } = await stopped;
  if (job.cancel?.outcome?.outcome !== 'cancelled' || job.cancel.outcome.evidence !== 'proven')
    throw new Error(`not proven: ${JSON.stringify(job.cancel)}`);
  const rest = client.state(other, 'cancelled');
  await client.state(other, 'running', 'cancelled');
  await client.api.cancel.run({ scope: { jobs: [other] }, by: 'window' });
  await rest;
  return atMs - calledAt;
}

async function byHand(bare: SwarmClient, { which, stepMs, looks }: Case): Promise<number> {
  const [one, two] = [await bare.newSession(), await bare.newSession()];
  const first = await bare.generate(one, swarmParams(100_000, stepMs));
  await first.running();
  const second = await bare.generate(two, swarmParams(100_000, stepMs));
  await second.counters((counters) => (counters['live_gens'] ?? 0) > 0);
  await somewhere(stepMs);
  const before = await bare.comfyQueue();
  const [session, stream] = which === 'running' ? [one, first] : [two, second];
  const ended = new Promise<number>((resolve) => {
    stream.socket.on('message', (data) => {
      if ((data as Buffer).includes('socket_intention')) resolve(monotonic());
    });
  });
  const calledAt = monotonic();
  await bare.interrupt(session);
  let endedAt = await ended;
  if (looks) {
    // Only this one can be running: the other one has been handed over behind it, and runs when it is gone.
    const [prompt] = before.running;
    for (let queue = await bare.comfyQueue(); queue.running.includes(prompt ?? ''); queue = await bare.comfyQueue())
      await sleep(BARE_LOOK_MS);
    endedAt = monotonic();
  }
  const [restSession, rest] = which === 'running' ? [two, second] : [one, first];
  if (which === 'running') await rest.running();
  await bare.interrupt(restSession);
  await rest.ended();
  // The engine lets go of a prompt a step after its stream has ended.
  await sleep(2 * stepMs);
  return endedAt - calledAt;
}
