/**
 * A SecretStore on one file only its owner can read: what a plain Node host has where no system keychain can be reached.
 * Said as it is (`protection: 'file'`). Keeps nothing else, and never logs what it holds.
 */
import { existsSync, readFileSync } from 'node:fs';
import { CredentialSchema } from '../../shared/server.ts';
import type { Credential } from '../../shared/server.ts';
import { AppError } from '../../shared/errors.ts';
import type { CoreOptions } from '../core/core.ts';
import { writePrivate } from './private-file.ts';

type SecretStore = CoreOptions['secrets'];

/** Reads the file once. One that can't be read is a `storage` error: overwriting it would lose every credential. */
export function fileSecrets(file: string): SecretStore {
  let held: Map<string, Credential> | undefined;
  const all = (): Map<string, Credential> => {
    held ??= read(file);
    return held;
  };
  const save = (next: Map<string, Credential>): void => {
    try {
      writePrivate(file, JSON.stringify(Object.fromEntries(next)));
    } catch (error) {
      throw new AppError('storage', 'the credentials could not be written', { cause: error });
    }
    held = next;
  };
  return {
    protection: 'file',
    get: async (ref) => all().get(ref) ?? null,
    set: async (ref, credential) => {
      save(new Map(all()).set(ref, credential));
    },
    delete: async (ref) => {
      const next = new Map(all());
      if (next.delete(ref)) save(next);
    },
  };
}

function read(file: string): Map<string, Credential> {
  const held = new Map<string, Credential>();
  if (!existsSync(file)) return held;
  try {
    for (const [ref, value] of Object.entries(JSON.parse(readFileSync(file, 'utf8')) as object))
      held.set(ref, CredentialSchema.parse(value));
  } catch (_) {
    // Neither the text nor the parser's complaint about it may reach a log.
    throw new AppError('storage', `the credentials in ${file} can't be read; move the file away to start without them`);
  }
  return held;
}
