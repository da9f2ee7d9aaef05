/** Tray, hotkey and window ask with the same words. */
import { describe, expect } from 'vitest';
import { cancelWords } from '../../../../shared/words/cancel.ts';
import { cancelWords as windowCancelWords } from '../../../../renderer/text/cancel.ts';
import { fc, test } from '../../desktop/property.ts';
import { serverId } from '../../desktop/samples.ts';

describe('the question before a cancel', () => {
  const count = fc.constantFrom(0, 1, 2, 14);
  const counts = fc.record({
    local: count,
    staged: count,
    running: count,
    collecting: count,
    foreign: count,
    foreignKept: count,
  });
  const preview = fc.record({
    token: fc.constant('t'),
    total: counts,
    title: fc.option(fc.string({ maxLength: 80 })),
    servers: fc.array(
      fc.record({ serverId: fc.constant(serverId(1)), name: fc.option(fc.string({ maxLength: 9 })), counts }),
      { maxLength: 3 },
    ),
    warnings: fc.uniqueArray(
      fc.constantFrom(
        'server-unreachable' as const,
        'untargeted-interrupt' as const,
        'not-allowed' as const,
        'foreign-together' as const,
        'neighbours-may-be-hit' as const,
      ),
    ),
  });
  test.prop([preview, fc.constantFrom('stop' as const, 'if-waiting' as const), fc.boolean()])(
    'is word for word the window’s',
    (given, mode, after) => {
      expect(cancelWords(given, { mode, after })).toEqual(windowCancelWords(given, { mode, after }));
    },
  );
});
