/**
 * Addresses that no server of the user's has: link-local and cloud metadata ranges (L13). Checked when an
 * address is typed and again for every name that is resolved, so that a DNS change cannot lead there later.
 */
import { lookup } from 'node:dns';
import type { LookupAddress } from 'node:dns';
import { BlockList, isIP } from 'node:net';
import type { LookupFunction } from 'node:net';

const FORBIDDEN = new BlockList();
FORBIDDEN.addSubnet('169.254.0.0', 16, 'ipv4');
FORBIDDEN.addAddress('100.100.100.200', 'ipv4');
FORBIDDEN.addAddress('192.0.0.192', 'ipv4');
FORBIDDEN.addSubnet('fe80::', 10, 'ipv6');
FORBIDDEN.addAddress('fd00:ec2::254', 'ipv6');
const FORBIDDEN_NAMES = new Set(['metadata.google.internal', 'metadata.goog', 'instance-data']);

/** `host` as in a URL: a name, an IPv4 address, or an IPv6 address with or without brackets. */
export function isForbiddenHost(host: string): boolean {
  const bare = host.replace(/^\[|\]$/g, '').toLowerCase();
  const version = isIP(bare);
  if (version === 0) return FORBIDDEN_NAMES.has(bare);
  return FORBIDDEN.check(bare, version === 6 ? 'ipv6' : 'ipv4');
}

/** The system's lookup; answers an error with code `ERR_FORBIDDEN_ADDRESS` when a name leads to a forbidden address. */
export const guardedLookup: LookupFunction = (hostname, options, callback) => {
  lookup(hostname, { ...options, all: true }, (error, addresses: LookupAddress[]) => {
    if (error !== null) {
      callback(error, []);
      return;
    }
    const allowed = addresses.filter(({ address }) => !isForbiddenHost(address));
    const [first] = allowed;
    if (first === undefined || isForbiddenHost(hostname)) {
      callback(
        Object.assign(new Error(`${hostname} leads to an address that is not used`), { code: 'ERR_FORBIDDEN_ADDRESS' }),
        [],
      );
      return;
    }
    if (options.all === true) callback(null, allowed);
    else callback(null, first.address, first.family);
  });
};
