/** What an error's code means, for people. Each face says what follows it: a full stop, a name, the message for the curious. */
import type { ErrorCode } from '../errors.ts';

export const errorWords: Record<ErrorCode, string> = {
  invalid_request: 'That can’t be done with these values',
  not_found: 'It is not there',
  conflict: 'Things have changed',
  not_allowed: 'That is not allowed here',
  server_unreachable: 'The server does not answer',
  server_timeout: 'The server took too long to answer',
  server_auth: 'The server needs you to sign in',
  server_unsupported: 'This server can’t do that',
  server_protocol: 'Switchyard can’t read the server’s answer',
  server_rejected: 'The server refused it',
  execution_failed: 'It failed while running',
  stopped_elsewhere: 'It was stopped elsewhere',
  lost: 'It is gone from its server',
  outputs_unavailable: 'Its files are gone',
  storage: 'Nothing can be written to disk',
  bug: 'Something went wrong in Switchyard; its log has more',
};

/** As a sentence of its own. */
export const errorSentence = (code: ErrorCode): string => `${errorWords[code]}.`;
