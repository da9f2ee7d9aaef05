/** Whether a SwarmUI answers at an address, without signing in; a session is made only where its version is asked for. */
import { z } from 'zod';
import { AppError } from '../../../../shared/errors.ts';
import type { HttpClient } from '../../net/http-client.ts';
import type { Found } from '../adapter.ts';

const BasicErrorSchema = z.object({ error_id: z.literal('basic_api') });
const NewSessionSchema = z.object({ session_id: z.string(), version: z.string() });

/** `GET /` leads to Text2Image (quiet); else the answer to a call without a session is unmistakable (swarmui §7.1). */
export async function probeSwarm(client: HttpClient, signal: AbortSignal, brief: boolean): Promise<Found<'swarm'>> {
  const page = await client.send({ method: 'GET', path: '/', signal });
  if (page.status !== 302 || !/(^|\/)Text2Image$/i.test(page.location ?? '')) {
    const call = await client.send({ method: 'POST', path: '/API/GetCurrentStatus', json: {}, signal });
    if (call.status !== 400 || !BasicErrorSchema.safeParse(parse(call.text)).success) {
      throw new AppError('server_unsupported', 'what answers there is no SwarmUI', {
        details: { status: page.status, location: page.location },
      });
    }
  }
  if (brief) return { version: null, capabilities: null, queueLength: null };
  const session = await client.send({ method: 'POST', path: '/API/GetNewSession', json: {}, signal });
  const parsed = NewSessionSchema.safeParse(parse(session.text));
  if (!parsed.success)
    throw new AppError('server_auth', 'SwarmUI wants a sign-in', { details: { status: session.status } });
  return { version: parsed.data.version, capabilities: null, queueLength: null };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return null;
  }
}
