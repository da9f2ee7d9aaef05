/** The gate that keeps a too old Node from crashing on better-sqlite3. */
import { describe, expect, it } from 'vitest';
import { isNodeNewEnough } from '../../electron/node-version.ts';

describe('isNodeNewEnough', () => {
  it.each(['22.22.2', '22.22.10', '22.23.0', '24.0.0', '24.21.0', '100.0.0'])('accepts %s', (version) => {
    expect(isNodeNewEnough(version)).toBe(true);
  });

  it.each(['20.20.2', '22.22.1', '22.3.99', '9.99.99', '', 'nonsense'])('refuses "%s"', (version) => {
    expect(isNodeNewEnough(version)).toBe(false);
  });
});
