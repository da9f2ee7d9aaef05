/**
 * Which calls may take as long as a job does: no transport sets a deadline on them. Beside the contract and not in it, so
 * that the command line, which carries no schemas, reads the same list.
 */
import type { CallName } from './contract.ts';

/** To be asked of any name: transports hear of calls that do not exist, too. */
export const LONG_CALLS: ReadonlySet<string> = new Set<CallName>([
  'jobs.awaitEnd',
  'servers.restartBackend',
  'servers.recreateBackend',
]);
