/**
 * A SecretStore on the system's keychain (Electron's safeStorage), which is asked only when there is something to keep or to
 * read: behind a locked one every answer waits for its user. Says how well it protects only where that is known: on Linux
 * what was encrypted begins with the tag of its key, and without a keyring that is one which every program knows. An entry that
 * can't be read now stays where it is: a keyring that is locked today may be open tomorrow.
 */
import { existsSync, readFileSync } from 'node:fs';
import type { SafeStorage } from 'electron';
import { z } from 'zod';
import { AppError } from '../../shared/errors.ts';
import { CredentialSchema } from '../../shared/server.ts';
import type { Credential } from '../../shared/server.ts';
import type { CoreOptions } from '../core/core.ts';
import { writePrivate } from '../host/private-file.ts';
import { fileSecrets } from '../host/secrets.ts';

type SecretStore = CoreOptions['secrets'];

export type Safe = Pick<SafeStorage, 'encryptStringAsync' | 'decryptStringAsync'>;

export interface SafeSecretsOptions {
  safe: Safe;
  /** Ours. */
  file: string;
  /** The plain host's: only read and removed from. */
  plainFile: string;
  platform: NodeJS.Platform;
  /** Asked once in the life of a data folder, when something is to be kept with a key that others know. */
  consent: () => Promise<'keep' | 'forget'>;
  /** An entry that can't be read; told once per entry and run. Its content never is. */
  onUnreadable: (ref: string, wroteBy: string) => void;
}

const FileSchema = z.object({
  consent: z.enum(['keep', 'forget']).nullable(),
  /** `by`: the tag of the key on Linux, else the system's store. `data`: what was encrypted, base64. */
  entries: z.record(z.string(), z.object({ by: z.string(), data: z.string() })),
});
type Held = z.infer<typeof FileSchema>;

/**
 * Tags of Chromium's keys on Linux (components/os_crypt/async/browser): posix_key_provider.cc has one that is written in its
 * source; freedesktop_secret_key_provider.cc and secret_portal_key_provider.h have theirs from the system.
 */
const FIXED_KEY = 'v10';
const SYSTEM_KEYS: readonly string[] = ['v11', 'v12'];
const tagOf = (data: Buffer): string => data.subarray(0, 3).toString('latin1');

/** To be used when the app is ready. @throws AppError `storage` for a broken file */
export function safeSecrets(options: SafeSecretsOptions): SecretStore {
  const { safe, file, platform } = options;
  const plain = fileSecrets(options.plainFile);
  const memory = new Map<string, Credential>();
  const told = new Set<string>();
  let held = read(file);
  let asking: Promise<'keep' | 'forget'> | null = null;

  const isWeak = (data: Buffer): boolean => platform === 'linux' && tagOf(data) === FIXED_KEY;
  const save = (next: Held): void => {
    try {
      writePrivate(file, JSON.stringify(next));
    } catch (cause) {
      throw new AppError('storage', 'the credentials could not be written', { cause });
    }
    held = next;
  };
  const keep = (ref: string, data: Buffer): void => {
    const by = platform === 'linux' ? tagOf(data) : platform === 'darwin' ? 'keychain' : 'dpapi';
    save({ ...held, entries: { ...held.entries, [ref]: { by, data: data.toString('base64') } } });
  };
  /** Null where it can't be read with the key there is now. */
  const decrypt = async (ref: string): Promise<Credential | null> => {
    const entry = held.entries[ref];
    if (entry === undefined) return null;
    try {
      const { result, shouldReEncrypt } = await safe.decryptStringAsync(Buffer.from(entry.data, 'base64'));
      const credential = CredentialSchema.parse(JSON.parse(result));
      if (shouldReEncrypt) await encryptAnew(ref, entry.data, result);
      return credential;
    } catch (_) {
      // Neither the cipher's complaint nor the parser's may reach a log: both may quote what they read.
      if (!told.has(ref)) options.onUnreadable(ref, entry.by);
      told.add(ref);
      return null;
    }
  };
  /** A better key came. Where it can't be used now the old entry does as well. */
  const encryptAnew = async (ref: string, old: string, text: string): Promise<void> => {
    try {
      const data = await safe.encryptStringAsync(text);
      // Set or removed meanwhile: what is newer stays.
      if (!isWeak(data) && held.entries[ref]?.data === old) keep(ref, data);
    } catch (_) {
      // The next start tries again.
    }
  };
  const consents = async (): Promise<boolean> => {
    if (held.consent === null) {
      const consent = await (asking ??= options.consent());
      save({ ...held, consent });
    }
    return held.consent === 'keep';
  };

  return {
    get protection() {
      if (platform !== 'linux') return 'os';
      const tags = Object.values(held.entries).map(({ data }) => tagOf(Buffer.from(data, 'base64')));
      if (tags.includes(FIXED_KEY)) return 'weak';
      return tags.length > 0 && tags.every((tag) => SYSTEM_KEYS.includes(tag)) ? 'os' : 'system';
    },
    get: async (ref) => memory.get(ref) ?? (await decrypt(ref)) ?? (await plain.get(ref)),
    async set(ref, credential) {
      let data: Buffer;
      try {
        data = await safe.encryptStringAsync(JSON.stringify(credential));
      } catch (cause) {
        throw new AppError('storage', 'the system’s keychain did not take the credential', { cause });
      }
      if (isWeak(data) && !(await consents())) memory.set(ref, credential);
      else {
        keep(ref, data);
        memory.delete(ref);
      }
      told.delete(ref);
    },
    async delete(ref) {
      memory.delete(ref);
      if (held.entries[ref] !== undefined) {
        const entries = Object.fromEntries(Object.entries(held.entries).filter(([name]) => name !== ref));
        save({ ...held, entries });
      }
      await plain.delete(ref);
    },
  };
}

function read(file: string): Held {
  if (!existsSync(file)) return { consent: null, entries: {} };
  try {
    return FileSchema.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch (_) {
    throw new AppError('storage', `the credentials in ${file} can't be read; move the file away to start without them`);
  }
}
