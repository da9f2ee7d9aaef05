/** The table of API routes: which there are on a server of this version. What each does is in routes-*.ts. */
import type { Route } from './call.ts';
import type { SwarmCore } from './core.ts';
import { adminRoutes } from './routes-admin.ts';
import { backendRoutes } from './routes-backends.ts';
import { modelRoutes } from './routes-models.ts';
import { userRoutes } from './routes-user.ts';

/** By lower-case name: case does not matter on the wire (swarmui rec 01). */
export function httpRoutes(core: SwarmCore): ReadonlyMap<string, Route> {
  const all = [...userRoutes, ...modelRoutes, ...adminRoutes, ...backendRoutes].filter(
    (route) => route.needs === undefined || core.can[route.needs],
  );
  return new Map(all.map((route) => [route.name.toLowerCase(), route]));
}
