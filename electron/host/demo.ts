/**
 * `--demo`: two demo servers in this process, registered like any other, with some work of ours on a first visit and
 * now and then some of others, so that there is something to see within seconds. The servers themselves are in electron/demo/.
 */
import { readFileSync } from 'node:fs';
import type { Handlers } from '../../shared/contract.ts';
import type { CallContext } from '../../shared/contract-types.ts';
import { startComfyServer } from '../demo/comfy-server.ts';
import type { ComfyServerHandle } from '../demo/comfy-server.ts';
import type { ServerId } from '../../shared/ids.ts';
import { ComfyGraphSchema } from '../../shared/job.ts';
import type { ComfyGraph } from '../../shared/job.ts';

interface DemoServer {
  name: string;
  start: () => Promise<ComfyServerHandle>;
}

/** One of today, one of a release ago and slower: both ways of cancelling can be seen. */
const SERVERS: readonly DemoServer[] = [
  {
    name: 'Demo: studio',
    start: () => startComfyServer({ version: '0.8.0', stepMs: 160, seed: 1, deviceName: 'Demo GPU, 24 GB' }),
  },
  {
    name: 'Demo: attic',
    start: () => startComfyServer({ version: '0.3.64', stepMs: 320, seed: 2, deviceName: 'Demo GPU, 8 GB' }),
  },
];

const FOREIGN_EVERY_MS = 7_000;

const WORK: readonly { file: string; title: string; server: number; count: number }[] = [
  { file: 'text-to-image.json', title: 'Harbour at dawn', server: 0, count: 3 },
  { file: 'two-passes.json', title: 'Paper heron', server: 1, count: 2 },
];

/** Starts the servers and makes them known to the core. Disposing closes them. */
export async function startDemo(handlers: Handlers): Promise<AsyncDisposable> {
  const context: CallContext = { signal: new AbortController().signal, face: 'api' };
  const running = await Promise.all(SERVERS.map(async ({ name, start }) => ({ name, handle: await start() })));
  const { servers: known } = await handlers['servers.list']({}, context);
  const ids: ServerId[] = [];
  for (const { name, handle } of running) {
    const before = known.find((server) => server.name === name);
    const { server } =
      before === undefined
        ? await handlers['servers.add']({ kind: 'comfy', name, url: handle.url }, context)
        : await handlers['servers.edit']({ id: before.id, url: handle.url }, context);
    ids.push(server.id);
  }
  if (known.length === 0) await submitWork(handlers, context, ids);
  // Someone else uses these servers too: their work is seen, and left alone.
  let turn = 0;
  const comesAndGoes = setInterval(() => {
    turn += 1;
    const server = running[turn % running.length]?.handle;
    server?.engine.addForeign(withSeed(sample('four-at-once.json'), turn), {
      clientId: turn % 3 === 0 ? null : 'someone-else',
    });
  }, FOREIGN_EVERY_MS);
  return {
    async [Symbol.asyncDispose]() {
      clearInterval(comesAndGoes);
      await Promise.all(running.map(({ handle }) => handle.close()));
    },
  };
}

async function submitWork(handlers: Handlers, context: CallContext, servers: readonly ServerId[]): Promise<void> {
  for (const { file, title, server, count } of WORK) {
    const serverId = servers[server] ?? null;
    const graph = sample(file);
    const seeded = Object.entries(graph).find(([, node]) => 'seed' in node.inputs)?.[0];
    const jobs = Array.from({ length: count }, (_, index) => ({
      title,
      ...(seeded === undefined ? {} : { patch: { set: { [seeded]: { seed: 40_817 + index } } } }),
    }));
    await handlers['jobs.submit']({ title, payload: { kind: 'comfy', graph }, serverId, jobs, source: file }, context);
  }
}

/** Without a seed of its own the server would take the picture from its cache. */
function withSeed(graph: ComfyGraph, seed: number): ComfyGraph {
  return Object.fromEntries(
    Object.entries(graph).map(([id, node]) => [
      id,
      'seed' in node.inputs ? { ...node, inputs: { ...node.inputs, seed } } : node,
    ]),
  );
}

function sample(file: string): ComfyGraph {
  return ComfyGraphSchema.parse(
    JSON.parse(readFileSync(new URL(`../../resources/workflows/${file}`, import.meta.url), 'utf8')),
  );
}
