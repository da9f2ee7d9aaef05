/**
 * `node test/package-fuses.ts release`: reads the fuses of every packed app in a folder and compares them with what ships.
 * The release workflow runs it on what it is about to upload.
 */
import { existsSync, readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { FuseV1Options, getCurrentFuseWire } from '@electron/fuses';
import { SHIPPED_FUSES } from './shipped-fuses.ts';

const folder = resolve(process.argv[2] ?? 'release');
const names = ['switchyard', 'Switchyard.exe', 'Switchyard.app'];
const programs = readdirSync(folder, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .flatMap((entry) => names.map((name) => join(folder, entry.name, name)))
  .filter((path) => existsSync(path));
if (programs.length === 0) throw new Error(`there is no packed app in ${folder}`);
for (const program of programs) {
  const wire = await getCurrentFuseWire(program);
  const wrong = SHIPPED_FUSES.filter(([fuse, state]) => wire[fuse] !== state).map(([fuse]) => FuseV1Options[fuse]);
  console.log(`${program}: ${wrong.length === 0 ? 'all fuses as they ship' : `wrong: ${wrong.join(', ')}`}`);
  if (wrong.length > 0) process.exitCode = 1;
}
