/** core/media.ts: what is shown, what is offered as a download, ranges, and that no id becomes a path. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { createMedia, readRange } from '../../../electron/core/media.ts';
import { sniffMedia } from '../../../electron/core/sniff.ts';

const bytes = (text: string): Uint8Array => Uint8Array.from(text, (character) => character.charCodeAt(0));

describe('types are read from the first bytes', () => {
  it.each([
    ['\x89PNG\r\n\x1a\n....', 'image/png'],
    ['\xff\xd8\xff\xe0', 'image/jpeg'],
    ['GIF89a', 'image/gif'],
    ['RIFF....WEBPVP8 ', 'image/webp'],
    ['RIFF....WAVEfmt ', 'audio/wav'],
    ['fLaC', 'audio/flac'],
    ['OggS', 'audio/ogg'],
    ['ID3\x04', 'audio/mpeg'],
    ['\xff\xfb\x90', 'audio/mpeg'],
    ['....ftypavif', 'image/avif'],
    ['....ftypisom', 'video/mp4'],
    ['\x1a\x45\xdf\xa3....B\x82\x84webm', 'video/webm'],
    ['\x1a\x45\xdf\xa3....B\x82\x88matroska', null],
    ['....ftypqt  ', null],
    ['<svg xmlns="http://www.w3.org/2000/svg">', null],
    ['<!doctype html>', null],
    ['RIFF....AVI LIST', null],
    ['\x89PNG', null],
    ['', null],
  ])('%j → %s', (head, type) => {
    expect(sniffMedia(bytes(head))).toBe(type);
  });
});

describe('ranges', () => {
  it.each([
    [null, null],
    ['bytes=0-0', { start: 0, end: 0 }],
    ['bytes=5-', { start: 5, end: 9 }],
    ['bytes=-3', { start: 7, end: 9 }],
    ['bytes=-99', { start: 0, end: 9 }],
    ['bytes=2-99', { start: 2, end: 9 }],
    ['bytes=10-', 'unsatisfiable'],
    ['bytes=-0', 'unsatisfiable'],
    ['bytes=4-2', null],
    ['bytes=-', null],
    ['bytes=0-1,3-4', null],
    ['items=0-1', null],
  ])('%s of 10 bytes → %j', (header, expected) => {
    expect(readRange(header, 10)).toEqual(expected);
  });
});

describe('requests', () => {
  const directory = mkdtempSync(join(tmpdir(), 'switchyard-media-'));
  const file = join(directory, 'f');
  writeFileSync(file, bytes('\x89PNG\r\n\x1a\n0123456789'));
  const empty = join(directory, 'e');
  writeFileSync(empty, '');
  afterAll(() => {
    rmSync(directory, { recursive: true, force: true });
  });
  const asked: string[] = [];
  const media = createMedia({
    output: (id) => {
      asked.push(id);
      const found = id === 'png' ? file : id === 'empty' ? empty : null;
      return found === null ? null : { file: found, name: '../../ev"il\n\ud800.png' };
    },
    preview: (id) => (id === 'svg' ? { bytes: bytes('<svg>') } : null),
  });
  const get = (path: string, init?: RequestInit): Promise<Response> => media(new Request(`http://host${path}`, init));

  it('serve a file whole and in part', async () => {
    const whole = await get('/media/output/png');
    expect(whole.status).toBe(200);
    expect((await whole.arrayBuffer()).byteLength).toBe(18);
    const part = await get('/media/output/png', { headers: { range: 'bytes=-4' } });
    expect([part.status, part.headers.get('content-range'), await part.text()]).toEqual([
      206,
      'bytes 14-17/18',
      '6789',
    ]);
  });

  it('name a download without letting its name say anything else', async () => {
    const response = await get('/media/output/png');
    await response.body?.cancel();
    expect(response.headers.get('content-disposition')).toBe(
      `inline; filename="ev_il__.png"; filename*=UTF-8''ev%22il%0A%EF%BF%BD.png`,
    );
  });

  it('take an empty file, and never a method that changes', async () => {
    expect((await get('/media/output/empty')).status).toBe(200);
    expect((await get('/media/output/png', { method: 'POST' })).status).toBe(405);
    expect((await get('/media/output/png', { method: 'HEAD' })).body).toBeNull();
  });

  it('do not ask for what is no id, nor show a preview that is no picture', async () => {
    asked.length = 0;
    for (const path of [
      '/media/output/..%2f..%2fetc',
      '/media/output/a/b',
      '/media/output/',
      '/media/output/a.b',
      `/media/output/${'a'.repeat(65)}`,
      '/other/output/png',
    ])
      expect((await get(path)).status, path).toBe(404);
    expect(asked).toEqual([]);
    expect((await get('/media/preview/svg')).status).toBe(404);
  });
});
