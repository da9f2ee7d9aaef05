/** Names of stored files. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { safeName } from '../../../../electron/core/queue/output-files.ts';

describe('safeName', () => {
  it('leaves no way out of the folder, whatever a server calls its files', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (name) => {
        const safe = safeName(name);
        expect(safe).not.toMatch(/[/\\]/);
        expect(safe).not.toMatch(/^\.{1,2}$/);
        expect(safe.length).toBeGreaterThan(0);
        expect(safe.length).toBeLessThanOrEqual(120);
      }),
    );
    expect(safeName('../../etc/passwd')).toBe('_.._etc_passwd');
    expect(safeName(`${'a'.repeat(300)}.png`)).toMatch(/^a+\.png$/);
    expect(safeName('..')).toBe('output');
  });
});
