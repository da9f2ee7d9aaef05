/**
 * Whether this is a Wayland session, where Electron (38 and newer) is a Wayland client: windows can't choose their place, a
 * hidden one may never be painted, and hotkeys go through a portal that does not say what it decided.
 */
export function isWayland(platform: NodeJS.Platform, env: Readonly<Record<string, string | undefined>>): boolean {
  if (platform !== 'linux') return false;
  const type = env['XDG_SESSION_TYPE'];
  return type === 'wayland' || (type !== 'x11' && (env['WAYLAND_DISPLAY'] ?? '') !== '');
}
