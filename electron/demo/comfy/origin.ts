/** ComfyUI's default origin check (comfyui §7): decides whether a request from a web page is refused with 403. */
import type { IncomingHttpHeaders } from 'node:http';
import type { ComfyVersion } from './types.ts';

const isLoopback = (name: string): boolean => name === 'localhost' || name === '[::1]' || name.startsWith('127.');

const split = (authority: string): { name: string; port: string } => {
  const match = /^(\[[^\]]*\]|[^:]*)(?::(\d+))?$/.exec(authority);
  return { name: (match?.[1] ?? authority).toLowerCase(), port: match?.[2] ?? '' };
};

/** Only when Host and Origin are both there and Host is loopback; compared as host:port, ports dropped where one side has none. */
export function refusesOrigin(headers: IncomingHttpHeaders, version: ComfyVersion): boolean {
  if (version === 'new' && headers['sec-fetch-site'] === 'cross-site') return true;
  const { host, origin } = headers;
  if (host === undefined || origin === undefined) return false;
  const server = split(host);
  if (!isLoopback(server.name)) return false;
  const authority = /^[a-z][a-z0-9+.-]*:\/\/([^/]*)/i.exec(origin)?.[1] ?? '';
  if (authority === '') return false;
  const page = split(authority);
  if (page.name !== server.name) return true;
  return page.port !== '' && server.port !== '' && page.port !== server.port;
}
