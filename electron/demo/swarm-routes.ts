/** The table of API routes: which there are on a server of this version. What each does is in the swarm-routes-*.ts files. */
import type { Route } from './swarm-call.ts';
import type { SwarmCore } from './swarm-core.ts';
import { adminRoutes } from './swarm-routes-admin.ts';
import { backendRoutes } from './swarm-routes-backends.ts';
import { modelRoutes } from './swarm-routes-models.ts';
import { userRoutes } from './swarm-routes-user.ts';

/** By lower-case name: case does not matter on the wire (rec 01). */
export function httpRoutes(core: SwarmCore): ReadonlyMap<string, Route> {
  const all = [...userRoutes, ...modelRoutes, ...adminRoutes, ...backendRoutes].filter(
    (route) => route.needs === undefined || core.can[route.needs],
  );
  return new Map(all.map((route) => [route.name.toLowerCase(), route]));
}
