/** SwarmUI among the kinds of servers; it takes the next free port where its own is taken. */
import type { ServerKind } from '../adapter.ts';
import { SwarmAdapter } from './adapter.ts';
import { probeSwarm } from './probe.ts';

export const swarmServer: ServerKind<'swarm'> = {
  ports: [7801],
  nextPorts: [7802, 7803, 7804],
  signIn(credential) {
    if (credential.type === 'authorization') return { authorization: credential.value };
    if (credential.type === 'token') return { cookie: `swarm_token=${credential.token}` };
    // Its own login takes a call (auth.ts); this is for a proxy before it.
    return { authorization: `Basic ${Buffer.from(`${credential.user}:${credential.password}`).toString('base64')}` };
  },
  probe: probeSwarm,
  adapter: (context) => new SwarmAdapter(context),
};
