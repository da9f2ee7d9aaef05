/**
 * `cancel --user NAME`: everything of one user of a SwarmUI server, where the account may. SwarmUI knows no single jobs of
 * other people, so it is all or nothing: who it is and what that means is said and asked first.
 */
import { kinds } from '../../../../shared/kinds/kinds.ts';
import type { ServerView } from '../../../../shared/server.ts';
import type { Context } from '../../context.ts';
import { EXIT, Failure, usage } from '../../exit-codes.ts';
import { findServer } from '../../find.ts';
import type { Link } from '../../link.ts';
import type { Answer } from '../../output.ts';
import { says } from '../../text.ts';
import { declined, done } from '../answers.ts';
import { mustBeAsked } from './agree.ts';

export async function cancelUser(context: Context, user: string): Promise<Answer> {
  const { args, out } = context;
  if (args.words.length > 0 || ['all', 'waiting', 'foreign', 'after'].some((flag) => args.has(flag)))
    throw usage(says.userAlone);
  mustBeAsked(context, says.wholeUser(user));
  const link = await context.link();
  const server = await serverFor(link, args.text('server'));
  const { powers } = await link.call('foreign.powers', { id: server.id });
  const own = user === powers.ownUser;
  if (!own && !powers.users.includes(user))
    throw new Failure(EXIT.notFound, says.noUser(user, server.name), {
      hint: says.users([...new Set([...powers.users, ...(powers.ownUser === null ? [] : [powers.ownUser])])]),
    });
  if (out.canAsk && !(await out.ask([`  ${says.wholeUser(user)}`], says.stopUser(user, server.name))))
    return declined(says.kept);
  // Ours by their own cancels first: each ends with its proof, and not as "stopped by somebody".
  if (own)
    await link.call('cancel.run', { scope: { server: server.id, which: 'mine' }, mode: 'stop', foreignAllowed: false });
  await link.call('foreign.stopUser', { id: server.id, user: own ? null : user, allowed: true });
  return done({ user, serverId: server.id }, () => [says.userStopped(user, server.name)]);
}

/** The one that is named, else the only one there is that has users. */
async function serverFor(link: Link, word: string | undefined): Promise<ServerView> {
  if (word !== undefined) return await findServer(link, word);
  const { servers } = await link.call('servers.list', {});
  const [only, ...others] = servers.filter((server) => kinds[server.kind].users);
  if (only !== undefined && others.length === 0) return only;
  throw usage(says.whichServer);
}
