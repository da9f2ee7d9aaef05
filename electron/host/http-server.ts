/**
 * The host's face to the network: which paths there are, and for each request the guards (listen/guards.ts), the
 * credential (callers.ts), then the route that answers.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { refuse } from '../listen/answers.ts';
import { askedOf, BadAuthLimit, checkRequest } from '../listen/guards.ts';
import type { Asked, Refusal, Way } from '../listen/guards.ts';
import { createPorts } from '../listen/ports.ts';
import type { Ports } from '../listen/ports.ts';
import { broughtCredential, identify } from './callers.ts';
import type { Caller } from './callers.ts';
import { createRoutes } from './routes.ts';
import type { RouteOptions } from './routes.ts';
import type { Sockets } from './sockets.ts';

interface HttpServerOptions extends RouteOptions {
  sockets: (onRefused: (asked: Asked, refusal: Refusal, address: string) => Refusal) => Sockets;
  onBug: (error: unknown, where: string) => void;
  onRefused?: (refusal: Refusal, way: Way['over']) => void;
}

export function createHttpServer(options: HttpServerOptions): Ports {
  const { auth } = options;
  const routeOf = createRoutes(options);
  const badAuth = new BadAuthLimit();

  const onRefused = (asked: Asked, refusal: Refusal, address: string, way: Way['over']): Refusal => {
    options.onRefused?.(refusal, way);
    const counts = refusal.status === 401 && (broughtCredential(asked) || asked.target.startsWith('/launch'));
    return counts ? badAuth.answerTo(refusal, address) : refusal;
  };
  const sockets = options.sockets((asked, refusal, address) =>
    onRefused(asked, refusal, address, address === 'private' ? 'private' : 'loopback'),
  );

  const handle = async (request: IncomingMessage, response: ServerResponse, way: Way): Promise<void> => {
    const asked = askedOf(request);
    const refuseAndCount = (refusal: Refusal): void => {
      refuse(response, onRefused(asked, refusal, request.socket.remoteAddress ?? '', way.over));
    };
    const found = routeOf(asked.target.split('?', 1)[0] ?? '');
    const route = found?.onlyPrivate === true && way.over !== 'private' ? undefined : found;
    // Unknown paths pass the same guards first: a stranger learns nothing from the difference.
    const early = checkRequest(asked, way, route?.kind ?? 'static');
    if (early !== null) {
      refuseAndCount(early);
      return;
    }
    if (route === undefined) {
      refuse(response, { status: 404, reason: 'there is nothing here' });
      return;
    }
    let caller: Caller | null = null;
    if (route.open !== true) {
      const known = identify(asked, way, auth, { changes: route.kind === 'api-change' });
      if ('status' in known) {
        refuseAndCount(known);
        return;
      }
      caller = known;
    }
    const url = new URL(asked.target, 'http://host');
    await route.answer({ asked, url, caller, request, response, refuse: refuseAndCount });
  };

  const ports = createPorts({
    handle,
    upgrade: (request, socket, head, way) => {
      sockets.upgrade(request, socket, head, way);
    },
    onBug: options.onBug,
  });
  return {
    ...ports,
    async close() {
      sockets.close();
      await ports.close();
    },
  };
}
