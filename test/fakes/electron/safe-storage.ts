/**
 * Electron's asynchronous safeStorage on Linux. Read against electron_api_safe_storage.cc and browser_process_impl.cc of 22
 * August 2026: nothing is asked of the system before the first call, and no call answers until every key provider has, which
 * behind a locked keyring is not before the user has unlocked it. It then always encrypts, at worst with a key that every
 * program knows. What it writes begins with its key's tag (components/os_crypt/async/browser: posix_key_provider.cc `v10`,
 * freedesktop_secret_key_provider.cc `v11`, secret_portal_key_provider.h `v12`).
 */
import type { SafeStorage } from 'electron';

export type Key = 'v10' | 'v11' | 'v12';

export interface KeyringBehaviour {
  key?: Key;
  /** Whose key it is: another one can't be read. */
  keyring?: string;
  /** The unlock box is open and nobody answers. */
  waits?: boolean;
  /** Encrypting fails. */
  broken?: boolean;
  /** What was written before is to be written anew. */
  stale?: boolean;
}

export class FakeSafeStorage implements Pick<SafeStorage, 'encryptStringAsync' | 'decryptStringAsync'> {
  readonly #behaviour: KeyringBehaviour;
  readonly #answered = Promise.withResolvers<undefined>();
  /** How often the system was asked for anything. */
  asked = 0;

  constructor(behaviour: KeyringBehaviour = {}) {
    this.#behaviour = behaviour;
    if (behaviour.waits !== true) setImmediate(this.#answered.resolve, undefined);
  }

  unlock(): void {
    this.#answered.resolve(undefined);
  }

  async encryptStringAsync(text: string): Promise<Buffer> {
    this.asked += 1;
    await this.#answered.promise;
    if (this.#behaviour.broken === true) throw new Error('Error while encrypting the text provided to safeStorage');
    return Buffer.concat([Buffer.from(this.#begin), scrambled(Buffer.from(text))]);
  }

  async decryptStringAsync(data: Buffer): Promise<{ result: string; shouldReEncrypt: boolean }> {
    this.asked += 1;
    await this.#answered.promise;
    const begin = this.#begin;
    // The fixed key is there beside every other.
    const known = [begin, 'v10:'].find((each) => data.subarray(0, each.length).toString() === each);
    if (known === undefined) throw new Error('Error while decrypting the ciphertext provided to safeStorage');
    return {
      result: scrambled(data.subarray(known.length)).toString(),
      shouldReEncrypt: this.#behaviour.stale === true || known !== begin,
    };
  }

  get #begin(): string {
    const { key = 'v11', keyring = '' } = this.#behaviour;
    return `${key}${key === 'v10' ? '' : keyring}:`;
  }
}

const scrambled = (bytes: Buffer): Buffer => Buffer.from(bytes.map((byte) => byte ^ 0x5a));
