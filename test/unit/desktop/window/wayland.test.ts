import { expect, it } from 'vitest';
import { isWayland } from '../../../../electron/desktop/window/wayland.ts';

it.each<[NodeJS.Platform, Record<string, string>, boolean]>([
  ['linux', { XDG_SESSION_TYPE: 'wayland' }, true],
  ['linux', { XDG_SESSION_TYPE: 'x11', WAYLAND_DISPLAY: 'wayland-0' }, false],
  ['linux', { WAYLAND_DISPLAY: 'wayland-0' }, true],
  ['linux', { WAYLAND_DISPLAY: '' }, false],
  ['linux', {}, false],
  ['darwin', { XDG_SESSION_TYPE: 'wayland' }, false],
])('%s with %j is a Wayland session: %s', (platform, env, wayland) => {
  expect(isWayland(platform, env)).toBe(wayland);
});
