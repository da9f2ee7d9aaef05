/** Where the data of a user is kept. */
import { describe, expect, it } from 'vitest';
import { dataDirectory } from '../../electron/data-dir.ts';

describe('data directory', () => {
  it.each([
    ['linux', {}, '/home/a/.local/share/switchyard'],
    ['linux', { XDG_DATA_HOME: '/data' }, '/data/switchyard'],
    ['linux', { XDG_DATA_HOME: 'relative' }, '/home/a/.local/share/switchyard'],
    ['linux', { SWITCHYARD_DATA: '/elsewhere' }, '/elsewhere'],
    ['darwin', {}, '/home/a/Library/Application Support/switchyard'],
  ] as const)('on %s with %j is %s', (platform, env, expected) => {
    expect(dataDirectory({ platform, env, home: '/home/a' })).toBe(expected);
  });

  it('is what --data says, above all else', () => {
    expect(dataDirectory({ given: '/x', env: { SWITCHYARD_DATA: '/y' } })).toBe('/x');
  });
});
