import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync, mkdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { safeSecrets } from '../../../electron/desktop/secrets.ts';
import { fileSecrets } from '../../../electron/host/secrets.ts';
import type { Credential } from '../../../shared/server.ts';
import { FakeSafeStorage } from '../../fakes/electron/safe-storage.ts';
import type { KeyringBehaviour } from '../../fakes/electron/safe-storage.ts';
import { until } from '../../support/until.ts';

const token: Credential = { type: 'token', token: 'very-secret' };
const other: Credential = { type: 'token', token: 'another' };

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
/** As after a start, with the keyring there is then. */
const store = (
  keyring: KeyringBehaviour | FakeSafeStorage = {},
  platform: NodeJS.Platform = 'linux',
  answer: 'keep' | 'forget' = 'keep',
) =>
  safeSecrets({
    safe: keyring instanceof FakeSafeStorage ? keyring : new FakeSafeStorage(keyring),
    file: file(),
    plainFile: plainFile(),
    platform,
    consent: async () => ((asked += 1), answer),
    onUnreadable: (ref, by) => told.push(`${ref} ${by}`),
  });

it('nothing is asked of the system before there is something to keep, and nothing is claimed', () => {
  const storage = new FakeSafeStorage({ waits: true });
  expect(store(storage).protection).toBe('system');
  expect(storage.asked).toBe(0);
});

it('behind a locked keyring what is to be kept waits for its user, and is then kept', async () => {
  const storage = new FakeSafeStorage({ waits: true });
  const secrets = store(storage);
  const kept = secrets.set('a', token);
  await until('it was asked', () => storage.asked === 1);
  storage.unlock();
  await kept;
  expect(await store().get('a')).toEqual(token);
});

describe.each(['v11', 'v12'] as const)('with a key of the system’s (%s)', (key) => {
  it('keeps what it is given, encrypted, in a file of its own, and says so once it is known', async () => {
    const secrets = store({ key });
    await secrets.set('a', token);
    expect(secrets.protection).toBe('os');
    expect(store({ key }).protection).toBe('os');
    expect(await store({ key }).get('a')).toEqual(token);
    expect(readFileSync(file(), 'utf8')).not.toContain('very-secret');
    if (process.platform !== 'win32') expect(statSync(file()).mode & 0o777).toBe(0o600);
    await secrets.delete('a');
    expect(await store({ key }).get('a')).toBeNull();
    expect(asked).toBe(0);
  });
});

describe('with a key that every program knows', () => {
  it('asks once, and says that it is weak', async () => {
    const secrets = store({ key: 'v10' });
    await Promise.all([secrets.set('a', token), secrets.set('b', token)]);
    await store({ key: 'v10' }).set('c', token);
    expect(asked).toBe(1);
    expect(secrets.protection).toBe('weak');
    expect(await store({ key: 'v10' }).get('b')).toEqual(token);
  });
  it('keeps nothing on disk when asked not to, and still works until the end', async () => {
    const secrets = store({ key: 'v10' }, 'linux', 'forget');
    await secrets.set('a', token);
    expect(await secrets.get('a')).toEqual(token);
    expect(await store({ key: 'v10' }).get('a')).toBeNull();
    expect(asked).toBe(1);
  });
  it('what was kept weakly is written anew when a keyring comes', async () => {
    await store({ key: 'v10' }).set('a', token);
    const secrets = store({ key: 'v11' });
    expect(secrets.protection).toBe('weak');
    expect(await secrets.get('a')).toEqual(token);
    expect(secrets.protection).toBe('os');
    expect(await store({ key: 'v11' }).get('a')).toEqual(token);
  });
  it('a key there is no tag known of is claimed to be nothing', async () => {
    const secrets = store({ key: 'v13' as never });
    await secrets.set('a', token);
    expect(secrets.protection).toBe('system');
    expect(asked).toBe(0);
  });
});

it.each(['darwin', 'win32'] as const)('%s has a keychain without a question', async (platform) => {
  // What begins with v10 on Linux is weak; there it is the keychain's and DPAPI's own tag.
  const secrets = store({ key: 'v10' }, platform);
  await secrets.set('a', token);
  expect(secrets.protection).toBe('os');
  expect(asked).toBe(0);
});

describe('a key that changed, or fails', () => {
  it('loses nothing: the entry stays, is told once, and is read when the key is back', async () => {
    await store({ keyring: 'old' }).set('a', token);
    const changed = store({ keyring: 'new' });
    expect(await changed.get('a')).toBeNull();
    expect(await changed.get('a')).toBeNull();
    expect(told).toEqual(['a v11']);
    await changed.set('b', other);
    expect(await store({ keyring: 'old' }).get('a')).toEqual(token);
    expect(await store({ keyring: 'new' }).get('b')).toEqual(other);
  });
  it('what could not be encrypted is refused, and what was there stays', async () => {
    await store().set('a', token);
    await expect(store({ broken: true }).set('a', other)).rejects.toMatchObject({ code: 'storage' });
    expect(await store().get('a')).toEqual(token);
  });
  it('what is to be written anew and can’t be is still read', async () => {
    await store().set('a', token);
    const before = readFileSync(file(), 'utf8');
    expect(await store({ stale: true, broken: true }).get('a')).toEqual(token);
    expect(readFileSync(file(), 'utf8')).toBe(before);
    expect(told).toEqual([]);
  });
});

it('what the plain host kept is found, and removed with ours', async () => {
  await fileSecrets(plainFile()).set('a', token);
  const secrets = store();
  expect(await secrets.get('a')).toEqual(token);
  await secrets.delete('a');
  expect(await fileSecrets(plainFile()).get('a')).toBeNull();
});

it.each(['{', '[]', '{"consent":1}', '{"consent":null,"entries":{"a":{"by":"x"}}}'])(
  'a broken file (%s) is an error, never overwritten',
  (text) => {
    mkdirSync(join(folder, 'desktop'), { recursive: true });
    writeFileSync(file(), text);
    expect(() => store()).toThrow(expect.objectContaining({ code: 'storage' }));
    expect(readFileSync(file(), 'utf8')).toBe(text);
  },
);
