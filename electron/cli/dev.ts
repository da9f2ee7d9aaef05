/**
 * Runs the CLI from a checkout (`npm run -s cli -- …`): builds its bundle when the sources are newer, then becomes it.
 * Prints nothing itself. The installed command is the bundle alone and never comes through here.
 */
import '../node-gate.ts';
import { fileURLToPath } from 'node:url';
import { ensureBuilt } from '../build.ts';

await ensureBuilt(process.argv.includes('host') ? ['renderer', 'host', 'cli'] : ['cli']);
const bundle = new URL('../../dist/cli/switchyard.js', import.meta.url);
process.argv[1] = fileURLToPath(bundle);
await import(bundle.href);
