/** The headers of every answer (L12, architecture §16.2), by kind of route. Never a CORS header (L9). */
import type { RouteKind } from './guards.ts';

const POLICY = {
  'default-src': "'none'",
  'script-src': "'self'",
  'style-src': "'self'",
  'media-src': "'self'",
  'manifest-src': "'self'",
  'img-src': "'self' blob: data:",
  'font-src': "'self'",
  'worker-src': "'self'",
  'base-uri': "'none'",
  'form-action': "'none'",
  'frame-src': "'none'",
  'frame-ancestors': "'none'",
  'object-src': "'none'",
  'require-trusted-types-for': "'script'",
} as const;

/**
 * The content security policy of the page. `nonce` is for the one `<style>` a dialog library inserts; `socket` is the
 * exact `ws://` origin of the host, or null where the page talks over a MessagePort.
 */
export function contentSecurityPolicy(nonce: string, socket: string | null): string {
  const lines = Object.entries(POLICY).map(([name, value]) => `${name} ${value}`);
  return [
    ...lines,
    `style-src-elem 'self' 'nonce-${nonce}'`,
    `connect-src 'self'${socket === null ? '' : ` ${socket}`}`,
  ].join('; ');
}

const EVERYWHERE: Readonly<Record<string, string>> = {
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'cross-origin-resource-policy': 'same-origin',
  'cross-origin-opener-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'permissions-policy':
    'accelerometer=(), camera=(), display-capture=(), geolocation=(), gyroscope=(), hid=(), microphone=(), midi=(), payment=(), serial=(), usb=()',
};

/** What is answered to anything but the page may run nothing at all, whatever it is taken for. */
const INERT = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'; sandbox";

/** Without `content-type` and the page's own policy; `null` is an answer given before the route was known. */
export function headersFor(kind: RouteKind | null): Record<string, string> {
  if (kind === 'media') return { ...EVERYWHERE };
  if (kind === 'static') return { ...EVERYWHERE, 'cache-control': 'no-cache' };
  if (kind === 'shell') return { ...EVERYWHERE, 'cache-control': 'no-store' };
  return { ...EVERYWHERE, 'content-security-policy': INERT, 'cache-control': 'no-store' };
}
