/**
 * Routes of ordinary users: sessions, status, generation over HTTP, interrupt, images, models, login tokens
 * (swarmui §1.6, §3, §4, §5).
 */
import { runRequest } from './generate.ts';
import { argument, Refusal } from './call.ts';
import type { Call, Route, SocketRoute } from './call.ts';
import { serveGenerate } from './stream.ts';
import type { SwarmCore } from './core.ts';
import type { JsonObject } from './types.ts';
import type { Caller, SwarmUser } from './users.ts';

/** `GetNewSession`: the user comes from the connection, not from a session (swarmui rec 01, 39). */
export function getNewSession(core: SwarmCore, caller: Caller, input: JsonObject): object {
  let user: SwarmUser | null = core.disk.users.identify(caller);
  if (user === null) return { error: 'Invalid or unauthorized.' };
  if ('impersonateUser' in input) {
    const name = argument(input, 'impersonateUser', 'String');
    const other = core.disk.users.get(name);
    if (!user.may('manage_users'))
      return { error: 'You do not have permission to impersonate users.', error_id: 'bad_impersonate' };
    if (other === null)
      return { error: 'The user you are trying to impersonate does not exist.', error_id: 'bad_impersonate' };
    user = other;
  }
  user.lastActiveMs = Date.now();
  const session = core.openSession(user, caller.address);
  return {
    session_id: session.id,
    user_id: user.id,
    output_append_user: true,
    version: `${core.version}.GIT-062407c7`,
    server_id: core.serverId,
    permissions: user.permissions,
  };
}

/**
 * `Login`: errors have only an `error_id`, success is a string (swarmui §1.6).
 * @throws Error without a User-Agent, as the real one does
 */
export function login(
  core: SwarmCore,
  input: JsonObject,
  userAgent: string | null,
): { body: object; cookie: string | null } {
  const name = argument(input, 'username', 'String');
  const password = argument(input, 'password', 'String');
  if (userAgent === null || userAgent === '') throw new Error('no User-Agent');
  const user = core.disk.users.checkPassword(name, password);
  if (user === null) return { body: { error_id: 'invalid_login' }, cookie: null };
  const token = core.disk.users.makeToken(user, userAgent);
  return {
    body: { success: 'true' },
    cookie: `swarm_token=${token.token}; max-age=31536000; path=/; samesite=lax; httponly`,
  };
}

async function generateOverHttp(call: Call): Promise<object> {
  const images = argument(call.input, 'images', 'Int32');
  const found: string[] = [];
  const errors: object[] = [];
  await runRequest(
    call.core,
    call.session,
    call.input,
    images,
    (message) => {
      if ('image' in message) found.push(String(message.image));
      if ('error' in message) errors.push(message);
    },
    { offset: 0 },
  );
  return errors[0] ?? { images: found };
}

export const userRoutes: readonly Route[] = [
  {
    name: 'GetCurrentStatus',
    permission: 'fundamental_generate_tab_access',
    run: ({ core, session }) => core.statusOf(session),
  },
  { name: 'GenerateText2Image', permission: 'basic_image_generation', run: generateOverHttp },
  {
    name: 'InterruptAll',
    permission: 'basic_image_generation',
    run: ({ core, session, input }) => {
      const others = argument(input, 'other_sessions', 'Boolean', false);
      core.interrupt(
        others ? core.sessionsOf(session.user.id) : [session],
        session,
        others ? 'other_sessions' : 'session',
      );
      return { success: true };
    },
  },
  {
    name: 'ListImages',
    permission: 'view_image_history',
    run: ({ core, user, input }) =>
      core.disk.outputs.list(
        user.id,
        argument(input, 'path', 'String'),
        argument(input, 'depth', 'Int32'),
        argument(input, 'sortBy', 'String', 'Name'),
        argument(input, 'sortReverse', 'Boolean', false),
      ),
  },
  {
    name: 'CreateAuthToken',
    permission: 'edit_user_settings',
    needs: 'authTokens',
    run: ({ core, user, input }) => {
      const reason = argument(input, 'reason', 'String');
      if (!core.disk.users.authorizationRequired)
        throw new Refusal({ error: 'Authorization is not enabled on this server.' });
      return { token: core.disk.users.makeToken(user, reason).token };
    },
  },
  {
    name: 'ListMyAuthTokens',
    permission: 'read_user_settings',
    needs: 'authTokens',
    run: ({ core, user, caller }) => ({
      tokens: core.disk.users.tokensOf(user).map((token) => ({
        id: token.id,
        created: token.createdSeconds,
        last_active: token.createdSeconds,
        user_agent: token.reason,
        origin_address: caller.address,
        is_current: false,
      })),
    }),
  },
  {
    name: 'RevokeMyAuthToken',
    permission: 'edit_user_settings',
    needs: 'authTokens',
    run: ({ core, user, input }) =>
      core.disk.users.revoke(user, argument(input, 'tokenId', 'String'))
        ? { success: true }
        : { error: 'No such token.' },
  },
];

export const socketRoutes: readonly SocketRoute[] = [
  {
    name: 'GenerateText2ImageWS',
    permission: 'basic_image_generation',
    serve: async ({ core, session, input }, socket) => {
      argument(input, 'images', 'Int32');
      await serveGenerate(core, session, input, socket);
      return null;
    },
  },
];
