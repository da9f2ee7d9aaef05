/** Servers for the sample page of the window's second half: one good, one old, one SwarmUI, one that does not answer. */
import type { ServerId } from '../../shared/ids.ts';
import type { ServerView } from '../../shared/server.ts';

export const STUDIO = 'studio' as ServerId;
export const LAPTOP = 'laptop' as ServerId;
const NOW = Date.now();

const server = (id: ServerId, name: string, url: string, more: Partial<ServerView['status']>): ServerView => ({
  id,
  kind: 'comfy',
  name,
  url,
  hasCredential: false,
  maxInFlight: 2,
  allowUntargetedInterrupt: false,
  paused: false,
  enabled: true,
  position: 1,
  status: {
    contact: 'online',
    since: NOW - 9_000_000,
    error: null,
    version: '0.8.0',
    capabilities: {
      kind: 'comfy',
      promptId: true,
      targetedInterrupt: true,
      jobsApi: true,
      jobCancel: true,
      previewMetadata: true,
    },
    answersInMs: 3,
    queueLength: 2,
    nextTryAt: null,
    memory: { usedBytes: 19.4 * 1024 ** 3, totalBytes: 24 * 1024 ** 3, device: 'cuda:0 NVIDIA GeForce RTX 4090' },
    problems: [],
    backends: null,
    ...more,
  },
});
export const servers: readonly ServerView[] = [
  server(STUDIO, 'Studio-4090', 'http://127.0.0.1:8188', {}),
  server('old' as ServerId, 'Attic', 'http://192.168.0.31:8188', {
    version: '0.3.40',
    answersInMs: 214,
    memory: null,
    problems: [{ code: 'never-runs', params: { waiting: 3 } }],
    capabilities: {
      kind: 'comfy',
      promptId: true,
      targetedInterrupt: false,
      jobsApi: false,
      jobCancel: false,
      previewMetadata: false,
    },
  }),
  {
    ...server('swarm' as ServerId, 'Swarm upstairs', 'http://192.168.0.20:7801', {
      version: '0.9.8',
      answersInMs: 11,
      memory: { usedBytes: 11 * 1024 ** 3, totalBytes: 16 * 1024 ** 3, device: 'gpu' },
      since: NOW - 100_000_000,
    }),
    kind: 'swarm',
  },
  server(LAPTOP, 'Laptop', 'http://laptop.local:8000', {
    contact: 'offline',
    since: NOW - 720_000,
    version: '0.3.64',
    capabilities: null,
    answersInMs: null,
    memory: null,
    nextTryAt: NOW + 21_000,
    error: { code: 'server_unreachable', message: '', cause: { code: 'ECONNREFUSED', message: '' } },
  }),
];
