/**
 * A SecretStore on the system's keychain (Electron's safeStorage). Says honestly how well it protects: on Linux without a
 * keyring the key is one that every program knows. Where nothing encrypts, the 0600 file of the plain host is used. An entry
 * that can't be read now stays where it is: a keyring that is locked today may be open tomorrow.
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

export type Safe = Pick<
  SafeStorage,
  'isAsyncEncryptionAvailable' | 'encryptStringAsync' | 'decryptStringAsync' | 'getSelectedStorageBackend'
>;

export interface SafeSecretsOptions {
  safe: Safe;
  /** Ours. */
  file: string;
  /** The plain host's: read, and written to where nothing encrypts. */
  plainFile: string;
  platform: NodeJS.Platform;
  /** Asked once in the life of a data folder, when something is to be kept with a key that others know. */
  consent: () => Promise<'keep' | 'forget'>;
  /** An entry that can't be read; told once per entry and run. Its content never is. */
  onUnreadable: (ref: string, wroteBy: string, nowBy: string) => void;
}

const FileSchema = z.object({
  consent: z.enum(['keep', 'forget']).nullable(),
  entries: z.record(z.string(), z.object({ by: z.string(), data: z.string() })),
});
type Held = z.infer<typeof FileSchema>;

/** To be called when the app is ready; before, Linux does not know its keyring. @throws AppError `storage` for a broken file */
export async function safeSecrets(options: SafeSecretsOptions): Promise<SecretStore> {
  const { safe, file, platform } = options;
  const plain = fileSecrets(options.plainFile);
  if (!(await isAvailable(safe))) return plain;
  const backend =
    platform === 'linux' ? safe.getSelectedStorageBackend() : platform === 'darwin' ? 'keychain' : 'dpapi';
  const weak = backend === 'basic_text' || backend === 'unknown';
  const memory = new Map<string, Credential>();
  const told = new Set<string>();
  let held = read(file);

  const save = (next: Held): void => {
    try {
      writePrivate(file, JSON.stringify(next));
    } catch (cause) {
      throw new AppError('storage', 'the credentials could not be written', { cause });
    }
    held = next;
  };
  const unreadable = (ref: string, by: string): null => {
    if (!told.has(ref)) options.onUnreadable(ref, by, backend);
    told.add(ref);
    return null;
  };
  /** Null where it can't be read with the key there is now. */
  const decrypt = async (ref: string): Promise<Credential | null> => {
    const entry = held.entries[ref];
    if (entry === undefined) return null;
    try {
      const { result, shouldReEncrypt } = await safe.decryptStringAsync(Buffer.from(entry.data, 'base64'));
      const credential = CredentialSchema.parse(JSON.parse(result));
      if (shouldReEncrypt || entry.by !== backend) await encrypt(ref, credential);
      return credential;
    } catch (_) {
      // Neither the cipher's complaint nor the parser's may reach a log: both may quote what they read.
      return unreadable(ref, entry.by);
    }
  };
  const encrypt = async (ref: string, credential: Credential): Promise<void> => {
    const data = await safe.encryptStringAsync(JSON.stringify(credential));
    save({ ...held, entries: { ...held.entries, [ref]: { by: backend, data: data.toString('base64') } } });
  };

  return {
    protection: weak ? 'weak' : 'os',
    get: async (ref) => memory.get(ref) ?? (await decrypt(ref)) ?? (await plain.get(ref)),
    async set(ref, credential) {
      if (weak && held.consent === null) save({ ...held, consent: await options.consent() });
      if (weak && held.consent === 'forget') {
        memory.set(ref, credential);
        return;
      }
      try {
        await encrypt(ref, credential);
      } catch (cause) {
        if (cause instanceof AppError) throw cause;
        throw new AppError('storage', 'the system’s keychain did not take the credential', { cause });
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

async function isAvailable(safe: Safe): Promise<boolean> {
  try {
    return await safe.isAsyncEncryptionAvailable();
  } catch (_) {
    return false;
  }
}

function read(file: string): Held {
  if (!existsSync(file)) return { consent: null, entries: {} };
  try {
    return FileSchema.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch (_) {
    throw new AppError('storage', `the credentials in ${file} can't be read; move the file away to start without them`);
  }
}
