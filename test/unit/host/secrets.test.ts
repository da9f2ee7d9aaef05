/** Credentials in a file of their owner. */
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fileSecrets } from '../../../electron/host/secrets.ts';

let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'switchyard-unit-'));
});

afterEach(() => {
  rmSync(directory, { recursive: true, force: true });
});

describe('secrets in a file', () => {
  it('are kept over a restart, readable by the user only, and gone when deleted', async () => {
    const file = join(directory, 'host', 'secrets.json');
    const store = fileSecrets(file);
    await store.set('one', { type: 'token', token: 't1' });
    await store.set('two', { type: 'login', user: 'u', password: 'p' });
    await store.delete('one');
    await store.delete('never');
    expect(statSync(file).mode & 0o077).toBe(0);
    const again = fileSecrets(file);
    expect(await again.get('one')).toBeNull();
    expect(await again.get('two')).toEqual({ type: 'login', user: 'u', password: 'p' });
  });

  it('that can’t be read are an error that does not repeat them, and are not overwritten', async () => {
    const file = join(directory, 'secrets.json');
    writeFileSync(file, '{"one": {"type": "token", "token": hunter2');
    const store = fileSecrets(file);
    const error = await store.get('one').catch((caught: unknown) => caught);
    expect(error).toMatchObject({ code: 'storage' });
    expect(JSON.stringify([error, (error as Error).message, String((error as Error).cause)])).not.toContain('hunter2');
    await expect(store.set('two', { type: 'token', token: 'x' })).rejects.toMatchObject({ code: 'storage' });
    expect(readFileSync(file, 'utf8')).toContain('hunter2');
  });
});
