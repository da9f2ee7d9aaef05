/** Lines of the exported table. */
import { describe, expect, it } from 'vitest';
import { csvLine } from '../../../../electron/core/queue/history.ts';

describe('csvLine', () => {
  it('quotes, and makes no formula of a title', () => {
    expect(csvLine(['a', 1, null, 'b,c', 'say "x"', 'two\nlines'])).toBe('a,1,,"b,c","say ""x""","two\nlines"\r\n');
    expect(csvLine(['=HYPERLINK("evil")', '+1', '-1', '@x', -1])).toBe(`"'=HYPERLINK(""evil"")",'+1,'-1,'@x,-1\r\n`);
  });
});
