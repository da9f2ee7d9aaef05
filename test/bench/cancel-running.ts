/**
 * A running job's cancel, from the call to the event that it was seen stopped, against the same done by hand: the bare
 * HTTP calls on the same server, in turns with ours.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { Agent, request } from 'node:http';
import { uuidv4 } from '../../shared/ids.ts';
import { againstBare, median, monotonic, quantile, short } from './measure.ts';
import type { BenchOptions, Row } from './measure.ts';
import { atEnd } from './support/ends.ts';
import { sleepPayload } from './support/graphs.ts';
import { HostClient, startHost } from './support/host.ts';
import { startServers } from './support/servers.ts';

/** As long as a quick sampler's step. */
const STEP_MS = 25;
/** By hand one looks this often. */
const BARE_LOOK_MS = 2;

export async function take({ runs, quick }: BenchOptions): Promise<Row[]> {
  const servers = await startServers();
  const { url } = await servers.ask('comfy', {});
  const client = await HostClient.connect(await startHost());
  await client.addServer(url, { maxInFlight: 1 });
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  atEnd(() => {
    agent.destroy();
  });
  await oursOnce(client);
  await bareOnce(url, agent);
  const ours: number[] = [];
  const bare: number[] = [];
  const pairs: [number, number][] = [];
  for (let run = 0; run < runs; run += 1) {
    const oursRun: number[] = [];
    const bareRun: number[] = [];
    for (let time = 0; time < (quick ? 4 : 15); time += 1) {
      oursRun.push(await oursOnce(client));
      bareRun.push(await bareOnce(url, agent));
    }
    pairs.push([median(oursRun), median(bareRun)]);
    ours.push(...oursRun);
    bare.push(...bareRun);
  }
  const oursMs = median(pairs.map(([one]) => one));
  const bareMs = median(pairs.map(([, other]) => other));
  return [
    againstBare(
      'running job, cancel call → seen stopped',
      oursMs,
      bareMs,
      `steps of ${String(STEP_MS)} ms; p95 ${short(quantile(ours, 0.95))} ms, bare ${short(quantile(bare, 0.95))} ms; medians of each run ${pairs.map(([one, other]) => `${short(one)}/${short(other)}`).join(', ')}; bare: POST /interrupt, GET /queue every ${String(BARE_LOOK_MS)} ms until it is gone, GET /history`,
      { oursP95Ms: quantile(ours, 0.95), bareP95Ms: quantile(bare, 0.95) },
    ),
  ];
}

/** Steps begin whenever they begin: a pause of no fixed length, so that neither side meets them always at the same place. */
const somewhereInAStep = (): Promise<void> => sleep(20 + Math.random() * STEP_MS);

async function oursOnce(client: HostClient): Promise<number> {
  const [id] = await client.submit(sleepPayload(1_000, STEP_MS));
  if (id === undefined) throw new Error('not submitted');
  await client.state(id, 'running');
  await somewhereInAStep();
  const stopped = client.event('it is cancelled', (job) => job.id === id && job.state === 'cancelled');
  const calledAt = monotonic();
  await client.api.cancel.run({ scope: { jobs: [id] }, by: 'window' });
  const { job, atMs } = await stopped;
  if (job.cancel?.outcome?.outcome !== 'cancelled' || job.cancel.outcome.evidence !== 'proven')
    throw new Error(`not proven: ${JSON.stringify(job.cancel)}`);
  return atMs - calledAt;
}

async function bareOnce(url: string, agent: Agent): Promise<number> {
  const payload = sleepPayload(1_000, STEP_MS);
  const id = uuidv4();
  if (payload.kind !== 'comfy') throw new Error('not a graph');
  await call(url, agent, 'POST', '/prompt', { prompt: payload.graph, prompt_id: id, client_id: 'bare' });
  const isRunning = async (): Promise<boolean> =>
    ((await call(url, agent, 'GET', '/queue')) as { queue_running: unknown[][] }).queue_running.some(
      (item) => item[1] === id,
    );
  while (!(await isRunning())) await sleep(BARE_LOOK_MS);
  await somewhereInAStep();
  const calledAt = monotonic();
  await call(url, agent, 'POST', '/interrupt', { prompt_id: id });
  while (await isRunning()) await sleep(BARE_LOOK_MS);
  const history = (await call(url, agent, 'GET', `/history/${id}`)) as Record<
    string,
    { status: { messages: [string, unknown][] } } | undefined
  >;
  const took = monotonic() - calledAt;
  if (history[id]?.status.messages.some(([type]) => type === 'execution_interrupted') !== true)
    throw new Error('the bare call interrupted nothing');
  return took;
}

function call(url: string, agent: Agent, method: string, path: string, body?: unknown): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const asking = request(
      url + path,
      { method, agent, headers: body === undefined ? {} : { 'content-type': 'application/json' } },
      (response) => {
        let text = '';
        response.setEncoding('utf8');
        response.on('data', (part: string) => (text += part));
        response.on('error', reject);
        response.on('end', () => {
          if (response.statusCode !== 200)
            reject(new Error(`${path} answered ${String(response.statusCode)}: ${text}`));
          else resolve(text === '' ? null : JSON.parse(text));
        });
      },
    );
    asking.on('error', reject);
    asking.end(body === undefined ? undefined : JSON.stringify(body));
  });
}
