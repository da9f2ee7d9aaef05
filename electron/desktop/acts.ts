/**
 * Carries out what is chosen in the tray, the menu or by the hotkey, as the face it was chosen in: that is who asked, in the
 * job's history. Decides nothing: the entries say what they do (electron/desktop/tray/model.ts).
 */
import type { CancelMode, CancelScope } from '../../shared/cancel.ts';
import type { AppError } from '../../shared/errors.ts';
import { toAppError } from '../../shared/errors.ts';
import type { TrayAction } from './tray/model.ts';
import type { CancelDialog } from './cancel-dialog.ts';
import type { Ask } from './core-calls.ts';
import { startText } from './text.ts';

export type Face = 'tray' | 'hotkey' | 'window';

export interface ActsOptions {
  ask: (by: Face) => Ask;
  cancels: Pick<CancelDialog, 'run'>;
  open: (place: string | null) => void;
  quit: () => void;
  failed: (error: AppError, title: string) => void;
}

export class Acts {
  readonly #options: ActsOptions;

  constructor(options: ActsOptions) {
    this.#options = options;
  }

  cancel(by: Face, scope: CancelScope, mode: CancelMode): void {
    void this.#options.cancels.run({ scope, mode, by });
  }

  do(action: TrayAction, by: Face): void {
    const { ask, open, quit } = this.#options;
    switch (action.do) {
      case 'cancel':
        this.cancel(by, action.scope, action.mode);
        return;
      case 'pause':
        this.#try(ask(by)('queue.pause', {}));
        return;
      case 'resume':
        this.#try(ask(by)('queue.resume', {}));
        return;
      case 'free-memory':
        this.#try(ask(by)('servers.freeMemory', { id: action.serverId }));
        return;
      case 'open':
        open(action.place);
        return;
      case 'quit':
        quit();
    }
  }

  #try(work: Promise<unknown>): void {
    work.catch((error: unknown) => {
      this.#options.failed(toAppError(error), startText.failedToDo);
    });
  }
}
