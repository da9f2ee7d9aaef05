/** Search as one types: the sifted short way and the index's own way answer alike. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { wordsOf } from '../../../../electron/core/db/history-store.ts';
import type { JobId } from '../../../../shared/ids.ts';
import { openStores } from '../../../support/stores.ts';
import type { Stores } from '../../../support/stores.ts';

let s: Stores;
beforeEach(() => {
  s = openStores();
});
afterEach(() => {
  s.close();
});

function end(titles: readonly string[]): JobId[] {
  const ids = titles.map((title) => s.add({ title }));
  s.db.tx(() => s.jobs.cancelQueued(ids, { mode: 'stop', by: 'window', note: null }, Date.now()));
  return ids;
}
function all(text: string, limit = 50): JobId[] {
  const ids: JobId[] = [];
  let cursor: string | undefined;
  do {
    const page = s.history.search(text, { foreign: 'without' }, cursor, limit);
    ids.push(...page.keys.flatMap((key) => (key.type === 'job' ? [key.id] : [])));
    cursor = page.cursor ?? undefined;
  } while (cursor !== undefined);
  return ids;
}

describe('search', () => {
  it('takes word beginnings in any order, without regard to case and accents', () => {
    const [harbour, cafe] = end(['Harbour at dawn', 'Café im Nebel', 'harvest moon']);
    expect(all('dawn har')).toEqual([harbour]);
    expect(all('HARBOUR')).toEqual([harbour]);
    expect(all('cafe neb')).toEqual([cafe]);
    expect(all('café')).toEqual([cafe]);
    expect(all('arbour')).toEqual([]);
  });

  it('finds the rare word among more lookalikes than are sifted, in every page', () => {
    const ids = end(
      Array.from({ length: 1_900 }, (_, n) => (n % 100 === 0 ? `harbour ${String(n)}` : `harvest ${String(n)}`)),
    );
    const rare = ids.filter((_, n) => n % 100 === 0).reverse();
    expect(all('harbour', 5)).toEqual(rare);
    expect(all('harbour', 50)).toEqual(rare);
    expect(all('harvest', 200)).toHaveLength(1_881);
  });

  it('what was typed is never taken for query language', () => {
    end(['a "quoted" NOT title']);
    for (const text of ['"', 'NOT', 'a AND b*', 'title:', '(', 'a" OR "b', '^a', '-quoted', '\u0000'])
      expect(() => all(text)).not.toThrow();
    expect(wordsOf('a-b_c, "d"')).toEqual(['a', 'b', 'c', 'd']);
  });
});
