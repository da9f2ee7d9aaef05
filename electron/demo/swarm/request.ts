/** Small readings of an incoming HTTP request for the demo SwarmUI server: path, body, cookies, who calls. */
import type { IncomingMessage } from 'node:http';
import type { Caller } from './users.ts';

export function pathOf(request: IncomingMessage): string {
  return request.url ?? '/';
}

export function readBody(request: IncomingMessage): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      resolve(Buffer.concat(chunks));
    });
    request.on('error', reject);
  });
}

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
