/**
 * Addresses as people type them → base URLs. Pure; asks nobody.
 */
import { AppError } from '../../../shared/errors.ts';
import { isForbiddenHost } from '../net/address-guard.ts';

/** Pages people copy from their browser; the server's base is before them. */
const PAGES = /\/(Text2Image(\/.*)?|Login|index\.html)$/i;

interface Parsed {
  readonly url: URL;
  readonly schemeGiven: boolean;
  readonly portGiven: boolean;
}

/** Scheme, host, port and perhaps a path, without a trailing slash. Throws `invalid_request` with `details.why`. */
export function normaliseUrl(text: string): string {
  return base(parse(text).url);
}

/** What to try for an address as typed: itself, and the usual ports where it names none. */
export function candidateUrls(text: string, usualPorts: readonly number[]): string[] {
  const { url, schemeGiven, portGiven } = parse(text);
  if (portGiven || url.pathname !== '/' || url.protocol === 'https:') return [base(url)];
  const others = usualPorts.map((port) => {
    const other = new URL(url);
    other.port = String(port);
    return base(other);
  });
  return schemeGiven ? [base(url), ...others] : [...others, base(url)];
}

function parse(text: string): Parsed {
  const typed = text.trim();
  const schemeGiven = /^[a-z][a-z\d+.-]*:\/\//i.test(typed);
  let url: URL;
  try {
    url = new URL(schemeGiven ? typed : `http://${typed}`);
  } catch (error) {
    throw refuse('not-an-address', 'this is not an address', error);
  }
  if (url.protocol === 'ws:' || url.protocol === 'wss:') url = new URL(url.href.replace(/^ws/, 'http'));
  if (url.protocol !== 'http:' && url.protocol !== 'https:') throw refuse('scheme', 'only http and https are used');
  if (url.username !== '' || url.password !== '')
    throw refuse('credentials', 'user names and passwords do not belong into an address');
  if (isForbiddenHost(url.hostname)) throw refuse('forbidden', 'this address is not used');
  // What servers print when they listen everywhere; nobody can connect to it everywhere.
  if (url.hostname === '0.0.0.0' || url.hostname === '[::]') url.hostname = '127.0.0.1';
  url.search = '';
  url.hash = '';
  url.pathname = url.pathname.replace(PAGES, '/').replace(/\/+$/, '');
  const authority = typed.replace(/^[a-z][a-z\d+.-]*:\/\//i, '').split(/[/?#]/)[0] ?? '';
  return { url, schemeGiven, portGiven: /:\d+$/.test(authority) };
}

function base(url: URL): string {
  return `${url.origin}${url.pathname === '/' ? '' : url.pathname}`;
}

function refuse(why: string, message: string, cause?: unknown): AppError {
  return new AppError('invalid_request', message, { details: { why }, ...(cause === undefined ? {} : { cause }) });
}
