/** Every sentence of Servers and of the first start: states, what can and can't be done, problems, forms. */
import type { WireError } from '../../shared/errors.ts';
import type { Kind } from '../../shared/job.ts';
import { kinds } from '../../shared/kinds/kinds.ts';
import type { ProbeReport } from '../../shared/server.ts';
import { number } from './format.ts';
import { plural } from './common.ts';

export const serversText = {
  title: 'Servers',
  online: (online: number, all: number) => (all === 0 ? 'none yet' : `${number(online)} of ${number(all)} online`),
  searchNetwork: 'Search this computer',
  searching: 'Searching…',
  testing: 'Testing…',
  looking: 'Looking on the usual ports of this computer…',
  foundTitle: 'Found on this computer',
  foundNothing: 'No server answers on the usual ports (8188, 8000, 7801 and up).',
  foundNone: 'No other server answers on the usual ports (8188, 8000, 7801 and up).',
  foundAll: 'Every server that answers is in the list already.',
  foundWhere: (url: string) => `${url} · found on this computer`,
  add: 'Add',
  adding: 'Adding…',
  added: (name: string) => `${name} added`,
  addServer: 'Add a server',
  openPage: 'Open page',
  openPageOf: (name: string) => `Open page of ${name} in a new tab`,
  freeMemory: 'Free memory',
  pause: 'Pause sending',
  resume: 'Resume sending',
  tryNow: 'Try now',
  edit: 'Edit…',
  remove: 'Remove…',
  more: (name: string) => `More for ${name}`,
  facts: { since: 'Online since', answers: 'Answers in', memory: 'GPU memory', mainMemory: 'Memory', queue: 'Queue' },
  notMeasured: 'not measured yet',
  notTold: 'unknown',
  queueOf: (parts: { running: number; waiting: number; foreign: number }) => {
    const words = [
      parts.running > 0 ? `${number(parts.running)} running` : null,
      parts.waiting > 0 ? `${number(parts.waiting)} waiting` : null,
      parts.foreign > 0 ? `${number(parts.foreign)} foreign` : null,
    ].filter((word) => word !== null);
    return words.length === 0 ? 'empty' : words.join(', ');
  },
  pausedLine: 'Paused: nothing is sent there. Running jobs finish.',
  sign: { can: 'Can be done', limit: 'Limit', trouble: 'Trouble' },
  emptyTitle: 'No servers yet',
  emptyText: 'Add the ComfyUI or SwarmUI server you work with; it may be on this computer or on another.',
  failed: 'That did not work',
} as const;

export const versionText = (kind: Kind, version: string | null): string =>
  version === null ? kinds[kind].label : `${kinds[kind].label} ${shortVersion(version)}`;
/** SwarmUI adds the commit it was built from ("0.9.8.2.GIT-062407c7"): that is for its own log. */
const shortVersion = (version: string): string => version.replace(/\.GIT-.*$/, '');

/** Why a server can't be reached, by what the system said. */
const causeWords: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused',
  ENOTFOUND: 'no computer of that name',
  EAI_AGAIN: 'no computer of that name',
  ECONNRESET: 'the connection was cut',
  UND_ERR_SOCKET: 'the connection was cut',
  EHOSTUNREACH: 'no way to that computer',
  ENETUNREACH: 'no way to that computer',
};

const reasonWords: Readonly<Record<string, string>> = {
  server_timeout: 'no answer in time',
  server_auth: 'it needs a sign-in, or refuses this one',
  server_unsupported: 'it is too old, or neither ComfyUI nor SwarmUI',
  server_protocol: 'its answer can’t be read; it may not be a ComfyUI or SwarmUI server',
  conflict: 'it is in the list already',
  invalid_request: 'that is not an address',
};

/** Why a server can't be reached or used, as a clause: "connection refused". */
export function reasonText(error: WireError): string {
  if (error.code !== 'server_unreachable') return reasonWords[error.code] ?? error.message;
  const cause = error.cause?.code ?? (typeof error.details?.['cause'] === 'string' ? error.details['cause'] : '');
  if (causeWords[cause] !== undefined) return causeWords[cause];
  return /CERT|TLS|SSL|SELF_SIGNED/.test(cause) ? 'its certificate is not trusted' : 'nothing answers there';
}

export const contactText = {
  offline: (forHowLong: string, reason: string | null) =>
    `Not answering for ${forHowLong}${reason === null ? '' : `: ${reason}`}.`,
  tryingIn: (seconds: number) => `Trying again in ${number(seconds)} s.`,
  tryingNow: 'Trying now.',
  waitingJobs: (jobs: number) => `${plural(jobs, 'job waits', 'jobs wait')} for it.`,
  connecting: 'Connecting…',
  needsAuth: 'It answers, but needs a sign-in. Enter it under Edit.',
  unsupported: (reason: string) => `It answers, but can’t be used: ${reason}.`,
  disabled: 'Switched off: Switchyard leaves it alone until you switch it on under Edit.',
} as const;

/** Problems that `abilities` has said already, from the same probe. */
const SAID: ReadonlySet<string> = new Set(['no-prompt-id', 'no-targeted-interrupt']);
export const isSaid = (code: string): boolean => SAID.has(code);

/** A problem by its code; an unknown code is shown as it is, with its parameters, rather than hidden. */
export function problemText(code: string, params: Readonly<Record<string, string | number>>): string {
  const value = (key: string): string => String(params[key] ?? '?');
  switch (code) {
    case 'never-runs':
      return `${plural(Number(params['waiting'] ?? 0), 'job waits', 'jobs wait')} there, but none has run for a while: its worker may be dead. Restarting the server helps.`;
    case 'sending-paused':
      return 'Nothing is sent for a moment, so that a stop there can’t hit the wrong job.';
    case 'untargeted':
      return 'It can’t be asked to stop one job at a time: an interrupt there stops whatever runs on its ComfyUI, and may hit a neighbour.';
    case 'no-backend':
      return 'No backend is running: jobs sent there would fail at once.';
    case 'backend-errored':
      return `Its backend ${value('title')} reports an error. SwarmUI’s log says why; restarting the backend may help.`;
    case 'slots-lost':
      return `Its backend ${value('title')} has lost ${value('lost')} of ${value('slots')} slots: they count as taken though nothing runs in them, so jobs wait in vain. Only re-creating the backend gives them back.`;
    case 'allow-idle':
      return `Its backend ${value('title')} may go idle (AllowIdle): one failing job, or a cancel at the wrong moment, fails all that wait there. Switchyard waits for a safe moment, and queues jobs of yours that were hit again once.`;
    case 'swarm-to-swarm':
      return `Its backend ${value('title')} is another SwarmUI: all jobs there share one session, so cancelling one ends the others too. Jobs of yours that were hit are queued again once.`;
    default: {
      const rest = Object.entries(params).map(([key, param]) => `${key} ${param}`);
      return rest.length === 0 ? code : `${code}: ${rest.join(', ')}`;
    }
  }
}

export const formText = {
  addTitle: 'Add a server',
  editTitle: (name: string) => `Edit ${name}`,
  address: 'Address',
  addressHint: 'Such as 192.168.0.20:8188. It is tested before it is saved.',
  addressHintEdit: 'A new address is tested before it is saved.',
  name: 'Name',
  namePlaceholder: 'Any name',
  atOnce: 'Jobs at once',
  atOnceHint:
    'How many Switchyard hands over at a time: one runs, one is ready behind it. More makes cancelling and reordering less exact.',
  enabled: 'Use this server',
  enabledHint: 'Off: Switchyard leaves it alone.',
  signIn: 'Sign-in',
  signInKept: 'One is kept for this server. It is never shown.',
  signInTypes: { keep: 'Keep', none: 'None', authorization: 'Header', login: 'User and password', token: 'Token' },
  authorization: 'Authorization header',
  authorizationHint: 'Sent as it is, such as: Bearer abc…',
  user: 'User',
  password: 'Password',
  token: 'Token',
  secretsWeak: 'This system can’t keep secrets well: the sign-in is stored in a file only you can read.',
  oldServer: 'Interrupts without a name',
  oldServerOn: 'Allowed. A running job of yours is stopped with an interrupt that may hit a neighbour.',
  oldServerOff: 'Not allowed. Running jobs can’t be cancelled on this server.',
  oldServerAllow: 'Allow…',
  oldServerForbid: 'Forbid',
  oldServerTitle: (name: string) => `Allow interrupts without a name on ${name}?`,
  oldServerText:
    'This server is too old to be told which job to stop: it stops whatever runs at that moment. Switchyard looks first, but between looking and stopping another job may start, yours or someone else’s, and be stopped instead.',
  oldServerDo: 'Allow it here',
  oldServerKeep: 'Don’t allow',
  test: 'Test',
  testing: 'Testing…',
  save: 'Save',
  add: 'Add server',
  addAnyway: 'Add anyway',
  cancel: 'Close without saving',
  needsAddress: 'Enter an address first',
  notSaved: 'Not saved',
} as const;

/** What a test of an address found. */
export function probeText(probe: ProbeReport): { tone: 'go' | 'hold' | 'bad'; text: string } {
  if (probe.error !== null) {
    const what = probe.kind === null ? 'No server' : versionText(probe.kind, probe.version);
    return probe.error.code === 'server_auth'
      ? { tone: 'hold', text: 'It answers, but needs a sign-in.' }
      : { tone: 'bad', text: `${what}: ${reasonText(probe.error)}.` };
  }
  if (probe.kind === null) return { tone: 'bad', text: 'It answers, but is neither ComfyUI nor SwarmUI.' };
  const speed =
    probe.answeredInMs === null ? '' : `, answers in ${number(Math.max(1, Math.round(probe.answeredInMs)))} ms`;
  const queue =
    probe.queueLength === null
      ? ''
      : probe.queueLength === 0
        ? ', nothing queued there'
        : `, ${number(probe.queueLength)} queued there`;
  return { tone: 'go', text: `${versionText(probe.kind, probe.version)}${speed}${queue}.` };
}

export const removeText = {
  title: (name: string) => `Remove ${name}?`,
  plain: 'Switchyard forgets its address and sign-in. History keeps its name. Nothing on the server is touched.',
  plainCancelling:
    'Switchyard forgets its address and sign-in. History keeps its name. Nothing else on the server is touched.',
  openJobs: (waiting: number, onServer: number) => {
    const words = [
      waiting > 0 ? `${plural(waiting, 'job waits', 'jobs wait')} for it` : null,
      onServer > 0 ? `${plural(onServer, 'job is', 'jobs are')} on it` : null,
    ].filter((word) => word !== null);
    return words.length === 0 ? 'It may still have open jobs of yours.' : `${words.join(', ')}.`;
  },
  waiting: 'Jobs that wait here',
  waitingMove: 'Move to any other server',
  waitingCancel: 'Cancel',
  onServer: 'Jobs on the server',
  onServerCancel: 'Cancel and wait',
  onServerForget: 'Forget them',
  onServerForgetHint: 'They may go on running there; History will say unknown.',
  remove: 'Remove server',
  removeCancelling: 'Remove and cancel',
  keep: 'Keep server',
  removed: (name: string) => `${name} removed`,
  waitingFor: (name: string, jobs: number) => `${name} goes as soon as ${plural(jobs, 'job has', 'jobs have')} stopped`,
} as const;

export const startText = {
  title: 'Which servers should Switchyard manage?',
  lead: 'It reads their queues, keeps your jobs on this computer, and stops only what you say.',
  searchAgain: 'Look again',
  addressLabel: 'Address of another server',
  addressPlaceholder: 'Address of another one, such as 192.168.0.20:8188',
  test: 'Test',
  add: 'Add',
  demo: 'No server at hand? Start Switchyard with its demo, it needs no GPU:',
  demoCommand: 'npm start -- --demo',
  later: 'Look around first',
} as const;
