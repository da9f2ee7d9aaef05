/**
 * Which addresses are ours, and which may be opened outside. Pure. Addresses are parsed and compared whole, never by how
 * they begin: `app://ui.evil` begins like ours.
 */

/** The one origin of the window: `app://ui`, a standard and secure scheme of our own. No TCP port is involved. */
export const APP_SCHEME = 'app';
export const APP_HOST = 'ui';
export const APP_ORIGIN = `${APP_SCHEME}://${APP_HOST}`;

function parse(url: string): URL | null {
  try {
    return new URL(url);
  } catch (_) {
    return null;
  }
}

/** True for an address of the window's own page, whatever its path. */
export function isOurPage(url: string): boolean {
  const parsed = parse(url);
  return (
    parsed !== null &&
    parsed.protocol === `${APP_SCHEME}:` &&
    parsed.host === APP_HOST &&
    parsed.username === '' &&
    parsed.password === ''
  );
}

/** Where a frame may go: our page, in the main frame. Media are shown by elements, never navigated to. */
export function mayNavigate(url: string, isMainFrame: boolean): boolean {
  const parsed = parse(url);
  return isMainFrame && isOurPage(url) && (parsed?.pathname === '/' || parsed?.pathname === '/index.html');
}

/** Where people may be sent by a link of ours: documentation of the servers and of Switchyard itself. */
const PUBLIC_HOSTS: ReadonlySet<string> = new Set([
  'github.com',
  'docs.comfy.org',
  'www.comfy.org',
  'comfy.org',
  'swarmui.net',
]);

/**
 * The address to open in the system's browser, in its normal form; null when it may not be opened. `serverUrls` are the
 * addresses of the servers the user added: their own page may be opened, also over http and on the local network.
 */
export function externalUrl(url: string, serverUrls: readonly string[]): string | null {
  // Control characters and quotes have no business in an address that is handed to another program.
  if (/[\s\p{Cc}"'`<>\\^{|}]/u.test(url)) return null;
  const parsed = parse(url);
  if (parsed?.username !== '' || parsed.password !== '') return null;
  if (parsed.protocol === 'https:' && parsed.port === '' && PUBLIC_HOSTS.has(parsed.hostname)) return parsed.href;
  if (parsed.protocol !== 'https:' && parsed.protocol !== 'http:') return null;
  return serverUrls.some((server) => parse(server)?.origin === parsed.origin) ? parsed.href : null;
}
