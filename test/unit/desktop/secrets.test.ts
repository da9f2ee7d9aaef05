import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync, mkdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { safeSecrets } from '../../../electron/desktop/secrets.ts';
import type { Safe } from '../../../electron/desktop/secrets.ts';
import { fileSecrets } from '../../../electron/host/secrets.ts';
import type { Credential } from '../../../shared/server.ts';

type Backend = ReturnType<Safe['getSelectedStorageBackend']>;
const token: Credential = { type: 'token', token: 'very-secret' };

/** Fails like the real one: another key can't read what this one wrote, a locked keyring throws. */
function safe(options: { backend?: Backend; available?: boolean; locked?: boolean; stale?: boolean } = {}): Safe {
  const { backend = 'gnome_libsecret', available = true, locked = false, stale = false } = options;
  const scramble = (text: string): string =>
    Buffer.from(Buffer.from(text).map((byte) => byte ^ 0x5a)).toString('base64');
  const unlocked = (): void => {
    if (locked) throw new Error('Error while encrypting the text provided to safeStorage');
  };
  return {
    isAsyncEncryptionAvailable: async () => available,
    getSelectedStorageBackend: () => backend,
    encryptStringAsync: async (text) => (unlocked(), Buffer.from(`${backend}:${scramble(text)}`)),
    decryptStringAsync: async (data) => {
      unlocked();
      const [by, text = ''] = data.toString().split(':');
      if (by !== backend) throw new Error('Error while decrypting the ciphertext provided to safeStorage');
      return {
        shouldReEncrypt: stale,
        result: Buffer.from(Buffer.from(text, 'base64').map((byte) => byte ^ 0x5a)).toString(),
      };
    },
  };
}

let folder: string;
let told: string[];
let asked: number;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'switchyard-secrets-'));
  told = [];
  asked = 0;
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});
const file = (): string => join(folder, 'desktop', 'secrets.json');
const plainFile = (): string => join(folder, 'host', 'secrets.json');
const store = (storage: Safe, platform: NodeJS.Platform = 'linux', answer: 'keep' | 'forget' = 'keep') =>
  safeSecrets({
    safe: storage,
    file: file(),
    plainFile: plainFile(),
    platform,
    consent: async () => ((asked += 1), answer),
    onUnreadable: (ref, by, now) => told.push(`${ref} ${by} ${now}`),
  });

describe.each(['gnome_libsecret', 'kwallet', 'kwallet5', 'kwallet6'] as const)('with %s', (backend) => {
  it('keeps what it is given, encrypted, in a file of its own', async () => {
    const secrets = await store(safe({ backend }));
    expect(secrets.protection).toBe('os');
    await secrets.set('a', token);
    expect(await (await store(safe({ backend }))).get('a')).toEqual(token);
    expect(readFileSync(file(), 'utf8')).not.toContain('very-secret');
    if (process.platform !== 'win32') expect(statSync(file()).mode & 0o777).toBe(0o600);
    await secrets.delete('a');
    expect(await (await store(safe({ backend }))).get('a')).toBeNull();
    expect(asked).toBe(0);
  });
});

describe.each(['basic_text', 'unknown'] as const)('with %s, a key that every program knows', (backend) => {
  it('says that it is weak, and asks once', async () => {
    const secrets = await store(safe({ backend }));
    expect(secrets.protection).toBe('weak');
    await secrets.set('a', token);
    await secrets.set('b', token);
    await (await store(safe({ backend }))).set('c', token);
    expect(asked).toBe(1);
    expect(await (await store(safe({ backend }))).get('b')).toEqual(token);
  });
  it('keeps nothing on disk when asked not to, and still works until the end', async () => {
    const secrets = await store(safe({ backend }), 'linux', 'forget');
    await secrets.set('a', token);
    expect(await secrets.get('a')).toEqual(token);
    expect(await (await store(safe({ backend }))).get('a')).toBeNull();
    expect(asked).toBe(1);
  });
});

it.each(['darwin', 'win32'] as const)('%s has a keychain without a question', async (platform) => {
  // Electron answers "unknown" there; it means nothing.
  const secrets = await store(safe({ backend: 'unknown' }), platform);
  await secrets.set('a', token);
  expect(secrets.protection).toBe('os');
  expect(asked).toBe(0);
});

it('where nothing encrypts, the host’s own file is used and said', async () => {
  const secrets = await store(safe({ available: false }));
  expect(secrets.protection).toBe('file');
  await secrets.set('a', token);
  expect(await fileSecrets(plainFile()).get('a')).toEqual(token);
});

it('an encryption that throws when asked counts as none', async () => {
  const broken: Safe = {
    ...safe(),
    isAsyncEncryptionAvailable: async () => {
      throw new Error('not ready');
    },
  };
  expect((await store(broken)).protection).toBe('file');
});

describe('a key that changed, or is locked', () => {
  it('loses nothing: the entry stays, is told once, and is read when the key is back', async () => {
    await (await store(safe({ backend: 'kwallet5' }))).set('a', token);
    const changed = await store(safe({ backend: 'gnome_libsecret' }));
    expect(await changed.get('a')).toBeNull();
    expect(await changed.get('a')).toBeNull();
    expect(told).toEqual(['a kwallet5 gnome_libsecret']);
    await changed.set('b', token);
    expect(await (await store(safe({ backend: 'kwallet5' }))).get('a')).toEqual(token);

    const locked = await store(safe({ backend: 'gnome_libsecret', locked: true }));
    expect(await locked.get('b')).toBeNull();
    await expect(locked.set('b', { type: 'token', token: 'x' })).rejects.toMatchObject({ code: 'storage' });
    expect(await (await store(safe({ backend: 'gnome_libsecret' }))).get('b')).toEqual(token);
  });
  it('a stale key is written anew', async () => {
    await (await store(safe())).set('a', token);
    const before = readFileSync(file(), 'utf8');
    expect(await (await store(safe({ stale: true }))).get('a')).toEqual(token);
    expect(JSON.parse(before)).toEqual(JSON.parse(readFileSync(file(), 'utf8')));
  });
});

it('what the plain host kept is found, and removed with ours', async () => {
  await fileSecrets(plainFile()).set('a', token);
  const secrets = await store(safe());
  expect(await secrets.get('a')).toEqual(token);
  await secrets.delete('a');
  expect(await fileSecrets(plainFile()).get('a')).toBeNull();
});

it.each(['{', '[]', '{"consent":1}', '{"consent":null,"entries":{"a":{"by":"x"}}}'])(
  'a broken file (%s) is an error, never overwritten',
  async (text) => {
    mkdirSync(join(folder, 'desktop'), { recursive: true });
    writeFileSync(file(), text);
    await expect(store(safe())).rejects.toMatchObject({ code: 'storage' });
    expect(readFileSync(file(), 'utf8')).toBe(text);
  },
);
