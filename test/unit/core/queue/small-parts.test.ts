/** The small pure parts of the queue: file names, CSV lines, what a file is, patches. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { applyPatch } from '../../../../electron/core/db/job-views.ts';
import { safeName } from '../../../../electron/core/queue/collector.ts';
import { csvLine } from '../../../../electron/core/queue/history.ts';
import { sniff } from '../../../../electron/core/queue/sniff.ts';

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

describe('csvLine', () => {
  it('quotes, and makes no formula of a title', () => {
    expect(csvLine(['a', 1, null, 'b,c', 'say "x"', 'two\nlines'])).toBe('a,1,,"b,c","say ""x""","two\nlines"\r\n');
    expect(csvLine(['=HYPERLINK("evil")', '+1', '-1', '@x', -1])).toBe(`"'=HYPERLINK(""evil"")",'+1,'-1,'@x,-1\r\n`);
  });
});

describe('sniff', () => {
  const bytes = (...parts: (string | number[])[]): Uint8Array =>
    Uint8Array.from([
      ...parts.flatMap((part) => (typeof part === 'string' ? [...part].map((c) => c.charCodeAt(0)) : part)),
      ...Array.from({ length: 32 }, () => 0),
    ]);

  it('tells by the first bytes, never by a name', () => {
    expect(sniff(bytes([0x89], 'PNG', [13, 10, 26, 10, 0, 0, 0, 13], 'IHDR', [0, 0, 2, 0, 0, 0, 1, 0]))).toEqual({
      mime: 'image/png',
      width: 512,
      height: 256,
    });
    expect(sniff(bytes('GIF89a', [4, 1, 2, 0]))).toEqual({ mime: 'image/gif', width: 260, height: 2 });
    expect(sniff(bytes([0xff, 0xd8, 0xff, 0xe0, 0, 4, 0, 0, 0xff, 0xc0, 0, 17, 8, 1, 0, 2, 0]))).toEqual({
      mime: 'image/jpeg',
      width: 512,
      height: 256,
    });
    expect(sniff(bytes('RIFF', [0, 0, 0, 0], 'WEBPVP8X', [10, 0, 0, 0, 0, 0, 0, 0, 0xff, 1, 0, 0xff, 0, 0]))).toEqual({
      mime: 'image/webp',
      width: 512,
      height: 256,
    });
    expect(sniff(bytes([0, 0, 0, 24], 'ftypisom'))?.mime).toBe('video/mp4');
    expect(sniff(bytes('<svg xmlns="x"><script/>'))).toBeNull();
    expect(sniff(bytes('<!doctype html>'))).toBeNull();
    expect(sniff(new Uint8Array(3))).toBeNull();
  });

  it('never throws', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (some) => {
        sniff(some);
        sniff(Uint8Array.from([0xff, 0xd8, ...some]));
      }),
    );
  });
});

describe('applyPatch', () => {
  it('sets inputs of nodes the graph has, and changes nothing shared', () => {
    const payload = {
      kind: 'comfy' as const,
      graph: { '1': { class_type: 'A', inputs: { seed: 1, text: 'a' } }, '2': { class_type: 'B', inputs: {} } },
    };
    const patched = applyPatch(payload, { set: { '1': { seed: 2 }, '9': { x: 1 } } });
    expect(patched).toEqual({
      kind: 'comfy',
      graph: { '1': { class_type: 'A', inputs: { seed: 2, text: 'a' } }, '2': { class_type: 'B', inputs: {} } },
    });
    expect(payload.graph['1'].inputs.seed).toBe(1);
    expect(applyPatch({ kind: 'swarm', images: 1, params: { seed: 1, model: 'm' } }, { params: { seed: 2 } })).toEqual({
      kind: 'swarm',
      images: 1,
      params: { seed: 2, model: 'm' },
    });
  });
});
