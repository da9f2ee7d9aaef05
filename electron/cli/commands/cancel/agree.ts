/** The yes before a cancel: asked at a terminal with the counts of the preview, again when they have changed meanwhile. */
import type { CancelPreview } from '../../../../shared/cancel-schema.ts';
import { toAppError } from '../../../../shared/errors.ts';
import { questionFor } from '../../cancel-words.ts';
import type { Context } from '../../context.ts';
import { EXIT, Failure } from '../../exit-codes.ts';

import type { Link } from '../../link.ts';
import { jobs, plural } from '../../../../shared/words/count.ts';
import { says } from '../../text.ts';
import type { CancelPlan } from './plan.ts';

/** Other people's work is never touched unasked: throws where nobody can be asked and nobody said yes beforehand. */
export function mustBeAsked({ args, out }: Context, what: string): void {
  if (!out.canAsk && !args.has('yes'))
    throw new Failure(EXIT.usage, `${what} ${says.notAsked}`, { code: 'not_allowed', hint: says.addYes });
}

/** Does `act` with the token of what was shown; null where it was not asked. Resolves to null when the answer is no. */
export async function agreeTo<T>(
  context: Context,
  link: Link,
  plan: CancelPlan,
  act: (token: string | null) => Promise<T>,
): Promise<T | null> {
  let changed: CancelPreview | undefined;
  for (;;) {
    const agreed = await agree(context, link, plan, changed);
    if (agreed === 'no') return null;
    try {
      return await act(agreed.token);
    } catch (error) {
      const { code, details } = toAppError(error);
      const preview = details?.['preview'];
      if (code !== 'conflict' || agreed.token === null || preview === undefined) throw error;
      // More or other jobs than were shown: asked again, with what is there now.
      changed = preview as CancelPreview;
    }
  }
}

async function agree(
  context: Context,
  link: Link,
  plan: CancelPlan,
  changed: CancelPreview | undefined,
): Promise<{ token: string | null } | 'no'> {
  if (!context.out.canAsk) return { token: null };
  const lines: string[] = [];
  let token: string | null = null;
  let question = '';
  if (plan.scope !== null) {
    const preview = changed ?? (await link.call('cancel.preview', { scope: plan.scope, ...plan.manner }));
    const words = questionFor(preview, { mode: plan.manner.mode, after: plan.manner.after === true });
    // Nothing would be stopped: no question, and the request itself says what had become of them.
    if (words.count === 0 && plan.foreign.length === 0) return { token: null };
    ({ token } = preview);
    ({ question } = words);
    lines.push(...words.lines);
    if (words.count === 1 && preview.total.foreign === 0 && plan.foreign.length === 0) {
      const { settings } = await link.call('settings.get', {});
      if (!settings.askForOne) return { token };
    }
  }
  if (plan.foreign.length > 0) {
    lines.push(
      `  ${plural(plan.foreign.length, 'foreign job', 'foreign jobs')}: other people’s work, and can’t be put back`,
    );
    question = `Cancel ${jobs(plan.foreign.length + plan.known.size)}?`;
  }
  return (await context.out.ask(lines, question)) ? { token } : 'no';
}
