/** ComfyUI among the kinds of servers; on 8000 it is its desktop app. */
import type { ServerKind } from '../adapter.ts';
import { ComfyAdapter } from './adapter.ts';
import { ComfyHttp } from './http.ts';
import { identifyComfy, probeComfy } from './probe.ts';
import { headersOf } from './sign-in.ts';

export const comfyServer: ServerKind<'comfy'> = {
  ports: [8188, 8000],
  nextPorts: [],
  signIn: headersOf,
  probe: (http, signal, brief) => (brief ? identifyComfy : probeComfy)(new ComfyHttp(http), signal),
  adapter: (context) => new ComfyAdapter(context),
};
