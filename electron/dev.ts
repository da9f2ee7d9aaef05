/**
 * `npm run dev`: the window rebuilt on every change, and the host restarted on every change of its own sources. The page
 * comes from the real host under the real content security policy, so there is no second, laxer way to be served; a
 * reload shows the change. Arguments go to the host.
 */
import './node-gate.ts';
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { ensureBuilt } from './build.ts';

const root = fileURLToPath(new URL('..', import.meta.url));

function run(args: readonly string[]): ChildProcess {
  return spawn(process.execPath, args, { cwd: root, stdio: 'inherit' });
}

await ensureBuilt(['renderer']);
const children = [
  run([
    'node_modules/vite/bin/vite.js',
    'build',
    '--watch',
    '--emptyOutDir=false',
    '--config',
    'renderer/vite.config.ts',
  ]),
  run(['--watch', '--watch-preserve-output', 'electron/host/host.ts', ...process.argv.slice(2)]),
];

/** Either one ending ends both. */
function stop(): void {
  for (const child of children) child.kill();
}

for (const child of children) child.once('exit', stop);
process.once('SIGINT', stop);
process.once('SIGTERM', stop);
