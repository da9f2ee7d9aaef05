/** A WebSocket to a server is begun like a request: a name that leads to a forbidden address leads nowhere. */
import { expect, it, vi } from 'vitest';
import type { AppError } from '../../../../shared/errors.ts';
import { dial } from '../../../../electron/core/net/dial.ts';

// Names are only resolved here: no test may depend on the DNS of the machine it runs on.
vi.mock('node:dns', async (original) => ({
  ...(await original<typeof import('node:dns')>()),
  lookup: (_name: string, _options: unknown, done: (error: null, all: { address: string; family: 4 }[]) => void) => {
    done(null, [{ address: '169.254.169.254', family: 4 }]);
  },
}));

it('connects to no forbidden address, whatever its name', async () => {
  const error = await new Promise<AppError>((resolve) => {
    dial({ url: 'http://comfy.example:8188/ws', headers: {}, maxBytes: 1_000, named: 'the socket', failed: resolve });
  });
  expect(error).toMatchObject({
    code: 'server_unreachable',
    details: { cause: 'ERR_FORBIDDEN_ADDRESS' },
  });
});
