/** Reads a server's credential from a file or stdin. Never from the command line, which everyone on a machine can read. */
import { readFileSync } from 'node:fs';
import type { Credential } from '../../shared/server.ts';
import { usage } from './exit-codes.ts';

/** `user:password`, a whole `Authorization` value (`Bearer …`, `Basic …`), or a token; `-` is stdin. */
export function readKey(file: string): Credential {
  const text = readText(file).trim();
  if (text === '') throw usage('The key file is empty.');
  if (/^(Bearer|Basic) /i.test(text)) return { type: 'authorization', value: text };
  const at = text.indexOf(':');
  return at > 0
    ? { type: 'login', user: text.slice(0, at), password: text.slice(at + 1) }
    : { type: 'token', token: text };
}

function readText(file: string): string {
  try {
    return readFileSync(file === '-' ? 0 : file, 'utf8');
  } catch (error) {
    throw usage(`The key file can't be read: ${error instanceof Error ? error.message : String(error)}`);
  }
}
