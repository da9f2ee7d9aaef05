/**
 * The host's entry: Switchyard's core served to this machine's browsers and scripts. Checks the Node version before anything
 * else is loaded; the rest is in run.ts.
 */
import '../node-gate.ts';
import { toAppError } from '../../shared/errors.ts';
import { says } from './says.ts';

try {
  const { runHost } = await import('./run.ts');
  await runHost(process.argv.slice(2));
} catch (error) {
  const { code, message, cause } = toAppError(error);
  // What we did foresee has a sentence; what we did not is for whoever debugs it.
  console.error(code === 'bug' ? (cause ?? error) : says.failed(message));
  process.exit(1);
}
