/** Launch codes, sessions and tokens. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Auth, sameSecret } from '../../../electron/host/auth.ts';

let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'switchyard-unit-'));
});

afterEach(() => {
  rmSync(directory, { recursive: true, force: true });
});

describe('auth', () => {
  it('forgets a launch code after a minute and a session after 30 days', () => {
    let now = 1_000_000;
    const auth = new Auth(directory, () => now);
    const old = auth.newLaunchCode();
    const fresh = auth.newLaunchCode();
    now += 60_001;
    expect(auth.redeem(old)).toBeNull();
    expect(auth.redeem(fresh)).toBeNull();
    const cookie = auth.redeem(auth.newLaunchCode())?.split(';', 1)[0] ?? '';
    expect(auth.sessionOf(cookie)).not.toBeNull();
    expect(auth.sessionOf(`other=1; ${cookie}; more=2`)).not.toBeNull();
    now += 30 * 24 * 3_600_000 + 1;
    expect(auth.sessionOf(cookie)).toBeNull();
  });

  it('keeps no cookie and no code on disk, and ends everything when revoked', () => {
    const auth = new Auth(directory);
    const code = auth.newLaunchCode();
    const cookie = auth.redeem(code)?.split(';', 1)[0] ?? '';
    const text = readFileSync(join(directory, 'sessions.json'), 'utf8');
    expect(text).not.toContain(code);
    expect(text).not.toContain(cookie.split('=', 2)[1]);
    const token = readFileSync(auth.tokenFile, 'utf8').trim();
    const told: (string | null)[] = [];
    auth.onRevoked((id) => told.push(id));
    auth.revoke(null);
    expect(told).toEqual([null]);
    expect(auth.sessionOf(cookie)).toBeNull();
    expect(auth.isToken(token)).toBe(false);
    expect(new Auth(directory).isToken(readFileSync(auth.tokenFile, 'utf8').trim())).toBe(true);
  });

  it('starts anew from a file that can’t be read', () => {
    writeFileSync(join(directory, 'sessions.json'), '{"instance": 1');
    expect(new Auth(directory).cookieName).toMatch(/^switchyard_[0-9a-f]{12}$/);
  });

  it('compares texts of any length', () => {
    expect(sameSecret('a', 'a')).toBe(true);
    expect(sameSecret('a', 'ab')).toBe(false);
    expect(sameSecret('', 'a')).toBe(false);
  });
});
