/** An attempt as it is sent, and a prompt as a backend's queue shows it. */
import type { SendAttempt } from '../../../../../electron/core/servers/adapter.ts';
import type { BackendPrompt } from '../../../../../electron/core/servers/swarm/passthrough.ts';
import { newAttemptId, newJobId } from '../../../../../shared/ids.ts';

export const sent = (params: Record<string, unknown>, images = 1): SendAttempt => ({
  attemptId: newAttemptId(),
  jobId: newJobId(),
  remoteKey: 'session',
  startedAt: null,
  serverBoot: null,
  payload: { kind: 'swarm', images, params: params as Extract<SendAttempt['payload'], { kind: 'swarm' }>['params'] },
});

export const prompt = (
  promptId: string,
  state: 'running' | 'waiting',
  attemptId: string | null = null,
): BackendPrompt => ({
  backend: 0,
  promptId,
  state,
  place: state === 'running' ? 0 : 1,
  attemptId,
  clientId: attemptId === null ? null : 'me',
});
