/** Files only their owner can read: written whole or not at all, with the token among them. */
import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

export function writePrivate(file: string, text: string): void {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  const making = `${file}.${String(process.pid)}.new`;
  writeFileSync(making, text, { mode: 0o600 });
  // `mode` only counts for a file that was not there.
  chmodSync(making, 0o600);
  renameSync(making, file);
}

/** The token of a data directory's host, for clients on this machine; null where there is none. */
export function readToken(file: string): string | null {
  if (!existsSync(file)) return null;
  const token = readFileSync(file, 'utf8').trim();
  return token.length >= 32 ? token : null;
}
