/** Addresses as people type them. */
import { describe, expect, it } from 'vitest';
import { candidateUrls, normaliseUrl } from '../../../../electron/core/servers/address.ts';
import { usualPorts } from '../../../../electron/core/servers/kinds.ts';
import { isForbiddenHost } from '../../../../electron/core/net/address-guard.ts';

it.each([
  ['127.0.0.1:8188', 'http://127.0.0.1:8188'],
  [' http://127.0.0.1:8188/ ', 'http://127.0.0.1:8188'],
  ['localhost:8188', 'http://localhost:8188'],
  ['https://gpu.example.org/comfy/', 'https://gpu.example.org/comfy'],
  ['http://127.0.0.1:7801/Text2Image', 'http://127.0.0.1:7801'],
  ['http://127.0.0.1:7801/Text2Image#utilities_tab', 'http://127.0.0.1:7801'],
  ['http://0.0.0.0:8188', 'http://127.0.0.1:8188'],
  ['ws://box:8188/', 'http://box:8188'],
  ['[::1]:8188', 'http://[::1]:8188'],
  ['GPU-Box.local:8188?x=1', 'http://gpu-box.local:8188'],
  ['192.168.1.20:8188', 'http://192.168.1.20:8188'],
])('%s → %s', (typed, url) => {
  expect(normaliseUrl(typed)).toBe(url);
});

it.each([
  ['', 'not-an-address'],
  ['http://', 'not-an-address'],
  ['not an address', 'not-an-address'],
  ['ftp://box', 'scheme'],
  ['javascript://x', 'scheme'],
  ['http://me:secret@box:8188', 'credentials'],
  ['http://169.254.169.254/latest', 'forbidden'],
  ['http://[fe80::1]:8188', 'forbidden'],
  ['http://0xA9FEA9FE:80', 'forbidden'],
])('%s is refused: %s', (typed, why) => {
  expect(() => normaliseUrl(typed)).toThrow(
    expect.objectContaining({ code: 'invalid_request', details: { why } }) as Error,
  );
});

describe('where no port is named', () => {
  it('tries the usual ones', () => {
    expect(candidateUrls('box', usualPorts())).toEqual([
      'http://box:8188',
      'http://box:8000',
      'http://box:7801',
      'http://box',
    ]);
    expect(candidateUrls('http://box', usualPorts('swarm'))).toEqual(['http://box', 'http://box:7801']);
  });
  it('but not beside a named one, a path or https', () => {
    expect(candidateUrls('box:9999', usualPorts())).toEqual(['http://box:9999']);
    expect(candidateUrls('http://box:80', usualPorts())).toEqual(['http://box']);
    expect(candidateUrls('https://box', usualPorts())).toEqual(['https://box']);
    expect(candidateUrls('box/comfy', usualPorts())).toEqual(['http://box/comfy']);
  });
});

it.each([
  '169.254.0.1',
  '[fe80::abcd]',
  '::ffff:169.254.169.254',
  'metadata.google.internal',
  '100.100.100.200',
  'fd00:ec2::254',
])('L13: never goes to %s', (host) => {
  expect(isForbiddenHost(host)).toBe(true);
});
it.each(['127.0.0.1', '::1', '192.168.1.1', '10.0.0.1', 'fd00::1', 'box.local', '100.64.0.1'])(
  'may go to %s',
  (host) => {
    expect(isForbiddenHost(host)).toBe(false);
  },
);
