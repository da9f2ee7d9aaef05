/** `status`: is it running, what is queued, which servers answer. */
import type { AppInfo } from '../../../shared/app.ts';
import type { QueueSummary } from '../../../shared/queue.ts';
import type { ServerView } from '../../../shared/server.ts';
import type { Context } from '../context.ts';
import { EXIT, errorFor } from '../exit-codes.ts';
import { pickServer } from '../find.ts';
import { plural } from '../../../shared/words/count.ts';
import { clean, duration, joined, when } from '../format.ts';
import type { Answer } from '../output.ts';
import { contactWords } from '../../../shared/words/contact.ts';
import { errorWords } from '../../../shared/words/errors.ts';
import { kinds } from '../../../shared/kinds/kinds.ts';
import { atServer, says } from '../text.ts';
import { done } from './answers.ts';

export async function status(context: Context): Promise<Answer> {
  const link = await context.link();
  const [app, summary, { servers: all }] = await Promise.all([
    link.call('app.info', {}),
    link.call('queue.summary', {}),
    link.call('servers.list', {}),
  ]);
  const wanted = context.args.text('server');
  const servers = wanted === undefined ? all : [pickServer(all, wanted)];
  const text = (): string[] => [
    ...(link.alone ? [] : [runningLine(app)]),
    queueLine(summary),
    ...troubleLines(summary),
    ...serverLines(servers, context),
  ];
  const [only] = servers;
  // Asked about one server, the answer is about that server.
  if ((wanted !== undefined || link.alone) && only !== undefined && only.status.contact !== 'online') {
    const { error } = only.status;
    return {
      exit: EXIT.unreachable,
      data: { app, summary, servers },
      text,
      error: error ?? errorFor(EXIT.unreachable, says.stillNotThere(only.url)),
      ...(error === null ? {} : { why: atServer(only.url, error) }),
    };
  }
  return done({ app, summary, servers }, text);
}

const runningLine = (app: AppInfo): string =>
  `Switchyard ${app.version} is running${app.dataDir === null ? '' : `, its data is in ${app.dataDir}`}${app.demo ? ' (demo)' : ''}.`;

function queueLine(summary: QueueSummary): string {
  const parts = joined(
    [
      summary.running > 0 ? `${String(summary.running)} running` : '',
      summary.collecting > 0 ? `${String(summary.collecting)} fetching files` : '',
      summary.waiting > 0
        ? `${String(summary.waiting)} waiting${summary.held > 0 ? `, ${String(summary.held)} of them held` : ''}`
        : '',
      summary.cancelling > 0 ? `${String(summary.cancelling)} cancelling` : '',
      summary.foreign > 0 ? `${String(summary.foreign)} foreign` : '',
    ],
    ' · ',
  );
  return `${parts === '' ? 'Nothing runs and nothing waits' : parts}${summary.paused ? ' · paused' : ''}.`;
}

function troubleLines({ trouble }: QueueSummary): string[] {
  return trouble === null ? [] : [clean(`${errorWords[trouble.code]}: ${trouble.message}`)];
}

export function serverLines(servers: readonly ServerView[], context: Context, indent = '  '): string[] {
  if (servers.length === 0) return [says.noServers];
  return context.out.table(
    servers.map((server) => serverRow(server, context.now())),
    indent,
  );
}

export function serverRow(server: ServerView, nowMs: number): string[] {
  const { status: is } = server;
  const state = is.contact === 'online' ? 'online' : `${contactWords[is.contact]} since ${when(is.since, nowMs)}`;
  const notes = [
    server.paused ? 'paused' : '',
    is.contact === 'online' && is.queueLength !== null ? `queue ${String(is.queueLength)}` : '',
    is.contact === 'online' && is.answersInMs !== null ? `answers in ${duration(is.answersInMs)}` : '',
    is.backends === null ? '' : plural(is.backends, 'backend', 'backends'),
    is.error === null || is.contact === 'online' ? '' : `${errorWords[is.error.code]}: ${is.error.message}`,
    is.nextTryAt === null || is.contact === 'online'
      ? ''
      : `next try in ${duration(Math.max(0, is.nextTryAt - nowMs))}`,
  ];
  return [
    server.name,
    `${kinds[server.kind].label}${is.version === null ? '' : ` ${is.version}`}`,
    state,
    server.url,
    joined(notes),
  ];
}
