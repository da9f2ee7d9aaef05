/** Small readings of an incoming HTTP request for the demo SwarmUI server: cookies, who calls. */
import type { IncomingMessage } from 'node:http';
import type { Caller } from './users.ts';

export function callerOf(request: IncomingMessage): Caller {
  const cookies = new Map<string, string>();
  for (const part of (request.headers.cookie ?? '').split(';')) {
    const [name, ...value] = part.trim().split('=');
    if (name !== undefined && name !== '') cookies.set(name, value.join('='));
  }
  const user = request.headers['x-swarm-user_id'];
  return {
    address: request.socket.remoteAddress ?? '127.0.0.1',
    forwarded: request.headers['x-forwarded-for'] !== undefined,
    cookies,
    userHeader: typeof user === 'string' ? user : null,
  };
}
