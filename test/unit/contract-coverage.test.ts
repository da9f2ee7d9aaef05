/**
 * Every call and event of the contract is exercised: its name stands quoted in at least one integration or e2e test. And
 * every call says who may make it and from where.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { CALL_NAMES, contract, TOPICS } from '../../shared/contract.ts';

const TEST = fileURLToPath(new URL('..', import.meta.url));
const sources = ['integration', 'e2e']
  .flatMap((suite) =>
    readdirSync(join(TEST, suite), { recursive: true, encoding: 'utf8' }).map((file) => join(TEST, suite, file)),
  )
  .filter((file) => /\.(test|spec)\.tsx?$/.test(file))
  .map((file) => readFileSync(file, 'utf8'))
  .join('\n');

const isQuoted = (name: string): boolean =>
  [`'${name}'`, `"${name}"`, `\`${name}\``, `/api/${name}`].some((quoted) => sources.includes(quoted));

describe('contract coverage', () => {
  it('there are tests to look into', () => {
    expect(sources.length).toBeGreaterThan(10_000);
    expect(isQuoted('no.such.call')).toBe(false);
  });

  it.each(CALL_NAMES)('call %s is made by a test', (name) => {
    expect(isQuoted(name)).toBe(true);
  });

  it.each(TOPICS)('event %s is listened for by a test', (name) => {
    expect(isQuoted(name)).toBe(true);
  });

  it.each(CALL_NAMES)('call %s declares its access and its reach', (name) => {
    const spec = contract.calls[name];
    expect(['see', 'submit', 'cancel', 'manage']).toContain(spec.access);
    expect(['any', 'this-machine']).toContain(spec.reach);
  });
});
