/**
 * Looks for a newer version once a day and does what update-policy.ts allows: tell, or fetch and ask for a restart. Never
 * restarts by itself, never installs while quitting, never while a job is being sent. Loaded only in packaged copies.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { MessageBoxOptions, MessageBoxReturnValue } from 'electron';
import type { AppUpdater } from 'electron-updater';
import type { Notice } from './notices.ts';
import { question } from '../question.ts';
import { noticeText, updateDialog } from '../text.ts';
import { installedForm, updateManner } from './update-policy.ts';
import type { UpdateManner } from './update-policy.ts';

const FIRST_LOOK_MS = 60_000;
const EVERY_MS = 24 * 60 * 60_000;

export type Updater = Pick<
  AppUpdater,
  | 'checkForUpdates'
  | 'downloadUpdate'
  | 'quitAndInstall'
  | 'on'
  | 'autoDownload'
  | 'autoInstallOnAppQuit'
  | 'disableWebInstaller'
  | 'logger'
>;

export interface UpdatesOptions {
  manner: UpdateManner;
  version: string;
  load: () => Promise<Updater>;
  notice: (notice: Notice) => void;
  show: (options: MessageBoxOptions) => Promise<MessageBoxReturnValue>;
  /** The user wants the restart: goes through the life machine, which calls `install` once the core is closed. */
  restart: () => void;
  /** It was told of: the window says it too, with where to get it. */
  newer: (version: string) => void;
  /** The installer could not be started, and the core is closed already. */
  installFailed: () => void;
  log: (message: string, fields: Record<string, unknown>) => void;
}

/** The page of the newest version, from the feed that was built in; null where there is none or it is no repository's. */
export function releasePage(resourcesPath: string): string | null {
  const file = join(resourcesPath, 'app-update.yml');
  const feed = existsSync(file) ? readFileSync(file, 'utf8') : '';
  const [owner, repo] = ['owner', 'repo'].map((name) => new RegExp(`^${name}: ([\\w.-]+)$`, 'm').exec(feed)?.[1]);
  const isGitHub = /^provider: github$/m.test(feed);
  return isGitHub && owner !== undefined && repo !== undefined
    ? `https://github.com/${owner}/${repo}/releases/latest`
    : null;
}

/** What this copy may do about updates, read from what lies around it. */
export function mannerHere(options: {
  packaged: boolean;
  platform: NodeJS.Platform;
  env: Readonly<Record<string, string | undefined>>;
  resourcesPath: string;
  signed: boolean;
}): UpdateManner {
  const { packaged, platform, env, resourcesPath, signed } = options;
  const typeFile = join(resourcesPath, 'package-type');
  const packageType = existsSync(typeFile) ? readFileSync(typeFile, 'utf8').trim() : null;
  return updateManner({
    packaged,
    platform,
    signed,
    hasFeed: existsSync(join(resourcesPath, 'app-update.yml')),
    form: installedForm(platform, env, packageType),
  });
}

export class Updates {
  readonly #options: UpdatesOptions;
  #updater: Updater | null = null;
  #timer: ReturnType<typeof setTimeout> | null = null;
  #told: string | null = null;
  #installing = false;

  constructor(options: UpdatesOptions) {
    this.#options = options;
    if (options.manner !== 'none') this.#later(FIRST_LOOK_MS);
  }

  /** Looks now; trouble with the feed is logged and tried again tomorrow. */
  async look(): Promise<void> {
    const { manner, load, log } = this.#options;
    if (manner === 'none') return;
    try {
      const updater = (this.#updater ??= await this.#prepared(load));
      const found = await updater.checkForUpdates();
      const version = found?.updateInfo.version;
      if (found?.isUpdateAvailable !== true || version === undefined || version === this.#told) return;
      this.#told = version;
      if (manner === 'tell') this.#tell(version);
      else {
        await updater.downloadUpdate();
        await this.#ask(version);
      }
    } catch (error) {
      log('could not look for a newer version', { error });
    }
  }

  /** Only from the life machine, with the core closed. */
  install(): void {
    this.#installing = true;
    try {
      this.#updater?.quitAndInstall(false, true);
    } catch (error) {
      this.#failed(error);
    }
  }

  [Symbol.dispose](): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
  }

  async #prepared(load: () => Promise<Updater>): Promise<Updater> {
    const updater = await load();
    updater.autoDownload = false;
    updater.autoInstallOnAppQuit = false;
    updater.disableWebInstaller = true;
    updater.logger = null;
    // Without a listener its error would be thrown at the process.
    updater.on('error', (error) => {
      this.#failed(error);
    });
    return updater;
  }

  #failed(error: unknown): void {
    this.#options.log('the updater failed', { error });
    if (this.#installing) this.#options.installFailed();
    this.#installing = false;
  }

  #tell(version: string): void {
    this.#options.newer(version);
    const title = noticeText.newVersion(version);
    this.#options.notice({ kind: 'news', title, body: noticeText.newVersionBody, open: 'settings' });
  }

  async #ask(version: string): Promise<void> {
    const { message, detail, restart, later } = updateDialog;
    const { response } = await this.#options.show(question(message(version), detail, [restart, later]));
    if (response === 0) this.#options.restart();
  }

  #later(ms: number): void {
    this.#timer = setTimeout(() => {
      void this.look().finally(() => {
        this.#later(EVERY_MS);
      });
    }, ms);
    this.#timer.unref();
  }
}
