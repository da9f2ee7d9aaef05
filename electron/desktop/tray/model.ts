/**
 * The tray as data: status line, glyph and entries, made of what the core says and bound to ids, never to "whatever runs
 * now". Pure, with its words, so that every system's tray says the same and a test can read it. Draws nothing.
 */
import type { CancelMode, CancelScope } from '../../../shared/cancel.ts';
import type { QueueSummary } from '../../../shared/queue.ts';
import type { ServerId } from '../../../shared/ids.ts';
import { isCancelling } from '../../../shared/job-view.ts';
import type { JobView } from '../../../shared/job.ts';
import type { ServerView } from '../../../shared/server.ts';
import { plural } from '../../../shared/words/count.ts';
import { titleWords } from '../../../shared/words/job.ts';

/** Told by the glyph's shape: ring, dot, barred dot, two bars, triangle. */
export const TRAY_GLYPHS = ['idle', 'running', 'cancelling', 'paused', 'trouble'] as const;
export type TrayGlyph = (typeof TRAY_GLYPHS)[number];

export type TrayAction =
  | { do: 'cancel'; scope: CancelScope; mode: CancelMode }
  | { do: 'pause' }
  | { do: 'resume' }
  | { do: 'free-memory'; serverId: ServerId }
  | { do: 'open'; place: string | null }
  | { do: 'quit' };

export type TrayItem =
  | { type: 'line'; label: string }
  | { type: 'separator' }
  | { type: 'entry'; id: string; label: string; enabled: boolean; action: TrayAction; accelerator?: string }
  | { type: 'menu'; id: string; label: string; enabled: boolean; items: readonly TrayItem[] };

export interface TrayModel {
  glyph: TrayGlyph;
  /** "2 running, 14 waiting on 3 servers" */
  status: string;
  items: readonly TrayItem[];
}

export interface TrayFacts {
  /** Null until the core has said it, or when there is none. */
  summary: Omit<QueueSummary, 'at'> | null;
  /** The jobs of `summary.runningIds`, as far as they are known. */
  running: readonly JobView[];
  servers: readonly ServerView[];
  /** A cancel of one job of mine asks first. */
  askForOne: boolean;
  /** The combination that is bound now, or was refused; null where none is set, or it is not known which. */
  hotkey: { accelerator: string; bound: boolean } | null;
}

/** More entries than this would push Cancel all off a small screen. */
const MAX_NAMED = 8;
const MAX_TITLE = 40;

const trayText = {
  idle: 'Nothing is running or waiting',
  starting: 'Starting…',
  running: (count: number) => `${String(count)} running`,
  waiting: (count: number) => `${String(count)} waiting`,
  held: (count: number) => `${String(count)} held`,
  collecting: (count: number) => `${String(count)} fetching files`,
  cancelling: (count: number) => `${String(count)} cancelling`,
  onServers: (count: number) => ` on ${plural(count, 'server', 'servers')}`,
  paused: 'paused',
  storage: 'Nothing can be written to disk',
  trouble: 'The queue has stopped: see the window',
  unreachable: (names: readonly string[]) =>
    names.length === 1 ? `${names[0] ?? ''} does not answer` : `${String(names.length)} servers do not answer`,
  signIn: (name: string) => `${name} needs you to sign in`,
  cancelOne: (title: string, server: string | null, asks: boolean) =>
    `Cancel “${title}”${server === null ? '' : ` on ${server}`}${asks ? '…' : ''}`,
  cancelling1: (title: string) => `Cancelling “${title}”…`,
  more: (count: number) => `${String(count)} more running…`,
  cancelWaiting: 'Cancel waiting…',
  cancelAll: 'Cancel all…',
  pause: 'Pause sending',
  resume: 'Resume sending',
  freeMemory: 'Free memory',
  freeMemoryOn: (server: string) => `Free memory on ${server}`,
  hotkeyRefused: (accelerator: string) => `The hotkey ${accelerator} is not bound`,
  open: 'Open Switchyard',
  quit: 'Quit Switchyard',
} as const;

/** Everything the tray shows, from what is known now. */
export function trayModel(facts: TrayFacts): TrayModel {
  const status = statusOf(facts);
  return {
    glyph: glyphOf(facts),
    status,
    items: [{ type: 'line', label: status }, ...troubleLines(facts), ...itemsOf(facts)],
  };
}

const openCount = (summary: TrayFacts['summary']): number =>
  summary === null ? 0 : summary.running + summary.waiting + summary.collecting;

/** Servers that keep open work from going on. */
function silent({ summary, servers }: TrayFacts): ServerView[] {
  if (openCount(summary) === 0) return [];
  return servers.filter((server) => server.enabled && server.status.contact === 'offline');
}

const refusing = ({ servers }: TrayFacts): ServerView[] =>
  servers.filter((server) => server.enabled && server.status.contact === 'needs-auth');

/** What needs a person comes first; then what is on its way; then what is. */
function glyphOf(facts: TrayFacts): TrayGlyph {
  const { summary } = facts;
  if (summary === null) return 'idle';
  if (summary.trouble !== null || silent(facts).length > 0 || refusing(facts).length > 0) return 'trouble';
  if (summary.cancelling > 0) return 'cancelling';
  if (summary.paused) return 'paused';
  return summary.running + summary.collecting > 0 ? 'running' : 'idle';
}

function statusOf({ summary }: TrayFacts): string {
  if (summary === null) return trayText.starting;
  const parts = [
    ...(summary.running > 0 ? [trayText.running(summary.running)] : []),
    ...(summary.waiting > 0 ? [trayText.waiting(summary.waiting)] : []),
    ...(summary.collecting > 0 ? [trayText.collecting(summary.collecting)] : []),
    ...(summary.cancelling > 0 ? [trayText.cancelling(summary.cancelling)] : []),
  ];
  // Held jobs are nobody's business until nothing else is there.
  if (parts.length === 0 && summary.held > 0) parts.push(trayText.held(summary.held));
  const work =
    parts.length === 0
      ? trayText.idle
      : parts.join(', ') + (summary.servers > 0 ? trayText.onServers(summary.servers) : '');
  return summary.paused ? `${work}, ${trayText.paused}` : work;
}

function troubleLines(facts: TrayFacts): TrayItem[] {
  const { summary } = facts;
  const lines: string[] = [];
  if (summary?.trouble) lines.push(summary.trouble.code === 'storage' ? trayText.storage : trayText.trouble);
  const names = silent(facts).map(({ name }) => name);
  if (names.length > 0) lines.push(trayText.unreachable(names));
  for (const { name } of refusing(facts)) lines.push(trayText.signIn(name));
  return lines.map((label) => ({ type: 'line', label }));
}

function itemsOf(facts: TrayFacts): TrayItem[] {
  const { summary, running, servers, askForOne, hotkey } = facts;
  const cancels = cancelEntries(running, servers, askForOne, summary?.running ?? 0);
  const mine = summary === null ? 0 : openCount(summary) + summary.held;
  const bound = hotkey?.bound === true ? { accelerator: hotkey.accelerator } : {};
  const online = servers.filter((server) => server.enabled && server.status.contact === 'online');
  return [
    { type: 'separator' },
    ...cancels,
    ...(cancels.length > 0 ? [{ type: 'separator' } as const] : []),
    {
      type: 'entry',
      id: 'cancel-waiting',
      label: trayText.cancelWaiting,
      enabled: (summary?.waiting ?? 0) + (summary?.held ?? 0) > 0,
      action: { do: 'cancel', scope: { server: 'all', which: 'waiting' }, mode: 'if-waiting' },
    },
    {
      type: 'entry',
      id: 'cancel-all',
      label: trayText.cancelAll,
      enabled: mine > 0,
      action: { do: 'cancel', scope: { server: 'all', which: 'mine' }, mode: 'stop' },
      ...bound,
    },
    ...(hotkey?.bound === false ? [{ type: 'line', label: trayText.hotkeyRefused(hotkey.accelerator) } as const] : []),
    summary?.paused === true
      ? { type: 'entry', id: 'resume', label: trayText.resume, enabled: true, action: { do: 'resume' } }
      : { type: 'entry', id: 'pause', label: trayText.pause, enabled: summary !== null, action: { do: 'pause' } },
    ...freeMemoryItems(online),
    { type: 'separator' },
    { type: 'entry', id: 'open', label: trayText.open, enabled: true, action: { do: 'open', place: null } },
    { type: 'entry', id: 'quit', label: trayText.quit, enabled: true, action: { do: 'quit' } },
  ];
}

function cancelEntries(
  running: readonly JobView[],
  servers: readonly ServerView[],
  asks: boolean,
  total: number,
): TrayItem[] {
  const names = new Map(servers.map(({ id, name }) => [id, name]));
  const entries = running.slice(0, MAX_NAMED).map((job): TrayItem => {
    const title = shorten(titleWords(job.title));
    const cancelling = isCancelling(job);
    const server = job.onServerId === null ? null : (names.get(job.onServerId) ?? null);
    return {
      type: 'entry',
      id: `cancel:${job.id}`,
      label: cancelling ? trayText.cancelling1(title) : trayText.cancelOne(title, server, asks),
      enabled: !cancelling,
      action: { do: 'cancel', scope: { jobs: [job.id] }, mode: 'stop' },
    };
  });
  const left = Math.max(total, running.length) - entries.length;
  if (left > 0 && entries.length > 0)
    entries.push({
      type: 'entry',
      id: 'more',
      label: trayText.more(left),
      enabled: true,
      action: { do: 'open', place: 'queue' },
    });
  return entries;
}

function freeMemoryItems(online: readonly ServerView[]): TrayItem[] {
  const entry = (server: ServerView, label: string): TrayItem => ({
    type: 'entry',
    id: `free:${server.id}`,
    label,
    enabled: true,
    action: { do: 'free-memory', serverId: server.id },
  });
  const [only] = online;
  if (online.length === 1 && only !== undefined) return [entry(only, trayText.freeMemoryOn(only.name))];
  return [
    {
      type: 'menu',
      id: 'free',
      label: trayText.freeMemory,
      enabled: online.length > 0,
      items: online.map((server) => entry(server, server.name)),
    },
  ];
}

/** One line, short enough for a menu; the whole title is in the dialog that follows. */
function shorten(title: string): string {
  const line = title.replaceAll(/\s+/g, ' ').trim();
  return [...line].length > MAX_TITLE
    ? `${[...line]
        .slice(0, MAX_TITLE - 1)
        .join('')
        .trimEnd()}…`
    : line;
}
