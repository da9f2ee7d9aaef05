/** What a server can do and what is the matter with it, in words. */
import { describe, expect, it } from 'vitest';
import type { CapabilitiesOf } from '../../../../shared/server.ts';
import { abilities } from '../../../../renderer/text/abilities.ts';
import { problemText, reasonText } from '../../../../renderer/text/servers.ts';

describe('what a server can do, in words', () => {
  const all: CapabilitiesOf<'comfy'> = {
    kind: 'comfy',
    promptId: true,
    targetedInterrupt: true,
    jobsApi: true,
    jobCancel: true,
    previewMetadata: true,
  };
  it('promises an exact stop only where the server has one', () => {
    expect(abilities(all, false)).toMatchObject([{ tone: 'go' }]);
    expect(abilities({ ...all, targetedInterrupt: false }, false)[0]).toMatchObject({
      tone: 'hold',
      text: expect.stringMatching(/can’t be cancelled/),
    });
    expect(abilities({ ...all, targetedInterrupt: false }, true)[0]?.text).toMatch(/may hit a neighbour/);
  });

  it('shows a problem nobody has words for rather than hide it', () => {
    expect(problemText('moon-phase', { phase: 'full' })).toBe('moon-phase: phase full');
  });

  it('says why nothing answers', () => {
    expect(reasonText({ code: 'server_unreachable', message: '', cause: { code: 'ECONNREFUSED', message: '' } })).toBe(
      'connection refused',
    );
    expect(
      reasonText({
        code: 'server_unreachable',
        message: '',
        cause: { code: 'DEPTH_ZERO_SELF_SIGNED_CERT', message: '' },
      }),
    ).toMatch(/certificate/);
  });
});
