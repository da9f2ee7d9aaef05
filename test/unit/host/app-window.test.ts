/** The app window: which browser, with which arguments, and why there is none. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { browserPlaces, profileDirectory, whyNoWindow, windowArguments } from '../../../electron/host/app-window.ts';

let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'switchyard-unit-'));
});

afterEach(() => {
  rmSync(directory, { recursive: true, force: true });
});

describe('app window', () => {
  it('looks where each system keeps its browsers, and first where it is told', () => {
    expect(browserPlaces('linux', { PATH: '/a:/b' }, '/home/a').slice(0, 2)).toEqual(['/a/chromium', '/b/chromium']);
    expect(browserPlaces('darwin', {}, '/Users/a')).toContain(
      '/Users/a/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge',
    );
    expect(browserPlaces('win32', { PROGRAMFILES: 'C:\\P', LOCALAPPDATA: 'C:\\L' }, '')).toEqual(
      expect.arrayContaining([
        'C:\\L\\Google\\Chrome\\Application\\chrome.exe',
        'C:\\P\\Microsoft\\Edge\\Application\\msedge.exe',
      ]),
    );
    expect(browserPlaces('linux', { PATH: '/a', SWITCHYARD_CHROMIUM: '/mine' }, '')).toEqual(['/mine']);
  });

  it('never weakens the browser', () => {
    const words = windowArguments('http://127.0.0.1:1/launch?code=x', '/profile');
    expect(words).toEqual(
      expect.arrayContaining([
        '--app=http://127.0.0.1:1/launch?code=x',
        '--user-data-dir=/profile',
        '--no-first-run',
        '--disable-sync',
        '--disable-extensions',
      ]),
    );
    expect(words.join(' ')).not.toMatch(/no-sandbox|remote-debugging|disable-web-security/);
  });

  it('knows where there can be no window', () => {
    expect(whyNoWindow('linux', {}, 1000)).toContain('display');
    expect(whyNoWindow('linux', { DISPLAY: ':0' }, 0)).toContain('root');
    expect(whyNoWindow('linux', { WAYLAND_DISPLAY: 'wayland-0' }, 1000)).toBeNull();
    expect(whyNoWindow('darwin', { SSH_CONNECTION: 'x' }, 501)).toContain('remote');
    expect(whyNoWindow('win32', {}, undefined)).toBeNull();
  });

  it('gives a snap a profile where a snap may write', () => {
    const script = join(directory, 'chromium-browser');
    writeFileSync(script, '#!/bin/sh\nexec /snap/bin/chromium "$@"\n');
    expect(profileDirectory(script, '/data', '/home/a')).toBe('/home/a/snap/chromium/common/switchyard');
    writeFileSync(script, '#!/bin/sh\nexec /opt/chromium "$@"\n');
    expect(profileDirectory(script, '/data', '/home/a')).toBe('/data/chromium');
  });
});
