/**
 * What `cancel` says where nothing of ours runs but something else is there: what could be stopped, whose it is, and with
 * which words. Stops nothing and asks nothing.
 */
import type { ServerId } from '../../../../shared/ids.ts';
import type { ForeignView, ServerView } from '../../../../shared/server.ts';
import { defined } from '../../../../shared/util/defined.ts';
import type { Context } from '../../context.ts';

import type { Link } from '../../link.ts';
import { jobs, plural } from '../../../../shared/words/count.ts';

/** Whoever looks for it should not have to guess. Nothing in a script that reads JSON or wants quiet. */
export async function hintAtOthers(context: Context, link: Link, serverId: ServerId | undefined): Promise<void> {
  if (context.out.manner.quiet || context.out.manner.json) return;
  const { waiting } = await link.call('queue.summary', {});
  if (waiting > 0) {
    context.out.note(
      `Nothing of yours runs; ${jobs(waiting)} of yours ${waiting === 1 ? 'waits' : 'wait'}: switchyard cancel --waiting`,
    );
    return;
  }
  const { servers: views } = await link.call('foreign.list', defined({ serverId }));
  if (views.every((view) => view.total + view.counts.length === 0)) return;
  const { servers } = await link.call('servers.list', {});
  const users = new Map<ServerId, readonly string[]>();
  for (const { serverId: id, counts } of views)
    if (counts.length > 0) {
      const names = await stoppable(link, id);
      if (names !== null) users.set(id, names);
    }
  for (const line of foreignHint(views, servers, users)) context.out.note(line);
}

/** Users whose work this account may stop as a whole; null where that can't be asked now. */
async function stoppable(link: Link, id: ServerId): Promise<readonly string[] | null> {
  try {
    const { powers } = await link.call('foreign.powers', { id });
    return powers.ownUser === null ? powers.users : [powers.ownUser, ...powers.users];
  } catch (_) {
    return null;
  }
}

/** One line for what runs, one for what waits, one for each user of whom only counts are known. */
function foreignHint(
  views: readonly ForeignView[],
  servers: readonly Pick<ServerView, 'id' | 'name'>[],
  users: ReadonlyMap<ServerId, readonly string[]>,
): string[] {
  const listed = views.flatMap((view) => view.jobs.filter((job) => job.state !== 'ended'));
  const running = listed.filter((job) => job.state === 'running');
  const [only] = running;
  const lines = ['Nothing of yours runs. What is there is other people’s work; nothing was stopped.'];
  const on = (id: ServerId): string => servers.find((server) => server.id === id)?.name ?? 'a server';
  if (only !== undefined)
    lines.push(
      running.length === 1
        ? `  1 foreign job runs on ${on(only.serverId)}. To stop it: switchyard cancel --foreign`
        : `  ${plural(running.length, 'foreign job runs', 'foreign jobs run')}. To stop one: switchyard cancel ID (switchyard jobs --foreign lists them)`,
    );
  const all = views.reduce((sum, view) => sum + view.total, 0);
  if (all > 1 || (all > 0 && running.length === 0))
    lines.push(`  To stop all ${String(all)} that are listed: switchyard cancel --all --foreign`);
  for (const { serverId, counts } of views) {
    for (const { user, waiting, running: live } of counts) {
      const count = waiting + live;
      const may = users.get(serverId);
      const how =
        user !== null && may?.includes(user) === true
          ? `. To stop everything of ${user}: switchyard cancel --user ${word(user)} --server ${word(on(serverId))}`
          : may === undefined
            ? ''
            : ', and this account may not stop them';
      lines.push(
        `  ${jobs(count)} of ${user ?? 'other people'} on ${on(serverId)} ${count === 1 ? 'is' : 'are'} only counted by SwarmUI${how}`,
      );
    }
  }
  return lines;
}

/** As a shell takes it. */
const word = (text: string): string => (/^[\w.@-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`);
