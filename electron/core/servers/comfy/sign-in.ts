/** The headers a ComfyUI server behind a proxy asks for. ComfyUI itself has no sign-in (comfyui §7). */
import type { Credential } from '../../../../shared/server.ts';
import type { AdapterContext } from '../adapter.ts';

/** Read again for each request, so that new credentials count at once. */
export async function signInHeaders(context: Pick<AdapterContext, 'credential'>): Promise<Record<string, string>> {
  const credential = await context.credential();
  return credential === null ? {} : headersOf(credential);
}

export function headersOf(credential: Credential): Record<string, string> {
  switch (credential.type) {
    case 'authorization':
      return { authorization: credential.value };
    case 'login':
      return { authorization: `Basic ${Buffer.from(`${credential.user}:${credential.password}`).toString('base64')}` };
    case 'token':
      return { authorization: `Bearer ${credential.token}` };
  }
}
