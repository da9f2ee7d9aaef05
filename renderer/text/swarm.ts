/** Every sentence that only SwarmUI servers need: its submit form, its backends, and whose work can be stopped as a whole. */
import type { AppError } from '../../shared/errors.ts';
import type { Capabilities } from '../../shared/server.ts';
import type { BackendView } from '../../shared/server-manage.ts';
import { number } from './format.ts';
import { common, plural } from './common.ts';

export const swarmForm = {
  kinds: 'What to queue',
  workflow: 'ComfyUI workflow',
  parameters: 'SwarmUI parameters',
  whatItMakes: 'What it makes',
  model: 'Model',
  modelPlaceholder: 'Type to search',
  models: 'Models of this server',
  noModelFound: 'No model has all these words.',
  moreModels: (rest: number) => `${number(rest)} more: type to narrow them down`,
  modelGone: (model: string) => `${model} is not on this server. Choose another.`,
  noModels: 'This server has no model yet. Add one in SwarmUI, then refresh.',
  ownSize: (width: number, height: number) => `Its own size: ${common.size(width, height)}`,
  refresh: 'Refresh',
  refreshing: 'Refreshing…',
  refreshTitle: 'Reads the server’s model folders again',
  reading: 'Reading the server’s models and parameters…',
  images: 'Images',
  perJob: 'per job',
  seedValue: 'Seed',
  further: (params: number, groups: number) =>
    `${plural(params, 'further parameter', 'further parameters')} in ${plural(groups, 'group', 'groups')}`,
  touched: (count: number) => `, ${number(count)} set`,
  onlyTouched: 'Only what you set here is sent; the rest is left to the server.',
  pictures: (count: number) =>
    count === 1
      ? 'One more takes a picture and can only be set in SwarmUI.'
      : `${number(count)} more take pictures and can only be set in SwarmUI.`,
  asServer: (value: string) => (value === '' ? 'server default' : `server default (${value})`),
  on: 'on',
  off: 'off',
  ungrouped: 'Other',
  between: (least: number, most: number) => `a number from ${String(least)} to ${String(most)}`,
  wholeBetween: (least: number, most: number) => `a whole number from ${String(least)} to ${String(most)}`,
  number: 'a number',
  wholeNumber: 'a whole number',
  imagesIn: (images: number, what: string) => `${plural(images, 'image', 'images')} · ${what}`,
  noServer: 'No SwarmUI server is set up now.',
  chooseModel: 'Choose a model first.',
  rawGoes: 'It goes into SwarmUI’s own queue as a whole, and runs on its ComfyUI backends.',
  rawNotAllowed: 'You can’t send ComfyUI workflows to this SwarmUI (permission comfy_dynamic_custom_workflows).',
  rawNoResult:
    'Nothing in it counts as a result there: SwarmUI takes what SaveImage saves, and what SwarmSaveImageWS sends from a node numbered 9 or 100 to 49999.',
  rawIntermediate: (nodes: readonly string[]) =>
    `Pictures of ${nodes.length === 1 ? 'node' : 'nodes'} ${nodes.join(', ')} only count as previews there: a SwarmSaveImageWS gives results from a node numbered 9 or 100 to 49999.`,
  rawTags: 'SwarmUI treats ${…} in it as a placeholder, so that text changes.',
  rawServer: 'inside SwarmUI',
} as const;

/** Why models and parameters can't be shown, and what to do. */
export function catalogueError(error: AppError, server: string): string {
  const permission = error.details?.['permission'];
  switch (error.code) {
    case 'server_auth':
      return `${server} needs a sign-in, or refuses the one it was given. Enter it under Servers, Edit.`;
    case 'not_allowed':
      return `Your account on ${server} may not see its models and parameters${typeof permission === 'string' ? ` (permission ${permission})` : ''}. Its owner can allow it.`;
    case 'server_unreachable':
      return `${server} does not answer now. What you type is kept; its models are shown once it is back.`;
    case 'server_timeout':
      return `${server} took too long to list its models. Try again.`;
    default:
      return `The models of ${server} can’t be shown. ${common.error(error.code)}`;
  }
}

export const backendText = {
  title: 'Backends',
  notAllowed:
    'Your account may not see its backends: how many jobs it takes at once is not known, so they go one at a time.',
  failed: (error: AppError) => `Its backends can’t be shown. ${common.error(error.code)}`,
  named: (backend: BackendView) => (backend.title === '' ? `Backend ${String(backend.id)}` : backend.title),
  noModel: 'no model loaded',
  model: (name: string) => name.replace(/\.(safetensors|ckpt|gguf|sft)$/i, ''),
  load: ({ slots, load, running }: BackendView) => {
    const places = `takes ${common.jobs(slots)}`;
    if (load === null) return places;
    if (load === 0) return `${places}, has none`;
    const waiting = load - (running ?? 0);
    const parts = [
      running === null || running === 0 ? null : `${number(running)} running`,
      waiting > 0 ? `${number(waiting)} waiting` : null,
    ].filter((part) => part !== null);
    return `${places}, ${parts.join(', ')}`;
  },
  lost: (lost: number, slots: number) => `${number(lost)} of ${plural(slots, 'slot', 'slots')} lost`,
  allowIdle: 'may go idle',
  swarmToSwarm: 'another SwarmUI',
  more: (name: string) => `More for ${name}`,
  restart: 'Restart…',
  recreate: 'Re-create…',
  recreateThis: 'Re-create this backend…',
  restarting: 'Restarting: waits until one of its slots is free…',
  recreating: 'Re-creating it…',
  restartTitle: (name: string, server: string) => `Restart ${name} on ${server}?`,
  restartText:
    'SwarmUI first waits until one of its slots is free, which takes as long as the job that runs there. Switchyard can’t call that off: closing this window does not stop the restart. SwarmUI then fails all else on the backend, other people’s jobs too.',
  restartDo: 'Restart it',
  recreateTitle: (name: string, server: string) => `Re-create ${name} on ${server}?`,
  recreateText: (load: number | null) =>
    load === null || load === 0
      ? 'A new backend with the same settings takes its place. Whatever runs or waits there at that moment is lost, other people’s jobs too.'
      : `A new backend with the same settings takes its place. ${common.jobs(load)} on it now ${load === 1 ? 'is' : 'are'} lost, yours or not.`,
  recreateMine: 'Jobs of yours that are lost with it are queued again or end as failed; History says which.',
  recreateDo: 'Re-create it',
  keep: 'Leave it as it is',
  restarted: (name: string) => `${name} was restarted`,
  recreated: (name: string) => `${name} is re-created`,
} as const;

interface BackendState {
  tone: 'go' | 'hold' | 'bad' | 'plain';
  word: string;
}

const switchedOff: BackendState = { tone: 'plain', word: 'switched off' };
/** By SwarmUI's own words: a map, for a word of a server may be any, `constructor` too. */
const backendStates: ReadonlyMap<string, BackendState> = new Map(
  Object.entries<BackendState>({
    running: { tone: 'go', word: 'ready' },
    idle: { tone: 'hold', word: 'idle: its ComfyUI does not answer' },
    waiting: { tone: 'hold', word: 'waiting to start' },
    loading: { tone: 'hold', word: 'starting' },
    errored: { tone: 'bad', word: 'reports an error' },
    disabled: switchedOff,
  }),
);

/** What SwarmUI says of a backend, in words. */
export const backendState = ({ enabled, state }: BackendView): BackendState =>
  enabled ? (backendStates.get(state) ?? { tone: 'hold', word: state }) : switchedOff;

/** Why a restart or re-creation did not go through. */
export function backendError(error: AppError): string {
  const { details } = error;
  if (error.code === 'conflict' && Array.isArray(details?.['hidden']))
    return 'One of its settings is secret and can’t be copied. Re-create it in SwarmUI itself, under Server, Backends.';
  if (error.code === 'conflict')
    return 'All its slots are lost, so a restart would never end. Only re-creating it helps.';
  if (error.code === 'not_allowed') {
    const permission = details?.['permission'];
    return `Your account may not do that${typeof permission === 'string' ? ` (permission ${permission})` : ''}.`;
  }
  return common.error(error.code);
}

/** Whether a user may do something on a server that has permissions. */
export function may(capabilities: Capabilities | null, permission: string): boolean {
  if (capabilities === null || !('permissions' in capabilities)) return false;
  return capabilities.permissions.includes('*') || capabilities.permissions.includes(permission);
}

export const listed = (parts: readonly string[]): string =>
  parts.length < 2 ? (parts[0] ?? '') : `${parts.slice(0, -1).join(', ')} or ${parts.at(-1) ?? ''}`;

export const aboutForeignText = {
  counts: (user: string | null, running: number, waiting: number) => {
    const parts = [
      running > 0 ? `${number(running)} running` : null,
      waiting > 0 ? `${number(waiting)} waiting` : null,
    ].filter((part) => part !== null);
    return `${user ?? 'Other people'}: ${parts.join(', ')}`;
  },
  act: 'Cancel everything here…',
} as const;

/** Whose work would be stopped by one of the ways to stop everything. */
export type StopWay =
  { way: 'mine' } | { way: 'listed' } | { way: 'own-user' } | { way: 'user'; user: string } | { way: 'users' };

export interface Standing {
  server: string;
  /** Ours that are open here. */
  mine: number;
  /** Foreign prompts that are listed one by one. */
  listed: number;
  ownUser: string | null;
  /** Others with work now. */
  users: readonly string[];
}

export const powersText = {
  title: (server: string) => `Cancel everything on ${server}?`,
  looking: 'Asking the server what your account may stop…',
  whose: 'Whose work',
  keep: 'Keep jobs',
  act: 'Cancel it',
  stopped: (who: string) => `Asked to stop: ${who}`,
  nothing: 'Nothing of yours is here, and your account may not stop the work of others.',
  nobodyElse: 'No other user has work there now.',
  limited: 'Your account may stop no more than this. Jobs that others have waiting inside SwarmUI go on.',
} as const;

export function stopLabel(way: StopWay, { mine, listed: prompts, ownUser, users }: Standing): string {
  switch (way.way) {
    case 'mine':
      return `My jobs from Switchyard (${number(mine)})`;
    case 'listed':
      return mine === 0
        ? `What runs for others on its backends (${number(prompts)})`
        : `My jobs, and what runs for others on its backends (${number(mine + prompts)})`;
    case 'own-user':
      return `Everything of ${ownUser ?? ''}, web pages and other programs too`;
    case 'user':
      return `Everything of ${way.user}`;
    case 'users':
      return `Everything of everybody: ${listed([...users]).replace(/ or ([^,]*)$/, ' and $1')}`;
  }
}

/** What happens then, and to whom. */
export function stopSentence(way: StopWay, { mine, listed: prompts, ownUser }: Standing): string {
  switch (way.way) {
    case 'mine':
      return 'Waiting jobs are removed and can be put back from History; running ones stop at their next step. Nobody else’s work is touched.';
    case 'listed':
      return `${mine === 0 ? '' : 'Yours are cancelled. '}${plural(prompts, 'job of others', 'jobs of others')} on its backends ${prompts === 1 ? 'is' : 'are'} stopped one by one, by id. What they have waiting inside SwarmUI goes on.`;
    case 'own-user':
      return `SwarmUI interrupts every session signed in as ${ownUser ?? 'you'}: your jobs here, its web page, and every other program with this account. It can’t be undone.`;
    case 'user':
      return `SwarmUI interrupts every session of ${way.user}, what runs and what waits. It is somebody else’s work and can’t be undone.`;
    case 'users':
      return 'SwarmUI interrupts every session of every user with work now, yours included. It can’t be undone.';
  }
}

export function stopAct(way: StopWay, { mine, listed: prompts }: Standing): string {
  switch (way.way) {
    case 'mine':
      return `Cancel ${common.jobs(mine)}`;
    case 'listed':
      return `Cancel ${common.jobs(mine + prompts)}`;
    case 'own-user':
      return 'Stop this account’s work';
    case 'user':
      return `Stop work of ${way.user}`;
    case 'users':
      return 'Stop everybody’s work';
  }
}
