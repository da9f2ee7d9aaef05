/**
 * A process with a core that is closed in the middle of something and must then end by itself: nothing of ours may keep
 * it alive. Arguments: data directory, address of a server, and in which state of its job to close (`none`: at once).
 */
import { createCore } from '../../electron/core/core.ts';
import { contract } from '../../shared/contract.ts';
import type { CallName, Contract } from '../../shared/contract.ts';
import type { InputOf, OutputOf } from '../../shared/contract-types.ts';
import { sleepGraph } from './core-harness.ts';

const [dataDir = '', url = '', when = 'none'] = process.argv.slice(2);
const core = await createCore({
  dataDir,
  version: '0.0.0-leaving',
  host: 'node',
  logDir: null,
  backoffScale: 0.05,
  secrets: {
    protection: 'none',
    get: () => Promise.resolve(null),
    set: () => Promise.resolve(),
    delete: () => Promise.resolve(),
  },
  shell: { reveal: () => Promise.resolve() },
});

async function call<Name extends CallName>(
  name: Name,
  args: InputOf<Contract['calls'][Name]>,
): Promise<OutputOf<Contract['calls'][Name]>> {
  const handler = core.handlers[name] as (args: unknown, context: unknown) => unknown;
  return (await handler(contract.calls[name].input.parse(args), {
    signal: new AbortController().signal,
    face: 'cli',
  })) as OutputOf<Contract['calls'][Name]>;
}

if (when !== 'none') {
  const { server } = await call('servers.add', { kind: 'comfy', url });
  const { jobs } = await call('jobs.submit', {
    payload: { kind: 'comfy', graph: sleepGraph(3_000, 20) },
    serverId: server.id,
    jobs: [{}],
  });
  const id = jobs[0]?.id;
  if (id === undefined) throw new Error('no job');
  const wanted = when === 'cancelling' ? 'running' : when;
  while ((await call('jobs.get', { id })).job.state !== wanted) await new Promise((resolve) => setTimeout(resolve, 5));
  if (when === 'cancelling') await call('cancel.run', { scope: { jobs: [id] } });
}
await core.close();
// What still keeps the process alive, once what is closing has had a moment to close. `unref`d things are not in the list.
const held = (): string[] =>
  process
    .getActiveResourcesInfo()
    .filter((name) => !['PipeWrap', 'TTYWrap', 'FSReqPromise', 'Immediate'].includes(name));
const until = performance.now() + 1_000;
do await new Promise((resolve) => setImmediate(resolve));
while (held().length > 0 && performance.now() < until);
console.log(`left: ${JSON.stringify(held())}`);
