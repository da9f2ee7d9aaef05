/**
 * SwarmUI with its races open: cancels at random moments, of one job and of several at once, beside strangers' work and
 * jobs of ours nobody cancelled. What came of it is read from the engines' own logs (support/swarm-harm.ts).
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { JobId } from '../../shared/ids.ts';
import { SwarmClient } from '../conformance/swarm-client.ts';
import type { Stream } from '../conformance/swarm-client.ts';
import { exactly } from './measure.ts';
import type { BenchOptions, Row } from './measure.ts';
import { atEnd } from './support/ends.ts';
import { randomOf } from './support/fill.ts';
import { swarmParams } from './support/graphs.ts';
import { HostClient, startHost } from './support/host.ts';
import { startServers } from './support/servers.ts';
import type { RandomJob } from './support/swarm-harm.ts';

const ORPHAN_MS = 1_000;
/** So many rounds are played before what came of them is looked at. */
const ROUNDS_A_LOOK = 20;

interface Play {
  client: HostClient;
  strangers: SwarmClient;
  random: () => number;
  /** Gets every job that was played. */
  jobs: RandomJob[];
}
interface Mine {
  id: JobId;
  mark: string;
  role: 'kept' | 'cancelled';
}

export async function take({ random: wanted }: BenchOptions): Promise<Row[]> {
  const seed = Date.now() % 1_000_000;
  const random = randomOf(seed);
  const servers = await startServers();
  const { url } = await servers.ask('swarm', { backends: 2, grantWindowMs: 2, postWindowMs: 5 });
  const client = await HostClient.connect(await startHost());
  await client.addServer(url, { kind: 'swarm', maxInFlight: 6 });
  const strangers = new SwarmClient(url);
  atEnd(() => {
    strangers.close();
  });
  const peak = { now: new Set<JobId>(), most: 0 };
  client.onJob(({ id, state }) => {
    if (state === 'submitting' || state === 'accepted' || state === 'running') peak.now.add(id);
    else peak.now.delete(id);
    peak.most = Math.max(peak.most, peak.now.size);
  });
  const sum = { harmed: 0, orphans: 0, strayHits: 0, tooLate: 0, cancelled: 0, presumed: 0, neighbours: 0 };
  let slots = { lost: 0, notFree: 0 };
  let round = 0;
  let sessions = 0;
  while (sum.cancelled + sum.tooLate < wanted) {
    const jobs: RandomJob[] = [];
    for (let time = 0; time < ROUNDS_A_LOOK && sum.cancelled + sum.tooLate < wanted; time += 1) {
      round += 1;
      const went = await play({ client, strangers, random, jobs }, round);
      sum.cancelled += went.cancelled;
      sum.tooLate += went.tooLate;
      sum.presumed += went.presumed;
      sessions += went.sessions;
    }
    sum.neighbours += jobs.filter((job) => job.role !== 'cancelled').length;
    await sleep(ORPHAN_MS + 200);
    const harm = await servers.ask('swarmHarm', jobs);
    sum.harmed += harm.harmed;
    sum.orphans += harm.orphans;
    sum.strayHits = harm.strayHits;
    slots = { lost: harm.lostSlots, notFree: harm.slotsNotFree };
  }
  const state = await servers.ask('swarmState', {});
  const ours = state.sessions - sessions;
  const about = `seed ${String(seed)}, ${String(round)} rounds; ${String(sum.cancelled)} seen stopped (${String(sum.presumed)} of them presumed), ${String(sum.tooLate)} had ended before`;
  const asked = sum.cancelled + sum.tooLate;
  return [
    exactly(
      `${String(asked)} randomised cancels: jobs of others and of ours harmed, of ${String(sum.neighbours)}`,
      0,
      sum.harmed + sum.strayHits,
      about,
    ),
    exactly(`${String(asked)} randomised cancels: running on after 1 s`, 0, sum.orphans),
    exactly(`${String(asked)} randomised cancels: slots lost, or not free at the end`, 0, slots.lost + slots.notFree),
    {
      measure: 'sessions ever made',
      required: `≤ ${String(peak.most)} at once + 2`,
      reached: String(ours),
      ok: ours <= peak.most + 2,
      note: 'all we asked the server for, the one for looking included',
      numbers: { sessions: ours, peak: peak.most },
    },
  ];
}

/** Some of ours, some of strangers, one cancel of some of ours; ends when all of them have. */
async function play(
  { client, strangers, random, jobs }: Play,
  round: number,
): Promise<{ cancelled: number; tooLate: number; presumed: number; sessions: number }> {
  const upTo = (most: number): number => Math.floor(random() * (most + 1));
  const streams: Stream[] = [];
  const stranger = async (mark: string): Promise<void> => {
    const stream = await strangers.generate(
      await strangers.newSession(),
      swarmParams(4 + upTo(12), 10, {}, { extra_metadata: { bench: mark } }),
    );
    jobs.push({ mark, role: 'neighbour', state: null, stoppedAt: null });
    streams.push(stream);
  };
  const mine = async (mark: string, role: 'kept' | 'cancelled'): Promise<Mine> => {
    const kind = role === 'kept' ? 0.7 : random();
    // Long and willing, short enough to end by itself, or one step that hears nothing until it is over.
    const [steps, ms, more] =
      kind < 0.6 ? [400, 10, {}] : kind < 0.8 ? [2 + upTo(8), 10, {}] : [1, 100 + upTo(200), { cooperative: false }];
    const [id] = await client.submit({
      kind: 'swarm',
      images: random() < 0.2 ? 2 : 1,
      params: swarmParams(steps, ms, more, { extra_metadata: { bench: mark } }),
    });
    if (id === undefined) throw new Error('not submitted');
    return { id, mark, role };
  };
  for (let left = upTo(2); left > 0; left -= 1) await stranger(`stranger-${String(round)}-${String(left)}`);
  const ours: Mine[] = [];
  const count = 1 + upTo(5);
  for (let index = 0; index < count; index += 1) {
    ours.push(await mine(`ours-${String(round)}-${String(index)}`, index > 0 && random() < 0.4 ? 'kept' : 'cancelled'));
    if (random() < 0.5) await sleep(upTo(60));
  }
  for (let left = upTo(1); left > 0; left -= 1) await stranger(`late-${String(round)}-${String(left)}`);
  // Half of them in the first moments of a job, half when all stands where it will stand.
  await sleep(upTo(random() < 0.5 ? 60 : 600));
  const chosen = ours.filter(({ role }) => role === 'cancelled');
  const together = random() < 0.5;
  for (const group of together ? [chosen] : chosen.map((one) => [one])) {
    await client.api.cancel.run({ scope: { jobs: group.map(({ id }) => id) }, by: 'window' });
    if (!together) await sleep(upTo(30));
  }
  let presumed = 0;
  let stopped = 0;
  for (const { id, mark, role } of ours) {
    const job = await client.state(id, 'done', 'failed', 'cancelled');
    const { outcome = null } = job.cancel ?? {};
    if (outcome?.outcome === 'cancelled') stopped += 1;
    if (outcome?.outcome === 'cancelled' && outcome.evidence === 'presumed') presumed += 1;
    jobs.push({ mark, role, state: job.state, stoppedAt: job.state === 'cancelled' ? job.endedAt : null });
  }
  for (const stream of streams) await stream.closed(60_000);
  return { cancelled: stopped, tooLate: chosen.length - stopped, presumed, sessions: streams.length };
}
