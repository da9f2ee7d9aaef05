/** The core's table of the kinds of servers. How the rest of the program knows them: shared/kinds. */
import type { Kind } from '../../../shared/job.ts';
import { KINDS } from '../../../shared/kinds/kinds.ts';
import type { ServerKind } from './adapter.ts';
import { comfyServer } from './comfy/kind.ts';
import { swarmServer } from './swarm/kind.ts';

export const serverKinds: { readonly [K in Kind]: ServerKind<K> } = { comfy: comfyServer, swarm: swarmServer };

/** Ports to try for a server of this kind, or of any. */
export const usualPorts = (kind?: Kind): readonly number[] =>
  kind === undefined ? KINDS.flatMap((each) => serverKinds[each].ports) : serverKinds[kind].ports;
