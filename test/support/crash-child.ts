/**
 * A process with a real core in it, told by messages what to do, that kills itself with SIGKILL at a named point.
 * Run by `child-core.ts`; arguments: data directory, point or `-`, and at which passing of the point to die (from 1).
 */
import { createCore } from '../../electron/core/core.ts';
import type { CallName } from '../../shared/contract.ts';
import { contract } from '../../shared/contract.ts';
import { toWire } from '../../shared/errors.ts';

const [dataDir = '', point = '-', nth = '1'] = process.argv.slice(2);
let left = Number(nth);

const core = await createCore({
  dataDir,
  version: '0.0.0-crash',
  host: 'node',
  logDir: null,
  backoffScale: 0.05,
  timing: { settleWindowMs: 400, settleLooks: 5, absentAgainMs: 100, watchdogMs: 1_000, notSentPauseMs: 50 },
  secrets: {
    protection: 'none',
    get: () => Promise.resolve(null),
    set: () => Promise.resolve(),
    delete: () => Promise.resolve(),
  },
  shell: { reveal: () => Promise.resolve() },
  point: (name) => {
    if (name === point && (left -= 1) === 0) process.kill(process.pid, 'SIGKILL');
  },
});

process.on('message', (message: { id: number; name: CallName; args: unknown } | 'close') => {
  if (message === 'close') {
    void core.close().then(() => process.exit(0));
    return;
  }
  const { id, name, args } = message;
  const handler = core.handlers[name] as (args: unknown, context: unknown) => unknown;
  Promise.resolve()
    .then(() => handler(contract.calls[name].input.parse(args), { signal: new AbortController().signal, face: 'cli' }))
    .then(
      (value) => process.send?.({ id, value }),
      (error: unknown) => process.send?.({ id, error: toWire(error) }),
    );
});
process.send?.('ready');
