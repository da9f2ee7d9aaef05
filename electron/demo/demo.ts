/**
 * `--demo`: three demo servers in this process, registered like any other, with some work of ours on a first visit;
 * other people use them too, so that there is something to see within seconds. The servers are in electron/demo/.
 */
import { readFileSync } from 'node:fs';
import type { Handlers } from '../../shared/contract.ts';
import type { CallContext } from '../../shared/contract-types.ts';
import { startDemoComfy } from './comfy/demo.ts';
import { startDemoSwarm } from './swarm/demo.ts';
import type { ServerId } from '../../shared/ids.ts';
import type { Kind } from '../../shared/job.ts';
import type { ComfyGraph } from '../../shared/workflow/graph.ts';
import type { ServerView } from '../../shared/server.ts';

interface Running {
  readonly url: string;
  close(): Promise<void>;
}
interface DemoServer {
  name: string;
  kind: Kind;
  start: (port: number) => Promise<Running>;
}

/** One of today, one of a release ago and slower, and a SwarmUI: every way of cancelling can be seen. */
const SERVERS: readonly DemoServer[] = [
  {
    name: 'Demo: studio',
    kind: 'comfy',
    start: (port) => startDemoComfy({ port, version: '0.8.0', name: 'Demo GPU, 24 GB' }),
  },
  {
    name: 'Demo: attic',
    kind: 'comfy',
    start: (port) => startDemoComfy({ port, version: '0.3.64', name: 'Demo GPU, 8 GB', foreign: false }),
  },
  { name: 'Demo: upstairs', kind: 'swarm', start: (port) => startDemoSwarm({ port, name: 'Demo ComfyUI' }) },
];

const PICTURES: readonly { file: string; title: string; server: number; count: number }[] = [
  { file: 'text-to-image.json', title: 'Harbour at dawn', server: 0, count: 8 },
  { file: 'two-passes.json', title: 'Paper heron', server: 1, count: 6 },
];
const SWARM = 2;

/** Loaded by host/load-demo.ts, which says what it does. */
export async function startDemo(handlers: Handlers): Promise<AsyncDisposable> {
  const context: CallContext = { signal: new AbortController().signal, face: 'api' };
  const { servers: known } = await handlers['servers.list']({}, context);
  const running: Running[] = [];
  const ids: ServerId[] = [];
  for (const { name, kind, start } of SERVERS) {
    const before = known.find((server) => server.name === name);
    const server = await startWhereItWas(start, before);
    running.push(server);
    ids.push(await makeKnown(handlers, context, { name, kind, url: server.url }, before));
  }
  if (known.length === 0) await submitWork(handlers, context, ids);
  return {
    async [Symbol.asyncDispose]() {
      await Promise.all(running.map((server) => server.close()));
    },
  };
}

/** On the port of last time, so that jobs that were on it find it again; on another one when that is taken. */
async function startWhereItWas(start: DemoServer['start'], before: ServerView | undefined): Promise<Running> {
  if (before === undefined) return await start(0);
  try {
    return await start(Number(new URL(before.url).port));
  } catch (error) {
    const isTaken = error instanceof Error && 'code' in error && error.code === 'EADDRINUSE';
    if (!isTaken) throw error;
    return await start(0);
  }
}

async function makeKnown(
  handlers: Handlers,
  context: CallContext,
  { name, kind, url }: { name: string; kind: Kind; url: string },
  before: ServerView | undefined,
): Promise<ServerId> {
  if (before?.url === url) return before.id;
  // Its old address is gone for good: what was on it is forgotten, what waited goes to any server of its kind.
  if (before !== undefined)
    await handlers['servers.remove']({ id: before.id, waiting: 'move', onServer: 'forget' }, context);
  const { server } = await handlers['servers.add']({ kind, name, url }, context);
  return server.id;
}

async function submitWork(handlers: Handlers, context: CallContext, servers: readonly ServerId[]): Promise<void> {
  for (const { file, title, server, count } of PICTURES) {
    const graph = sample(file);
    const seeded = Object.entries(graph).find(([, node]) => 'seed' in node.inputs)?.[0];
    const jobs = Array.from({ length: count }, (_, index) => ({
      title,
      ...(seeded === undefined ? {} : { patch: { set: { [seeded]: { seed: 40_817 + index } } } }),
    }));
    const payload = { kind: 'comfy' as const, graph };
    await handlers['jobs.submit']({ title, payload, serverId: servers[server] ?? null, jobs, source: file }, context);
  }
  const params = {
    model: 'dreamscape-xl',
    prompt: 'alpine lake, first light, mirror water',
    steps: 20,
    cfgscale: 7,
    width: 1024,
    height: 768,
  };
  await handlers['jobs.submit'](
    {
      title: 'Alpine lake',
      payload: { kind: 'swarm', images: 2, params },
      serverId: servers[SWARM] ?? null,
      jobs: [77, 78, 79, 80].map((seed) => ({ patch: { params: { seed } } })),
    },
    context,
  );
}

function sample(file: string): ComfyGraph {
  const text = readFileSync(new URL(`../../resources/workflows/${file}`, import.meta.url), 'utf8');
  return JSON.parse(text) as ComfyGraph;
}
