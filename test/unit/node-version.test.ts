/** The gate that keeps a too old Node from crashing on better-sqlite3. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { isNodeNewEnough } from '../../electron/node-version.ts';
import { root } from '../suites.ts';

describe('isNodeNewEnough', () => {
  it.each(['22.22.2', '22.22.10', '22.23.0', '24.0.0', '24.21.0', '100.0.0'])('accepts %s', (version) => {
    expect(isNodeNewEnough(version)).toBe(true);
  });

  it.each(['20.20.2', '22.22.1', '22.3.99', '9.99.99', '', 'nonsense'])('refuses "%s"', (version) => {
    expect(isNodeNewEnough(version)).toBe(false);
  });

  it('agrees with engines in package.json', () => {
    const { engines } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { engines: { node: string } };
    const [, major = '', minor = '', patch = ''] = /^>=(\d+)\.(\d+)\.(\d+)$/.exec(engines.node) ?? [];
    expect(isNodeNewEnough(`${major}.${minor}.${patch}`)).toBe(true);
    expect(isNodeNewEnough(`${major}.${minor}.${Number(patch) - 1}`)).toBe(false);
  });
});
