/** Whether a server can be spoken to, in words. */
import type { Contact } from '../server.ts';

export const contactWords: Record<Contact, string> = {
  online: 'online',
  connecting: 'connecting',
  offline: 'not answering',
  'needs-auth': 'needs a sign-in',
  unsupported: 'can’t be used',
  disabled: 'switched off',
};
