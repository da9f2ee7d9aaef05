/**
 * The core as the desktop app runs it: its data folder, the system's keychain for sign-ins, the file manager. Opening only;
 * who talks to it is tied together in desktop.ts.
 */
import { join } from 'node:path';
import type { MessageBoxOptions, MessageBoxReturnValue, Shell } from 'electron';
import { createCore } from '../core/core.ts';
import type { Core } from '../core/core.ts';
import type { DesktopArguments } from '../desktop-arguments.ts';
import type { Marks } from './marks.ts';
import { question } from './question.ts';
import { safeSecrets } from './secrets.ts';
import type { Safe } from './secrets.ts';
import { secretsDialog } from './text.ts';

export interface OpenCoreOptions {
  safe: Safe;
  shell: Pick<Shell, 'showItemInFolder'>;
  args: DesktopArguments;
  version: string;
  platform: NodeJS.Platform;
  show: (options: MessageBoxOptions) => Promise<MessageBoxReturnValue>;
  marks: Pick<Marks, 'sync'>;
}

/** @throws AppError `storage` when another Switchyard holds the data folder, or it can't be used. */
export async function openCore(options: OpenCoreOptions): Promise<Core> {
  const { safe, shell, args, version, platform, show, marks } = options;
  let core: Core | null = null;
  const { message, detail, keep, forget } = secretsDialog;
  const secrets = safeSecrets({
    safe,
    file: join(args.dataDir, 'desktop', 'secrets.json'),
    plainFile: join(args.dataDir, 'host', 'secrets.json'),
    platform,
    consent: async () => {
      const answer = await show({ ...question(message, detail, [keep, forget]), type: 'warning' });
      return answer.response === 0 ? 'keep' : 'forget';
    },
    onUnreadable: (ref, wroteBy) => {
      core?.log.warn('a sign-in can’t be read with the keychain there is now', { ref, wroteBy });
    },
  });
  core = await marks.sync('database', () =>
    createCore({
      dataDir: args.dataDir,
      version,
      host: 'electron',
      secrets,
      shell: {
        reveal: async (file) => {
          shell.showItemInFolder(file);
        },
      },
      demo: args.demo,
    }),
  );
  return core;
}
