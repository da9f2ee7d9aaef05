/** Runs the ComfyUI conformance suite against the engine in three versions, and against the server COMFY_URL names. */
import { describe, it } from 'vitest';
import { startComfyServer } from '../../electron/demo/comfy/server.ts';
import type { ComfyVersion } from '../../electron/demo/comfy/server.ts';
import { comfyConformance, probeAbilities } from './comfy.ts';
import type { ComfyUnderTest } from './comfy.ts';

async function engine(version: ComfyVersion): Promise<ComfyUnderTest> {
  const server = await startComfyServer({ version, stepMs: 5 });
  return {
    url: server.url,
    abilities: await probeAbilities(server.url),
    restart: () => server.restart(),
    close: () => server.close(),
  };
}

for (const version of ['0.3.64', '0.8.0', 'new'] as const)
  comfyConformance(`engine as ${version}`, () => engine(version));

const real = process.env['COMFY_URL'];
if (real === undefined || real === '') {
  describe('a real ComfyUI', () => {
    it('the same suite', (context) => {
      context.skip('COMFY_URL is not set: the address of an idle server with the Probe nodes, used by nobody else');
    });
  });
} else {
  const url = real.replace(/\/$/, '');
  comfyConformance(`real server at ${url}`, async () => ({
    url,
    abilities: await probeAbilities(url),
    close: () => Promise.resolve(),
  }));
}
